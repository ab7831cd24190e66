/** The contract of InboxPort, the optional part for those who look: counts over time, last uses, actions. */
import { describe, expect, it } from 'vitest'
import type { LookPort, Observed, Step, Tally, TallyRow } from '../../src/ports/inbox/look.ts'
import type { NewDeadLetter } from '../../src/ports/inbox/rows.ts'
import { everything, failure, firstPass, handClock, newDelivery, retried, row, START } from '../inboxes/inbox-kit.ts'
import type { TestInbox } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'
import { leapingClock } from './inbox-upkeep.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const retention = { bodiesMs: DAY, keysMs: 2 * DAY, deadLettersMs: DAY, quarantineMs: DAY, maxBytes: null }

const letter = (index: number): NewDeadLetter => ({
  ...{ handler: 'a', index, attempts: 1, errors: [failure('no')], at: START, size: 2, run: null },
  element: new TextEncoder().encode('{}'),
})

const tally = (received: Record<string, [number, number]>, settled: Record<string, [number, number]> = {}): Tally => {
  const all = [...Object.entries(received), ...Object.entries(settled)]
  return {
    words: all.map(([word]) => word),
    numbers: all.flatMap(([, counts]) => counts),
    received: Object.keys(received).length,
  }
}

function lookOf({ port: { look } }: TestInbox): LookPort {
  if (look === undefined) throw new Error('the inbox has no look')
  return look
}

const rowsOf = async (inbox: TestInbox, step: Step, from = START - DAY, to = START + DAY) =>
  (await lookOf(inbox).tallies({ from, to, step })).map(
    ({ at, source, word, n, sum }: TallyRow) => [(at - START) / MINUTE, source, word, n, sum] as const,
  )

const sorted = (rows: readonly (readonly unknown[])[]) => [...rows].sort((a, b) => (String(a) < String(b) ? -1 : 1))

async function pruneAll(inbox: TestInbox): Promise<void> {
  let { next } = await inbox.prune()
  while (next !== null) next = (await inbox.prune(next)).next
}

export function describeLook(name: string, newStore: () => Store): void {
  describe(`${name} inbox, for those who look`, () => {
    const { open, crash } = useStore(newStore)

    it('counts deliveries at their receipt, and what became of them when it did', async () => {
      const clock = handClock()
      const { inbox, claim } = await open(['a'], clock)
      await inbox.accept(newDelivery('x', { body: new Uint8Array(10) }))
      await inbox.accept(newDelivery('x', { body: new Uint8Array(10) }))
      await inbox.accept(newDelivery('y', { source: 'outlet', body: new Uint8Array(5), receivedAt: START + 1 }))
      inbox.noteSenderLeft(1)
      await inbox.accept(newDelivery('z', { source: 'outlet', body: new Uint8Array(5), receivedAt: START + 1 }))
      clock.advance(2 * MINUTE)
      const [x, y] = await claim()
      await inbox.settle({
        ...firstPass(x!.delivery.seq),
        dead: [letter(0)],
        quarantined: [{ index: 1, reason: 'why', path: null, at: START }],
        unhandled: { 'toy.ping': 1 },
        tally: tally({ 'ev:toy.ping/opened': [2, 300] }, { 'done:a': [1, 0] }),
      })
      await inbox.settle({
        ...firstPass(y!.delivery.seq),
        tally: tally({ 'ev:toy.ping/opened': [1, -5] }, { 'lag:2': [1, 9] }),
      })
      expect(sorted(await rowsOf(inbox, 'minute'))).toEqual(
        sorted([
          [0, 'outlet', 'ev:toy.ping/opened', 1, -5],
          [0, 'outlet', 'in', 2, 10],
          [0, 'shop', 'dup', 1, 10],
          [0, 'shop', 'ev:toy.ping/opened', 2, 300],
          [0, 'shop', 'in', 1, 10],
          [0, 'shop', 'left', 1, 0],
          [2, 'outlet', 'lag:2', 1, 9],
          [2, 'shop', 'dead:a', 1, 0],
          [2, 'shop', 'done:a', 1, 0],
          [2, 'shop', 'quarantined:element_unreadable', 1, 0],
          [2, 'shop', 'unhandled:toy.ping', 1, 0],
        ]),
      )
    })

    it('counts work rows, copies and conflicts', async () => {
      const { inbox, claim } = await open(['a'])
      await inbox.accept(newDelivery('x', { batchId: 'b' }))
      await inbox.accept(newDelivery('y', { batchId: 'b' }))
      const [x, y] = await claim()
      await inbox.settle({ ...firstPass(x!.delivery.seq), rows: [row('a', START)], tally: tally({ 'ev:e/t': [1, 0] }) })
      await inbox.settle({ ...firstPass(y!.delivery.seq), duplicateEvents: 1, tally: tally({ 'ev:e/t': [1, 0] }) })
      const [again] = await claim()
      await inbox.settle({ ...retried(again!), tally: tally({}, { 'done:a': [1, 0] }) })
      expect(sorted(await rowsOf(inbox, 'hour'))).toEqual(
        sorted([
          [0, 'shop', 'in', 2, expect.any(Number)],
          [0, 'shop', 'ev:e/t', 2, 0],
          [0, 'shop', 'copy', 1, 0],
          [0, 'shop', 'conflict', 1, 0],
          [0, 'shop', 'done:a', 1, 0],
        ]),
      )
    })

    it('counts nothing of a settlement that is handed in again, of one without a tally, or of one that is refused', async () => {
      const { inbox, claim } = await open(['a'])
      await inbox.accept(newDelivery('x'))
      const [x] = await claim()
      const settlement = { ...firstPass(x!.delivery.seq), tally: tally({ 'ev:e/t': [1, 0] }) }
      await inbox.settle(settlement)
      await expect(inbox.settle(settlement)).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
      await inbox.accept(newDelivery('y'))
      const [y] = await claim()
      await inbox.settle({ ...firstPass(y!.delivery.seq), unhandled: { 'toy.ping': 1 } })
      expect((await rowsOf(inbox, 'day')).map(([, , word, n]) => [word, n]).sort()).toEqual([
        ['ev:e/t', 1],
        ['in', 2],
      ])
    })

    it('keeps counts, uses and actions when it is opened again, and after a crash', async () => {
      const first = await open(['a'])
      await first.inbox.accept(newDelivery('x', { credential: 'new' }))
      await lookOf(first.inbox).noteAction({
        ...{ at: START, who: null, verb: 'retry', filter: '{"handler":"a"}', matched: 2, queued: 1 },
      })
      await crash()
      const { inbox } = await open(['a'])
      await inbox.accept(newDelivery('y', { credential: 'new', receivedAt: START + 5 }))
      await inbox.accept(newDelivery('y', { credential: null, receivedAt: START + 6 }))
      expect((await rowsOf(inbox, 'minute')).map(([, , word, n]) => [word, n]).sort()).toEqual([
        ['dup', 1],
        ['in', 2],
      ])
      const uses = [...(await lookOf(inbox).seen())].sort((a, b) => a.firstAt - b.firstAt)
      expect(uses).toEqual([
        { source: 'shop', credential: 'new', firstAt: START, lastAt: START + 5, count: 2 },
        { source: 'shop', credential: null, firstAt: START + 6, lastAt: START + 6, count: 1 },
      ])
      expect(await lookOf(inbox).actions(10)).toEqual([
        { id: 1, at: START, who: null, verb: 'retry', filter: '{"handler":"a"}', matched: 2, queued: 1 },
      ])
    })

    it('tells 100 labels of a source apart, and 200 words of a kind', async () => {
      const { inbox, claim } = await open(['a'])
      for (let n = 0; n < 103; n++) await inbox.accept(newDelivery(`x${n}`, { credential: `label ${n}` }))
      const uses = await lookOf(inbox).seen()
      expect(uses).toHaveLength(101)
      expect(uses.find(({ credential }) => credential === 'other')?.count).toBe(3)
      const [x, ...rest] = await claim()
      const many = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`bounce:hard/${n}`, [1, 0]]))
      await inbox.settle({ ...firstPass(x!.delivery.seq), tally: tally({}, {}) })
      for (const claimed of rest.slice(0, 2))
        await inbox.settle({
          ...firstPass(claimed.delivery.seq),
          tally: tally(many as Record<string, [number, number]>),
        })
      // What is known is known to the next process, too.
      await pruneAll(inbox)
      const again = await open(['a'])
      const [one] = await again.claim()
      const others = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`bounce:soft/${n}`, [1, 0]]))
      await again.inbox.settle({
        ...firstPass(one!.delivery.seq),
        tally: tally(others as Record<string, [number, number]>),
      })
      await again.inbox.accept(newDelivery('y', { credential: 'one more' }))
      expect(await lookOf(again.inbox).seen()).toHaveLength(101)
      const bounces = (await rowsOf(again.inbox, 'day')).filter(([, , text]) => text.startsWith('bounce:'))
      expect(bounces.reduce((sum, [, , , n]) => sum + n, 0)).toBe(750)
      expect(bounces.length).toBeLessThanOrEqual(251)
      const other = { word: 'bounce:other' }
      expect(bounces.some(([, , text]) => text === other.word)).toBe(true)
    })

    it('says the same by minute, hour and day, before and after hours and days are over', async () => {
      const clock = leapingClock()
      const { inbox } = await open(['a'], clock, { retention })
      let n = 0
      const put = async (at: number) => inbox.accept(newDelivery(`x${n++}`, { receivedAt: at }))
      const expected = new Map<number, number>()
      for (let hour = 0; hour < 30; hour++) {
        for (const at of [START + hour * HOUR, START + hour * HOUR + 59 * MINUTE]) {
          await put(at)
          expected.set(hour, (expected.get(hour) ?? 0) + 1)
        }
        clock.advance(HOUR)
        await pruneAll(inbox)
      }
      // Late: its hour, and its day, are added up already.
      await put(START + 30 * MINUTE)
      expected.set(0, 3)
      const to = START + 2 * DAY
      const hours = (await rowsOf(inbox, 'hour', START, to)).map(([at, , , count]) => [at / 60, count])
      expect(hours).toEqual([...expected])
      expect((await rowsOf(inbox, 'day', START, to)).map(([at, , , count]) => [at, count])).toEqual([
        [0, 49],
        [24 * 60, 12],
      ])
      const minutes = await rowsOf(inbox, 'minute', START, to)
      expect(minutes.reduce((sum, [, , , count]) => sum + count, 0)).toBe(61)
    })

    it('lets go of minutes after 48 hours, of hours after 35 days, of days after 400', async () => {
      const clock = leapingClock()
      const { inbox } = await open(['a'], clock, { retention })
      await inbox.accept(newDelivery('x'))
      const counts = async () => {
        await pruneAll(inbox)
        const steps: readonly Step[] = ['minute', 'hour', 'day']
        return Promise.all(steps.map(async (step) => (await rowsOf(inbox, step)).length))
      }
      const ages: [days: number, left: readonly number[]][] = [
        [1, [1, 1, 1]],
        [3, [0, 1, 1]],
        [36, [0, 0, 1]],
        [402, [0, 0, 0]],
      ]
      for (const [days, left] of ages) {
        clock.advance(START + days * DAY - clock.now())
        expect(await counts(), `${days} days`).toEqual(left)
      }
    })

    it('counts on where a sum has become too large for a number', async () => {
      const clock = leapingClock()
      const { inbox, claim } = await open(['a'], clock, { retention })
      const most = Number.MAX_SAFE_INTEGER
      for (const name of ['x', 'y', 'z']) await inbox.accept(newDelivery(name))
      for (const claimed of await claim())
        await inbox.settle({ ...firstPass(claimed.delivery.seq), tally: tally({ 'ev:e/t': [1, most] }) })
      const counted = async () =>
        Promise.all(
          (['minute', 'hour', 'day'] as const).map(async (step) =>
            (await rowsOf(inbox, step)).filter(([, , text]) => text === 'ev:e/t').map(([, , , n, sum]) => [n, sum]),
          ),
        )
      const each = [[3, most]]
      expect(await counted()).toEqual([each, each, each])
      clock.advance(26 * HOUR)
      await pruneAll(inbox)
      expect(await counted()).toEqual([each, each, each])
    })

    it('lists the deliveries whose trace has the bytes, and those of which nobody knows', async (context) => {
      const { inbox, claim } = await open(['a'], handClock(), { retention: { ...retention, bodiesMs: 0 } })
      if (inbox.port.traces !== true) return context.skip()
      const listed = async (...traced: number[]) => {
        const page = { ...everything, traced: new Uint8Array(traced) }
        return (await inbox.deliveries(page)).map(({ id }) => id)
      }
      for (const name of ['both', 'one', 'none', 'unknown', 'later', 'erased', 'emptied'])
        await inbox.accept(newDelivery(name, { body: new TextEncoder().encode(`[1,2,"${name}"]`) }))
      const traces = [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4], [], null, undefined, [1, 2, 3, 4], [1, 2, 3, 4]]
      const claims = await claim()
      const settle = async (at: number) => {
        const trace = traces[at] ? new Uint8Array(traces[at]) : null
        await inbox.settle({ ...firstPass(claims[at]!.delivery.seq), trace })
      }
      for (const at of [0, 1, 2, 3, 5, 6]) await settle(at)
      expect(await listed(5, 6, 7, 8)).toEqual(['d_later', 'd_unknown', 'd_both'])
      expect(await listed(1, 2, 3, 4)).toEqual(['d_emptied', 'd_erased', 'd_later', 'd_unknown', 'd_one', 'd_both'])
      expect(await listed(9, 9, 9, 9)).toEqual(['d_later', 'd_unknown'])
      await inbox.erase([
        { seq: claims[5]!.delivery.seq, indices: [0] },
        { seq: claims[6]!.delivery.seq, indices: null },
      ])
      // What is left of them is read again.
      expect(await listed(9, 9, 9, 9)).toEqual(['d_emptied', 'd_erased', 'd_later', 'd_unknown'])
      await settle(4)
      await pruneAll(inbox)
      expect(await listed(1, 2, 3, 4)).toEqual([])
    })

    it('adds what was counted of requests, once, to the minutes it is of, and keeps it', async () => {
      const clock = handClock()
      const { inbox } = await open(['a'], clock)
      const refused = { at: START, source: 'shop', word: 'refused:unauthorized', n: 2, sum: 0 }
      const late = { ...refused, at: START + MINUTE, source: '', n: 1 }
      const observe = (...observed: Observed[]) => lookOf(inbox).observe(observed)
      await Promise.all([
        observe(refused, late, { ...refused, word: 'ack:2', n: 3, sum: 7.6 }),
        inbox.accept(newDelivery('x')),
      ])
      await observe({ ...refused, n: 5 })
      await observe()
      clock.advance(3 * MINUTE)
      const expected = sorted([
        [0, 'shop', 'ack:2', 3, 8],
        [0, 'shop', 'in', 1, expect.any(Number)],
        [0, 'shop', 'refused:unauthorized', 7, 0],
        [1, '', 'refused:unauthorized', 1, 0],
      ])
      expect(sorted(await rowsOf(inbox, 'minute'))).toEqual(expected)
      await crash()
      const again = await open(['a'], clock)
      expect(sorted(await rowsOf(again.inbox, 'minute'))).toEqual(expected)
    })

    it('keeps the latest 1 000 actions', async () => {
      const { inbox } = await open(['a'])
      const action = { at: START, who: 'jo', verb: 'drop', filter: '{}', matched: 0, queued: 0 }
      for (let n = 0; n < 1_003; n++) await lookOf(inbox).noteAction({ ...action, matched: n })
      const stored = await lookOf(inbox).actions(2_000)
      expect(stored).toHaveLength(1_000)
      expect(stored[0]).toMatchObject({ matched: 1_002, who: 'jo' })
      expect(await lookOf(inbox).actions(1)).toHaveLength(1)
    })
  })
}
