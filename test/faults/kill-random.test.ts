/** SIGKILL at any instant, under load, again and again on the same file. */
import { expect, it } from 'vitest'
import { mixed } from './harness/bodies.ts'
import { endsWell } from './harness/endings.ts'
import { between, newSeed, type Random, seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { rounds } from './harness/tools.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

/** So many kills on one file; then everything is delivered and handled. */
async function killAgainAndAgain(random: Random, kills: number): Promise<void> {
  const site = new Site()
  const next = mixed(site.ledger, random)
  const told: string[] = []
  for (let round = 1; round <= kills; round++) {
    const running = await site.launch(soon)
    const load = running.sender.load(4, next)
    await running.sender.acknowledgements(between(random, 0, 40))
    // The instant of the fault itself, so that it falls anywhere between two events that we could wait for.
    await new Promise((resolve) => setTimeout(resolve, between(random, 0, 12)))
    await running.kill()
    await load
    const { faults, ...counts } = await site.audit()
    told.push(`${round}: ${JSON.stringify(counts)}`)
    expect(faults, told.join('\n')).toEqual([])
  }
  const running = await site.start(soon)
  await running.sender.load(4, () => null)
  await running.control('settled')
  // An event that three of the kills fell on is in quarantine: nobody can tell it from one that kills.
  await running.control('retry')
  await endsWell(site, running)
}

it('kills at random instants lose nothing that was acknowledged', async () => {
  const seed = newSeed()
  const random = seeded(seed)
  try {
    // A file that grows for ever would only slow the audit.
    for (let file = 0; file < rounds(1, 2, 5); file++) await killAgainAndAgain(random, 10)
  } catch (error) {
    throw new Error(`POSTHORN_SEED=${seed}`, { cause: error })
  }
}, 180_000)
