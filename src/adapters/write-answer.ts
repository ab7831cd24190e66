/** Writing an answer to a response that middleware may have patched. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { callSafely } from '../lib/call-safely.ts'
import type { NeutralResponse } from '../ports/host.ts'
import { endAfterLinger } from './linger.ts'
import { announcesBody } from './request-body.ts'

/**
 * Writes the answer, with the calls that every wrapper of a response understands: `statusCode`, `setHeader`,
 * `write(chunk)` and `end(chunk)`. `on-headers` before 1.1.0 mangles a flat list given to `writeHead`, and wrappers of
 * `end` (express-session, compression, body loggers) take a callback for a chunk. Throws what a wrapper of
 * `setHeader` throws; `onError` gets what one of `write` or `end` throws, and what its promise rejects with.
 */
export function writeAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  answer: NeutralResponse,
  onError: (error: unknown) => void,
): void {
  const isClosed = res.destroyed || req.socket?.destroyed === true
  // A time limit of the host may have answered before us; and on Node 22 the response to a pipelined request does not
  // close with its socket. Neither sender has seen our answer.
  if (res.headersSent || isClosed) {
    answer.onUndelivered?.(res.headersSent && !isClosed)
    return
  }
  const unread = !req.complete && !req.readableEnded && announcesBody(req)
  setHead(req, res, answer, unread)
  if (unread && isHttp2(req)) closeStreamAfterAnswer(req)
  if (unread && !isHttp2(req)) endAfterLinger(req, res, answer.body, onError)
  else callSafely(() => res.end(answer.body), onError)
}

/** A stream shares its connection, so nothing can overtake its answer. NO_ERROR: RFC 9113 section 8.1. */
function closeStreamAfterAnswer(req: IncomingMessage): void {
  const { stream } = req as { stream?: Writable } // as Http2ServerRequest has it
  stream?.once('finish', () => stream.destroy())
}

const isHttp2 = (req: IncomingMessage): boolean => req.httpVersionMajor > 1

function setHead(req: IncomingMessage, res: ServerResponse, answer: NeutralResponse, unread: boolean): void {
  res.statusCode = answer.status
  if (!('content-type' in answer.headers)) res.setHeader('content-type', 'application/json')
  for (const name in answer.headers) res.setHeader(name, answer.headers[name] as string)
  if (req.method !== 'HEAD') res.setHeader('content-length', Buffer.byteLength(answer.body))
  if (isHttp2(req)) return
  // A connection whose body was not read to its end cannot carry another request.
  if (answer.closeConnection || unread) res.setHeader('connection', 'close')
  // Compression would hold the answer back until the response ends, and the linger ends it late.
  if (unread) res.setHeader('cache-control', 'no-store, no-transform')
}
