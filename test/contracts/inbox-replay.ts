/** The contract of InboxPort, third part: replays, and what they are made of. */
import { describe, expect, it } from 'vitest'
import type { Claim } from '../../src/ports/inbox/claims.ts'
import type { NewDeadLetter, ReplayMark } from '../../src/ports/inbox/rows.ts'
import {
  everything,
  failure,
  firstPass,
  handClock,
  newDelivery,
  retried,
  row,
  START,
  seqsOf,
} from '../inboxes/inbox-kit.ts'
import type { Cursor, TestInbox } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'

const mark = (run: string, changes: Partial<ReplayMark> = {}): ReplayMark => ({
  ...{ run, name: null, unhandled: false },
  ...changes,
})

const range = (seq: number, handler: string, first = 0, last = 0) => ({ seq, handler, first, last })

const letter = (handler: string, index: number, run: string | null): NewDeadLetter => ({
  ...{ handler, index, attempts: 3, errors: [failure('gone')], at: START, size: 4, run },
  element: new TextEncoder().encode('{}'),
})

const only = (claims: readonly Claim[]): Claim => {
  expect(claims).toHaveLength(1)
  return claims[0]!
}

/** Deliveries whose first pass has ended, of four elements each. */
async function passed(inbox: TestInbox, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { seq } = await inbox.accept(newDelivery(name))
    await inbox.claim({ handlers: [], maxDeliveries: 1, maxBytes: 1, seq })
    await inbox.settle(firstPass(seq, { events: 4 }))
  }
}

const historyOf = (inbox: TestInbox, filter: object = {}) => inbox.history({ after: 0, limit: 100, ...filter })

export function describeReplays(name: string, newStore: () => Store): void {
  describe(`${name} inbox`, () => {
    const { open, crash } = useStore(newStore)

    describe('a replay', () => {
      it('makes rows of its own beside others, due at once, no attempts spent, and tells of the work', async () => {
        const { inbox, claim, clock } = await open(['a', 'b'])
        await passed(inbox, 'x', 'y')
        clock.advance(7)
        let told = 0
        inbox.onWork(() => void told++)
        const some = mark('r_1', { name: 'm.click', unhandled: true })
        expect(await inbox.replay(some, [range(1, 'a', 0, 3), range(1, 'b', 1, 2)])).toBe(2)
        await expect.poll(() => told).toBeGreaterThan(0)
        expect(await inbox.stats()).toMatchObject({ pending: 1, replays: { r_1: 6 } })
        const one = only(await claim())
        expect(one.rows?.map(({ id, ...rest }) => rest)).toEqual([
          { handler: 'a', first: 0, last: 3, attempts: 0, dueAt: START + 7, errors: [], replay: some, orderKey: null },
          { handler: 'b', first: 1, last: 2, attempts: 0, dueAt: START + 7, errors: [], replay: some, orderKey: null },
        ])
        await inbox.settle(retried(one))
        expect(await inbox.stats()).toMatchObject({ pending: 0, replays: {} })
      })

      it('queued under a name that its handler had reaches it, now and after further openings', async () => {
        const renamed = [{ name: 'new', formerly: ['old'] }]
        const first = await open(['old'])
        await first.inbox.accept(newDelivery('x'))
        await first.claim()
        await first.inbox.settle(firstPass(1, { events: 6 }))
        const queue = (inbox: TestInbox) => inbox.replay(mark('r_1'), [{ seq: 1, handler: 'old', first: 0, last: 5 }])
        const second = await open(renamed)
        await queue(second.inbox)
        const [claimed] = await second.claim()
        expect(claimed?.rows).toMatchObject([{ handler: 'new', first: 0, last: 5 }])
        await second.inbox.settle(retried(claimed!))
        // As a process does that knows of no renaming.
        await queue((await open([])).inbox)
        const third = await open(renamed)
        expect((await third.claim())[0]?.rows).toMatchObject([{ handler: 'new' }])
        expect(await third.inbox.stats()).toMatchObject({ orphaned: {} })
      })

      it.each(['hand', 'failures'] as const)(
        'a pause by %s under a name that its handler had pauses it',
        async (by) => {
          const { inbox } = await open([{ name: 'new', formerly: ['old'] }])
          await inbox.pause('old', by)
          expect(await inbox.stats()).toMatchObject({ paused: [{ handler: 'new', by }] })
          await inbox.pause('old', null)
          expect(await inbox.stats()).toMatchObject({ paused: [] })
        },
      )

      it('does not make its deliveries the oldest that wait', async () => {
        const { inbox, claim } = await open()
        const at = (n: number) => ({ receivedAt: START + n })
        for (const n of [1, 2, 3]) await inbox.accept(newDelivery(`${n}`, at(n)))
        for (const { delivery } of await claim())
          await inbox.settle(firstPass(delivery.seq, { rows: delivery.seq === 3 ? [row('a', START)] : [] }))
        await inbox.replay(mark('r_1'), [range(1, 'a'), range(3, 'a')])
        expect(await inbox.stats()).toMatchObject({ pending: 2, oldestPendingAt: START + 3 })
        await inbox.settle(retried(only(await claim({ seq: 3 }))))
        expect(await inbox.stats()).toMatchObject({ pending: 1, oldestPendingAt: null })
      })

      it('is durable when it resolves', async () => {
        const first = await open()
        await passed(first.inbox, 'x', 'y')
        await first.inbox.replay(mark('r_1'), [range(2, 'a', 0, 3)])
        await crash()
        const { claim, opened } = await open()
        expect(opened.stats.replays).toEqual({ r_1: 4 })
        expect(only(await claim()).rows).toMatchObject([{ handler: 'a', replay: { run: 'r_1' } }])
      })

      it('passes over deliveries that are not stored, and those whose first pass has not ended', async () => {
        const { inbox, claim } = await open()
        await passed(inbox, 'x')
        await inbox.accept(newDelivery('claimed'))
        await claim()
        await inbox.accept(newDelivery('new'))
        expect(
          await inbox.replay(
            mark('r_1'),
            [2, 3, 4, 0].map((seq) => range(seq, 'a')),
          ),
        ).toBe(0)
        expect(await inbox.stats()).toMatchObject({ pending: 2, replays: {} })
      })

      it('reaches what dead letters have kept of a delivery that has lost its bytes, and nothing of others', async () => {
        const DAY = 86_400_000
        const retention = {
          bodiesMs: DAY,
          keysMs: 9 * DAY,
          deadLettersMs: 9 * DAY,
          quarantineMs: 9 * DAY,
          maxBytes: null,
        }
        const { inbox, claim, clock } = await open(['a'], handClock(), { retention })
        await passed(inbox, 'x')
        await inbox.accept(newDelivery('y'))
        await claim()
        await inbox.settle(firstPass(2, { events: 4, dead: [letter('a', 1, null)] }))
        clock.advance(2 * DAY)
        for (let at: Cursor | null = 0; at !== null; ) at = (await inbox.prune(at)).next
        expect(await historyOf(inbox)).toEqual([])
        expect(await inbox.replay(mark('r_1'), [range(1, 'a', 1, 1), range(2, 'a', 1, 1)])).toBe(1)
        const one = only(await claim())
        expect(one.delivery).toMatchObject({ seq: 2, kept: 'some' })
        expect(Buffer.from(one.delivery.body).toString()).toBe('["erased",{},"erased","erased"]')
      })

      it('ends with the elements that are erased', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x', { body: Buffer.from('[1,2,3,4]') }))
        await claim()
        await inbox.settle(firstPass(1, { events: 4 }))
        await inbox.replay(mark('r_1'), [range(1, 'a', 1, 1), range(1, 'a', 0, 3)])
        await inbox.erase([{ seq: 1, indices: [1] }])
        expect(await inbox.stats()).toMatchObject({ replays: { r_1: 4 } })
        expect(only(await claim()).rows).toMatchObject([{ first: 0, last: 3, replay: { run: 'r_1' } }])
      })

      it('waits, of a delivery under claim, until that is settled, and keeps its mark through retries', async () => {
        const { inbox, claim } = await open()
        await passed(inbox, 'x')
        await inbox.replay(mark('r_1'), [range(1, 'a', 0, 3)])
        const first = only(await claim())
        await inbox.replay(mark('r_2'), [range(1, 'a')])
        expect(await claim()).toEqual([])
        const replay = first.rows![0]!.replay
        await inbox.settle(retried(first, { rows: [row('a', START, { first: 2, last: 2, replay })] }))
        expect((await inbox.stats()).replays).toEqual({ r_1: 1, r_2: 1 })
        expect(only(await claim()).rows?.map((one) => [one.first, one.replay?.run])).toEqual([
          [0, 'r_2'],
          [2, 'r_1'],
        ])
      })

      it('keeps its mark on dead letters, through their revival, and lists them by it', async () => {
        const first = await open()
        await passed(first.inbox, 'x')
        await first.inbox.replay(mark('r_1', { name: 'm.click' }), [range(1, 'a', 0, 3)])
        const dead = [letter('a', 1, 'r_1'), letter('a', 2, null)]
        await first.inbox.settle(retried(only(await first.claim()), { dead }))
        const { inbox, claim } = await open()
        const runs = async (filter: object) =>
          (await inbox.deadLetters({ ...everything, ...filter })).map(({ index, run }) => [index, run])
        expect(await runs({})).toEqual([
          [2, null],
          [1, 'r_1'],
        ])
        expect(await runs({ run: 'r_1' })).toEqual([[1, 'r_1']])
        expect(await runs({ run: 'r_2' })).toEqual([])
        await inbox.revive({ dead: (await inbox.deadLetters(everything)).map(({ id }) => id), quarantined: [] })
        const replays = only(await claim()).rows?.map(({ first, replay }) => [first, replay])
        expect(replays).toEqual([
          [1, { run: 'r_1', name: null, unhandled: false }],
          [2, null],
        ])
      })

      it('is taken up carefully after a crash, as other work is', async () => {
        const first = await open()
        await passed(first.inbox, 'x')
        await first.inbox.replay(mark('r_1'), [range(1, 'a', 0, 3)])
        await first.inbox.note(only(await first.claim()).delivery.seq, [{ index: 2, handler: 'a' }])
        await crash()
        const { claim } = await open()
        expect(only(await claim())).toMatchObject({
          careful: true,
          deaths: [{ index: 2, handler: 'a', times: 1 }],
          rows: [{ replay: { run: 'r_1' } }],
        })
      })

      it('is told what of its deliveries is in quarantine', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x'))
        expect(only(await claim()).quarantined).toEqual([])
        const broken = (index: number | null) => ({ index, reason: 'why', path: null, at: START })
        await inbox.settle(firstPass(1, { events: 4, quarantined: [broken(3), broken(1), broken(null), broken(1)] }))
        await inbox.replay(mark('r_1'), [range(1, 'a', 0, 3)])
        expect(only(await claim()).quarantined).toEqual([null, 1, 3])
      })

      it('follows a renaming', async () => {
        const first = await open(['old'])
        await passed(first.inbox, 'x')
        await first.inbox.replay(mark('r_1'), [range(1, 'old', 0, 3)])
        const { claim } = await open([{ name: 'new', formerly: ['old'] }])
        expect(only(await claim()).rows).toMatchObject([{ handler: 'new', replay: { run: 'r_1' } }])
      })
    })

    describe('a replay that is cancelled', () => {
      const replayed = async () => {
        const opened = await open(['a', 'b'])
        await passed(opened.inbox, 'x', 'y', 'z')
        await opened.inbox.replay(mark('r_1'), [range(1, 'a', 0, 3), range(2, 'a', 0, 1), range(2, 'b', 0, 1)])
        await opened.inbox.replay(mark('r_2'), [range(2, 'a', 3, 3)])
        return opened
      }

      it('loses what waits of it, a portion at a time, and nothing else', async () => {
        const { inbox, claim } = await replayed()
        expect(await inbox.cancel('r_1', 1)).toBe(4)
        expect(await inbox.stats()).toMatchObject({ pending: 1, replays: { r_1: 4, r_2: 1 } })
        expect(await inbox.cancel('r_1', 10)).toBe(4)
        expect(await inbox.cancel('r_1', 10)).toBe(0)
        expect(await inbox.stats()).toMatchObject({ pending: 1, replays: { r_2: 1 }, cancelled: 0 })
        expect(only(await claim()).rows).toMatchObject([{ replay: { run: 'r_2' } }])
      })

      it('takes nothing more, also after a crash', async () => {
        const first = await replayed()
        await first.inbox.cancel('r_1', 10)
        const refused = { code: 'ERR_REPLAY_CANCELLED' }
        await expect(first.inbox.replay(mark('r_1'), [range(3, 'a')])).rejects.toMatchObject(refused)
        await crash()
        const { inbox } = await open(['a', 'b'])
        await expect(inbox.replay(mark('r_1'), [range(3, 'a')])).rejects.toMatchObject(refused)
        expect(await inbox.replay(mark('r_2'), [range(3, 'a')])).toBe(1)
      })

      it('finishes what is under claim, without repeats and dead letters of it, and with those of others', async () => {
        const { inbox, claim } = await replayed()
        const one = only(await claim({ seq: 2 }))
        expect(await inbox.cancel('r_1', 10)).toBe(4)
        expect((await inbox.stats()).replays).toEqual({ r_1: 4, r_2: 1 })
        const rows = one.rows!.map(({ replay }, first) => row('a', START, { first, last: first, replay }))
        const dead = [letter('a', 1, 'r_1'), letter('a', 2, 'r_2'), letter('a', 3, null)]
        await inbox.settle(retried(one, { rows, dead }))
        expect(await inbox.stats()).toMatchObject({ pending: 1, deadLetters: 2, replays: { r_2: 1 } })
      })

      it('is not taken up again by the next process where it was given back', async () => {
        const first = await replayed()
        const one = only(await first.claim({ seq: 2 }))
        await first.inbox.cancel('r_1', 10)
        first.inbox.release([one.delivery.seq])
        const { opened, claim } = await open(['a', 'b'])
        expect(opened.stats).toMatchObject({ pending: 1, replays: { r_2: 1 } })
        expect(only(await claim()).rows).toMatchObject([{ replay: { run: 'r_2' } }])
      })
    })

    describe('the history', () => {
      it('has deliveries whose first pass has ended, oldest first, page by page', async () => {
        const { inbox, claim } = await open()
        for (const name of ['p', 'q', 'r', 's']) await inbox.accept(newDelivery(name))
        await claim({ maxDeliveries: 3 })
        await inbox.settle(firstPass(3, { events: null }))
        await inbox.settle(firstPass(1, { events: 7, rows: [row('a', START)] }))
        expect(await historyOf(inbox)).toEqual([
          { seq: 1, id: 'd_p', source: 'shop', receivedAt: START, events: 7, handlers: ['a'] },
          { seq: 3, id: 'd_r', source: 'shop', receivedAt: START, events: null, handlers: ['a'] },
        ])
        expect(await historyOf(inbox, { limit: 1 })).toMatchObject([{ seq: 1 }])
        expect(await historyOf(inbox, { after: 1 })).toMatchObject([{ seq: 3 }])
        expect(await historyOf(inbox, { after: 3 })).toEqual([])
      })

      it('is filtered by source, by time, since included and until not, and by delivery', async () => {
        const { inbox, claim } = await open()
        for (const [n, source] of ['shop', 'outlet', 'shop'].entries())
          await inbox.accept(newDelivery(`${n}`, { source, receivedAt: START + n }))
        await claim()
        for (const seq of [1, 2, 3]) await inbox.settle(firstPass(seq))
        const seqs = async (filter: object) => (await historyOf(inbox, filter)).map(({ seq }) => seq)
        expect(await seqs({ source: 'shop' })).toEqual([1, 3])
        expect(await seqs({ since: START + 1, until: START + 2 })).toEqual([2])
        expect(await seqs({ deliveryId: 'd_2' })).toEqual([3])
        expect(await seqs({ deliveryId: 'd_2', source: 'outlet' })).toEqual([])
      })

      it('reaches over long stretches that filters pass over', async () => {
        const { inbox } = await open()
        const accepts = Array.from({ length: 2_100 }, (_, n) =>
          inbox.accept(newDelivery(`${n}`, { source: n === 2_050 ? 'rare' : 'shop' })),
        )
        await Promise.all(accepts)
        const { claims } = await inbox.claim({ handlers: [], maxDeliveries: 3_000, maxBytes: 1e9 })
        await Promise.all(claims.map(({ delivery }) => inbox.settle(firstPass(delivery.seq))))
        expect(await historyOf(inbox, { source: 'rare', limit: 10 })).toMatchObject([{ id: 'd_2050' }])
        expect(seqsOf(claims)).toHaveLength(2_100)
      })

      it('knows whose each delivery is, also when it was claimed ahead, and after a renaming', async () => {
        const first = await open(['a'])
        for (const name of ['p', 'q', 'r']) await first.inbox.accept(newDelivery(name))
        await first.claim({ seq: 3 })
        await first.inbox.settle(firstPass(3))
        const [next, last] = [handClock(), handClock()]
        next.advance(86_400_000)
        last.advance(2 * 86_400_000)
        const second = await open(['b'], next)
        await second.claim({ maxDeliveries: 1 })
        await second.inbox.settle(firstPass(1))
        const { inbox, claim } = await open([{ name: 'c', formerly: ['a'] }], last)
        await claim()
        await inbox.settle(firstPass(2))
        expect((await historyOf(inbox)).map(({ seq, handlers }) => [seq, handlers])).toEqual([
          [1, ['b']],
          [2, ['c']],
          [3, ['c']],
        ])
      })
    })

    describe('the progress of an event', () => {
      it('is whose it is, what waits of it, what died of it, and whether it is in quarantine', async () => {
        const { inbox, claim } = await open(['a', 'b'])
        await inbox.accept(newDelivery('x'))
        const nothing = { passed: false, handlers: [], rows: [], dead: [], quarantined: null }
        expect(await inbox.progress('d_x', 1)).toEqual(nothing)
        await claim()
        expect(await inbox.progress('d_x', 1)).toEqual({ ...nothing, handlers: ['a', 'b'] })
        const rows = [
          row('a', START + 9, { first: 0, last: 1, attempts: 2 }),
          row('b', START + 9, { first: 2, last: 2 }),
        ]
        const quarantined = [{ index: 3, reason: 'why', path: null, at: START }]
        await inbox.settle(firstPass(1, { events: 4, rows, dead: [letter('b', 1, null)], quarantined }))
        expect(await inbox.progress('d_x', 1)).toMatchObject({
          ...{ passed: true, handlers: ['a', 'b'], quarantined: null },
          rows: [{ handler: 'a', attempts: 2, replay: null }],
          dead: [{ handler: 'b', attempts: 3 }],
        })
        await claim({ seq: 1 })
        expect((await inbox.progress('d_x', 2))?.rows).toMatchObject([{ handler: 'b' }])
        expect(await inbox.progress('d_x', 3)).toMatchObject({ rows: [], dead: [], quarantined: 'element' })
        expect(await inbox.progress('d_y', 0)).toBeNull()
      })

      it('is quarantine for every event of a delivery that is there whole', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x'))
        await claim()
        const quarantined = [null, 3].map((index) => ({ index, reason: 'why', path: null, at: START }))
        await inbox.settle(firstPass(1, { events: null, quarantined }))
        expect(await inbox.progress('d_x', 5)).toMatchObject({ passed: true, quarantined: 'delivery' })
        expect(await inbox.progress('d_x', 3)).toMatchObject({ passed: true, quarantined: 'element' })
      })
    })

    it('knows every handler an opening has named, and when', async () => {
      const clock = handClock()
      await open(['b', 'a'], clock)
      clock.advance(5)
      const { inbox } = await open(['c', { name: 'd', formerly: ['b'] }], clock)
      const known = await inbox.handlers()
      expect(known.map(({ name }) => name)).toEqual(['a', 'c', 'd'])
      expect(known.map(({ seenAt }) => seenAt - START)).toEqual([5, 5, 5])
    })

    it('answers nothing about replays while it is closed', async () => {
      const { inbox } = await open()
      await inbox.close()
      const closed = { code: 'ERR_INBOX_CLOSED' }
      await expect(inbox.replay(mark('r_1'), [])).rejects.toMatchObject(closed)
      await expect(inbox.cancel('r_1', 1)).rejects.toMatchObject(closed)
      await expect(historyOf(inbox)).rejects.toMatchObject(closed)
      await expect(inbox.progress('d_x', 0)).rejects.toMatchObject(closed)
      await expect(inbox.handlers()).rejects.toMatchObject(closed)
    })
  })
}
