/** Handlers that fail in every way, never end, stop the event loop, or have poison among 10 000 events. */
import { describe, expect, it } from 'vitest'
import { endsWell } from './harness/endings.ts'
import { MISDEEDS, NUISANCES } from './harness/handler.ts'
import type { Element } from './harness/ledger.ts'
import { Site } from './harness/site.ts'

const twice = { retry: { attempts: 2, minMs: 1, maxMs: 1 }, timeoutMs: 100 }

describe('handlers', () => {
  it('that fail in every way leave dead letters for exactly their events, and the process goes on', async () => {
    const site = new Site()
    const running = await site.start(twice)
    const misdeeds = Object.keys(MISDEEDS)
    const elements = misdeeds.flatMap((what): Element[] => [{}, { do: what }, {}])
    await running.sender.deliver(site.ledger.add(elements))
    for (const what of misdeeds) await running.sender.deliver(site.ledger.add([{ do: what }, {}]))
    await running.control('settled')
    expect(await running.control('health')).toMatchObject({ ready: true })
    expect(await running.end()).toBe(0)
    const { faults, ...counts } = await site.audit()
    expect(faults).toEqual([])
    expect(counts).toMatchObject({ handled: 3 * misdeeds.length, dead: 2 * misdeeds.length, pending: 0, repeats: 0 })
  })

  it('that call back twice, block the event loop or keep memory delay nobody else for good', async () => {
    const site = new Site()
    const running = await site.start()
    const nuisances = Object.keys(NUISANCES)
    for (const what of nuisances) await running.sender.deliver(site.ledger.add([{}, { do: what }, {}]))
    const blocked = await running.sender.post(site.ledger.add([{ do: 'block' }]))
    expect(blocked.status).toBe(200)
    await Promise.all([1, 2, 3, 4, 5].map(() => running.sender.deliver(site.ledger.add([{}]))))
    await endsWell(site, running)
    const ids = site.effects().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('that hang hold nobody else: deliveries go on being accepted, and other events handled', async () => {
    const site = new Site()
    const running = await site.start({ ...twice, timeoutMs: 30_000 })
    await running.sender.deliver(site.ledger.add([{ do: 'hang' }, {}]))
    await running.child.line('called')
    for (let i = 0; i < 20; i++) await running.sender.deliver(site.ledger.add([{}]))
    expect(await running.control('health')).toMatchObject({ ready: true })
    await running.kill()
    const next = await site.start({ ...twice })
    await next.control('settled')
    await next.end()
    expect(await site.audit()).toMatchObject({ faults: [], handled: 21, dead: 1, pending: 0 })
  })
})

describe('of 10 000 events', () => {
  const batch = (poisoned: (index: number) => boolean) =>
    Array.from({ length: 10_000 }, (_, i): Element => (poisoned(i) ? { do: 'permanent' } : {}))

  it.each([
    ['the first', [0]],
    ['one in the middle', [5_000]],
    ['the last', [9_999]],
    ['neighbours', [4_998, 4_999, 5_000]],
  ])('poison in %s ends as a dead letter alone', async (_, indices) => {
    const site = new Site()
    const running = await site.start()
    await running.sender.deliver(site.ledger.add(batch((index) => indices.includes(index))))
    await running.control('settled')
    await running.end()
    const { length } = indices
    expect(await site.audit()).toMatchObject({ faults: [], handled: 10_000 - length, dead: length, repeats: 0 })
  })

  it('all of them poison, all are dead letters, and the next delivery is handled', async () => {
    const site = new Site()
    const running = await site.start()
    await running.sender.deliver(site.ledger.add(batch(() => true)))
    await running.sender.deliver(site.ledger.add([{}]))
    await running.control('settled')
    await running.end()
    expect(await site.audit()).toMatchObject({ faults: [], handled: 1, dead: 10_000, pending: 0 })
  })

  it('those that cannot be read are in quarantine, and their siblings are handled', async () => {
    const site = new Site()
    const running = await site.start()
    const elements = Array.from({ length: 10_000 }, (_, i): Element => (i % 1_000 === 7 ? { bad: true } : {}))
    await running.sender.deliver(site.ledger.add(elements))
    await running.sender.deliver(site.ledger.addBody(Buffer.from('{"type":"ping"')))
    await running.control('settled')
    await running.end()
    expect(await site.audit()).toMatchObject({ faults: [], handled: 9_990, quarantined: 11, pending: 0 })
  })
})
