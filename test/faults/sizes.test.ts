/** Bodies of every size up to the limit, and memory that does not grow with what waits. */
import { expect, it } from 'vitest'
import { noise } from './harness/bodies.ts'
import { endsWell } from './harness/endings.ts'
import type { Element } from './harness/ledger.ts'
import { seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { rounds } from './harness/tools.ts'

const MIB = 1 << 20

/** A body of exactly so many bytes, with one event. */
function exactly(bytes: number): Buffer {
  const frame = '[{"type":"ping","pad":""}]'
  return Buffer.from(frame.replace('""}', `"${'x'.repeat(bytes - frame.length)}"}`))
}

it.each([10_000, 10_001])('a delivery of %i events is one row, and all of them are handled, once', async (count) => {
  const site = new Site()
  const running = await site.start()
  await running.sender.deliver(
    site.ledger.add(Array.from({ length: count }, (): Element => ({ pad: 'x'.repeat(900) }))),
  )
  await endsWell(site, running)
  expect(site.effects().map(({ n }) => n)).toEqual(Array.from({ length: count }, (_, i) => i))
})

it('an event of 20 MB is handled, and so is a delivery without any', async () => {
  const site = new Site()
  const running = await site.start()
  await running.sender.deliver(site.ledger.add([{}, { pad: 'x'.repeat(20 * MIB) }, {}]))
  expect(await running.sender.post(site.ledger.addBody(Buffer.from('[]')))).toMatchObject({ json: { status: 'probe' } })
  site.ledger.sent.pop()
  await endsWell(site, running)
})

it('a body of 64 MiB is stored as it came, one byte more is 413', async () => {
  const site = new Site()
  const running = await site.start()
  const most = site.ledger.addBody(exactly(64 * MIB), { first: -1, count: 1 })
  expect((await running.sender.post(most)).status).toBe(200)
  expect(await running.sender.post(site.ledger.addBody(exactly(64 * MIB + 1)))).toMatchObject({
    status: 413,
    json: { error: 'body_too_large' },
  })
  site.ledger.sent.pop()
  await endsWell(site, running)
})

it('memory does not grow with the backlog when senders are faster than handlers', async () => {
  const site = new Site()
  const running = await site.start({ handler: 'gate', memoryBytes: 32 * MIB })
  const pad = noise(seeded(1), 500_000)
  const count = rounds(500, 800)
  let left = count
  const load = running.sender.load(4, () => (left-- > 0 ? site.ledger.add([{ pad }, {}]) : null))
  const sizes: number[] = []
  // By the first look every cache is full: half of the backlog is 125 MB and more.
  for (const part of [0.5, 0.75, 1]) {
    await running.sender.acknowledgements(count * part)
    const { rss } = await running.control<{ rss: number }>('memory')
    sizes.push(Math.round(rss / MIB))
  }
  await load
  const [half = 0, ...later] = sizes
  const more = (count / 2) * 0.5
  expect(Math.max(...later) - half, `${sizes.join(', ')} MiB`).toBeLessThan(0.6 * more)
  await running.control('go')
  await endsWell(site, running)
}, 60_000)
