/** Webhooks and the dashboard in a bare Node server. Exported as `posthorn/node`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BoardLike } from '../ports/board.ts'
import type { Mount, ReceiverLike } from '../ports/host.ts'
import { accessOf, checkedBoard, isFavicon, isNobody, type PagesOptions, servePages } from './pages.ts'
import { checkedMount, isRequest, isResponse, refuseHost, refuseRequest, serve } from './serve.ts'

export type { Access, Action, BoardLike } from '../ports/board.ts'
export type { Mount as Place, ReceiverLike } from '../ports/host.ts'
export { type CloseOptions, closeOnSignals, type ServerLike } from './close-on-signals.ts'
export type { PagesOptions } from './pages.ts'

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
  options: Mount = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  if (isResponse(options)) {
    refuseRequest(options, MOUNTED)
    return () => {}
  }
  const place = checkedMount(MOUNTED, receiver, options, ['source', 'prefix'])
  // Fastify gives a callback to what takes three arguments; `node:http` gives two.
  return function posthornListener(req: IncomingMessage, res: ServerResponse, done?: (error: unknown) => void) {
    if (done !== undefined && !isRequest(req)) return refuseHost(MOUNTED, done)
    void serve(receiver, req, res, place)
  }
}

/**
 * A request listener for `node:http`: the pages of a dashboard at every path, so that it is right behind whatever a proxy
 * makes of it. Those whom `access` does not know get 404.
 *
 * ```ts
 * http.createServer(pages(board)).listen(8080, '127.0.0.1')
 * ```
 * @throws OptionError for what is no dashboard, and for options that are none
 */
export function pages(
  board: BoardLike,
  options: PagesOptions<IncomingMessage> = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  const door = checkedBoard(PAGES, board, options)
  return function posthornPages(req: IncomingMessage, res: ServerResponse, done?: (error: unknown) => void) {
    if (done !== undefined && !isRequest(req)) return refuseHost(PAGES, done)
    const answered = async () => {
      const access = isFavicon(req.url ?? '') ? { given: null } : await accessOf(door, options, req)
      if (isNobody(access)) res.writeHead(404, { 'content-type': 'text/plain', connection: 'close' }).end('not found\n')
      else await servePages(door, req, res, access)
    }
    void answered()
  }
}

const PAGES = 'createServer(pages(board))'
