/** Whether a sender has left before its whole answer was handed to the system. */
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'

/**
 * Runs `then` when the peer leaves before the whole answer was handed to the system, also when it has left already.
 * The request's own `close` tells nothing: it comes with every request, right after the body (Node 20 to 26).
 */
export function whenLeft(res: ServerResponse, then: () => void): void {
  const check = () => {
    if (!isHandedOver(res)) then()
  }
  if (isClosed(res)) check()
  // It closes once: taking the listener off would cost more than it does.
  else res.on('close', check)
}

/** A stream of HTTP/2 that its peer resets has `writableFinished`, too: only its code tells (Node 22 to 26). */
function isHandedOver(res: ServerResponse): boolean {
  const stream = streamOf(res)
  return stream === undefined ? res.writableFinished : res.writableEnded && stream.rstCode === NO_ERROR
}

/** Of HTTP/2 only the stream says so. */
function isClosed(res: ServerResponse): boolean {
  return res.closed || streamOf(res)?.closed === true
}

/** RFC 9113 section 7. */
const NO_ERROR = 0

/** Node's types keep the responses of HTTP/2 apart, though they have all that we use. */
const streamOf = (res: ServerResponse) => (res as { readonly stream?: ServerHttp2Stream }).stream
