/** What an inbox must do for handlers that get their events in order, and for sources that absorb copies of events. */
import { describe, expect, it } from 'vitest'
import type { NewWorkRow } from '../../src/ports/inbox/rows.ts'
import {
  failure,
  firstPass,
  handClock,
  newDelivery,
  openWith,
  retried,
  row,
  START,
  seqsOf,
} from '../inboxes/inbox-kit.ts'
import type { TestInbox } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'

const HOUR = 3_600_000
const ORDERED = [{ name: 'a', formerly: [], ordered: true }]

/** An event of its key that nobody has tried. */
const parked = (key: number, changes: Partial<NewWorkRow> = {}) =>
  row('a', START, { attempts: 0, orderKey: key, parked: true, ...changes })
const unread = (dueAt: number, changes: Partial<NewWorkRow> = {}) =>
  row('a', dueAt, { attempts: 0, orderKey: undefined, ...changes })

/** For inboxes with the face `ordering`. */
export function describeOrder(name: string, newStore: () => Store): void {
  const { open, crash, next } = useStore(newStore)
  const opened = async (names: Parameters<typeof openWith>[1] = ORDERED) => {
    const one = await open(names)
    const ordered = [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }]
    return { ...one, claimInOrder: (changes = {}) => one.claim({ handlers: ['a', 'b'], ordered, ...changes }) }
  }

  /** Deliveries with what is left of them. */
  async function left(inbox: TestInbox, claim: () => Promise<unknown>, ...rows: NewWorkRow[][]) {
    for (const [i] of rows.entries()) await inbox.accept(newDelivery(`n${i}`))
    await claim()
    for (const [i, own] of rows.entries()) await inbox.settle(firstPass(i + 1, { events: 10, rows: own }))
  }

  describe(`${name} inbox: order`, () => {
    it('keeps the key of a row, and gives parked rows to nobody', async () => {
      const { inbox, claim, claimInOrder, nextDueAt } = await opened()
      await left(inbox, claim, [
        row('a', START, { orderKey: 7, errors: [failure('x')] }),
        parked(7, { first: 3, last: 5 }),
      ])
      expect(await nextDueAt()).toBeNull()
      const [claimed] = await claimInOrder()
      expect(claimed?.rows).toMatchObject([{ first: 0, last: 0, orderKey: 7, attempts: 1 }])
      expect(await inbox.stats()).toMatchObject({ pending: 1 })
    })

    it('wakes the first parked rows of a key, so many of its first delivery, and says which keys have rows', async () => {
      const { inbox, claim, claimInOrder } = await opened()
      const rows = [0, 1, 2].map((index) => parked(7, { first: index, last: index }))
      await left(inbox, claim, rows, [parked(7), parked(8)])
      const keys = [7, 8, 9].map((key) => ({ handler: 'a', key }))
      expect(await inbox.wake?.(keys, 2)).toEqual(keys.slice(0, 2))
      const claims = await claimInOrder()
      expect(claims.map(({ delivery, rows: own }) => [delivery.seq, own?.map(({ first }) => first)])).toEqual([
        [1, [0, 1]],
        [2, [0]],
      ])
      expect(claims[1]?.rows?.[0]?.orderKey).toBe(8)
    })

    it('wakes nothing behind a row that waits for its time', async () => {
      const { inbox, claim, claimInOrder } = await opened()
      await left(inbox, claim, [row('a', START + 50, { orderKey: 7 })], [parked(7)])
      expect(await inbox.wake?.([{ handler: 'a', key: 7 }], 9)).toEqual([{ handler: 'a', key: 7 }])
      expect(await claimInOrder()).toEqual([])
    })

    it('wakes nothing behind such a row either where a parked one lies before it in its delivery', async () => {
      const { inbox, claim, claimInOrder } = await opened()
      await left(inbox, claim, [
        parked(7),
        row('a', START + 50, { first: 1, last: 1, orderKey: 7 }),
        parked(7, { first: 2, last: 2 }),
      ])
      await inbox.wake?.([{ handler: 'a', key: 7 }], 9)
      const [claimed] = await claimInOrder()
      expect(claimed?.rows?.map(({ first }) => first)).toEqual([0])
    })

    it('a wake that comes again, or late, changes nothing', async () => {
      const { inbox, claim, claimInOrder, clock } = await opened()
      await left(
        inbox,
        claim,
        [0, 1, 2].map((index) => parked(7, { first: index, last: index })),
        [parked(7)],
      )
      const keys = [{ handler: 'a', key: 7 }]
      const again = async () =>
        expect(await Promise.all([inbox.wake?.(keys, 1), inbox.wake?.(keys, 9)])).toEqual([keys, keys])
      await inbox.wake?.(keys, 1)
      await again()
      const [first] = await claimInOrder()
      expect(first?.rows).toMatchObject([{ first: 0, last: 0 }])
      // It is called.
      await again()
      expect(await claimInOrder()).toEqual([])
      await inbox.settle(retried(first!, { rows: [row('a', START + 50, { orderKey: 7 })] }))
      // It waits for its time.
      await again()
      expect(await claimInOrder()).toEqual([])
      clock.advance(50)
      const [second] = await claimInOrder()
      expect(second?.rows).toMatchObject([{ first: 0, last: 0 }])
      await inbox.settle(retried(second!))
      await inbox.wake?.(keys, 9)
      await again()
      const [rest] = await claimInOrder()
      expect(rest?.rows?.map((one) => one.first)).toEqual([1, 2])
      await inbox.settle(retried(rest!))
      await inbox.wake?.(keys, 9)
      await inbox.settle(retried((await claimInOrder())[0]!))
      // Nothing is left of the key.
      expect(await inbox.wake?.(keys, 9)).toEqual([])
      expect(await claimInOrder()).toEqual([])
      expect(await inbox.stats()).toMatchObject({ pending: 0 })
    })

    it('tells the keys at the opening, and wakes none before it is asked to', async () => {
      const first = await opened()
      await left(first.inbox, first.claim, [row('a', START + 50, { orderKey: 7 }), parked(8)], [parked(7), parked(8)])
      const second = await opened()
      expect([...(second.opened.storedKeys ?? [])].sort((x, y) => x.key - y.key)).toEqual([
        { handler: 'a', key: 7 },
        { handler: 'a', key: 8 },
      ])
      expect(await second.claimInOrder()).toEqual([])
      await second.inbox.wake?.(second.opened.storedKeys ?? [], 1)
      const claims = await second.claimInOrder()
      expect(claims.map(({ delivery, rows }) => [delivery.seq, rows?.[0]?.orderKey])).toEqual([[1, 8]])
    })

    it('sets everything free of a handler without an order', async () => {
      const first = await opened()
      await left(first.inbox, first.claim, [row('a', START + 50, { orderKey: 7 }), parked(8, { first: 1, last: 1 })])
      const second = await opened(['a'])
      expect(second.opened.storedKeys ?? []).toEqual([])
      expect((await second.claim())[0]?.rows).toMatchObject([{ first: 1, dueAt: START }])
      expect(await second.nextDueAt()).toBe(START + 50)
    })

    describe('under another name', () => {
      const z = { name: 'z', formerly: ['a'] }
      const under = (ordered: boolean) => ({
        handlers: ['z'],
        ordered: ordered ? [{ handler: 'z', claimBefore: Number.MAX_SAFE_INTEGER }] : [],
      })

      it.each([
        ['never had before', []],
        ['has had without an order', [{ name: 'z', formerly: [] }]],
      ])('sets everything free of a handler without an order, that it %s', async (_which, before) => {
        const first = await opened([...before, ...ORDERED])
        await left(first.inbox, first.claim, [
          row('a', START + 50, { orderKey: 7 }),
          parked(8, { first: 1, last: 1 }),
          unread(START + 9, { first: 2, last: 2 }),
        ])
        const second = await opened([{ ...z, ordered: false }])
        expect(second.opened.storedKeys ?? []).toEqual([])
        const [claimed] = await second.claim(under(false))
        expect(claimed?.rows?.map((one) => [one.first, one.dueAt])).toEqual([
          [1, START],
          [2, START],
        ])
        expect(await second.nextDueAt()).toBe(START + 50)
      })

      it('reads in order what a handler had without one, that is an old one with an order now', async () => {
        const first = await opened(['a', { name: 'z', formerly: [], ordered: true }])
        await left(first.inbox, first.claim, [row('a', START + 50)])
        const second = await opened([{ ...z, ordered: true }])
        const [claimed] = await second.claim(under(true))
        expect(claimed?.rows).toMatchObject([{ handler: 'z', first: 0 }])
        expect(claimed?.rows?.[0]?.orderKey).toBeUndefined()
      })

      it('waits for its time as before where both have an order', async () => {
        const first = await opened()
        await left(first.inbox, first.claim, [
          row('a', START + 50, { orderKey: null }),
          parked(8, { first: 1, last: 1 }),
        ])
        const second = await opened([{ ...z, ordered: true }])
        expect(second.opened.storedKeys).toEqual([{ handler: 'z', key: 8 }])
        expect(await second.claim(under(true))).toEqual([])
        expect(await second.nextDueAt()).toBe(START + 50)
      })
    })

    it('gives unread rows in the order of the log, whatever their time, and those of others as they fall due', async () => {
      const { inbox, claim, claimInOrder, clock } = await opened(['b', ...ORDERED])
      await left(inbox, claim, [unread(START + 9)], [unread(START + 5), row('b', START + 1)], [unread(START + 1)])
      clock.advance(20)
      const one = await claimInOrder({ maxDeliveries: 1 })
      // What comes before the unread rows of another handler takes nothing of them along.
      expect(one.map(({ delivery, rows }) => [delivery.seq, rows?.map(({ handler }) => handler)])).toEqual([[2, ['b']]])
      expect(seqsOf(await claimInOrder())).toEqual([1])
      await inbox.settle(retried(one[0]!))
      expect(seqsOf(await claimInOrder())).toEqual([2, 3])
    })

    it('gives no row of a key before unread ones are claimed, nor from a delivery that is not asked for', async () => {
      const { inbox, claim, claimInOrder, clock } = await opened()
      await left(inbox, claim, [unread(START + 9)], [row('a', START + 1, { orderKey: 7 })])
      clock.advance(20)
      expect(seqsOf(await claimInOrder({ ordered: [{ handler: 'a', claimBefore: 1 }] }))).toEqual([])
      expect(seqsOf(await claimInOrder())).toEqual([1])
      expect(seqsOf(await claimInOrder({ ordered: [{ handler: 'a', claimBefore: 2 }] }))).toEqual([])
      expect(seqsOf(await claimInOrder())).toEqual([2])
    })

    it('says so of a handler that is not asked for, whose unread rows lie where another has due ones', async () => {
      const { inbox, claim } = await opened()
      await left(inbox, claim, [unread(START), row('b', START)], [unread(START), row('b', START)])
      const ordered = [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }]
      const { claims, unread: names } = await inbox.claim({
        ...{ handlers: ['b'], sources: ['shop'], ordered, maxDeliveries: 100, maxBytes: 1e9 },
      })
      expect(claims.map(({ rows }) => rows?.map(({ handler }) => handler))).toEqual([['b'], ['b']])
      expect(names).toEqual(['a'])
    })

    it('says which handlers have unread rows beyond those under claim', async () => {
      const { inbox, claim } = await opened()
      await left(inbox, claim, [unread(START)], [unread(START)])
      const ask = {
        handlers: ['a'],
        ordered: [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }],
        maxDeliveries: 1,
        maxBytes: 1e9,
      }
      const answers = [await inbox.claim(ask), await inbox.claim(ask), await inbox.claim(ask)]
      expect(answers.map(({ unread: names }) => names)).toEqual([['a'], [], []])
    })

    it('gives of a delivery nothing behind what a process died over, before that, when its handler got an order since', async () => {
      const names = [{ name: 'a', formerly: [], ordered: false }, 'b']
      const first = await openWith(next(), names)
      const later = { attempts: 0, first: 5, last: 5 }
      await left(
        first.inbox,
        first.claim,
        [row('a', START + HOUR, { attempts: 0 })],
        [row('a', START, { attempts: 0 }), row('a', START + HOUR, later), row('b', START)],
      )
      expect(seqsOf(await first.claim({ handlers: ['a'] }))).toEqual([2])
      await crash()
      const { inbox, claim } = await openWith(next(), [...ORDERED, 'b'])
      const ordered = [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }]
      const got = async () => {
        const claims = await claim({ handlers: ['a', 'b'], ordered })
        for (const one of claims) await inbox.settle(retried(one))
        return claims
          .toSorted((one, other) => one.delivery.seq - other.delivery.seq)
          .map(({ delivery, rows }) => [delivery.seq, rows?.map((one) => [one.handler, one.first])])
      }
      expect([await got(), await got()]).toEqual([
        [
          [1, [['a', 0]]],
          [2, [['b', 0]]],
        ],
        [
          [
            2,
            [
              ['a', 0],
              ['a', 5],
            ],
          ],
        ],
      ])
    })

    it('gives what a process died over in its turn too, with care, and nothing of its handler beside it', async () => {
      const first = await opened(['b', ...ORDERED])
      await left(
        first.inbox,
        first.claim,
        [unread(START)],
        [unread(START), row('b', START + 5)],
        [parked(7), unread(START, { first: 1, last: 1 })],
      )
      const claims = await first.claimInOrder()
      expect(seqsOf(claims)).toEqual([1, 2, 3])
      // The rest of it is given back; what comes after it was read and is under way.
      await first.inbox.settle(retried(claims[0]!, { rows: [unread(START + 9)] }))
      await crash()
      const { inbox, claim, clock } = await openWith(next(), ['b', ...ORDERED])
      const ordered = [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }]
      const claimInOrder = async () => claim({ handlers: ['a', 'b'], ordered })
      const told = (given: Awaited<ReturnType<typeof claim>>) =>
        given.map(({ delivery, careful, rows }) => [delivery.seq, careful, rows?.map(({ handler }) => handler)])
      const one = await claimInOrder()
      expect(told(one)).toEqual([[1, false, ['a']]])
      clock.advance(5)
      expect(await claimInOrder()).toEqual([])
      await inbox.settle(retried(one[0]!))
      const two = await claimInOrder()
      expect(told(two)).toEqual([[2, true, ['a', 'b']]])
      expect(await claimInOrder()).toEqual([])
      await inbox.settle(retried(two[0]!))
      expect(told(await claimInOrder())).toEqual([[3, true, ['a']]])
    })

    it('gives what a process died over whatever its due time, where it waits for its turn', async () => {
      const first = await opened()
      await left(first.inbox, first.claim, [unread(START + 9)], [unread(START)])
      expect(seqsOf(await first.claimInOrder())).toEqual([1, 2])
      await crash()
      const { claim } = await openWith(next(), ORDERED)
      const ordered = [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }]
      const claims = await claim({ handlers: ['a'], ordered })
      expect(claims.map(({ delivery, careful }) => [delivery.seq, careful])).toEqual([[1, true]])
    })

    it('gives no rows before first passes that were given back', async () => {
      const { inbox, claim, claimInOrder } = await opened()
      await inbox.accept(newDelivery('x'))
      await inbox.accept(newDelivery('y'))
      await claim()
      await inbox.settle(firstPass(2, { rows: [unread(START)] }))
      inbox.release([1])
      expect(seqsOf(await claimInOrder())).toEqual([1])
      expect(seqsOf(await claimInOrder())).toEqual([2])
    })

    it('has a retry due no later after a kill where the clock was set back meanwhile', async () => {
      const { inbox, claim, clock } = await opened()
      await inbox.accept(newDelivery('x'))
      await claim()
      // Long after the last delivery came in, and the process was started.
      clock.advance(HOUR / 2)
      await inbox.settle(firstPass(1, { rows: [row('a', clock.now() + 1_000)], at: clock.now() }))
      await crash()
      const back = handClock()
      const { nextDueAt } = await openWith(next(), ORDERED, { ...back, now: () => back.now() - 24 * HOUR })
      expect(await nextDueAt()).toBeLessThanOrEqual(START - 24 * HOUR + 3_000)
    })

    describe('beside what is of a source that nobody asked for', () => {
      const shop = { sources: ['shop'] }

      it('gives unread rows, and rows of a key after them', async () => {
        const { inbox, claim, claimInOrder, clock } = await opened()
        await inbox.accept(newDelivery('other', { source: 'outlet' }))
        for (const id of ['x', 'y']) await inbox.accept(newDelivery(id))
        await claim()
        await inbox.settle(firstPass(1, { rows: [unread(START)] }))
        await inbox.settle(firstPass(2, { rows: [unread(START)] }))
        await inbox.settle(firstPass(3, { rows: [row('a', START + 1, { orderKey: 7 })] }))
        clock.advance(20)
        const ask = { handlers: ['a'], maxDeliveries: 9, maxBytes: 1e9, ...shop }
        const { claims, unread: names } = await inbox.claim({
          ...ask,
          ordered: [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }],
        })
        expect(seqsOf(claims)).toEqual([2])
        expect(names).toEqual([])
        expect(seqsOf(await claimInOrder(shop))).toEqual([3])
        expect(seqsOf(await claimInOrder())).toEqual([1])
      })

      it('gives rows although a first pass of it was given back', async () => {
        const { inbox, claim, claimInOrder } = await opened()
        await inbox.accept(newDelivery('other', { source: 'outlet' }))
        for (const id of ['x', 'y']) await inbox.accept(newDelivery(id))
        await claim()
        await inbox.settle(firstPass(2, { rows: [unread(START)] }))
        await inbox.settle(firstPass(3, { rows: [row('a', START, { orderKey: 7 })] }))
        inbox.release([1])
        const ask = { handlers: ['a'], maxDeliveries: 9, maxBytes: 1e9, ...shop }
        const { claims, returned = false } = await inbox.claim({
          ...ask,
          ordered: [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }],
        })
        expect(seqsOf(claims)).toEqual([2])
        expect(returned).toBe(false)
        expect(seqsOf(await claimInOrder(shop))).toEqual([3])
        expect(seqsOf(await claimInOrder())).toEqual([1])
      })

      it('gives what is due, however much of it waits longer', async () => {
        const { inbox, claim, claimInOrder, clock } = await opened()
        for (const id of ['x', 'y']) await inbox.accept(newDelivery(id, { source: 'outlet' }))
        await inbox.accept(newDelivery('z'))
        await claim()
        for (const seq of [1, 2, 3])
          await inbox.settle(firstPass(seq, { rows: [row('a', START + seq, { orderKey: seq })] }))
        clock.advance(20)
        expect(seqsOf(await claimInOrder({ ...shop, maxDeliveries: 1 }))).toEqual([3])
      })

      it('gives nothing of it either where one delivery is asked for', async () => {
        const { inbox, claim } = await opened()
        for (const id of ['x', 'y']) await inbox.accept(newDelivery(id, { source: 'outlet' }))
        await claim({ maxDeliveries: 1 })
        await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        for (const seq of [1, 2]) expect(await claim({ ...shop, seq })).toEqual([])
        for (const seq of [1, 2]) expect(seqsOf(await claim({ seq }))).toEqual([seq])
      })
    })

    it('says that unread rows are left where a claim takes very many', async () => {
      const { inbox, claim, claimInOrder, clock } = await opened()
      const rows = Array.from({ length: 2_100 }, (_, n) => unread(START, { first: 2 * n, last: 2 * n }))
      await left(inbox, claim, rows, [unread(START)], [row('a', START + 1, { orderKey: 7 })])
      clock.advance(20)
      const ordered = [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }]
      const ask = { handlers: ['a'], maxDeliveries: 1, maxBytes: 1e9, ordered }
      const answers = [await inbox.claim(ask), await inbox.claim(ask), await inbox.claim(ask)]
      expect(answers.map(({ claims, unread: names }) => [seqsOf(claims), names])).toEqual([
        [[1], ['a']],
        [[2], []],
        [[3], []],
      ])
      expect(answers[0]?.claims[0]?.rows).toHaveLength(2_100)
      expect(await claimInOrder()).toEqual([])
    })

    it('says whether first passes are left that were given back', async () => {
      const { inbox, claim } = await opened()
      for (const id of ['x', 'y']) await inbox.accept(newDelivery(id))
      await claim()
      inbox.release([1, 2])
      await inbox.accept(newDelivery('z'))
      const limits = { handlers: ['a'], sources: ['shop'], maxDeliveries: 1, maxBytes: 1 << 20 }
      const one = { ...limits, ordered: [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }] }
      const answers = [await inbox.claim(one), await inbox.claim(one), await inbox.claim(one)]
      expect(answers.map(({ returned = false }) => returned)).toEqual([true, false, false])
    })
  })
}

/** For inboxes with the face `eventKeys`. */
export function describeEventKeys(name: string, newStore: () => Store): void {
  const { open, crash, next } = useStore(newStore)

  describe(`${name} inbox: keys of events`, () => {
    const keys = (...numbers: number[]) => Float64Array.from(numbers)
    const settling = (seq: number, numbers: number[], changes = {}) =>
      firstPass(seq, { keys: { windowMs: HOUR, at: START, keys: keys(...numbers) }, ...changes })

    it('are those of the delivery that settled them first, durably, and of its window only', async () => {
      const { inbox, claim } = await open()
      for (const one of ['x', 'y']) await inbox.accept(newDelivery(one))
      await claim()
      await inbox.settle(settling(1, [1, 2, 2 ** 53 - 1, 4]))
      await inbox.settle(settling(2, [1, 2, 5, 6], { duplicateEvents: 3 }))
      await inbox.settle(settling(2, [7, 7])).catch(() => {})
      const asked = keys(1, 2, 2 ** 53 - 1, 4, 5, 6, 1, 9, 8, 8)
      expect(await inbox.owners?.(HOUR, asked)).toEqual([1, 1, 2, 0, 0])
      await crash()
      const again = await openWith(next(), ['a'])
      expect(await again.inbox.owners?.(HOUR, asked)).toEqual([1, 1, 2, 0, 0])
      expect(await again.inbox.owners?.(2 * HOUR, asked)).toEqual([0, 0, 0, 0, 0])
      expect(await again.inbox.stats()).toMatchObject({ duplicateEvents: { shop: 3 } })
    })

    it('are forgotten when their event has died', async () => {
      const { inbox, claim } = await open()
      await inbox.accept(newDelivery('x'))
      await claim()
      await inbox.settle(settling(1, [1, 2, 3, 4], { rows: [row('a', START)] }))
      const [claimed] = await claim()
      await inbox.settle(retried(claimed!, { forgotten: { windowMs: HOUR, keys: keys(1, 2, 3, 9) } }))
      expect(await inbox.owners?.(HOUR, keys(1, 2, 3, 4))).toEqual([0, 1])
    })

    it('live as long as the window, and at most a quarter longer', async () => {
      const { inbox, claim, clock } = await open()
      for (let n = 0; n < 40; n++) {
        await inbox.accept(newDelivery(`n${n}`))
        await claim()
        const at = clock.now()
        await inbox.settle(firstPass(n + 1, { keys: { windowMs: HOUR, at, keys: keys(n, n) } }))
        clock.advance(HOUR / 8)
      }
      // Kept at 31/8 of the window and later; the last came an eighth ago.
      const owners = (await inbox.owners?.(HOUR, keys(...Array.from({ length: 80 }, (_, i) => i >> 1)))) ?? []
      for (const [n, owner] of owners.entries()) {
        if (n >= 32) expect(owner, `${n}`).toBe(n + 1)
        if (n < 30) expect(owner, `${n}`).toBe(0)
      }
    })

    it('survive a clock that is set back', async () => {
      const { inbox, claim } = await open()
      for (const [i, at] of [START + 100 * HOUR, START].entries()) {
        await inbox.accept(newDelivery(`n${i}`))
        await claim()
        await inbox.settle(firstPass(i + 1, { keys: { windowMs: HOUR, at, keys: keys(i + 1, 5) } }))
      }
      expect((await inbox.owners?.(HOUR, keys(2, 5)))?.[0]).toBe(2)
    })
  })
}
