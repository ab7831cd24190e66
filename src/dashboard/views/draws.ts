/** Every view by its name: the same table on the server and in the browser. */
import type { Markup } from '../parts/html.ts'
import type { See } from '../parts/see.ts'
import { drawBounces } from './bounces.ts'
import { drawConfirm, drawRun } from './confirm.ts'
import { drawDead } from './dead.ts'
import { drawDeliveries } from './deliveries.ts'
import { drawDelivery } from './delivery.ts'
import { drawEvent } from './event.ts'
import { drawEvents } from './events.ts'
import { drawHandlers } from './handlers.ts'
import { drawMessage } from './message.ts'
import { drawNow } from './now.ts'
import { drawPerson } from './person.ts'
import { drawQuarantine } from './quarantine.ts'
import { drawReplays } from './replays.ts'
import { drawSender } from './sender.ts'
import { drawClosed, drawRefused } from './states.ts'
import { drawStorage } from './storage.ts'
import { drawSuppression } from './suppression.ts'

/** Pure: what it is given is the JSON of the view. */
export type Draw = (data: never, see: See) => Markup

export const DRAWS = {
  now: drawNow,
  sender: drawSender,
  deliveries: drawDeliveries,
  delivery: drawDelivery,
  events: drawEvents,
  event: drawEvent,
  message: drawMessage,
  person: drawPerson,
  bounces: drawBounces,
  suppression: drawSuppression,
  dead: drawDead,
  quarantine: drawQuarantine,
  replays: drawReplays,
  handlers: drawHandlers,
  storage: drawStorage,
  confirm: drawConfirm,
  run: drawRun,
  refused: drawRefused,
  closed: drawClosed,
} satisfies Readonly<Record<string, Draw>>

export type ViewName = keyof typeof DRAWS

export const isView = (name: string): name is ViewName => Object.hasOwn(DRAWS, name)

/** What a view has drawn stands under its name; the data were made for it. */
export function draw(view: ViewName, data: unknown, see: See): Markup {
  const own: Draw = DRAWS[view]
  return own(data as never, see)
}
