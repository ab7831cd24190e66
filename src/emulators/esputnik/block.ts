/** One call of a workflow's "Webhook" block: its templates filled, sent, and what came back (docs.yespo.io "Webhook Workflows"). */
import { isSuccess, type Outcome, type Post, type Wire } from '../kit/wire.ts'
import { type BlockBody, type BlockSettings, loginOf } from './block-settings.ts'
import { type Fill, loadFill, type Values } from './velocity.ts'

/** What the documents do not say of the block. */
export interface BlockRules {
  readonly limitMs: number
  readonly urlEscaping: 'address' | 'values' | 'none'
  readonly failedAnswers: 'ignored' | 'used'
}

/** One request of a block, as "Send test" and the launch history show it. */
export interface BlockCall {
  /** The name of the block. */
  readonly block: string
  readonly request: Pick<Post, 'method' | 'url' | 'headers' | 'body'>
  /** Status, headers and body of the answer, or why there was none. */
  readonly outcome: Outcome
  /** The JSON that the answer brings into `$data`: an object or an array; null when it brings none. */
  readonly data: object | null
}

/** Sends one request; never retried, since no retry is documented. @throws OptionError for a template that is not Velocity */
export async function callBlock(
  block: BlockSettings,
  values: Values,
  rules: BlockRules,
  wire: Wire,
): Promise<BlockCall> {
  const post = postOf(await loadFill(), block, values, rules)
  const outcome = await wire(post)
  const { method, url, headers, body } = post
  return { block: block.name, request: { method, url, headers, body }, outcome, data: dataOf(outcome, rules) }
}

function postOf(fill: Fill, block: BlockSettings, values: Values, { urlEscaping, limitMs }: BlockRules): Post {
  const encode = urlEscaping === 'values' ? encodeURIComponent : undefined
  const url = withKey(fill(block.url, values, encode), block)
  return {
    url,
    method: block.method,
    headers: headersOf(fill, block, values),
    body: block.body === null ? '' : fill(block.body.template, values),
    limitMs,
    ...(urlEscaping === 'none' ? { manner: { target: rawTarget(url) } } : {}),
  }
}

/** An API key in the query comes last. */
function withKey(url: string, { connector }: BlockSettings): string {
  if (connector?.type !== 'apiKey' || connector.in !== 'query') return url
  const pair = `${encodeURIComponent(connector.name)}=${encodeURIComponent(connector.value)}`
  return `${url}${url.includes('?') ? '&' : '?'}${pair}`
}

/** Path and query in raw UTF-8; only what would end the request line is escaped. */
function rawTarget(url: string): string {
  const [, target = ''] = /^https?:\/\/[^/?]+([^#]*)/.exec(url) ?? []
  const bytes = Buffer.from(target.replaceAll(/[\0-\x20\x7f]/g, encodeURIComponent)).toString('latin1')
  return bytes.startsWith('/') ? bytes : `/${bytes}`
}

const CONTENT_TYPES: Readonly<Record<BlockBody['format'], string>> = {
  json: 'application/json',
  xml: 'application/xml',
  text: 'text/plain',
}

/** Own headers win over the content type of the format, the connector over both; names in any case. */
function headersOf(fill: Fill, { headers, body, connector }: BlockSettings, values: Values): Record<string, string> {
  const own = Object.entries(headers).map(([name, template]) => [name, utf8(fill(template, values))] as const)
  const all = [
    ...(body === null ? [] : [['Content-Type', CONTENT_TYPES[body.format]] as const]),
    ...own,
    ...Object.entries(loginOf(connector)),
  ]
  return Object.fromEntries(new Map(all.map(([name, value]) => [name.toLowerCase(), [name, value]])).values())
}

/** Beyond ASCII a header holds the bytes of UTF-8. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1')

/** JSON alone fills templates: what XML or text would do is not described. */
function dataOf(outcome: Outcome, { failedAnswers }: BlockRules): object | null {
  if (outcome.status === null || (failedAnswers === 'ignored' && !isSuccess(outcome, '2xx'))) return null
  try {
    const data: unknown = JSON.parse(outcome.body)
    return typeof data === 'object' ? data : null
  } catch {
    return null
  }
}
