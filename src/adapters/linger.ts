/** Answering before the body is read, so that the sender can see the answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LINGER_BYTES, LINGER_MS } from '../http/linger.ts'
import { callSafely } from '../lib/call-safely.ts'

/**
 * Sends the answer at once and ends the connection as soon as the body is through, at the latest after 500 ms.
 *
 * A socket that is closed while bytes wait in it resets the connection, and the reset may overtake the answer: the
 * sender would see a broken connection instead of 401. Past 64 kB nothing more is read; the sender is then held by
 * TCP's own flow control until it has read the answer or the time is over. Node would otherwise read on to the end of
 * whatever was announced. The head must have been set, with `connection: close`: the end of the response then closes the
 * socket. `onError` gets what a patched `write` or `end` throws, and what its promise rejects with.
 */
export function endAfterLinger(
  req: IncomingMessage,
  res: ServerResponse,
  body: string | Uint8Array,
  onError: (error: unknown) => void,
): void {
  let seen = 0
  const count = (chunk: Uint8Array) => {
    seen += chunk.length
    if (seen >= LINGER_BYTES) req.pause()
  }
  const end = () => callSafely(() => res.end(), onError)
  const timer = setTimeout(end, LINGER_MS)
  res.once('close', () => {
    clearTimeout(timer)
    req.off('data', count).off('end', end)
  })
  // All bytes of the answer are out, but the response has not ended: its end would close the socket.
  callSafely(() => (body.length === 0 ? res.flushHeaders() : res.write(body)), onError)
  req.on('data', count).once('end', end).resume()
}
