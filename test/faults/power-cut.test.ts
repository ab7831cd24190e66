/**
 * The power goes: an ext4 in a file, the receiver on it stopped, the file copied, the copy mounted, its journal
 * replayed. What was never synced is not in the copy. The control group makes sure that the test can see a loss.
 */
import { expect, it } from 'vitest'
import { mixed } from './harness/bodies.ts'
import { freeze, newImage, powerCut } from './harness/disk.ts'
import { between, newSeed, type Random, seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { copyWith, MUTANTS } from './harness/source-copy.ts'
import { describeWith } from './harness/tools.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

/** What is wrong after the power has gone under load. */
async function cutOnce(random: Random, root?: string): Promise<readonly string[]> {
  const image = newImage(192)
  const disk = image.mount()
  const site = new Site({ data: disk.folder, ...(root === undefined ? {} : { root }) })
  const running = await site.start(soon)
  const load = running.sender.load(8, mixed(site.ledger, random))
  await running.sender.acknowledgements(between(random, 1, 400))
  await freeze(running.pid)
  const after = powerCut(image)
  await running.kill()
  await load
  disk.unmount()

  const recovered = after.mount()
  const found = new Site({ data: recovered.folder, before: site })
  const { faults } = await found.audit()
  recovered.unmount()
  return faults
}

describeWith(['long', 'mount'], 'a power cut', () => {
  it('in ten rounds loses nothing that was acknowledged', async () => {
    const seed = newSeed()
    const random = seeded(seed)
    for (let round = 1; round <= 10; round++)
      expect(await cutOnce(random), `POSTHORN_SEED=${seed}, round ${round}`).toEqual([])
  }, 180_000)

  it.each(['synchronous=NORMAL', 'synchronous=OFF'] as const)(
    'with %s loses what was acknowledged, so this test can see it',
    async (mutant) => {
      const root = copyWith(MUTANTS[mutant])
      const random = seeded(1)
      const faults: string[] = []
      for (let round = 1; round <= 4 && faults.length === 0; round++) faults.push(...(await cutOnce(random, root)))
      expect(faults.join()).toContain('acknowledged and not stored')
    },
    120_000,
  )
})
