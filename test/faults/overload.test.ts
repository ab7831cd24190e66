/** More than can be taken in: refused by policy, before the body where that is possible, and over by itself. */
import { expect, it } from 'vitest'
import { noise } from './harness/bodies.ts'
import { endsWell } from './harness/endings.ts'
import { seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { rounds } from './harness/tools.ts'

const MIB = 1 << 20
const soon = { retry: { minMs: 1, maxMs: 1 } }

it('senders with more bytes than have room get 503, and all of it is taken in the end', async () => {
  const site = new Site()
  const running = await site.start({ ...soon, limits: { inFlightBytes: 4 * MIB } })
  const pad = noise(seeded(1), MIB)
  let left = rounds(60, 200)
  await running.sender.load(20, () => (left-- > 0 ? site.ledger.add([{ pad }]) : null))
  expect(running.sender.answers[503]).toBeGreaterThan(0)
  await endsWell(site, running)
}, 60_000)

it('senders of many small deliveries and a killed process in the middle of it end well too', async () => {
  const site = new Site()
  const limits = { inFlightBytes: 20_000 }
  const pad = 'x'.repeat(2_000)
  const next = () => site.ledger.add([{ pad }])
  for (let round = 0; round < 2; round++) {
    const running = await site.start({ ...soon, limits, handler: 'gate' })
    const load = running.sender.load(40, next)
    await running.sender.acknowledgements(300)
    expect(running.sender.answers[503]).toBeGreaterThan(0)
    await running.kill()
    await load
  }
  await endsWell(site, await site.start({ ...soon, limits }))
}, 120_000)
