/** Webhooks in a bare Node server. Exported as `posthorn/node`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { OptionError } from '../errors.ts'
import type { Place, ReceiverLike } from '../ports/host.ts'
import { checkedPlace, serve } from './serve.ts'

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
  if (isResponse(options)) return refuseRequest(options)
  const place = checkedPlace(MOUNTED, receiver, options, ['source', 'prefix'])
  return function posthornListener(req, res) {
    void serve(receiver, req, res, place)
  }
}

/** `createServer(webhooks)`: an error thrown at a request would end the process, and leave the sender without an answer. */
function refuseRequest(res: ServerResponse): () => void {
  process.emitWarning(new OptionError(`webhooks was given to a server itself: write ${MOUNTED}`))
  res.writeHead(500, { connection: 'close' }).end()
  return () => {}
}

function isResponse(options: unknown): options is ServerResponse {
  return typeof options === 'object' && options !== null && 'writeHead' in options
}
