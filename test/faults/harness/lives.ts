/** The handlers of a life: one of every kind. What each does with an event, the event says. */

import { PermanentError } from '../../../src/errors.ts'
import type { Receiver } from '../../../src/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import type { ToyEvent } from '../../support/toy.ts'
import type { Effect } from './effects.ts'
import type { Element } from './ledger.ts'
import type { Plan } from './plan.ts'

/** As the audit calls them: `moved` has another name in each process. */
export const HANDLERS = ['plain', 'batch', 'kept', 'moved'] as const
export type HandlerName = (typeof HANDLERS)[number]

/** The name that `moved` has in the process that so many were before. */
export const movedName = (generation: number): string => `moved-${generation}`

type Payload = Element & { readonly n: number }

export function registerLives(receiver: Receiver<ToyEvent>, plan: Plan, record: (effect: Effect) => void): void {
  const { retry = {}, generation = 0 } = plan
  const formerly = Array.from({ length: generation }, (_, before) => movedName(before))
  const byKey = (event: AnyEvent) => payloadOf(event).key ?? null
  const handle =
    (name: HandlerName) =>
    async (event: AnyEvent, { attempt }: { readonly attempt: number }) => {
      const { n, fails = [], dies = [], slow = false } = payloadOf(event)
      if (slow) await new Promise((resolve) => setTimeout(resolve, 3))
      if (dies.includes(name)) throw new PermanentError(`never for ${name}`)
      if (fails.includes(name) && attempt === 1) throw new Error(`not now for ${name}`)
      record({ id: event.id, n, attempt, run: event.run, handler: name })
    }
  receiver.on('*', { name: 'plain', retry }, handle('plain'))
  receiver.on('*', { name: 'kept', retry, concurrency: 4, orderBy: byKey }, handle('kept'))
  receiver.on('*', { name: movedName(generation), formerly, retry, orderBy: byKey }, handle('moved'))
  const one = handle('batch')
  receiver.onBatch('*', { name: 'batch', retry, maxWaitMs: 20 }, async (events, context) => {
    const failed: { id: string; error: unknown }[] = []
    for (const event of events)
      await one(event, context).catch((error: unknown) => void failed.push({ id: event.id, error }))
    return { failed }
  })
}

const payloadOf = (event: AnyEvent): Payload => event.payload as unknown as Payload
