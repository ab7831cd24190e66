/** The contract of InboxPort: what a pass has brought to an end before it is settled. */
import { describe, expect, it } from 'vitest'
import {
  everything,
  failure,
  firstPass,
  handClock,
  newDelivery,
  type Opened,
  retried,
  row,
  START,
} from '../inboxes/inbox-kit.ts'
import type { TestProgress } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'

const letter = (handler: string, index: number) => ({
  ...{ handler, index, attempts: 3, errors: [failure('of a person')], at: START, size: 4, run: null },
})

const broken = (index: number) => ({ index, reason: 'why', path: '/of a person', at: START })

const progress = (changes: Partial<TestProgress> = {}): TestProgress => ({
  ...{ seq: 1, row: null, next: 4, over: {}, parts: 0, rows: [], at: START },
  ...{ dead: [], quarantined: [], unhandled: {}, copies: [] },
  ...changes,
})

/** Elements 0 to 3, of which these are said to be over, with all that can stand for an element. */
const full = progress({
  over: {
    a: [
      [0, 1],
      [3, 3],
    ],
    b: [[0, 0]],
  },
  rows: [row('a', START + 60_000, { first: 1, last: 1, errors: [failure('of a person')] })],
  dead: [letter('a', 3)],
  quarantined: [broken(2)],
  unhandled: { 'toy.pong': 2 },
  copies: [[0, 0]],
})

const body = () => Buffer.from('[{"n":0},{"n":1},{"n":2},{"n":3}]')

/** A delivery under claim in its first pass. */
async function underClaim(opened: Opened, name = 'x') {
  await opened.inbox.accept(newDelivery(name, { body: body() }))
  const [claim] = await opened.claim()
  return claim!
}

export function describeProgress(name: string, newStore: () => Store): void {
  describe(`${name} inbox: progress`, () => {
    const { open, crash } = useStore(newStore)

    /** What the next process finds. */
    async function afterCrash(handlers: Parameters<typeof open>[0] = ['a', 'b'], clock = handClock()) {
      await crash()
      const opened = await open(handlers, clock)
      return { ...opened, claims: await opened.claim() }
    }

    it('of a first pass comes with its next claim, whole', async () => {
      const opened = await open(['a', 'b'])
      expect((await underClaim(opened)).progress ?? []).toEqual([])
      expect(await opened.inbox.saveProgress([full])).toEqual([])
      const { claims } = await afterCrash()
      const { seq: _, ...saved } = full
      expect(claims).toMatchObject([{ rows: null, careful: true, progress: [{ ...saved, parts: 1 }] }])
    })

    it('comes with a claim that was given back, as often as it is', async () => {
      const opened = await open(['a', 'b'])
      await underClaim(opened)
      await opened.inbox.saveProgress([full])
      for (let times = 0; times < 2; times++) {
        opened.inbox.release([1])
        expect(await opened.claim()).toMatchObject([{ progress: [{ over: full.over, rows: full.rows }] }])
      }
      const again = await open(['a', 'b'])
      expect(await again.claim()).toMatchObject([{ careful: false, progress: [{ over: full.over }] }])
    })

    it('in several parts is put together; the last place that was reached is true, and a part that comes again replaces its like', async () => {
      const opened = await open(['a', 'b'])
      await underClaim(opened)
      const { inbox } = opened
      await inbox.saveProgress([progress({ over: { a: [[0, 0]] }, dead: [letter('a', 0)], unhandled: { x: 1 } })])
      await inbox.saveProgress([
        progress({ over: { a: [[0, 1]] }, parts: 1, dead: [letter('a', 1)], unhandled: { x: 2 } }),
      ])
      await inbox.saveProgress([
        progress({
          over: { a: [[0, 2]] },
          parts: 1,
          dead: [letter('a', 1), letter('a', 2)],
          unhandled: { x: 2, y: 1 },
        }),
      ])
      await inbox.saveProgress([progress({ over: { a: [[0, 3]] }, parts: 2 })])
      const { claims } = await afterCrash()
      expect(claims[0]?.progress).toMatchObject([
        { over: { a: [[0, 3]] }, parts: 2, dead: [0, 1, 2].map((n) => letter('a', n)), unhandled: { x: 3, y: 1 } },
      ])
    })

    it('is seen by nobody and counted nowhere before the settlement, and gone after it', async () => {
      const opened = await open(['a', 'b'])
      const { inbox, clock } = opened
      await underClaim(opened)
      const before = await inbox.stats()
      await inbox.saveProgress([full])
      expect(await inbox.stats()).toEqual(before)
      expect([await inbox.deadLetters(everything), await inbox.quarantine(everything)]).toEqual([[], []])
      expect(await inbox.progress('d_x', 1)).toMatchObject({ passed: false, rows: [], dead: [], quarantined: null })
      expect(await inbox.history({ after: 0, limit: 9 })).toEqual([])
      clock.advance(60_001)
      expect(await opened.claim()).toEqual([])
      await inbox.settle(firstPass(1, { events: 4, rows: [row('a', START)] }))
      const [again] = await opened.claim()
      expect(again).toMatchObject({ rows: [{ handler: 'a' }] })
      expect(again!.progress ?? []).toEqual([])
      await inbox.settle(retried(again!))
      expect(await inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0, quarantined: 0, unhandled: {} })
    })

    it('of a row comes with this row, and is gone with it', async () => {
      const opened = await open(['a', 'b'])
      const { inbox } = opened
      await underClaim(opened)
      await inbox.settle(firstPass(1, { events: 4, rows: ['a', 'b'].map((who) => row(who, START, { last: 3 })) }))
      const [claim] = await opened.claim()
      const [a, b] = claim!.rows!
      const over = { a: [[0, 1]] } as const
      await inbox.saveProgress([progress({ row: a!.id, next: 2, over, dead: [letter('a', 1)] })])
      const next = await afterCrash()
      expect(next.claims).toMatchObject([{ careful: true, rows: [{ id: a!.id }, { id: b!.id }] }])
      expect(next.claims[0]!.progress).toMatchObject([{ row: a!.id, next: 2, over, dead: [letter('a', 1)] }])
      next.inbox.release([1])
      // Another handler's rows come without it, and leave it where it is.
      const [ofB] = await next.claim({ handlers: ['b'] })
      expect(ofB!.progress ?? []).toEqual([])
      await next.inbox.settle(retried(ofB!))
      const [ofA] = await next.claim()
      expect(ofA!.progress).toMatchObject([{ row: a!.id }])
      await next.inbox.settle(retried(ofA!, { rows: [row('a', START, { last: 3 })] }))
      expect((await next.claim())[0]!.progress ?? []).toEqual([])
    })

    it('is refused where the claim is lost, and the rest of the commit kept', async () => {
      const opened = await open(['a', 'b'])
      const { inbox } = opened
      for (const one of ['x', 'y', 'z']) await inbox.accept(newDelivery(one, { body: body() }))
      await opened.claim({ maxDeliveries: 2 })
      await inbox.settle(firstPass(1, { events: 4, rows: [row('a', START, { last: 3 })] }))
      const saved = [1, 2, 3].map((seq) => ({ ...full, seq }))
      expect(await inbox.saveProgress(saved)).toEqual([1, 3])
      const [rows] = await opened.claim({ handlers: ['a'], maxDeliveries: 1 })
      expect(rows!.rows).toHaveLength(1)
      // Under claim again, but not for the first pass; and not for a row that is gone.
      expect(await inbox.saveProgress([full, { ...full, row: rows!.rows![0]!.id + 1_000 }])).toEqual([1, 1])
      const { claims } = await afterCrash()
      const found = new Map(claims.map(({ delivery, progress: of = [] }) => [delivery.seq, of.length]))
      expect(found.get(1)).toBe(0)
      expect([...found].filter(([seq]) => seq !== 1).every(([seq, count]) => count === (seq === 2 ? 1 : 0))).toBe(true)
    })

    it('follows the names of handlers', async () => {
      await underClaimWith(full)
      const { claims } = await afterCrash([{ name: 'c', formerly: ['a'] }, 'b'])
      expect(claims[0]!.progress).toMatchObject([
        { over: { c: full.over.a, b: full.over.b }, rows: [{ handler: 'c' }], dead: [{ handler: 'c' }] },
      ])
    })

    it('keeps its indices when elements are erased, and nothing that was said of them', async () => {
      await underClaimWith(full)
      await crash()
      const opened = await open(['a', 'b'])
      expect(await opened.inbox.erase([{ seq: 1, indices: [1, 2, 3] }])).toMatchObject({ erased: 3, busy: [] })
      const [claim] = await opened.claim()
      expect(claim!.progress).toMatchObject([
        { over: full.over, rows: [], dead: [], quarantined: [], copies: full.copies, unhandled: full.unhandled },
      ])
    })

    it('goes with the bytes of its delivery', async () => {
      await underClaimWith(full)
      await crash()
      const opened = await open(['a', 'b'])
      await opened.inbox.erase([{ seq: 1, indices: null }])
      expect((await opened.claim())[0]!.progress ?? []).toEqual([])
    })

    it('has its events absorb copies at once, and those that died none', async ({ skip }) => {
      const opened = await open(['a', 'b'])
      const { inbox } = opened
      skip(inbox.port.eventKeys === undefined, 'it keeps no keys of events')
      await underClaim(opened)
      const windowMs = 60_000
      const [kept, gone] = [
        [1, 2],
        [3, 4],
      ] as const
      const keys = Float64Array.from([...kept, ...gone])
      await inbox.saveProgress([{ ...full, keys: { windowMs, at: START, keys } }])
      expect(await inbox.owners!(windowMs, keys)).toEqual([1, 1])
      await inbox.saveProgress([{ ...full, forgotten: { windowMs, keys: Float64Array.from(gone) } }])
      const next = await afterCrash()
      expect(await next.inbox.owners!(windowMs, keys)).toEqual([1, 0])
    })

    it('forgets no key that another delivery has taken over', async ({ skip }) => {
      const opened = await open(['a', 'b'])
      const { inbox } = opened
      skip(inbox.port.eventKeys === undefined, 'it keeps no keys of events')
      for (const one of ['x', 'y']) await inbox.accept(newDelivery(one, { body: body() }))
      await opened.claim()
      const [windowMs, keys] = [60_000, Float64Array.from([1, 2])]
      const [taken, forgotten] = [
        { windowMs, at: START, keys },
        { windowMs, keys },
      ]
      await inbox.saveProgress([{ ...full, keys: taken }])
      await inbox.saveProgress([{ ...full, forgotten }])
      await inbox.saveProgress([{ ...full, seq: 2, keys: taken }])
      await inbox.saveProgress([{ ...full, forgotten }])
      expect(await inbox.owners!(windowMs, keys)).toEqual([2])
      await inbox.settle(firstPass(1, { events: 4, forgotten }))
      expect(await inbox.owners!(windowMs, keys)).toEqual([2])
    })

    it('has its rows due no later, when the clock was set back meanwhile', async () => {
      await underClaimWith(full)
      const clock = handClock()
      clock.advance(-30_000)
      const { claims } = await afterCrash(['a', 'b'], clock)
      expect(claims[0]!.progress).toMatchObject([{ rows: [{ dueAt: START + 30_000 }] }])
    })

    async function underClaimWith(saved: TestProgress): Promise<void> {
      const opened = await open(['a', 'b'])
      await underClaim(opened)
      await opened.inbox.saveProgress([saved])
    }
  })
}
