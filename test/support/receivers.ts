/** Receivers in a world of the test's own: fake time, no randomness, no giving way. */
import type { Pacer } from '../../src/core/base/pacer.ts'
import { createReceiverIn } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import type { FakeClock } from './fake-clock.ts'
import { toy } from './toy.ts'

const freely = (): Pacer => ({ spent: () => false, breathe: () => Promise.resolve() })

/** Two toy sources, `shop` and `outlet`, over memory unless the options say otherwise. */
export function receiverIn(clock: FakeClock, options: object = {}, createPacer = freely) {
  const sources = { shop: toy(), outlet: toy() }
  return createReceiverIn(
    { clock, random: () => 0.5, createPacer },
    { inbox: memory(), sources, logger: false, ...options },
  )
}

/** JSON of so many toy events, numbered. */
export const pings = (count: number, more: (n: number) => object = () => ({})): string =>
  JSON.stringify(Array.from({ length: count }, (_, n) => ({ type: 'ping', n, ...more(n) })))

export async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const row of rows) found.push(row)
  return found
}
