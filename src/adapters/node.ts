/** Webhooks in a bare Node server. Exported as `posthorn/node`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Place, ReceiverLike } from '../ports/host.ts'
import { checkedPlace, isRequest, isResponse, refuseHost, refuseRequest, serve } from './serve.ts'

export type { Place, ReceiverLike } from '../ports/host.ts'
export { type CloseOptions, closeOnSignals, type ServerLike } from './close-on-signals.ts'

const MOUNTED = 'createServer(webhooks(receiver))'

/**
 * A request listener for `node:http`: answers every request, those for no source with 404. Without options the last
 * segment of the path names the source.
 *
 * ```ts
 * http.createServer(webhooks(receiver, { prefix: '/webhooks' })).listen(3000)   // POST /webhooks/shop
 * ```
 * @throws OptionError for what is no receiver, an option that is unknown, a source that the receiver does not have, or a
 * prefix that is no path
 */
export function webhooks(
  receiver: ReceiverLike,
  options: Place = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  if (isResponse(options)) {
    refuseRequest(options, MOUNTED)
    return () => {}
  }
  const place = checkedPlace(MOUNTED, receiver, options, ['source', 'prefix'])
  // Fastify gives a callback to what takes three arguments; `node:http` gives two.
  return function posthornListener(req: IncomingMessage, res: ServerResponse, done?: (error: unknown) => void) {
    if (done !== undefined && !isRequest(req)) return refuseHost(MOUNTED, done)
    void serve(receiver, req, res, place)
  }
}
