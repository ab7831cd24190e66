/** Webhooks in a bare Node server. Exported as `posthorn/node`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Place, ReceiverLike } from '../ports/host.ts'
import { checkedPlace, serve } from './serve.ts'

export type { Place, ReceiverLike } from '../ports/host.ts'
export { type CloseOptions, closeOnSignals, type ServerLike } from './close-on-signals.ts'

/**
 * A request listener for `node:http`: answers every request, those for no source with 404. Without options the last
 * segment of the path names the source.
 *
 * ```ts
 * http.createServer(webhooks(receiver, { prefix: '/webhooks' })).listen(3000)   // POST /webhooks/shop
 * ```
 * @throws OptionError when the receiver has no such source, or the prefix is no path
 */
export function webhooks(
  receiver: ReceiverLike,
  options: Place = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  const place = checkedPlace(receiver, options)
  return function posthornListener(req, res) {
    void serve(receiver, req, res, place)
  }
}
