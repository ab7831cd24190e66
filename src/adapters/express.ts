/** Webhooks and the dashboard in Express 4 and 5. Exported as `posthorn/express`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BoardLike } from '../ports/board.ts'
import type { ReceiverLike } from '../ports/host.ts'
import { accessOf, checkedBoard, isFavicon, isNobody, type PagesOptions, servePages } from './pages.ts'
import { checkedMount, isRequest, refuseHost, serve } from './serve.ts'

export type { Access, Action, BoardLike } from '../ports/board.ts'
export type { ReceiverLike } from '../ports/host.ts'
export { type CloseOptions, closeOnSignals, type ServerLike } from './close-on-signals.ts'
export type { PagesOptions } from './pages.ts'

/** What Express takes as a handler, told by its shape. */
export type ExpressHandler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

/**
 * A handler for `app.use`: below its mount, `/<name>` is the source of that name; every other path goes on to `next()`,
 * unread.
 *
 * ```ts
 * app.use('/webhooks', webhooks(receiver))                       // POST /webhooks/shop
 * app.use('/old/address', webhooks(receiver, { source: 'shop' }))
 * ```
 * Mount it before `express.json()`: a body that another parser has read can only be taken where that parser kept its
 * bytes (`rawBody`, or `express.raw()`). `app.post` would leave out the GET with which eSputnik checks an address.
 * @throws OptionError for what is no receiver, so that `app.use(webhooks)` fails and does not hang; for an option that is
 * unknown, and a source that the receiver does not have
 */
export function webhooks(
  receiver: ReceiverLike,
  options: { readonly source?: string | undefined } = {},
): ExpressHandler {
  const { source } = checkedMount(MOUNTED, receiver, options, ['source'])
  // Below the mount the path is `/<name>` and nothing else.
  const place = source === undefined ? { prefix: '' } : { source }
  return function posthornHandler(req, res, next) {
    if (!isRequest(req)) return refuseHost(MOUNTED, next)
    void serve(receiver, req, res, place, () => next())
  }
}

const MOUNTED = "app.use('/webhooks', webhooks(receiver))"

/**
 * The pages of a dashboard at the mount, and nothing below it: other paths, and requests of those whom `access` does not
 * know, go on to `next()`.
 *
 * ```ts
 * app.use('/ops', pages(board, { access: (req: Request) => (req.user?.admin ? { who: req.user.name } : null) }))
 * ```
 * @throws OptionError for what is no dashboard, and for options that are none
 */
export function pages<R extends IncomingMessage = IncomingMessage>(
  board: BoardLike,
  options: PagesOptions<R> = {},
): ExpressHandler {
  const door = checkedBoard(PAGES, board, options)
  return function posthornPages(req, res, next) {
    if (!isRequest(req)) return refuseHost(PAGES, next)
    const path = (req.url ?? '').split('?', 1)[0] ?? ''
    if ((path !== '' && path !== '/') || isFavicon(req.url ?? '')) return next()
    const answered = async () => {
      // Express makes its requests of those of Node.
      const access = await accessOf(door, options, req as R)
      if (isNobody(access)) next()
      else await servePages(door, req, res, access)
    }
    void answered()
  }
}

const PAGES = "app.use('/ops', pages(board))"
