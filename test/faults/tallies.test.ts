/** Counts over time after kills: what was stored, read, handled and repeated is in them once, whenever the process died. */
import { expect, it } from 'vitest'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import type { Metrics } from '../../src/public/receiver.ts'
import { toy } from '../support/toy.ts'
import { mixed } from './harness/bodies.ts'
import { longLife } from './harness/long-life.ts'
import { between, newSeed, seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { rounds } from './harness/tools.ts'

it('count each event of a long delivery once for each handler, however often it was begun', async () => {
  const seed = newSeed()
  const random = seeded(seed)
  const events = rounds(1_000, 1_500, 10_000)
  const kills = Array.from({ length: rounds(2, 3, 20) }, () => ({ killAfterCalls: between(random, 300, 1_500) }))
  const { settled, counts, deaths, saves } = await longLife(
    { events, workMs: 5, handlers: ['each', 'batch', 'kept'] },
    kills,
  )
  expect(settled, `POSTHORN_SEED=${seed}`).toEqual({ pending: 0, deadLetters: 0, quarantined: [] })
  expect(deaths).toBeGreaterThan(0)
  expect(saves).toBeGreaterThan(0)
  expect(counts, `POSTHORN_SEED=${seed}`).toMatchObject({
    ...{ in: 1, 'ev:toy.ping/opened': events },
    ...{ 'done:each': events, 'done:batch': events, 'done:kept': events },
  })
}, 120_000)

it('agree with what was stored, after kills at any moment under load', async () => {
  const seed = newSeed()
  const random = seeded(seed)
  const site = new Site()
  let failing = 0
  const next = mixed(site.ledger, random, () => {
    if (random() > 0.2) return {}
    failing++
    return { do: 'fail at first' }
  })
  const plan = { retry: { minMs: 1, maxMs: 1 } }
  for (let kill = 0; kill < rounds(3, 5, 50); kill++) {
    const running = await site.launch(plan)
    const load = running.sender.load(4, next)
    await running.sender.acknowledgements(between(random, 1, 40))
    // The instant of the fault itself, so that it falls anywhere between two events that we could wait for.
    await new Promise((resolve) => setTimeout(resolve, between(random, 0, 12)))
    await running.kill()
    await load
  }
  const last = await site.start(plan)
  await last.sender.load(4, () => null)
  await last.control('settled')
  for (let refused = 0; refused < 3; refused++)
    await fetch(`http://127.0.0.1:${last.port}/webhooks/nobody`, { method: 'POST' })
  const metrics = await last.control<Metrics>('metrics')
  expect(await last.end()).toBe(0)

  const receiver = createReceiver({
    ...{ inbox: sqlite({ path: site.path }), sources: { shop: toy() }, role: 'control', logger: false },
  })
  const stats = await receiver.inbox.stats()
  const counts: Record<string, number> = {}
  for await (const { word, count } of receiver.inbox.tallies()) counts[word] = (counts[word] ?? 0) + count
  let [stored, repeats] = [0, 0]
  for await (const { duplicates } of receiver.inbox.deliveries()) {
    stored++
    repeats += duplicates
  }
  await receiver.close()
  const events = site.ledger.sent.reduce((sum, { count }) => sum + count, 0)
  expect(stored, `POSTHORN_SEED=${seed}`).toBe(site.ledger.sent.length)
  expect(counts, `POSTHORN_SEED=${seed}`).toMatchObject({ in: stored, 'ev:toy.ping/opened': events })
  const sumOf = (kind: string) =>
    Object.entries(counts).reduce((sum, [word, count]) => sum + (word.split(':')[0] === kind ? count : 0), 0)
  expect(counts.dup ?? 0).toBe(repeats)
  expect(sumOf('quarantined')).toBe(stats.quarantined)
  expect(sumOf('done') + stats.quarantined).toBe(events)
  expect(stats).toMatchObject({ pending: 0, deadLetters: 0 })
  // Of an attempt that was not saved nothing is known, and it is the first one again.
  expect(failing).toBeGreaterThan(0)
  expect(counts['fail:work'], `POSTHORN_SEED=${seed}`).toBeLessThanOrEqual(failing)
  expect(counts['fail:work']).toBeGreaterThanOrEqual(failing - stats.quarantined)
  // What died had lived for less than a minute: what it refused and answered is lost with it.
  expect(counts).toMatchObject({ 'refused:unknown_source': 3, 'turned:unknown_source': 3 })
  expect(metrics.rejected).toEqual({ unknown_source: 3 })
  expect(sumOf('ack')).toBe(metrics.ackMs.count)
}, 180_000)
