/** How much of what is stored a look at events reads. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { TallyWindow } from '../../../src/ports/inbox/look.ts'
import type { Page } from '../../../src/ports/inbox/records.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy, toyProvider } from '../../support/toy.ts'

const [START, HOUR, DAY] = [Date.UTC(2026, 5, 15, 10, 30), 3_600_000, 86_400_000]
let clock: FakeClock
/** No two bodies are the same: that would be a repeat. */
let posted = 0
let asked: { elements: number; bodies: number; pages: Page[] }
let receiver: ReturnType<typeof watched>

/** Its elements, bodies and pages are counted. */
function watched() {
  const inbox = memory()
  const { records } = inbox[port]
  const list = records.list.bind(records)
  const delivery = records.delivery.bind(records)
  Object.assign(records, {
    list: (kind: 'deliveries', page: Page) => {
      asked.pages.push(page)
      return list(kind, page)
    },
    delivery: (id: string) => {
      asked.bodies++
      return delivery(id)
    },
  })
  const source = toy()
  const read = (element: unknown) => {
    asked.elements++
    return toyProvider.read(element)
  }
  const counting = { ...source, [port]: { ...source[port], provider: { ...toyProvider, read } } }
  const made = receiverIn(clock, { inbox, sources: { shop: counting, outlet: toy() } })
  made.on('*', { name: 'all' }, () => {})
  return made
}

beforeEach(() => {
  asked = { elements: 0, bodies: 0, pages: [] }
  clock = new FakeClock(START)
  receiver = watched()
})

afterEach(() => receiver.close())

async function post(type: string, count: number, source = 'shop'): Promise<void> {
  const pad = `${posted++} `.padEnd(200, 'x')
  await receiver.inject(
    source as 'shop',
    JSON.stringify(Array.from({ length: count }, (_, n) => ({ type, n, pad, to: `p${n}@shop.example` }))),
  )
  await receiver.whenIdle()
  Object.assign(asked, { elements: 0, bodies: 0, pages: [] })
}

/** Days before of which something is counted. */
async function before(): Promise<void> {
  for (let day = 0; day < 2; day++) {
    await post('ping', 1)
    await clock.advance(DAY)
  }
}

const since = new Date(START - 40 * DAY)

it('reads of a delivery of 2 000 events those that are asked for, from its end', async () => {
  await post('ping', 2_000)
  const found: number[] = []
  for await (const { delivery } of receiver.inbox.events({ since })) if (found.push(delivery.index) === 100) break
  expect(found).toEqual(Array.from({ length: 100 }, (_, n) => 1_999 - n))
  expect(asked.elements).toBeLessThan(400)
})

it('reads with counted only the hours that have something of the kind by the counts', async () => {
  await before()
  for (let hour = 0; hour < 60; hour++) {
    await post(hour === 20 ? 'pong' : 'ping', 2, hour === 40 ? 'outlet' : 'shop')
    await clock.advance(HOUR)
  }
  await clock.advance(2 * DAY)
  const look = async (filter: string, counted: boolean) => {
    Object.assign(asked, { elements: 0, bodies: 0, pages: [] })
    const ids = (await all(receiver.inbox.events({ since, filter }, { counted }))).map(({ id }) => id)
    return { ids, bodies: asked.bodies }
  }
  for (const filter of ['type:complained', 'name:toy.pong', 'effect:suppress', 'source:outlet', 'source:shop,outlet']) {
    const whole = await look(filter, false)
    const counted = await look(filter, true)
    expect(counted.ids, filter).toEqual(whole.ids)
    expect(whole.ids.length, filter).toBeGreaterThan(0)
    // That of the first day of which anything is counted, since it may have begun within it; and an hour at either side.
    if (filter !== 'source:shop,outlet') expect(counted.bodies, filter).toBeLessThanOrEqual(4)
  }
  expect(await look('type:complained source:outlet', true)).toEqual({ ids: [], bodies: 0 })
  const [last] = await all(receiver.inbox.events({ since, filter: 'type:complained' }))
  const behind = { since, filter: 'type:complained', after: String(last?.id) }
  const rest = await all(receiver.inbox.events(behind, { counted: true }))
  expect(rest.map(({ id }) => id)).toEqual([String(last?.id).replace(/1$/, '0')])
})

it('reads of the first day of which anything is counted two hours, and those that have something of the kind', async () => {
  for (let hour = 0; hour < 12; hour++) {
    for (const _ of [1, 2, 3]) await post(hour === 8 ? 'pong' : 'ping', 1)
    await clock.advance(HOUR)
  }
  await clock.advance(2 * DAY)
  Object.assign(asked, { elements: 0, bodies: 0, pages: [] })
  const found = await all(receiver.inbox.events({ since, filter: 'type:complained' }, { counted: true }))
  expect(found).toHaveLength(3)
  // Of 36 deliveries: those of the hour with an hour at either side, and of the first two hours with one behind them.
  expect(asked.bodies).toBe(9 + 9)
})

it('lists the deliveries of a source without a look at days that have none of it', async () => {
  await before()
  await post('ping', 1, 'outlet')
  const others: number[] = []
  for (let hour = 0; hour < 60; hour++) {
    await clock.advance(HOUR)
    await post('ping', 1)
    others.push(clock.now())
  }
  await clock.advance(2 * DAY)
  asked.pages = []
  expect(await all(receiver.inbox.deliveries({ source: 'outlet' }))).toHaveLength(1)
  const isLookedAt = (at: number) =>
    asked.pages.some(({ since: from = 0, until = Number.POSITIVE_INFINITY }) => at >= from && at < until)
  // Of the day of it, and of an hour beside.
  expect(others.filter(isLookedAt)).toEqual(others.filter((at) => at < Date.UTC(2026, 5, 18, 1)))
  // What is older than all counts is gone through, too.
  expect(asked.pages.at(-1)?.since).toBeUndefined()
})

it.each([
  [30, 'deliveries'],
  [30, 'events'],
  [30.4, 'events'],
] as const)('leaves out nothing of before anything was counted, %d hours later: %s', async (hours, what) => {
  const inbox = memory()
  const { look } = inbox[port]
  const begin = START + hours * HOUR
  if (look === undefined) throw new Error('it keeps counts')
  const tallies = look.tallies.bind(look)
  Object.assign(look, {
    tallies: async (window: TallyWindow) => {
      const hours = await tallies({ ...window, step: 'hour' })
      const size = window.step === 'day' ? DAY : HOUR
      return hours.filter(({ at }) => at >= begin).map((row) => ({ ...row, at: Math.floor(row.at / size) * size }))
    },
  })
  await receiver.close()
  receiver = receiverIn(clock, { inbox })
  await receiver.start()
  for (let hour = 0; hour < 50; hour++) {
    await post('ping', 1, hour % 2 === 0 ? 'shop' : 'outlet')
    await clock.advance(HOUR)
  }
  await clock.advance(2 * DAY)
  const found =
    what === 'deliveries'
      ? receiver.inbox.deliveries({ source: 'outlet' })
      : receiver.inbox.events({ since, filter: 'type:opened source:outlet' }, { counted: true })
  expect(await all<unknown>(found)).toHaveLength(25)
})

it('reads all the same what no count says: what waits, and what was read otherwise when it came', async () => {
  await post('ping', 1)
  await post('sparkle', 1)
  await clock.advance(3 * DAY)
  const found = await all(receiver.inbox.events({ since, filter: 'type:unknown' }, { counted: true }))
  expect(found).toHaveLength(1)
  await receiver.inbox.pause('all')
  await post('pong', 1)
  await clock.advance(3 * DAY)
  expect(await all(receiver.inbox.events({ since, filter: 'type:complained' }, { counted: true }))).toHaveLength(1)
})
