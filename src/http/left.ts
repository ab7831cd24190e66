/** Whether a sender has left before its whole answer was handed to the system. */
import { AsyncResource } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'

/**
 * Runs `then` when the peer leaves before the whole answer was handed to the system, also when it has left already; in the
 * context of `AsyncLocalStorage` of this call. The request's own `close` tells nothing: it comes with every request, right
 * after the body (Node 20 to 26).
 */
export function whenLeft(res: ServerResponse, then: () => void): void {
  if (isClosed(res)) {
    if (!isHandedOver(res)) then()
    return
  }
  // The response closes in the context of its connection.
  const request = new AsyncResource('PosthornRequest')
  // It closes once: taking the listener off would cost more than it does.
  res.on('close', () => {
    if (!isHandedOver(res)) request.runInAsyncScope(then)
  })
}

/**
 * Without a socket, as in tests and in front of functions, what was ended is handed over: such a response may close
 * before `writableFinished` is true (light-my-request 6). A stream of HTTP/2 that its peer resets has
 * `writableFinished`, too: only its code tells (Node 22 to 26).
 */
function isHandedOver(res: ServerResponse): boolean {
  const stream = streamOf(res)
  if (stream !== undefined) return res.writableEnded && stream.rstCode === NO_ERROR
  return isOnSocket(res) ? res.writableFinished : res.writableEnded
}

/** By what only sockets count: whoever reads bodies without a server loads this file, and no module of the network. */
const isOnSocket = ({ req }: ServerResponse): boolean => 'bytesWritten' in (req?.socket ?? {})

/** Of HTTP/2 only the stream says so. */
function isClosed(res: ServerResponse): boolean {
  return res.closed || streamOf(res)?.closed === true
}

/** RFC 9113 section 7. */
const NO_ERROR = 0

/** Node's types keep the responses of HTTP/2 apart, though they have all that we use. */
const streamOf = (res: ServerResponse) => (res as { readonly stream?: ServerHttp2Stream }).stream
