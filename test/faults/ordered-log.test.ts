/** What a handler with `orderBy` writes that fails often: the log of SQLite keeps its bound. */
import { expect, it } from 'vitest'
import { MOST_FRAMES } from '../../src/inboxes/sqlite/file/checkpoint/checkpoints.ts'
import { keyOf, logOfOrdered } from './harness/ordered-log.ts'
import { rounds } from './harness/tools.ts'

/** The bound, and room for the group that passes it. */
const MOST_BYTES = (MOST_FRAMES + 256) * (4_096 + 24)

it('keeps the log within its bound while a third of the events fails, and wakes those behind it', async () => {
  const events = rounds(4_000, 8_000, 24_000)
  const { longest, handled, failures } = await logOfOrdered(events)
  expect(longest).toBeLessThan(MOST_BYTES)
  expect([handled.length, failures]).toEqual([events, Math.ceil(events / 3)])
  const latest = new Map<number, number>()
  for (const n of handled) {
    expect(n).toBeGreaterThan(latest.get(keyOf(n)) ?? -1)
    latest.set(keyOf(n), n)
  }
}, 120_000)
