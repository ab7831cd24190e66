/** What a sender would post: the body and the headers of one delivery. Private. */
import { createHash } from 'node:crypto'
import { silentLogger } from '../core/base/logger.ts'
import { OptionError } from '../errors.ts'
import { isObject } from '../lib/guards.ts'
import { didYouMean } from '../lib/nearest.ts'
import { keysOf, kindOf, knownKeys, shown } from '../lib/options.ts'
import { hostDoor, port, testDoor } from '../lib/symbols.ts'
import type { Presented } from '../ports/auth.ts'
import type { ReceiverLike } from '../ports/host.ts'
import type { Provider, SourcePort } from '../ports/provider.ts'
import type { TestDoor } from '../ports/test-door.ts'
import { senderNamed } from './senders.ts'

/** A receiver, as far as tests look into it. */
export interface Tested extends Pick<ReceiverLike, typeof hostDoor> {
  readonly [testDoor]: TestDoor
}

/** Events, or a whole body as it stands on the wire: text or bytes. */
export type TestBody = readonly object[] | string | Uint8Array

export interface Post {
  readonly body: string | Uint8Array
  readonly rawHeaders: readonly string[]
  /** What follows the mount: the name of the source, after the secret where the address holds one. */
  readonly path: string
  /** Empty, or with its `?`. */
  readonly search: string
}

export interface DeliveryOptions {
  /**
   * Headers in the place of the credentials that the source's kind would make, in lower case. For `jwt`, whose tokens
   * only an issuer can make, and for functions of your own.
   */
  readonly headers?: Readonly<Record<string, string>>
}

/** @throws OptionError for a source that is not there, or whose auth cannot say what a request must carry */
export async function postOf(
  receiver: Tested,
  source: string,
  content: TestBody,
  options: DeliveryOptions = {},
): Promise<Post> {
  const headers = headersOf(options)
  const configured = sourceOf(receiver, source)
  const { provider } = configured
  const body = bodyOf(provider, content)
  const given = headers === undefined ? null : { rawHeaders: Object.entries(headers).flat(), query: '' }
  const { rawHeaders, query, segment }: Presented = given ?? (await credentials(receiver, configured, source))
  const type = ['content-type', 'application/json', 'user-agent', 'posthorn-testing']
  return {
    body,
    rawHeaders: [...type, ...batchHeader(provider, body), ...rawHeaders],
    path: segment === undefined ? source : `${segment}/${source}`,
    search: query === '' ? '' : `?${query}`,
  }
}

/** @throws OptionError for what `createReceiver` has not made */
export function assertReceiver(call: string, receiver: unknown): void {
  if (typeof receiver !== 'object' || receiver === null || !(testDoor in receiver))
    throw new OptionError(`${call} takes a receiver first, as createReceiver makes it, got ${kindOf(receiver)}`)
}

const KEYS = keysOf<DeliveryOptions>({ headers: true })

function headersOf(options: DeliveryOptions): DeliveryOptions['headers'] {
  knownKeys('the options of a delivery', options, KEYS)
  const { headers } = options
  if (headers === undefined || (isObject(headers) && Object.values(headers).every((one) => typeof one === 'string')))
    return headers
  throw new OptionError('headers of a delivery must be an object of texts')
}

function bodyOf(provider: Provider, content: TestBody): string | Uint8Array {
  if (typeof content === 'string' || content instanceof Uint8Array) return content
  if (!Array.isArray(content) || !content.every((event) => typeof event === 'object' && event !== null))
    throw new OptionError('a delivery must be a list of events, or a body as text or bytes')
  return `[${content.map((event) => elementText(provider, event)).join(',')}]`
}

function sourceOf(receiver: Tested, source: string): SourcePort {
  const configured = receiver[testDoor].source(source)
  if (configured !== undefined) return configured
  const names = receiver[hostDoor].sourceNames
  const meant = typeof source === 'string' ? didYouMean(source, names) : ''
  throw new OptionError(`there is no source ${shown(source)}${meant || `; there are ${names.join(', ')}`}`)
}

/**
 * From the same secrets as the check: the receiver does not keep them, so they are read once more. They stand in the
 * request alone.
 */
async function credentials(receiver: Tested, { auth }: SourcePort, source: string): Promise<Presented> {
  const { present } = auth[port]
  if (present === undefined)
    throw new OptionError(`source "${source}": ${auth.scheme} cannot make a valid request; give { headers }`)
  return present({ env: process.env, source, logger: silentLogger, now: () => receiver[testDoor].now() })
}

/** An event of ours goes as its payload; anything else is an element as it stands on the wire. */
function elementText({ name }: Provider, event: object): string {
  const sender = senderNamed(name)
  if (isEvent(event)) return sender?.wire(event.payload, event.name) ?? JSON.stringify(event.payload)
  return isObject(event) && sender !== undefined ? sender.wire(event) : JSON.stringify(event)
}

interface EventLike {
  readonly name: string
  readonly payload: Record<string, unknown>
}

function isEvent(event: object): event is EventLike {
  return 'nativeType' in event && 'name' in event && 'payload' in event && isObject(event.payload)
}

/** A batch id that follows from the body, so that the same body again is a duplicate, as a repeat would be. */
function batchHeader({ batchIdHeader }: Provider, body: string | Uint8Array): string[] {
  if (batchIdHeader === null) return []
  return [batchIdHeader, createHash('sha256').update(body).digest('hex').slice(0, 32)]
}
