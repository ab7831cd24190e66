/** Two releases, one file. */
import { expect, it } from 'vitest'
import { newSeed, seeded } from './harness/random.ts'
import { killedInTheStep, nextRelease, rollForward } from './harness/releases.ts'
import { describeWith, rounds } from './harness/tools.ts'

it('a rolling restart to a release with another schema loses nothing, and the old release is refused by code', async () => {
  const seed = newSeed()
  expect(await rollForward(seeded(seed), nextRelease()), `POSTHORN_SEED=${seed}`).toEqual([])
}, 60_000)

describeWith(['strace'], 'the step to another schema', () => {
  it('that is killed at any write leaves the old one or the new one, whole', async () => {
    const { faults, kills } = await killedInTheStep(seeded(1), nextRelease(), rounds(2, 20, 100))
    expect(faults).toEqual([])
    expect(kills).toBeGreaterThan(1)
  }, 400_000)
})
