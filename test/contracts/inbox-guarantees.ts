/** The contract of InboxPort, second part: crashes, dead letters, pauses, and what operators ask for. */
import { describe, expect, it } from 'vitest'
import type { Claim } from '../../src/ports/inbox/claims.ts'
import type { StoredPause } from '../../src/ports/inbox/records.ts'
import type { NewDeadLetter } from '../../src/ports/inbox/rows.ts'
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
  seqsOf,
} from '../inboxes/inbox-kit.ts'
import type { TestInbox } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'

const DAY = 86_400_000

const letter = (handler: string, index = 0, changes: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  ...{ handler, index, attempts: 36, errors: [failure('gone')], at: START, size: 4, run: null },
  element: new TextEncoder().encode(`{"n":${index}}`),
  ...changes,
})

const broken = (index: number | null) => ({ index, reason: 'why', path: null, at: START })

const told = async (run: (tell: () => void) => Promise<unknown>) => {
  let times = 0
  await run(() => void times++)
  await expect.poll(() => times).toBeGreaterThan(0)
}

/** Accepts deliveries by name, in order. */
async function fill(inbox: TestInbox, ...names: readonly string[]): Promise<void> {
  for (const name of names) await inbox.accept(newDelivery(name))
}

const ids = async (inbox: TestInbox) => ({
  dead: (await inbox.deadLetters(everything)).map(({ id }) => id),
  quarantined: (await inbox.quarantine(everything)).map(({ id }) => id),
})

const only = (claims: readonly Claim[]): Claim => {
  expect(claims).toHaveLength(1)
  return claims[0]!
}

export function describeGuarantees(name: string, newStore: () => Store): void {
  describe(`${name} inbox`, () => {
    const { open, crash } = useStore(newStore)

    describe('work of a handler that is gone', () => {
      it('is given up when it is asked for: nothing waits for it, it is owed nothing, and it is counted', async () => {
        const first = await open(['a', 'b'])
        await fill(first.inbox, 'p', 'q')
        await first.claim()
        const rows = [row('b', START, { last: 4 }), row('b', START + 9_000)]
        await first.inbox.settle(firstPass(1, { events: 5, rows: [...rows, row('a', START)] }))
        await first.inbox.settle(firstPass(2, { events: 5, rows }))
        const { inbox, claim, opened } = await open(['a'])
        expect(opened.left).toEqual([{ name: 'b', events: 12 }])
        expect(await inbox.endWork('a', 10, true)).toBe(0)
        expect(await inbox.endWork('b', 0, true)).toBe(12)
        let [ended, portions] = [0, 0]
        for (let some = 1; some > 0; portions++) {
          some = await inbox.endWork('b', 3, false)
          ended += some
        }
        expect([ended, portions]).toEqual([12, 3])
        expect(await inbox.stats()).toMatchObject({ pending: 1, cancelled: 12 })
        expect(only(await claim())).toMatchObject({ rows: [{ handler: 'a' }] })
        expect(await inbox.endWork('a', 10, false)).toBe(0)
        await fill(inbox, 'r')
        expect(only(await claim())).toMatchObject({ handlers: ['a'] })
        expect((await open(['a'])).opened).toMatchObject({ left: [], absent: [] })
      })

      it('is given up with the handler, in a first pass under way too, until the handler comes again', async () => {
        await open(['a', 'b'])
        const { inbox, claim } = await open(['a'])
        await fill(inbox, 'x', 'y', 'z')
        expect(await claim({ maxDeliveries: 2 })).toMatchObject([{ handlers: ['a', 'b'] }, { handlers: ['a', 'b'] }])
        expect(await inbox.endWork('b', 10, false)).toBe(0)
        const rows = [row('b', START, { last: 2 })]
        await inbox.settle(firstPass(1, { events: 3, rows: [...rows, row('a', START)], dead: [letter('b', 3)] }))
        expect(await inbox.stats()).toMatchObject({ pending: 3, deadLetters: 0, cancelled: 4 })
        const again = await open(['a', 'b'])
        await again.claim({ handlers: [], maxDeliveries: 1 })
        await again.inbox.settle(firstPass(2, { events: 3, rows }))
        const kept = (await again.claim({ handlers: ['b'] })).flatMap((one) => one.rows ?? [])
        expect(kept).toMatchObject([{ handler: 'b', last: 2 }])
      })
    })

    describe('a repeat', () => {
      it('says whether anything is left to do on its delivery', async () => {
        const { inbox, claim } = await open()
        const again = () => inbox.accept(newDelivery('x'))
        expect(await again()).toEqual({ status: 'accepted', seq: 1, isDone: false })
        expect(await again()).toEqual({ status: 'duplicate', seq: 1, isDone: false })
        await claim()
        expect(await again()).toMatchObject({ isDone: false })
        await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        expect(await again()).toMatchObject({ isDone: false })
        await inbox.settle(retried(only(await claim())))
        expect(await again()).toEqual({ status: 'duplicate', seq: 1, isDone: true })
      })

      it('is recorded on the dead letters of its delivery, and on no others', async () => {
        const first = await open()
        await fill(first.inbox, 'x', 'y')
        await first.claim()
        await first.inbox.settle(firstPass(1, { dead: [letter('a', 0), letter('a', 1)] }))
        await first.inbox.settle(firstPass(2, { dead: [letter('a', 2)] }))
        await fill(first.inbox, 'x', 'x')
        const { inbox } = await open()
        const letters = await inbox.deadLetters(everything)
        expect(letters.map(({ index, redeliveries }) => [index, redeliveries])).toEqual([
          [2, 0],
          [1, 2],
          [0, 2],
        ])
        expect((await inbox.stats()).deadLetters).toBe(3)
      })

      it('makes its dead letters work again where it is to', async () => {
        const { inbox, claim, clock } = await open(['a', 'b'], handClock(), { onRedelivery: 'rearm' })
        await fill(inbox, 'x', 'y')
        await claim()
        await inbox.settle(firstPass(1, { dead: [letter('a', 3)] }))
        await inbox.settle(firstPass(2, { dead: [letter('b', 1)] }))
        clock.advance(5)
        await told(async (tell) => {
          inbox.onWork(tell)
          expect(await inbox.accept(newDelivery('x'))).toEqual({ status: 'duplicate', seq: 1, isDone: false })
        })
        expect(await inbox.stats()).toMatchObject({ pending: 1, deadLetters: 1 })
        const { rows } = only(await claim())
        expect(rows).toMatchObject([{ handler: 'a', first: 3, last: 3, attempts: 0, dueAt: START + 5 }])
        expect(rows?.[0]?.errors).toEqual([failure('gone')])
        expect(await inbox.accept(newDelivery('x'))).toMatchObject({ isDone: false })
      })
    })

    describe('a claim of one delivery', () => {
      it('gives its first pass and no other, whatever the limits', async () => {
        const { inbox, claim } = await open(['a', 'b'])
        await fill(inbox, 'p', 'q', 'r')
        const one = only(await claim({ seq: 2, maxDeliveries: 0, maxBytes: 0, handlers: ['b'] }))
        expect(one).toMatchObject({ handlers: ['a', 'b'], rows: null, careful: false, deaths: [] })
        expect(one.delivery.id).toBe('d_q')
        expect(seqsOf(await claim())).toEqual([1, 3])
      })

      it('gives all its rows of the asked handlers, due or not', async () => {
        const { inbox, claim } = await open(['a', 'b'])
        await fill(inbox, 'x')
        await claim()
        const rows = [row('a', START), row('a', START + DAY, { first: 1, last: 1 }), row('b', START)]
        await inbox.settle(firstPass(1, { rows }))
        const one = only(await claim({ seq: 1, handlers: ['a'] }))
        expect(one.rows?.map(({ handler, first }) => [handler, first])).toEqual([
          ['a', 0],
          ['a', 1],
        ])
        await inbox.settle(retried(one))
        expect(only(await claim({ seq: 1 })).rows).toMatchObject([{ handler: 'b' }])
      })

      it('gives nothing that is held, settled, not stored or not asked for', async () => {
        const { inbox, claim } = await open(['a', 'b'])
        await fill(inbox, 'x', 'y')
        await claim({ maxDeliveries: 1 })
        expect(await claim({ seq: 1 })).toEqual([])
        await inbox.settle(firstPass(1, { rows: [row('b', START)] }))
        expect(await claim({ seq: 1, handlers: ['a'] })).toEqual([])
        expect(await claim({ seq: 1, handlers: [] })).toEqual([])
        await inbox.settle(retried(only(await claim({ seq: 1 }))))
        for (const seq of [0, 1, 3]) expect(await claim({ seq })).toEqual([])
      })

      it('belongs to the handlers of now, those before it to those of their own first claim', async () => {
        const first = await open(['a'])
        await fill(first.inbox, 'p', 'q', 'r', 's')
        expect(only(await first.claim({ seq: 3 })).handlers).toEqual(['a'])
        await first.inbox.settle(firstPass(3, { rows: [row('a', START)] }))
        const [next, last] = [handClock(), handClock()]
        next.advance(DAY)
        last.advance(2 * DAY)
        const second = await open(['b'], next)
        expect(only(await second.claim({ maxDeliveries: 1 })).handlers).toEqual(['b'])
        const third = await open(['a', 'c'], last)
        const claims = await third.claim()
        const sets = claims.map(({ delivery, handlers }) => [delivery.seq, handlers] as const)
        expect(new Map(sets)).toEqual(
          new Map([
            [1, ['b']],
            [2, ['a', 'c']],
            [3, ['a']],
            [4, ['a', 'c']],
          ]),
        )
      })

      it('keeps its place in the order when it is given back', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q', 'r')
        await first.claim({ seq: 3 })
        await first.claim({ seq: 2 })
        first.inbox.release([3])
        expect(seqsOf(await first.claim())).toEqual([1, 3])
        const second = await open()
        expect(seqsOf(await second.claim())).toEqual([1, 2, 3])
      })

      it('follows a renaming', async () => {
        const first = await open(['old'])
        await fill(first.inbox, 'p', 'q')
        await first.claim({ seq: 2 })
        const second = await open([{ name: 'new', formerly: ['old'] }, 'other'])
        const claims = await second.claim()
        expect(claims.map(({ handlers }) => handlers)).toEqual([['new', 'other'], ['new']])
      })
    })

    it('gives first passes and no rows when no handler is asked for', async () => {
      const { inbox, claim } = await open(['a', 'b'])
      await fill(inbox, 'x', 'y')
      await claim({ maxDeliveries: 1 })
      await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
      expect(only(await claim({ handlers: [] }))).toMatchObject({
        delivery: { seq: 2 },
        handlers: ['a', 'b'],
        rows: null,
      })
    })

    describe('after a crash', () => {
      it('gives what was claimed first, with care and nothing else beside it, in order', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q', 'r', 's', 't')
        await first.claim({ maxDeliveries: 3 })
        await first.inbox.settle(firstPass(2))
        await crash()
        const { inbox, claim } = await open()
        const suspects = await claim()
        expect(suspects).toMatchObject(
          [1, 3].map((seq) => ({ delivery: { seq }, rows: null, careful: true, deaths: [] })),
        )
        for (const seq of [1, 3]) {
          expect(await claim()).toEqual([])
          for (const other of [1, 3, 4]) expect(await claim({ seq: other })).toEqual([])
          await told(async (tell) => {
            inbox.onWork(tell)
            await inbox.settle(firstPass(seq))
          })
        }
        const rest = await claim()
        expect(rest.map(({ delivery, careful }) => [delivery.seq, careful])).toEqual([
          [4, false],
          [5, false],
        ])
      })

      it('gives together only as many as are small, and as were asked for', async () => {
        const first = await open()
        for (const [n, kib] of [40, 24, 1, 80, 1, 1, 1].entries())
          await first.inbox.accept(newDelivery(`${n}`, { body: Buffer.alloc(kib << 10, `${n}`) }))
        await first.claim()
        await crash()
        const { inbox, claim } = await open()
        const given: number[][] = []
        for (const limits of [{}, {}, {}, { maxDeliveries: 1 }, { maxBytes: 1 }, {}]) {
          given.push(seqsOf(await claim(limits)))
          for (const seq of given.at(-1)!) await inbox.settle(firstPass(seq))
        }
        expect(given).toEqual([[1, 2], [3], [4], [5], [6], [7]])
      })

      it('gives what was under way in the death alone', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q', 'r', 's', 't')
        await first.claim({ maxDeliveries: 3 })
        await crash()
        const second = await open()
        expect(seqsOf(await second.claim())).toEqual([1, 2, 3])
        await second.inbox.note(2, [{ index: 0, handler: 'a' }])
        await crash()
        const { inbox, claim } = await open()
        for (const seq of [1, 2, 3]) {
          const deaths = seq === 2 ? [{ index: 0, handler: 'a', times: 1 }] : []
          expect(await claim()).toMatchObject([{ delivery: { seq }, careful: true, deaths }])
          await inbox.settle(firstPass(seq))
        }
        expect(seqsOf(await claim())).toEqual([4, 5])
      })

      it('gives work rows that were claimed with care, and others without', async () => {
        const first = await open(['a', 'b'])
        await fill(first.inbox, 'p', 'q', 'r')
        await first.claim()
        for (const seq of [1, 2, 3])
          await first.inbox.settle(firstPass(seq, { rows: [row('a', START), row('b', START)] }))
        await first.claim({ seq: 1, handlers: ['b'] })
        await first.claim({ seq: 3 })
        await first.inbox.settle(
          retried(only(await first.claim({ seq: 2, handlers: ['a'] })), { rows: [row('a', START)] }),
        )
        await crash()
        const { inbox, claim } = await open(['a', 'b'])
        const one = only(await claim())
        expect(one).toMatchObject({ delivery: { seq: 1 }, careful: true })
        expect(one.rows).toHaveLength(2)
        await inbox.settle(retried(one, { rows: [row('b', START)] }))
        const three = only(await claim())
        expect(three).toMatchObject({ delivery: { seq: 3 }, careful: true })
        await inbox.settle(retried(three))
        const rest = await claim()
        expect(rest.map(({ delivery, careful }) => [delivery.seq, careful]).sort()).toEqual([
          [1, false],
          [2, false],
        ])
      })

      it('is careful with nothing that was given back or settled in time', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q', 'r')
        await first.claim()
        await first.inbox.settle(firstPass(2, { rows: [row('a', START)] }))
        await first.claim()
        first.inbox.release([1, 2, 3])
        await first.inbox.stats()
        await first.claim({ maxDeliveries: 0 })
        await crash()
        const { claim } = await open()
        const claims = await claim()
        expect(seqsOf(claims).sort()).toEqual([1, 2, 3])
        expect(claims.some(({ careful }) => careful)).toBe(false)
      })

      it('waits with what needs care until nothing else is under way', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q')
        await first.claim({ maxDeliveries: 1 })
        await crash()
        const { inbox, claim } = await open()
        expect(seqsOf(await claim({ seq: 2 }))).toEqual([2])
        expect(await claim()).toEqual([])
        expect(await claim({ seq: 1 })).toEqual([])
        await told(async (tell) => {
          inbox.onWork(tell)
          await inbox.settle(firstPass(2))
        })
        expect(only(await claim())).toMatchObject({ delivery: { seq: 1 }, careful: true })
      })

      it('stays careful until it is settled, also when it is given back or left in order', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q')
        await first.claim({ maxDeliveries: 1 })
        await crash()
        const second = await open()
        expect(only(await second.claim())).toMatchObject({ delivery: { seq: 1 }, careful: true })
        second.inbox.release([1])
        expect(only(await second.claim())).toMatchObject({ delivery: { seq: 1 }, careful: true })
        const third = await open()
        expect(only(await third.claim())).toMatchObject({ delivery: { seq: 1 }, careful: true })
        await third.inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        const claims = await third.claim()
        expect(claims.map(({ careful }) => careful)).toEqual([false, false])
      })

      it('is careful with what was claimed ahead of others', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q', 'r')
        await first.claim({ seq: 2 })
        await first.claim({ seq: 3 })
        await first.inbox.settle(firstPass(3))
        await crash()
        const { inbox, claim } = await open(['a', 'b'])
        expect(only(await claim())).toMatchObject({ delivery: { seq: 2 }, careful: true, handlers: ['a'] })
        await inbox.settle(firstPass(2))
        expect(only(await claim())).toMatchObject({ delivery: { seq: 1 }, careful: false, handlers: ['a', 'b'] })
      })

      it('has nothing to be careful about when it was closed in order', async () => {
        const first = await open()
        await fill(first.inbox, 'p', 'q', 'r')
        await first.claim({ maxDeliveries: 2 })
        await first.inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        await first.claim()
        await first.inbox.note(2, [{ index: 0, handler: 'a' }])
        await first.inbox.close()
        await crash()
        const { claim } = await open()
        const claims = await claim()
        expect(seqsOf(claims).sort()).toEqual([1, 2, 3])
        expect(claims.some(({ careful, deaths }) => careful || deaths.length > 0)).toBe(false)
      })
    })

    describe('a note', () => {
      type Call = readonly [index: number, handler: string]

      /** Claims the delivery, notes and is killed. */
      const die = async (...notes: readonly (readonly Call[])[]) => {
        const { inbox, claim } = await open(['a', 'b'])
        const seq = only(await claim({ seq: 1 })).delivery.seq
        for (const calls of notes)
          await inbox.note(
            seq,
            calls.map(([index, handler]) => ({ index, handler })),
          )
        await crash()
      }

      it('that stands when the process dies is counted, the latest alone', async () => {
        await fill((await open(['a', 'b'])).inbox, 'x')
        await die([[3, 'a']], [[4, 'a']])
        await die([[4, 'a']])
        await die([[4, 'b']])
        await die()
        const { claim } = await open(['a', 'b'])
        expect(only(await claim())).toMatchObject({
          careful: true,
          deaths: [
            { index: 4, handler: 'a', times: 2 },
            { index: 4, handler: 'b', times: 1 },
          ],
        })
      })

      it('of several calls counts for each of them, once, and gives way as a whole to the next', async () => {
        await fill((await open(['a', 'b'])).inbox, 'x')
        const [a3, a4, b3, a5] = [
          [3, 'a'],
          [4, 'a'],
          [3, 'b'],
          [5, 'a'],
        ] as const
        await die([a3, a4, b3, a4])
        await die([a3, a4], [a5, a4], [])
        await die([a5], [b3, a5])
        const { claim } = await open(['a', 'b'])
        expect(only(await claim()).deaths).toEqual([
          { index: 3, handler: 'a', times: 1 },
          { index: 3, handler: 'b', times: 2 },
          { index: 4, handler: 'a', times: 1 },
          { index: 5, handler: 'a', times: 1 },
        ])
      })

      it('is gone when its delivery is settled or given back', async () => {
        const first = await open()
        await fill(first.inbox, 'x', 'y')
        await first.claim()
        for (const seq of [1, 2]) await first.inbox.note(seq, [{ index: 0, handler: 'a' }])
        await first.inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        first.inbox.release([2])
        expect(await first.claim()).toHaveLength(2)
        await crash()
        const { inbox, claim } = await open()
        const one = only(await claim())
        expect(one).toMatchObject({ careful: true, deaths: [] })
        await inbox.settle(retried(one))
        expect(only(await claim())).toMatchObject({ careful: true, deaths: [] })
      })

      it('counts until nothing is left to do on its delivery, and follows a renaming', async () => {
        await fill((await open(['a', 'b'])).inbox, 'x')
        await die([[4, 'a']])
        const names = [{ name: 'new', formerly: ['a'] }, 'b']
        const { inbox, claim } = await open(names)
        const deaths = [{ index: 4, handler: 'new', times: 1 }]
        expect(only(await claim()).deaths).toEqual(deaths)
        await inbox.settle(firstPass(1, { rows: [row('new', START)] }))
        const retry = only(await claim())
        expect(retry).toMatchObject({ careful: false, deaths })
        await inbox.settle(retried(retry, { dead: [letter('new', 4)] }))
        expect(await inbox.revive(await ids(inbox))).toBe(1)
        expect(only(await claim()).deaths).toEqual([])
      })

      it('counts no more for an element that comes back from quarantine, and still for others', async () => {
        await fill((await open(['a', 'b'])).inbox, 'x')
        await die([[4, 'a']])
        await die([[5, 'b']])
        const { inbox, claim } = await open(['a', 'b'])
        await claim()
        await inbox.settle(firstPass(1, { rows: [row('a', START)], quarantined: [broken(4)] }))
        expect(await inbox.revive(await ids(inbox))).toBe(1)
        expect(only(await claim()).deaths).toEqual([{ index: 5, handler: 'b', times: 1 }])
      })

      it('is refused for a delivery that is not claimed', async () => {
        const { inbox, claim } = await open()
        await fill(inbox, 'x')
        await expect(inbox.note(1, [{ index: 0, handler: 'a' }])).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
        await claim()
        await inbox.note(1, [{ index: 0, handler: 'a' }])
        await inbox.settle(firstPass(1))
        await expect(inbox.note(1, [{ index: 0, handler: 'a' }])).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
        await expect(inbox.note(9, [{ index: 0, handler: 'a' }])).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
      })
    })

    describe('a batch id with other bytes', () => {
      const part = (name: string, changes: Parameters<typeof newDelivery>[1] = {}) =>
        newDelivery(name, { batchId: 'same', ...changes })

      it('is reported with the delivery that had it before, also across reopening', async () => {
        const first = await open()
        for (const name of ['p', 'q']) await first.inbox.accept(part(name))
        await first.claim()
        expect(await first.inbox.settle(firstPass(1))).toEqual({ conflictsWith: null })
        expect(await first.inbox.settle(firstPass(2))).toEqual({ conflictsWith: 'd_p' })
        const second = await open()
        await second.inbox.accept(part('r'))
        await second.claim()
        expect(await second.inbox.settle(firstPass(3))).toEqual({ conflictsWith: 'd_p' })
      })

      it('is reported by whichever is settled last', async () => {
        const { inbox, claim } = await open()
        for (const name of ['p', 'q']) await inbox.accept(part(name))
        await claim()
        expect(await inbox.settle(firstPass(2))).toEqual({ conflictsWith: null })
        expect(await inbox.settle(firstPass(1))).toEqual({ conflictsWith: 'd_q' })
      })

      it('is none in another source, without an id, in test traffic or with the same bytes', async () => {
        const { inbox, claim } = await open()
        const body = newDelivery('p').body
        const parts = [
          part('p'),
          part('q', { source: 'outlet' }),
          part('r', { isTest: true }),
          part('s', { batchId: null }),
          part('t', { batchId: null }),
          part('u', { body }),
        ]
        for (const delivery of parts) await inbox.accept(delivery)
        await claim()
        for (let seq = 1; seq <= parts.length; seq++)
          expect(await inbox.settle(firstPass(seq))).toEqual({ conflictsWith: null })
      })

      it('is not looked for when work rows are settled', async () => {
        const { inbox, claim } = await open()
        for (const name of ['p', 'q']) await inbox.accept(part(name))
        await claim()
        await inbox.settle(firstPass(1))
        await inbox.settle(firstPass(2, { rows: [row('a', START)] }))
        expect(await inbox.settle(retried(only(await claim())))).toEqual({ conflictsWith: null })
      })
    })

    describe('revive', () => {
      const withTrouble = async (): Promise<Opened> => {
        const opened = await open(['a', 'b'])
        await fill(opened.inbox, 'x', 'y')
        await opened.claim()
        await opened.inbox.settle(firstPass(1, { events: 4, dead: [letter('a', 2)], quarantined: [broken(3)] }))
        await opened.inbox.settle(firstPass(2, { events: null, quarantined: [broken(null)] }))
        return opened
      }

      it('makes a dead letter a row for its handler, due at once, no attempts spent, its errors kept', async () => {
        const { inbox, claim, clock } = await withTrouble()
        clock.advance(7)
        await told(async (tell) => {
          inbox.onWork(tell)
          expect(await inbox.revive({ ...(await ids(inbox)), quarantined: [] })).toBe(1)
        })
        expect(await inbox.stats()).toMatchObject({ pending: 1, deadLetters: 0, quarantined: 2, cancelled: 0 })
        expect(await inbox.deadLetters(everything)).toEqual([])
        const { rows } = only(await claim())
        expect(rows?.map(({ id, ...rest }) => rest)).toEqual([
          {
            handler: 'a',
            first: 2,
            last: 2,
            attempts: 0,
            dueAt: START + 7,
            errors: [failure('gone')],
            replay: null,
            orderKey: null,
          },
        ])
      })

      it('makes a quarantined element rows for every handler of its delivery', async () => {
        const { inbox } = await withTrouble()
        const quarantined = (await inbox.quarantine({ ...everything, index: 3 })).map(({ id }) => id)
        expect(await inbox.revive({ dead: [], quarantined })).toBe(1)
        const { claim } = await open(['a', 'b', 'c'])
        const { rows } = only(await claim())
        expect(rows?.map(({ handler, first, last }) => [handler, first, last]).sort()).toEqual([
          ['a', 3, 3],
          ['b', 3, 3],
        ])
      })

      it('makes a delivery that was quarantined whole rows over all its elements', async () => {
        const { inbox, claim } = await withTrouble()
        const quarantined = (await inbox.quarantine({ ...everything, deliveryId: 'd_y' })).map(({ id }) => id)
        expect(await inbox.revive({ dead: [], quarantined })).toBe(1)
        const { delivery, rows } = only(await claim())
        expect(delivery.id).toBe('d_y')
        expect(rows?.map(({ handler }) => handler).sort()).toEqual(['a', 'b'])
        // Nobody could count them; more than these no delivery has.
        for (const { first, last } of rows!) expect([first, last]).toEqual([0, 999_999])
      })

      it('passes over what is gone already, and does nothing twice', async () => {
        const { inbox } = await withTrouble()
        const all = await ids(inbox)
        const twice = { dead: [...all.dead, ...all.dead, 999], quarantined: [...all.quarantined, 998] }
        expect(await Promise.all([inbox.revive(twice), inbox.revive(all), inbox.drop(all)])).toEqual([3, 0, 0])
        expect(await inbox.stats()).toMatchObject({ pending: 2, deadLetters: 0, quarantined: 0, cancelled: 0 })
      })

      it('of a delivery under claim waits until it is settled', async () => {
        const { inbox, claim } = await withTrouble()
        const all = await ids(inbox)
        await inbox.revive({ ...all, dead: [] })
        const one = only(await claim({ seq: 1 }))
        await inbox.revive({ ...all, quarantined: [] })
        expect(await claim({ seq: 1 })).toEqual([])
        await inbox.settle(retried(one))
        expect(only(await claim({ seq: 1 })).rows).toMatchObject([{ handler: 'a', first: 2 }])
      })

      it('is durable', async () => {
        const first = await withTrouble()
        await first.inbox.revive(await ids(first.inbox))
        await crash()
        const { opened, claim } = await open(['a', 'b'])
        expect(opened.stats).toMatchObject({ pending: 2, deadLetters: 0, quarantined: 0 })
        expect((await claim()).map(({ rows }) => rows?.length)).toEqual([3, 2])
      })

      it('is not what drop does, which counts them as cancelled and leaves no work', async () => {
        const first = await withTrouble()
        const all = await ids(first.inbox)
        expect(await first.inbox.drop({ ...all, quarantined: all.quarantined.slice(1) })).toBe(2)
        expect(await first.inbox.drop(all)).toBe(1)
        await crash()
        const { opened, claim, inbox } = await open(['a', 'b'])
        expect(opened.stats).toMatchObject({ pending: 0, deadLetters: 0, quarantined: 0, cancelled: 3 })
        expect(await claim()).toEqual([])
        expect(await ids(inbox)).toEqual({ dead: [], quarantined: [] })
      })
    })

    describe('a pause', () => {
      it('is kept, told of with the whole list, and ended', async () => {
        const first = await open(['a', 'b'])
        const lists: (readonly StoredPause[])[] = []
        first.inbox.onPause((paused) => void lists.push(paused))
        await first.inbox.pause('b', 'failures')
        first.clock.advance(5)
        await first.inbox.pause('a', 'hand')
        const [a, b] = [
          { handler: 'a', by: 'hand', since: START + 5 },
          { handler: 'b', by: 'failures', since: START },
        ]
        await expect.poll(() => lists).toEqual([[b], [a, b]])
        expect((await first.inbox.stats()).paused).toEqual([a, b])
        await crash()
        const second = await open(['a', 'b'])
        expect(second.opened.stats.paused).toEqual([a, b])
        second.inbox.onPause((paused) => void lists.push(paused))
        await second.inbox.pause('b', null)
        await expect.poll(() => lists.slice(2)).toEqual([[a]])
        expect((await second.inbox.stats()).paused).toEqual([a])
      })

      it('is told of when it changes and not otherwise, and lasts from its first word', async () => {
        const { inbox, clock } = await open()
        const lists: (readonly StoredPause[])[] = []
        inbox.onPause((paused) => void lists.push(paused))
        await inbox.pause('a', null)
        await inbox.pause('a', 'failures')
        clock.advance(5)
        await inbox.pause('a', 'failures')
        await inbox.pause('a', 'hand')
        await inbox.revive({ dead: [], quarantined: [] })
        await inbox.pause('a', null)
        const since = START
        await expect
          .poll(() => lists)
          .toEqual([[{ handler: 'a', by: 'failures', since }], [{ handler: 'a', by: 'hand', since }], []])
      })

      it('follows a renaming', async () => {
        const first = await open(['old'])
        await first.inbox.pause('old', 'hand')
        const { opened } = await open([{ name: 'new', formerly: ['old'] }])
        expect(opened.stats.paused).toEqual([{ handler: 'new', by: 'hand', since: START }])
      })
    })

    describe('work of a handler that no opening names', () => {
      const leave = async () => {
        const clock = handClock()
        const first = await open(['a', 'b'], clock)
        await fill(first.inbox, 'x', 'y')
        await first.claim()
        for (const seq of [1, 2]) await first.inbox.settle(firstPass(seq, { rows: [row('a', START), row('b', START)] }))
        return { ...first, clock }
      }

      it('is told at once by an opening without its handler, with its events', async () => {
        const { clock } = await leave()
        expect((await open(['a', 'c'], clock)).opened.left).toEqual([{ name: 'b', events: 2 }])
        expect((await open(['a', 'b'], clock)).opened.left).toEqual([])
      })

      it('is orphaned after 24 hours', async () => {
        const { clock } = await leave()
        const { inbox } = await open(['a'], clock)
        clock.advance(DAY - 1)
        expect((await inbox.stats()).orphaned).toEqual({})
        clock.advance(1)
        expect((await inbox.stats()).orphaned).toEqual({ b: 2 })
        expect((await open(['a', 'b'], clock)).opened.stats.orphaned).toEqual({})
      })

      it('is not while its process runs, and for 24 hours after it was last seen to', async () => {
        const { clock, claim, inbox } = await leave()
        clock.advance(3 * DAY)
        expect((await inbox.stats()).orphaned).toEqual({})
        await claim({ maxDeliveries: 0 })
        await crash()
        const { opened, inbox: after } = await open(['a'], clock)
        expect(opened.stats.orphaned).toEqual({})
        clock.advance(DAY)
        expect((await after.stats()).orphaned).toEqual({ b: 2 })
      })
    })

    it('keeps the bytes of the backlog', async () => {
      const first = await open()
      const bytes = (n: number) => ({ body: new Uint8Array(n).fill(n) })
      expect(first.inbox.backlogBytes()).toBe(0)
      for (const n of [10, 20, 30]) await first.inbox.accept(newDelivery(`${n}`, bytes(n)))
      await first.inbox.accept(newDelivery('20', bytes(20)))
      expect(first.inbox.backlogBytes()).toBe(60)
      await first.claim()
      await first.inbox.settle(firstPass(2, { rows: [row('a', START)] }))
      expect(first.inbox.backlogBytes()).toBe(40)
      expect((await first.inbox.stats()).pendingBytes).toBe(40)
      await crash()
      const { inbox, opened, claim } = await open()
      expect(opened.stats.pendingBytes).toBe(40)
      expect(inbox.backlogBytes()).toBe(40)
      for (let claims = await claim(); claims.length > 0; claims = await claim())
        for (const one of claims) await inbox.settle(one.rows ? retried(one) : firstPass(one.delivery.seq))
      expect(inbox.backlogBytes()).toBe(0)
      expect((await inbox.stats()).pendingBytes).toBe(0)
    })

    it('lists what belongs to one delivery, and to one element of it', async () => {
      const { inbox, claim } = await open(['a', 'b'])
      await fill(inbox, 'x', 'y')
      await claim()
      for (const seq of [1, 2]) {
        const dead = [letter('a', 0), letter('b', 0), letter('a', 1)]
        await inbox.settle(firstPass(seq, { dead, quarantined: [broken(2), broken(3)] }))
      }
      const letters = async (filter: object) =>
        (await inbox.deadLetters({ ...everything, ...filter })).map(({ delivery, handler, index }) =>
          [delivery.id, handler, index].join(' '),
        )
      expect(await letters({ deliveryId: 'd_x' })).toEqual(['d_x a 1', 'd_x b 0', 'd_x a 0'])
      expect(await letters({ deliveryId: 'd_y', index: 0, handler: 'b' })).toEqual(['d_y b 0'])
      expect(await letters({ index: 1 })).toEqual(['d_y a 1', 'd_x a 1'])
      expect(await letters({ deliveryId: 'd_z' })).toEqual([])
      const items = async (filter: object) =>
        (await inbox.quarantine({ ...everything, ...filter })).map(({ deliveryId, index }) => `${deliveryId} ${index}`)
      expect(await items({ deliveryId: 'd_x' })).toEqual(['d_x 3', 'd_x 2'])
      expect(await items({ deliveryId: 'd_y', index: 3 })).toEqual(['d_y 3'])
      const page = { ...everything, deliveryId: 'd_x' }
      expect((await inbox.deliveries(page)).map(({ seq }) => seq)).toEqual([1])
      const [newest] = await inbox.deadLetters({ ...page, limit: 1 })
      expect(await letters({ deliveryId: 'd_x', before: newest!.id })).toEqual(['d_x b 0', 'd_x a 0'])
    })

    it('refuses work before it is opened and after it is closed', async () => {
      const { inbox } = await open()
      await inbox.close()
      const closed = { code: 'ERR_INBOX_CLOSED' }
      const none = { dead: [], quarantined: [] }
      await expect(inbox.note(1, [{ index: 0, handler: 'a' }])).rejects.toMatchObject(closed)
      await expect(inbox.revive(none)).rejects.toMatchObject(closed)
      await expect(inbox.drop(none)).rejects.toMatchObject(closed)
      await expect(inbox.pause('a', 'hand')).rejects.toMatchObject(closed)
    })
  })
}
