/** A broker that is away when the receiver starts, for hours of the receiver's clock, and is back in the end. */
import { setTimeout } from 'node:timers/promises'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { receiverIn } from '../support/receivers.ts'
import { type By, faultsOf, ofRun, wire } from './handed-on.ts'
import type { Site } from './sites.ts'

const EVENTS = 60
const MINUTE_MS = 60_000
const HOURS_MS = 120 * MINUTE_MS
/** What `close` is given. */
export const CLOSE_MS = 5_000

export interface Absence {
  /** After hours of it. */
  readonly health: unknown
  readonly stats: { readonly pending: number; readonly deadLetters: number }
  /** How long `close` took while the broker was away, by the clock of the receiver. */
  readonly closedInMs: number
  readonly faults: readonly string[]
}

export async function throughAbsence(site: Site, path: string, by: By): Promise<Absence> {
  const run = `away, ${by}`
  const clock = new FakeClock()
  let [failed, done] = [0, 0]
  const open = async () => {
    const receiver = receiverIn(clock, { inbox: sqlite({ path }) })
    const count = (events: readonly AnyEvent[], failures: number) => {
      failed += failures
      done += events.length - failures
    }
    const forward: typeof site.forward = async (given, context) => {
      const events = Array.isArray(given) ? given : [given]
      try {
        const result = await site.forward(given, context)
        count(events, result?.failed.length ?? 0)
        return result
      } catch (error) {
        count(events, events.length)
        throw error
      }
    }
    if (by === 'keys') receiver.on('*', { name: 'out', orderBy: (event) => event.email }, forward)
    else receiver.onBatch('*', { name: 'out', size: 10 }, forward)
    await receiver.start()
    return receiver
  }
  /** The clock goes on while clients and files have time of their own. */
  const passUntil = async (isOver: () => boolean, stepMs: number) => {
    while (!isOver()) {
      await clock.advance(stepMs)
      await setTimeout(5)
    }
  }

  await site.broker.kill()
  const first = await open()
  for (let from = 0; from < EVENTS; from += 10) {
    const some = Array.from({ length: 10 }, (_, at) => wire(run, from + at))
    await first.inject('shop', JSON.stringify(some))
  }
  const end = clock.now() + HOURS_MS
  // As many attempts as it takes to be sure that nothing but the broker is to blame, and as much time as they get.
  await passUntil(() => failed > 40 && clock.now() >= end, MINUTE_MS)
  const [health, stats] = [await first.health(), await first.inbox.stats()]

  const began = clock.now()
  let closedInMs: number | null = null
  const closing = first.close({ timeoutMs: CLOSE_MS }).then(() => {
    closedInMs = clock.now() - began
  })
  await passUntil(() => closedInMs !== null, 100)
  await closing

  await site.broker.start()
  const second = await open()
  await passUntil(() => done >= EVENTS, MINUTE_MS)
  await second.close()
  const arrived = ofRun(await site.arrived(), run)
  return { health, stats, closedInMs: closedInMs ?? Number.NaN, faults: faultsOf(arrived, EVENTS, by === 'keys') }
}
