/** Retention under load, killed in the middle of it: it never takes what is not finished. */
import { expect, it } from 'vitest'
import { newSeed, seeded } from './harness/random.ts'
import { rounds } from './harness/tools.ts'
import { pruneAndKill } from './harness/upkeep.ts'

it('bodies and rows go as soon as they may, and kills in the middle of it lose no unfinished work', async () => {
  const seed = newSeed()
  const { faults, rounds: pruned } = await pruneAndKill(seeded(seed), rounds(3, 8, 20))
  expect(faults, `POSTHORN_SEED=${seed}`).toEqual([])
  expect(pruned).toBeGreaterThan(0)
}, 120_000)
