/** The contract of InboxPort, third part: retention and erasure. */
import { describe, expect, it } from 'vitest'
import type { Retention } from '../../src/ports/inbox/opening.ts'
import type { Pruned } from '../../src/ports/inbox/operations.ts'
import type { NewDeadLetter } from '../../src/ports/inbox/rows.ts'
import {
  everything,
  failure,
  firstPass,
  type HandClock,
  handClock,
  newDelivery,
  type Opened,
  retried,
  row,
  START,
  seqsOf,
  sha256,
} from '../inboxes/inbox-kit.ts'
import type { Cursor, TestInbox } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const retention: Retention = {
  ...{ bodiesMs: DAY, keysMs: 2 * DAY, deadLettersMs: 5 * DAY, quarantineMs: 4 * DAY },
  maxBytes: null,
}

const letter = (handler: string, index: number, changes: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  ...{ handler, index, attempts: 3, errors: [failure('no')], at: START, size: 3, run: null },
  element: new TextEncoder().encode(`{"n":${index}}`),
  ...changes,
})

const broken = (index: number | null) => ({ index, reason: 'why', path: null, at: START })
const three = new TextEncoder().encode('[{"n":0},{"n":1},{"n":2}]')
const text = (body: Uint8Array) => Buffer.from(body).toString()

/** Leaps over hours without the timers in them: what happens then is what a test asks for. */
export function leapingClock(): HandClock & { leap(ms: number): void } {
  const clock = handClock()
  let [leapt, set] = [0, 0]
  return {
    now: () => clock.now() + leapt + set,
    steady: () => clock.now() + leapt,
    leap(ms) {
      set += ms
    },
    after: clock.after,
    advance(ms) {
      if (ms < HOUR) clock.advance(ms)
      else leapt += ms
    },
  }
}

/** Portion by portion, to the end. */
async function prune(inbox: TestInbox): Promise<Omit<Pruned, 'next'>> {
  const sum = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0, over: false }
  for (let at: Cursor | null = 0; at !== null; ) {
    const pruned: Pruned = await inbox.prune(at)
    for (const name of ['bodies', 'deliveries', 'deadLetters', 'quarantined'] as const) sum[name] += pruned[name]
    sum.over = pruned.over
    at = pruned.next
  }
  return sum
}

const nothing = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0, over: false }

/** Stores `[{"n":0},{"n":1},{"n":2}]` under each name, and ends the first passes of all. */
async function settled({ inbox, claim }: Opened, ...names: readonly string[]): Promise<void> {
  for (const name of names)
    await inbox.accept(
      newDelivery(name, { body: Buffer.concat([three, Buffer.from(`\n`.repeat(name.charCodeAt(0)))]) }),
    )
  for (const { delivery } of await claim()) await inbox.settle(firstPass(delivery.seq, { events: 3 }))
}

const kept = async (inbox: TestInbox) =>
  (await inbox.deliveries(everything)).map(({ seq, kept = 'all' }) => `${seq} ${kept}`).reverse()

export function describeUpkeep(name: string, newStore: () => Store): void {
  describe(`${name} inbox`, () => {
    const store = useStore(newStore)
    const open = (changes: Partial<Retention> | null = {}, names: readonly string[] = ['a']) =>
      store.open(names, leapingClock(), changes === null ? {} : { retention: { ...retention, ...changes } })

    describe('retention', () => {
      describe.each([
        ['a day and a bit', DAY + HOUR],
        ['400 days', 400 * DAY],
      ])('after a clock that was set on by %s', (_leap, ms) => {
        const old = { rows: [], dead: [letter('a', 0)], quarantined: [broken(2)], events: 3 }
        const everyOld = { bodiesMs: HOUR, keysMs: HOUR, deadLettersMs: HOUR, quarantineMs: HOUR }
        const withOld = async (opened: Opened) => {
          await settled(opened, 'x')
          await opened.inbox.accept(newDelivery('y'))
          await opened.claim()
          await opened.inbox.settle(firstPass(2, old))
        }
        const isGone = async (inbox: TestInbox) => {
          await prune(inbox)
          expect(await kept(inbox)).toEqual([])
          expect(await inbox.stats()).toMatchObject({ deadLetters: 0, quarantined: 0 })
        }

        it('lets go of nothing until it has gone evenly for an hour, and says so', async () => {
          const clock = leapingClock()
          const opened = await store.open(['a'], clock, { retention: { ...retention, ...everyOld } })
          const { inbox, logger } = opened
          await withOld(opened)
          clock.leap(ms)
          expect(await prune(inbox)).toEqual(nothing)
          expect(logger.lines.map(({ message }) => message)).toContainEqual(
            expect.stringContaining('lets go of nothing'),
          )
          clock.advance(HOUR / 2)
          clock.leap(ms)
          await inbox.prune(0)
          clock.advance(HOUR - 1)
          expect(await prune(inbox)).toEqual(nothing)
          expect(await kept(inbox)).toEqual(['1 all', '2 all'])
          clock.advance(2)
          await isGone(inbox)
        })

        it('lets go of all that is old by then, and of nothing else, where it was set right again', async () => {
          const clock = leapingClock()
          const opened = await store.open(['a'], clock, { retention })
          await withOld(opened)
          clock.leap(ms)
          expect(await prune(opened.inbox)).toEqual(nothing)
          clock.leap(-ms)
          clock.advance(2 * HOUR)
          expect(await prune(opened.inbox)).toEqual(nothing)
          expect(await kept(opened.inbox)).toEqual(['1 all', '2 all'])
        })

        it('does so between two openings as well, however often it is opened', async () => {
          const changes = { retention: { ...retention, ...everyOld } }
          await withOld(await store.open(['a'], leapingClock(), changes))
          for (const _ of ['once', 'again']) {
            const clock = leapingClock()
            clock.leap(ms)
            const { inbox, logger } = await store.open(['a'], clock, changes)
            expect(await prune(inbox)).toEqual(nothing)
            clock.advance(HOUR - 1)
            expect(await prune(inbox)).toEqual(nothing)
            expect(logger.lines.map(({ message }) => message)).toContainEqual(
              expect.stringContaining('lets go of nothing'),
            )
          }
          const clock = leapingClock()
          clock.leap(ms)
          const { inbox } = await store.open(['a'], clock, changes)
          clock.advance(HOUR)
          await isGone(inbox)
        })

        it('knows copies of events for as long as without the leap', async ({ skip }) => {
          const clock = leapingClock()
          const { inbox, claim } = await store.open(['a'], clock, { retention })
          skip(inbox.port.eventKeys === undefined, 'it keeps no keys of events')
          const owner = () => inbox.owners?.(HOUR, Float64Array.from([7, 7]))
          await inbox.accept(newDelivery('x'))
          await claim()
          const keys = { windowMs: HOUR, at: clock.now(), keys: Float64Array.from([7, 7]) }
          await inbox.settle(firstPass(1, { keys }))
          clock.leap(ms)
          expect(await owner()).toEqual([1])
          clock.advance(HOUR)
          expect(await owner()).toEqual([0])
        })

        it('keeps the keys of events', async ({ skip }) => {
          const clock = leapingClock()
          const { inbox, claim } = await store.open(['a'], clock, { retention })
          skip(inbox.port.eventKeys === undefined, 'it keeps no keys of events')
          const keysOf = (n: number) => ({ windowMs: HOUR, at: clock.now(), keys: Float64Array.from([n, n]) })
          await inbox.accept(newDelivery('x'))
          await claim()
          await inbox.settle(firstPass(1, { keys: keysOf(7) }))
          clock.leap(ms)
          await inbox.accept(newDelivery('y'))
          await claim()
          await inbox.settle(firstPass(2, { keys: keysOf(8) }))
          clock.leap(-ms)
          expect(await inbox.owners?.(HOUR, Float64Array.from([7, 7]))).toEqual([1])
        })
      })

      it('takes the bytes of what is settled and old, and knows a repeat by its row', async () => {
        const opened = await open()
        const { inbox, clock } = opened
        await settled(opened, 'x')
        clock.advance(DAY - 1)
        await inbox.accept(newDelivery('y', { receivedAt: clock.now() }))
        expect(await prune(inbox)).toEqual(nothing)
        clock.advance(1)
        expect(await prune(inbox)).toEqual({ ...nothing, bodies: 1 })
        expect(await prune(inbox)).toEqual(nothing)
        const { body, sha256: hash, ...rest } = (await inbox.delivery('d_x'))!
        expect(body.byteLength).toBe(0)
        const received = newDelivery('x', { body: Buffer.concat([three, Buffer.from('\n'.repeat(120))]) })
        expect(Buffer.from(hash)).toEqual(Buffer.from(sha256(received.body)))
        expect(rest).toMatchObject({ kept: 'none', bytes: received.body.byteLength, events: 3 })
        expect(await inbox.accept(received)).toEqual({ status: 'duplicate', seq: 1, isDone: true })
        expect((await inbox.deliveries(everything)).map(({ bytes }) => bytes)).toEqual([14, received.body.byteLength])
      })

      it('forgets what is old, and takes it as new from then on', async () => {
        const opened = await open()
        const { inbox, clock } = opened
        await settled(opened, 'x', 'y')
        clock.advance(2 * DAY)
        expect(await prune(inbox)).toEqual({ ...nothing, bodies: 2, deliveries: 2 })
        expect(await inbox.deliveries(everything)).toEqual([])
        expect(await inbox.delivery('d_x')).toBeNull()
        expect(await inbox.read(1)).toBeNull()
        expect(await inbox.stats()).toMatchObject({ pending: 0, pendingBytes: 0, oldestPendingAt: null })
        const again = await inbox.accept(newDelivery('x', { receivedAt: clock.now() }))
        expect(again).toEqual({ status: 'accepted', seq: 3, isDone: false })
        expect(await inbox.stats()).toMatchObject({ pending: 1, pendingBytes: 14, oldestPendingAt: clock.now() })
        expect(seqsOf(await opened.claim())).toEqual([3])
      })

      it('goes on where it was when it is opened again, and numbers on', async () => {
        const first = await open()
        await settled(first, 'x', 'y')
        first.clock.advance(2 * DAY)
        await prune(first.inbox)
        const second = await store.open(['a'], first.clock, { retention })
        expect(second.opened.stats).toMatchObject({ pending: 0, pendingBytes: 0 })
        expect(await second.inbox.accept(newDelivery('z', { receivedAt: first.clock.now() }))).toMatchObject({ seq: 3 })
        expect(await second.inbox.stats()).toMatchObject({ pending: 1, pendingBytes: 14 })
      })

      it('never touches what is not done: first passes, claims, work', async () => {
        const opened = await open({ bodiesMs: 0, keysMs: 0, deadLettersMs: 0, quarantineMs: 0 })
        const { inbox, claim, clock } = opened
        for (const name of ['w', 'x', 'y', 'z']) await inbox.accept(newDelivery(name))
        const [, second] = await claim({ maxDeliveries: 2 })
        clock.advance(100 * DAY)
        expect(await prune(inbox)).toEqual(nothing)
        await inbox.settle(firstPass(1, { rows: [row('a', clock.now())] }))
        expect(await prune(inbox)).toEqual(nothing)
        expect(seqsOf(await claim())).toEqual([1, 3, 4])
        expect(await prune(inbox)).toEqual(nothing)
        await inbox.settle(firstPass(4))
        expect(await prune(inbox)).toEqual(nothing)
        await inbox.settle(firstPass(second!.delivery.seq))
        expect(await prune(inbox)).toEqual({ ...nothing, bodies: 1, deliveries: 1 })
        expect(await kept(inbox)).toEqual(['1 all', '3 all', '4 all'])
        expect(await inbox.stats()).toMatchObject({ pending: 2, pendingBytes: 14 })
      })

      it('comes back for what had to stay', async () => {
        const { inbox, claim, clock } = await open()
        for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
        await claim()
        await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        await inbox.settle(firstPass(2))
        clock.advance(2 * DAY)
        expect(await prune(inbox)).toEqual({ ...nothing, bodies: 1, deliveries: 1 })
        const [work] = await claim()
        await inbox.settle(retried(work!))
        expect(await prune(inbox)).toEqual({ ...nothing, bodies: 1, deliveries: 1 })
        expect(await kept(inbox)).toEqual([])
      })

      it('forgets the headers with the bytes, and keeps what a repeat is told by', async () => {
        const opened = await open()
        const { inbox, claim, clock } = opened
        await inbox.accept(newDelivery('x'))
        await claim()
        await inbox.settle(firstPass(1))
        clock.advance(DAY)
        expect(await prune(inbox)).toMatchObject({ bodies: 1, deliveries: 0 })
        const [row] = await inbox.deliveries(everything)
        const stored = await inbox.delivery('d_x')
        const facts = { id: 'd_x', batchId: 'batch-x', receivedAt: START, origin: 'wire', headers: [], kept: 'none' }
        for (const one of [row, stored]) expect(one).toMatchObject(facts)
        expect(stored?.body.byteLength).toBe(0)
        expect(await inbox.progress('d_x', 0)).toMatchObject({ passed: true, handlers: ['a'] })
        expect(await inbox.history({ after: 0, limit: 10 })).toEqual([])
        expect(await inbox.accept(newDelivery('x'))).toEqual({ status: 'duplicate', seq: 1, isDone: true })
        const again = await open()
        expect(await again.inbox.accept(newDelivery('x'))).toEqual({ status: 'duplicate', seq: 1, isDone: true })
        expect((await again.inbox.deliveries(everything))[0]).toMatchObject({ ...facts, duplicates: 2 })
      })

      it('keeps what is in quarantine whole, for as long as that', async () => {
        const { inbox, claim, clock } = await open()
        for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
        await claim()
        await inbox.settle(firstPass(1, { events: null, quarantined: [broken(null)] }))
        await inbox.settle(firstPass(2, { quarantined: [broken(0)] }))
        clock.advance(3 * DAY)
        expect(await prune(inbox)).toEqual(nothing)
        expect(await kept(inbox)).toEqual(['1 all', '2 all'])
        clock.advance(DAY)
        expect(await prune(inbox)).toEqual({ ...nothing, quarantined: 2, bodies: 2, deliveries: 2 })
        expect(await inbox.stats()).toMatchObject({ quarantined: 0, expired: 2, cancelled: 0 })
      })

      it('keeps the row of a dead letter, which outlives the bytes', async () => {
        const { inbox, claim, clock } = await open()
        await inbox.accept(newDelivery('x', { body: three }))
        await claim()
        await inbox.settle(firstPass(1, { events: 3, dead: [letter('a', 1), letter('a', 2)] }))
        clock.advance(3 * DAY)
        expect(await prune(inbox)).toEqual({ ...nothing, bodies: 1 })
        expect(await inbox.deadLetters(everything)).toMatchObject([
          { index: 2, delivery: { id: 'd_x', kept: 'none' } },
          { index: 1 },
        ])
        clock.advance(2 * DAY)
        expect(await prune(inbox)).toEqual({ ...nothing, deadLetters: 2, deliveries: 1 })
        expect(await inbox.stats()).toMatchObject({ deadLetters: 0, expired: 2 })
      })

      it('takes out what has outlived the bytes, where all of a delivery is to go', async () => {
        const { inbox, claim, clock } = await open()
        await inbox.accept(newDelivery('x', { body: three }))
        await claim()
        const dead = [letter('a', 1), letter('a', 2)]
        await inbox.settle(firstPass(1, { events: 3, dead, quarantined: [broken(0)] }))
        clock.advance(4 * DAY)
        expect(await prune(inbox)).toMatchObject({ quarantined: 1, bodies: 1 })
        expect(await inbox.erase([{ seq: 1, indices: null }])).toEqual({ erased: 2, busy: [] })
        expect(await inbox.erase([{ seq: 1, indices: null }])).toEqual({ erased: 0, busy: [] })
        expect(await inbox.stats()).toMatchObject({ deadLetters: 0, quarantined: 0 })
        expect(await inbox.deadLetters(everything)).toEqual([])
      })

      it('keeps a row for as long as it is asked today, where that was less before', async () => {
        const clock = leapingClock()
        const opened = await store.open(['a'], clock, { retention })
        await opened.inbox.accept(newDelivery('x'))
        await opened.claim()
        await opened.inbox.settle(firstPass(1, { dead: [letter('a', 0)], events: 1 }))
        clock.advance(3 * DAY)
        expect(await prune(opened.inbox)).toEqual({ ...nothing, bodies: 1 })
        const { inbox } = await store.open(['a'], clock, { retention: { ...retention, keysMs: 9 * DAY } })
        clock.advance(3 * DAY)
        expect(await prune(inbox)).toEqual({ ...nothing, deadLetters: 1 })
        expect(await kept(inbox)).toEqual(['1 none'])
        clock.advance(3 * DAY)
        expect(await prune(inbox)).toEqual({ ...nothing, deliveries: 1 })
      })

      it('gives a revived dead letter its element back, and takes it again when it is done', async () => {
        const { inbox, claim, clock } = await open()
        await inbox.accept(newDelivery('x', { body: three }))
        await claim()
        await inbox.settle(firstPass(1, { events: 3, dead: [letter('a', 1), letter('b', 1), letter('a', 2)] }))
        clock.advance(3 * DAY)
        await prune(inbox)
        const [, , oldest] = await inbox.deadLetters(everything)
        expect(await inbox.revive({ dead: [oldest!.id], quarantined: [] })).toBe(1)
        const [work] = await claim()
        expect(work).toMatchObject({ delivery: { kept: 'some' }, rows: [{ handler: 'a', first: 1, last: 1 }] })
        expect(text(work!.delivery.body)).toBe('["erased",{"n":1},{"n":2}]')
        expect(await prune(inbox)).toEqual(nothing)
        await inbox.settle(retried(work!))
        expect(await prune(inbox)).toEqual({ ...nothing, bodies: 1 })
        const [last] = await inbox.deadLetters(everything)
        await inbox.revive({ dead: [last!.id], quarantined: [] })
        expect(text((await claim())[0]!.delivery.body)).toBe('["erased",{"n":1},{"n":2}]')
      })

      it('keeps everything for ever where that is asked, and where nothing is', async () => {
        const forever = Number.POSITIVE_INFINITY
        const changes = { bodiesMs: forever, keysMs: forever, deadLettersMs: forever, quarantineMs: forever }
        for (const how of [changes, null]) {
          const opened = await open(how)
          await settled(opened, how === null ? 'x' : 'y')
          opened.clock.advance(10_000 * DAY)
          expect(await prune(opened.inbox)).toEqual(nothing)
        }
        expect(await kept((await open(null)).inbox)).toEqual(['1 all', '2 all'])
      })

      it('counts no more what a new handler cannot be given', async () => {
        const first = await open()
        await settled(first, 'x', 'y')
        first.clock.advance(DAY)
        await first.inbox.accept(newDelivery('z', { receivedAt: first.clock.now() }))
        await first.claim()
        await first.inbox.settle(firstPass(3, { events: 5 }))
        const settledWithout = async (name: string) =>
          (await store.open(['a', name], first.clock, { retention })).opened.newHandlers
        expect(await settledWithout('b')).toEqual([{ name: 'b', settledWithout: 11 }])
        const { inbox } = await store.open(['a'], first.clock, { retention })
        expect(await prune(inbox)).toMatchObject({ bodies: 2 })
        expect(await settledWithout('c')).toEqual([{ name: 'c', settledWithout: 5 }])
      })

      it('tells of a conflict with nothing that is forgotten', async () => {
        const { inbox, claim, clock } = await open()
        const facts = (body: string) => ({ body: Buffer.from(body), batchId: 'b', receivedAt: clock.now() })
        const handle = async (name: string) => {
          const { seq } = await inbox.accept(newDelivery(name, facts(`["${name}"]`)))
          await claim()
          return (await inbox.settle(firstPass(seq))).conflictsWith
        }
        expect(await handle('w')).toBeNull()
        expect(await handle('x')).toBe('d_w')
        clock.advance(2 * DAY)
        await prune(inbox)
        expect(await handle('y')).toBeNull()
        expect(await handle('z')).toBe('d_y')
      })

      it('runs in the background', async () => {
        const opened = await open()
        await settled(opened, 'x')
        opened.clock.advance(2 * DAY)
        const round = () => {
          opened.clock.advance(300_000)
          return kept(opened.inbox)
        }
        await expect.poll(round, { timeout: 10_000 }).toEqual([])
      })
    })

    describe('erasure', () => {
      const erase = (inbox: TestInbox, seq: number, ...indices: number[]) => inbox.erase([{ seq, indices }])

      it('takes elements out of the bytes; their places, the hash of what was received and the id stay', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x', { body: three }))
        expect(await erase(inbox, 1, 1, 7)).toEqual({ erased: 1, busy: [] })
        expect(await erase(inbox, 1, 1)).toEqual({ erased: 0, busy: [] })
        expect(await erase(inbox, 2, 1)).toEqual({ erased: 0, busy: [] })
        const [claimed] = await claim()
        expect(text(claimed!.delivery.body)).toBe('[{"n":0},"erased",{"n":2}]')
        expect(claimed!.delivery).toMatchObject({ id: 'd_x', kept: 'some', bytes: three.byteLength })
        expect(Buffer.from(claimed!.delivery.sha256)).toEqual(Buffer.from(sha256(three)))
        expect(await inbox.accept(newDelivery('x', { body: three }))).toMatchObject({ status: 'duplicate', seq: 1 })
        await inbox.settle(firstPass(1, { events: 3 }))
        expect(await inbox.stats()).toMatchObject({ erased: 1, pending: 0, pendingBytes: 0 })
      })

      it('is there after a restart', async () => {
        const first = await open()
        await first.inbox.accept(newDelivery('x', { body: three }))
        await erase(first.inbox, 1, 0, 2)
        await store.crash()
        const { inbox } = await open()
        expect(text((await inbox.read(1))!.body)).toBe('["erased",{"n":1},"erased"]')
        expect(await inbox.stats()).toMatchObject({ erased: 2, pendingBytes: three.byteLength })
      })

      it('leaves alone what is under claim, and says so', async () => {
        const { inbox, claim } = await open()
        for (const name of ['x', 'y']) await inbox.accept(newDelivery(name, { body: three }))
        await claim({ maxDeliveries: 1 })
        const both = [1, 2].map((seq) => ({ seq, indices: [0] }))
        expect(await inbox.erase(both)).toEqual({ erased: 1, busy: [1] })
        expect(text((await inbox.read(1))!.body)).toBe(text(three))
        await inbox.settle(firstPass(1, { events: 3, rows: [row('a', START)] }))
        expect(await inbox.erase(both)).toEqual({ erased: 1, busy: [] })
        expect(await inbox.stats()).toMatchObject({ pending: 1 })
        inbox.release(seqsOf(await claim()))
        expect(await erase(inbox, 2, 1)).toEqual({ erased: 1, busy: [] })
      })

      it('takes dead letters, quarantine and work of the elements with it, and no others', async () => {
        const { inbox, claim } = await open({}, ['a', 'b'])
        await inbox.accept(newDelivery('x', { body: three }))
        await claim()
        const errors = [failure('of somebody')]
        const rows = [
          row('a', START, { first: 1, last: 1, errors }),
          row('a', START, { first: 0, last: 0, errors }),
          row('b', START, { first: 0, last: 2, errors }),
        ]
        const dead = [letter('a', 1), letter('b', 1), letter('b', 2)]
        await inbox.settle(firstPass(1, { events: 3, rows, dead, quarantined: [broken(1), broken(2), broken(null)] }))
        expect(await erase(inbox, 1, 1)).toEqual({ erased: 1, busy: [] })
        expect(await inbox.deadLetters(everything)).toMatchObject([{ handler: 'b', index: 2 }])
        expect((await inbox.quarantine(everything)).map(({ index }) => index)).toEqual([null, 2])
        expect(await inbox.stats()).toMatchObject({ deadLetters: 1, quarantined: 2, cancelled: 0, pending: 1 })
        expect((await claim())[0]?.rows).toMatchObject([
          { handler: 'a', first: 0, last: 0, errors },
          { handler: 'b', first: 0, last: 2, errors: [] },
        ])
      })

      it('leaves nothing to do where all that was left was erased', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x', { body: three }))
        await claim()
        await inbox.settle(firstPass(1, { events: 3, rows: [row('a', START, { first: 0, last: 1 })] }))
        await erase(inbox, 1, 0, 1)
        expect(await inbox.stats()).toMatchObject({ pending: 0, oldestPendingAt: null })
        expect(await inbox.accept(newDelivery('x', { body: three }))).toMatchObject({ isDone: true })
        expect(await claim()).toEqual([])
      })

      it('takes all bytes where no elements can be told, and what was made of them', async () => {
        const { inbox, claim } = await open()
        for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
        await claim({ maxDeliveries: 1 })
        await inbox.settle(
          firstPass(1, { events: null, quarantined: [broken(null)], dead: [letter('a', 0)], rows: [row('a', START)] }),
        )
        const whole = [1, 2].map((seq) => ({ seq, indices: null }))
        expect(await inbox.erase(whole)).toEqual({ erased: 2, busy: [] })
        expect(await inbox.stats()).toMatchObject({ quarantined: 0, deadLetters: 0, pending: 1 })
        const [second] = await claim()
        expect(second).toMatchObject({ delivery: { seq: 2, kept: 'some' } })
        expect(text(second!.delivery.body)).toBe('["erased"]')
      })

      it('finds the dead letter of a delivery that has lost its bytes', async () => {
        const { inbox, claim, clock } = await open()
        await inbox.accept(newDelivery('x', { body: three }))
        await claim()
        await inbox.settle(firstPass(1, { events: 3, dead: [letter('a', 1), letter('b', 1), letter('a', 2)] }))
        clock.advance(DAY)
        await prune(inbox)
        expect(await erase(inbox, 1, 0, 1)).toEqual({ erased: 1, busy: [] })
        expect(await inbox.deadLetters(everything)).toMatchObject([{ index: 2 }])
        expect(await kept(inbox)).toEqual(['1 none'])
      })

      it('forgets how often the process died with an element', async () => {
        const first = await open()
        await first.inbox.accept(newDelivery('x', { body: three }))
        await first.claim()
        await first.inbox.note(1, [{ index: 1, handler: 'a' }])
        await store.crash()
        const { inbox, claim } = await open()
        await erase(inbox, 1, 1)
        expect(await claim()).toMatchObject([{ careful: true, deaths: [] }])
      })

      it('ends with a purge', async () => {
        const { inbox } = await open()
        await inbox.accept(newDelivery('x', { body: three }))
        await erase(inbox, 1, 1)
        let at: Cursor | null = 0
        for (let portions = 0; at !== null && portions < 10; portions++) at = await inbox.purge(at)
        expect(at).toBeNull()
        expect(text((await inbox.read(1))!.body)).toBe('[{"n":0},"erased",{"n":2}]')
      })
    })
  })
}
