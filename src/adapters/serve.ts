/** One request of a Node server, put through a receiver: what node, Express and Fastify share. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { OptionError } from '../errors.ts'
import { whenLeft } from '../http/left.ts'
import { assertPlace } from '../http/place.ts'
import { callSafely } from '../lib/call-safely.ts'
import { kindOf, knownKeys } from '../lib/options.ts'
import { hostDoor } from '../lib/symbols.ts'
import type { HostLimits, Mount, NeutralRequest, ReceiverLike } from '../ports/host.ts'
import { rawHeadersOf } from './raw-headers.ts'
import { bodyOf } from './request-body.ts'
import { writeAnswer } from './write-answer.ts'

/**
 * `mounted` is how the adapter is used, for the message. A framework that was given `webhooks` itself, without a call,
 * calls it with its own arguments.
 * @throws OptionError for what is no receiver, options that are not those of `keys`, a source that the receiver does not
 * have, or a prefix that is no path
 */
export function checkedMount(mounted: string, receiver: ReceiverLike, options: Mount, keys: readonly string[]): Mount {
  if (!isReceiver(receiver))
    throw new OptionError(`webhooks takes a receiver, as createReceiver makes it, got ${kindOf(receiver)}: ${mounted}`)
  knownKeys('webhooks: the options', options, keys)
  const { source, prefix } = options
  assertPlace('webhooks', receiver[hostDoor].sourceNames, options)
  return { source, prefix }
}

export function isReceiver(value: unknown): boolean {
  return typeof value === 'object' && value !== null && hostDoor in value
}

/**
 * What a host says that was given the `webhooks` of another one, which it calls with its own arguments. By the callback:
 * Fastify lets what a plugin throws end the process.
 */
export function refuseHost(mounted: string, done: (error: unknown) => void): void {
  done(new OptionError(`these webhooks are for another host: ${mounted}; see posthorn/express, /fastify and /node`))
}

/** Of Node, in whatever version of HTTP, or what stands in for one: not every such has `rawHeaders`. */
export function isRequest(value: unknown): value is IncomingMessage {
  return typeof value === 'object' && value !== null && 'headers' in value && 'url' in value && 'on' in value
}

/** `createServer(webhooks)`: an error thrown at a request would end the process, and leave the sender without an answer. */
export function refuseRequest(res: ServerResponse, mounted: string): void {
  process.emitWarning(new OptionError(`webhooks was given to a server itself: write ${mounted}`))
  res.writeHead(500, { connection: 'close' }).end()
}

export function isResponse(value: unknown): value is ServerResponse {
  return typeof value === 'object' && value !== null && 'writeHead' in value
}

/**
 * Answers one request; never rejects. Where `pass` is given, a request for no source of ours goes there as it came: its
 * body is unread, since core decides on the path first. When the host throws while the answer is written, as a
 * middleware that patched the response may, the connection is closed and the receiver is told.
 */
export async function serve(
  receiver: ReceiverLike,
  req: IncomingMessage,
  res: ServerResponse,
  place: Mount,
  pass?: () => void,
): Promise<void> {
  const giveUp = (error: unknown) => {
    receiver[hostDoor].failed?.('the host failed while a request was answered; its connection was closed', error)
    // A frozen response, or a patched one, may not let itself be destroyed.
    callSafely(
      () => res.destroy(),
      () => callSafely(() => req.socket.destroy(), nothing),
    )
  }
  try {
    tellHost(receiver, req)
    const answer = await receiver[hostDoor].receive(new NodeRequest(req, res, place))
    if (pass !== undefined && answer.code === 'unknown_source') pass()
    else writeAnswer(req, res, answer, giveUp)
  } catch (error) {
    giveUp(error)
  }
}

/** There is no response then, and nothing to close. */
const nothing = () => {}

class NodeRequest implements NeutralRequest {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly body: NeutralRequest['body']
  readonly source: string | undefined
  readonly prefix: string | undefined
  readonly #req: IncomingMessage
  readonly #res: ServerResponse

  constructor(req: IncomingMessage, res: ServerResponse, { source, prefix }: Mount) {
    this.method = req.method ?? ''
    this.target = req.url ?? ''
    this.rawHeaders = rawHeadersOf(req)
    this.body = bodyOf(req, this.rawHeaders)
    this.source = source
    this.prefix = prefix
    this.#req = req
    this.#res = res
  }

  whenLeft(then: () => void): void {
    whenLeft(this.#res, then)
  }

  /** Express says it. */
  get mount(): string | undefined {
    const { baseUrl } = this.#req as { baseUrl?: unknown }
    return typeof baseUrl === 'string' ? baseUrl : undefined
  }

  get peer(): string | undefined {
    return this.#req.socket?.remoteAddress
  }
}

/** The server of a connection, where Node shows it; each is told once. */
function tellHost(receiver: ReceiverLike, req: IncomingMessage): void {
  const { server } = (req.socket ?? {}) as { server?: HostLimits }
  if (server !== undefined) tellServer(receiver, server)
}

const told = new WeakMap<ReceiverLike, WeakSet<object>>()

/** Tells the receiver of the time limits of a server, once. */
export function tellServer(receiver: ReceiverLike, server: HostLimits): void {
  const known = told.get(receiver) ?? new WeakSet()
  if (known.has(server)) return
  told.set(receiver, known.add(server))
  const { requestTimeout, headersTimeout } = server
  receiver[hostDoor].seen?.({ requestTimeout, headersTimeout })
}
