/** Kills again and again leave nothing that grows. */
import { expect, it } from 'vitest'
import { crashLoop } from './harness/crash-loop.ts'
import { newSeed, seeded } from './harness/random.ts'
import { rounds } from './harness/tools.ts'

it('a crash loop under load heaps up no log, no files, no claims and no attempts', async () => {
  const seed = newSeed()
  const { faults, kills } = await crashLoop(seeded(seed), rounds(6, 12, 30))
  expect(faults, `POSTHORN_SEED=${seed}`).toEqual([])
  expect(kills).toBe(rounds(6, 12, 30))
}, 120_000)
