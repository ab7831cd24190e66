/** SIGKILL at any instant, under load, again and again on the same file. */
import { expect, it } from 'vitest'
import { mixed } from './harness/bodies.ts'
import { between, newSeed, seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { rounds } from './harness/tools.ts'

const ROUNDS = rounds(10, 50)

it('kills at random instants lose nothing that was acknowledged', async () => {
  const seed = newSeed()
  const random = seeded(seed)
  const site = new Site()
  const next = mixed(site.ledger, random)
  const told: string[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    const running = await site.launch({ retry: { minMs: 1, maxMs: 1 } })
    const load = running.sender.load(4, next)
    await running.sender.acknowledgements(between(random, 0, 40))
    // The instant of the fault itself, so that it falls anywhere between two of our own events.
    await new Promise((resolve) => setTimeout(resolve, between(random, 0, 12)))
    await running.kill()
    await load
    const { faults, ...counts } = await site.audit()
    told.push(`${round}: ${JSON.stringify(counts)}`)
    expect(faults, `POSTHORN_SEED=${seed}, round ${round}\n${told.join('\n')}`).toEqual([])
  }
  const last = await site.start({ retry: { minMs: 1, maxMs: 1 } })
  await last.sender.load(4, () => null)
  await last.control('settled')
  expect(await last.end()).toBe(0)
  const { faults, acknowledged, pending, stored, dead, quarantined } = await site.audit()
  expect(faults, `POSTHORN_SEED=${seed}`).toEqual([])
  expect({ stored, pending, dead, quarantined }).toEqual({ stored: acknowledged, pending: 0, dead: 0, quarantined: 0 })
  expect(acknowledged).toBe(site.ledger.sent.length)
}, 180_000)
