/** One request of a Node server, put through a receiver: what node, Express and Fastify share. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { OptionError } from '../errors.ts'
import { hostSeen, receive, sourceNames } from '../lib/symbols.ts'
import type { HostLimits, NeutralRequest, NeutralResponse, Place, ReceiverLike } from '../ports/host.ts'
import { endAfterLinger } from './linger.ts'
import { announcesBody, bodyOf } from './request-body.ts'

/** @throws OptionError when the receiver has no such source, or the prefix is no path */
export function checkedPlace(receiver: ReceiverLike, { source, prefix }: Place): Place {
  const names = receiver[sourceNames]
  if (source !== undefined && !names.includes(source))
    throw new OptionError(`webhooks: expected source to be one of ${names.join(', ')}, got ${JSON.stringify(source)}`)
  if (prefix !== undefined && !/^(\/[^/?#]+)+$/.test(prefix))
    throw new OptionError(`webhooks: expected prefix to be a path like /webhooks, got ${JSON.stringify(prefix)}`)
  return { source, prefix }
}

/**
 * Answers one request. Where `pass` is given, a request for no source of ours goes there as it came: its body is
 * unread, since core decides on the path first.
 */
export async function serve(
  receiver: ReceiverLike,
  req: IncomingMessage,
  res: ServerResponse,
  place: Place,
  pass?: () => void,
): Promise<void> {
  tellHost(receiver, req)
  const answer = await receiver[receive](new NodeRequest(req, res, place))
  if (pass !== undefined && answer.code === 'unknown_source') pass()
  else write(req, res, answer)
}

class NodeRequest implements NeutralRequest {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly body: NeutralRequest['body']
  readonly source: string | undefined
  readonly prefix: string | undefined
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  #gone: AbortSignal | undefined

  constructor(req: IncomingMessage, res: ServerResponse, { source, prefix }: Place) {
    this.method = req.method ?? ''
    this.target = req.url ?? ''
    this.rawHeaders = req.rawHeaders
    this.body = bodyOf(req)
    this.source = source
    this.prefix = prefix
    this.#req = req
    this.#res = res
  }

  get gone(): AbortSignal {
    this.#gone ??= goneSignal(this.#res)
    return this.#gone
  }

  get peer(): string | undefined {
    return this.#req.socket.remoteAddress
  }
}

/** The server of a connection, where Node shows it; each is told once. */
function tellHost(receiver: ReceiverLike, req: IncomingMessage): void {
  const { server } = req.socket as { server?: HostLimits }
  if (server !== undefined) tellServer(receiver, server)
}

const told = new WeakMap<ReceiverLike, WeakSet<object>>()

/** Tells the receiver of the time limits of a server, once. */
export function tellServer(receiver: ReceiverLike, server: HostLimits): void {
  const known = told.get(receiver) ?? new WeakSet()
  if (known.has(server)) return
  told.set(receiver, known.add(server))
  const { requestTimeout, headersTimeout } = server
  receiver[hostSeen]?.({ requestTimeout, headersTimeout })
}

function goneSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  whenLeft(res, () => controller.abort())
  return controller.signal
}

/**
 * Runs `then` when the peer leaves before the whole answer was handed to the system, also when it has left already.
 * The request's own `close` tells nothing: it comes with every request, right after the body (Node 20 to 26).
 */
function whenLeft(res: ServerResponse, then: () => void): void {
  const check = () => {
    if (!res.writableFinished) then()
  }
  if (res.closed) check()
  // It closes once: taking the listener off would cost more than it does.
  else res.on('close', check)
}

function write(req: IncomingMessage, res: ServerResponse, answer: NeutralResponse): void {
  // A time limit of the host may have answered before us; and on Node 22 the response to a pipelined request does not
  // close with its socket. Neither sender has seen our answer.
  if (res.headersSent || res.destroyed || req.socket.destroyed) {
    answer.onUndelivered?.()
    return
  }
  if (answer.onUndelivered !== undefined) whenLeft(res, answer.onUndelivered)
  const unread = !req.complete && !req.readableEnded && announcesBody(req)
  res.writeHead(answer.status, headersOf(req, answer, unread))
  if (unread) endAfterLinger(req, res, answer.body)
  else res.end(answer.body)
}

/** Name and value in turn, which Node writes as they are. */
function headersOf(req: IncomingMessage, answer: NeutralResponse, unread: boolean): string[] {
  const headers: string[] = []
  for (const name in answer.headers) headers.push(name, answer.headers[name] as string)
  if (answer.headers['content-type'] === undefined) headers.push('content-type', 'application/json')
  if (req.method !== 'HEAD') headers.push('content-length', String(Buffer.byteLength(answer.body)))
  // A connection whose body was not read to its end cannot carry another request.
  if (answer.closeConnection || unread) headers.push('connection', 'close')
  return headers
}
