/** A workflow's "Webhook" block as its owner fills it in (docs.yespo.io "Webhook Workflows"). */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { knownKeys, oneOf } from '../../lib/options.ts'
import { basicHeader } from '../kit/basic.ts'
import { textOption } from '../kit/options.ts'

/** How the block proves who it is. The name of an API key's header or parameter is not documented: it is yours. */
export type Connector =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'apiKey'; readonly name: string; readonly value: string; readonly in: 'header' | 'query' }

/** What is sent as the body of a POST: a template in one of three formats. */
export interface BlockBody {
  /** Decides the content type: `application/json`, `application/xml` or `text/plain`, unless a header says another. */
  readonly format: 'json' | 'xml' | 'text'
  /** Values stand in it as they are: nothing is escaped. */
  readonly template: string
}

export interface BlockOptions {
  /** What the answer is called in `$data`: `WH5`. */
  readonly name: string
  /** Default `POST`. */
  readonly method?: 'GET' | 'POST'
  /** https, with variables in path or query: `https://host/x?email=${email}`. */
  readonly url: string
  /** "Pass parameters in headers": names, and values with variables. */
  readonly headers?: Readonly<Record<string, string>>
  /** Of a POST. Default: none. */
  readonly body?: BlockBody
  /** Default: none. */
  readonly connector?: Connector
}

export interface BlockSettings {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** Without the connector's. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: BlockBody | null
  readonly connector: Connector | null
}

const KEYS: readonly (keyof BlockOptions)[] = ['name', 'method', 'url', 'headers', 'body', 'connector']
const of = (option: string) => `saveBlock: ${option}`

/** @throws OptionError for what is wrong or unknown, and for `http:` unless `allowHttp` */
export function blockSettings(options: BlockOptions, allowHttp: boolean): BlockSettings {
  knownKeys('saveBlock', options, KEYS)
  const method = oneOf(of('method'), options.method, 'POST', ['GET', 'POST'])
  if (method === 'GET' && options.body !== undefined) throw new OptionError(`${of('body')} is for POST alone`)
  return {
    name: nameOf(options.name),
    method,
    url: address(options.url, allowHttp),
    headers: headersOf(options.headers),
    body: options.body === undefined ? null : bodyOf(options.body),
    connector: options.connector === undefined ? null : connectorOf(options.connector),
  }
}

/** A name that a template can say. */
function nameOf(name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z]\w*$/.test(name)) return name
  throw new OptionError(`${of('name')} must be letters, digits and underscores, a letter first`)
}

/** Variables may stand in the path and behind it: only scheme and host are settled now. */
function address(url: unknown, allowHttp: boolean): string {
  const [, scheme] = /^(https?):\/\/[^/?#$\s]+/.exec(String(url)) ?? []
  if (scheme === undefined) throw new OptionError(`${of('url')} must be https:// with a host; variables come after it`)
  if (scheme === 'http' && !allowHttp)
    throw new OptionError(`${of('url')} must be https, as the platform wants it; for a test: allowHttp: true`)
  return String(url)
}

function headersOf(headers: unknown = {}): Record<string, string> {
  const isFine = isObject(headers) && Object.values(headers).every((value) => typeof value === 'string')
  if (isFine) return headers as Record<string, string>
  throw new OptionError(`${of('headers')} must be names with texts`)
}

function bodyOf(body: BlockBody): BlockBody {
  knownKeys(of('body'), body, ['format', 'template'])
  const format = oneOf(of('body.format'), body.format, 'json', ['json', 'xml', 'text'])
  if (typeof body.template === 'string') return { format, template: body.template }
  throw new OptionError(`${of('body.template')} must be a text`)
}

function connectorOf(connector: Connector): Connector {
  const keys = CONNECTOR_KEYS.get(isObject(connector) ? connector.type : '')
  if (keys === undefined) throw new OptionError(`${of('connector.type')} must be basic, bearer or apiKey`)
  knownKeys(of('connector'), connector, ['type', ...keys])
  for (const key of keys) textOption(of(`connector.${key}`), connector[key as keyof Connector] ?? '', '')
  if (connector.type === 'apiKey') oneOf(of('connector.in'), connector.in, 'header', ['header', 'query'])
  return connector
}

const CONNECTOR_KEYS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['basic', ['username', 'password']],
  ['bearer', ['token']],
  ['apiKey', ['name', 'value', 'in']],
])

/** The headers of the connector. */
export function loginOf(connector: Connector | null): Record<string, string> {
  switch (connector?.type) {
    case 'basic':
      return { Authorization: basicHeader(connector) }
    case 'bearer':
      return { Authorization: `Bearer ${connector.token}` }
    case 'apiKey':
      return connector.in === 'header' ? { [connector.name]: connector.value } : {}
    default:
      return {}
  }
}
