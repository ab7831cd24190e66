/** Pages for whoever looks at an inbox at night, and the same as data. Exported as `posthorn/dashboard`. */
import { OptionError } from '../errors.ts'
import { kindOf } from '../lib/options.ts'
import { boardDoor, deskDoor, watchDoor } from '../lib/symbols.ts'
import type { BoardLike } from '../ports/board.ts'
import { Board } from './board.ts'
import { handleFetch } from './fetch.ts'
import { type DashboardOptions, settingsOf } from './options.ts'
import type { DashboardReceiver } from './types.ts'
import * as views from './views/index.ts'

export type { LoggedDelivery } from './log-view.ts'
export type { DashboardLink, DashboardOptions } from './options.ts'
export type { Access, Action, DashboardReceiver } from './types.ts'

export interface Dashboard extends BoardLike {
  /**
   * Answers a fetch request, whatever its path: all that is asked stands in the query. Bound; never rejects. Such hosts do
   * not show who is connected, so it asks for `auth`.
   */
  handle(this: void, request: Request): Promise<Response>
}

/**
 * A dashboard over a receiver. It starts nothing, and answers 503 until the receiver has started. Without `auth`, and
 * without `access` of `pages`, it answers this machine alone; it changes nothing but what `access.act` names.
 *
 * @example
 * const board = dashboard(receiver, { auth: basic({ username: 'ops', password: { env: 'OPS_PASSWORD' } }) })
 * app.use('/ops', pages(board))
 * @throws OptionError for what is no receiver, and for options that are none
 */
export function dashboard(receiver: DashboardReceiver, options: DashboardOptions = {}): Dashboard {
  const isReceiver = typeof receiver === 'object' && receiver !== null && deskDoor in receiver && watchDoor in receiver
  if (!isReceiver)
    throw new OptionError(`dashboard takes a receiver, as createReceiver makes it, got ${kindOf(receiver)}`)
  // What can only be counted as it happens is counted from here on.
  views.watch(receiver)
  const board = new Board(receiver, settingsOf(options), views)
  const door = { answer: board.answer.bind(board), failed: board.failed.bind(board) }
  return { handle: (request) => handleFetch(door, request), [boardDoor]: door }
}
