/** Files that were damaged while nobody had them open: found, said, and never a silent gap. */
import { expect, it } from 'vitest'
import { DAMAGES, faultsOf, leave, startOn } from './harness/damage.ts'
import { newSeed, seeded } from './harness/random.ts'
import { rounds } from './harness/tools.ts'

// What is missing from a write-ahead log is told on Linux.
const damages = DAMAGES.filter(({ often }) => often || rounds(0, 1) === 1).filter(
  ({ left }) => left === 'closed' || process.platform === 'linux',
)

it.each(damages)('$name ($left before) is found: $found', async (damage) => {
  const seed = newSeed()
  const random = seeded(seed)
  const site = await leave(damage.left, random)
  damage.apply(site.path, random)
  expect(faultsOf(damage, await startOn(site)), `POSTHORN_SEED=${seed}`).toEqual([])
})

it('what was not damaged is worked on without a word', async () => {
  for (const left of ['closed', 'killed'] as const) {
    const site = await leave(left, seeded(1))
    const { whole, told, ...rest } = await startOn(site)
    expect({ whole, told, rest }).toMatchObject({
      whole: site.ledger.sent.length,
      told: [],
      rest: { gone: 0, lost: 0 },
    })
  }
})
