/** Replays beside live traffic, and kills in the middle of them. */
import { expect, it } from 'vitest'
import { newSeed, seeded } from './harness/random.ts'
import { replayAndKill } from './harness/replays.ts'
import { rounds } from './harness/tools.ts'

it('a replay that told what it queued comes to its end through kills, and touches nothing that is stored', async () => {
  const seed = newSeed()
  const { faults, events } = await replayAndKill(seeded(seed), rounds(2, 5, 12))
  expect(faults, `POSTHORN_SEED=${seed}`).toEqual([])
  expect(events).toBeGreaterThan(0)
}, 120_000)
