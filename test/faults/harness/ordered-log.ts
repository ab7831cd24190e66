/** How long the log of SQLite gets under a handler with `orderBy` that fails often: rows are parked and woken all the time. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '../../../src/core/receiver.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { toy } from '../../support/toy.ts'

/** Events of a post: few, so that there are many groups. */
const IN_A_POST = 2
const KEYS = 100

export interface LoggedOrder {
  /** The largest size of the log, in bytes. */
  readonly longest: number
  /** Events that were handled, by number, in the order of their calls. */
  readonly handled: readonly number[]
  readonly failures: number
}

const numberOf = (event: AnyEvent): number => (event.payload as unknown as { readonly n: number }).n

export const keyOf = (n: number): number => n % KEYS

/** A third of the events fails once. Resolves when nothing is left of them. */
export async function logOfOrdered(events: number): Promise<LoggedOrder> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-ordered-log-'))
  const path = join(folder, 'inbox.db')
  const handled: number[] = []
  let [longest, failures] = [0, 0]
  const look = () => {
    longest = Math.max(longest, statSync(`${path}-wal`).size)
  }
  const receiver = createReceiver({ inbox: sqlite({ path, minFreeBytes: 0 }), sources: { shop: toy() }, logger: false })
  receiver.on(
    'toy.ping',
    { name: 'kept', retry: { minMs: 1, maxMs: 1 }, orderBy: (event) => String(keyOf(numberOf(event))) },
    (event, { attempt }) => {
      look()
      if (numberOf(event) % 3 === 0 && attempt === 1) {
        failures++
        throw new Error('not now')
      }
      handled.push(numberOf(event))
    },
  )
  try {
    await receiver.start()
    for (let n = 0; n < events; n += IN_A_POST) await receiver.inject('shop', post(n))
    while ((await receiver.inbox.stats()).pending > 0) await sleep(5)
    look()
    return { longest, handled, failures }
  } finally {
    await receiver.close()
    rmSync(folder, { recursive: true })
  }
}

const post = (first: number): string =>
  JSON.stringify(Array.from({ length: IN_A_POST }, (_, at) => ({ type: 'ping', n: first + at })))
