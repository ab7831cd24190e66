/**
 * The contract of InboxPort. Every inbox passes this part, and those of guarantees, progress, replays and upkeep; one with the
 * face passes that of order, of keys of events, of looks, of memos; one that several processes have open that of two at once.
 * A store that nobody else has written to numbers deliveries 1, 2, 3 here, though an inbox may leave gaps.
 */
import { describe, expect, it } from 'vitest'
import {
  everything,
  failure,
  firstPass,
  handClock,
  newDelivery,
  openWith,
  retried,
  row,
  START,
  seqsOf,
  sha256,
} from '../inboxes/inbox-kit.ts'
import type { TestInbox } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

export function describeInbox(name: string, newStore: () => Store): void {
  describe(`${name} inbox`, () => {
    const { open, next } = useStore(newStore)

    describe('accept', () => {
      it('numbers deliveries in the order in which they come, across repeats and reopening', async () => {
        const first = await open()
        expect(await first.inbox.accept(newDelivery('x'))).toEqual({ status: 'accepted', seq: 1, isDone: false })
        expect(await first.inbox.accept(newDelivery('x'))).toEqual({ status: 'duplicate', seq: 1, isDone: false })
        expect(await first.inbox.accept(newDelivery('y'))).toMatchObject({ status: 'accepted', seq: 2 })
        const second = await open()
        expect(await second.inbox.accept(newDelivery('z'))).toMatchObject({ status: 'accepted', seq: 3 })
      })

      it('keeps every field and every byte', async () => {
        const body = Uint8Array.from([0, 0xff, 0xc3, 0x28, 0, 0x5b, 0x5d, 0xed, 0xa0, 0x80])
        const delivery = newDelivery('x', {
          body,
          source: 'outlet',
          batchId: null,
          receivedAt: START + 5,
          headers: [
            ['content-type', 'text/plain; charset="x"'],
            ['user-agent', 'é "quoted" \\ \u0000'],
          ],
          credential: 'old key',
          isTest: true,
          origin: 'backfill',
          undecoded: 'br',
        })
        await (await open()).inbox.accept(delivery)
        const { inbox } = await open()
        const { body: stored, sha256: hash, ...rest } = (await inbox.delivery(delivery.id))!
        expect(Buffer.from(stored)).toEqual(Buffer.from(body))
        expect(Buffer.from(hash)).toEqual(Buffer.from(sha256(body)))
        const { body: _, sha256: __, ...fields } = delivery
        expect(rest).toEqual({ ...fields, seq: 1, senderLeft: false, duplicates: 0, events: null })
      })

      it('does not change the delivery it was given', async () => {
        const { inbox, claim } = await open()
        const whole = new TextEncoder().encode('....[{"part":1}]....')
        const delivery = newDelivery('x', { body: whole.subarray(4, 16) })
        const before = { ...delivery, body: delivery.body.slice() }
        await inbox.accept(delivery)
        expect(delivery.body).toEqual(before.body)
        expect(whole.byteLength).toBe(20)
        const [claimed] = await claim()
        expect(Buffer.from(claimed!.delivery.body).toString()).toBe('[{"part":1}]')
      })

      it('stores bodies that it was given for good, repeats of them too, beside others', async () => {
        const { inbox, claim } = await open()
        const bodies = [300_000, 20, 700_000, 300_000].map((size, n) => new Uint8Array(size).fill(n % 3))
        const deliveries = bodies.map((body, n) => newDelivery(`n${n % 3}`, { body: body.slice() }))
        const accepted = await Promise.all(deliveries.map((delivery, n) => inbox.accept(delivery, n !== 1)))
        const statuses = accepted.map(({ status }) => status)
        expect(statuses.sort()).toEqual(['accepted', 'accepted', 'accepted', 'duplicate'])
        const claims = await claim()
        for (const { delivery } of claims) {
          const body = bodies[Number(delivery.id.at(-1))]!
          expect(Buffer.compare(delivery.body, body)).toBe(0)
          const stored = await inbox.delivery(delivery.id)
          expect(Buffer.compare(stored!.body, body)).toBe(0)
        }
        expect(claims).toHaveLength(3)
      })

      it('stores an empty body', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x', { body: new Uint8Array(0) }))
        expect((await claim())[0]?.delivery.body.byteLength).toBe(0)
      })

      it('stores one of 50 concurrent repeats and counts 49', async () => {
        const { inbox } = await open()
        const answers = await Promise.all(Array.from({ length: 50 }, () => inbox.accept(newDelivery('x'))))
        expect(answers.filter((answer) => answer.status === 'accepted')).toHaveLength(1)
        expect(new Set(answers.map((answer) => answer.seq))).toEqual(new Set([1]))
        expect((await inbox.delivery('d_x'))?.duplicates).toBe(49)
        expect(await inbox.deliveries(everything)).toHaveLength(1)
      })

      it('counts repeats durably, also of settled deliveries', async () => {
        const first = await open()
        await first.inbox.accept(newDelivery('x'))
        await first.claim()
        await first.inbox.settle(firstPass(1))
        await first.inbox.accept(newDelivery('x'))
        const second = await open()
        expect((await second.inbox.delivery('d_x'))?.duplicates).toBe(1)
        expect(await second.inbox.accept(newDelivery('x'))).toEqual({ status: 'duplicate', seq: 1, isDone: true })
        expect(await second.claim()).toEqual([])
      })

      it('stores other bytes under the same id as a delivery of its own', async () => {
        const { inbox, claim } = await open()
        const one = newDelivery('x', { body: new TextEncoder().encode('[1]') })
        const two = newDelivery('x', { body: new TextEncoder().encode('[2]') })
        expect(await inbox.accept(one)).toMatchObject({ status: 'accepted', seq: 1 })
        expect(await inbox.accept(two)).toMatchObject({ status: 'accepted', seq: 2 })
        expect(await inbox.accept(one)).toMatchObject({ status: 'duplicate', seq: 1 })
        expect(await inbox.accept(two)).toMatchObject({ status: 'duplicate', seq: 2 })
        const bodies = (await claim()).map((claimed) => Buffer.from(claimed.delivery.body).toString())
        expect(bodies).toEqual(['[1]', '[2]'])
        const listed = async (limit: number) =>
          (await inbox.list('deliveries', { before: null, limit, deliveryId: 'd_x' })).map(({ seq }) => seq)
        expect(await listed(1)).toEqual([2])
        expect(await listed(2)).toEqual([2, 1])
      })

      it('tells of work', async () => {
        const { inbox } = await open()
        let told = 0
        inbox.onWork(() => void told++)
        await inbox.accept(newDelivery('x'))
        await expect.poll(() => told).toBeGreaterThan(0)
      })

      it('notes that the sender left', async () => {
        const first = await open()
        await first.inbox.accept(newDelivery('x'))
        await first.inbox.accept(newDelivery('y'))
        first.inbox.noteSenderLeft(1)
        await first.inbox.accept(newDelivery('z'))
        const left = async (inbox: TestInbox) =>
          (await inbox.deliveries(everything)).map((delivery) => delivery.senderLeft).reverse()
        expect(await left(first.inbox)).toEqual([true, false, false])
        expect((await first.claim())[0]?.delivery.senderLeft).toBe(true)
        first.inbox.noteSenderLeft(3)
        const second = await open()
        expect(await left(second.inbox)).toEqual([true, false, true])
      })
    })

    describe('claim', () => {
      it('hands out new deliveries in order, each once', async () => {
        const { inbox, claim } = await open()
        for (const name of ['p', 'q', 'r']) await inbox.accept(newDelivery(name))
        expect(seqsOf(await claim({ maxDeliveries: 2 }))).toEqual([1, 2])
        expect(seqsOf(await claim())).toEqual([3])
        expect(await claim()).toEqual([])
      })

      it('never hands one delivery to two claims at once', async () => {
        const { inbox, claim } = await open()
        for (let i = 0; i < 20; i++) await inbox.accept(newDelivery(`n${i}`))
        const claims = await Promise.all(Array.from({ length: 10 }, () => claim({ maxDeliveries: 3 })))
        const seqs = claims.flatMap(seqsOf)
        expect(seqs).toHaveLength(20)
        expect(new Set(seqs).size).toBe(20)
      })

      it('says that there is no more only where all is given', async () => {
        const { inbox } = await open()
        for (let i = 0; i < 5; i++) await inbox.accept(newDelivery(`n${i}`))
        const all = { handlers: ['a'], maxDeliveries: 10, maxBytes: 1_000_000 }
        expect((await inbox.claim({ ...all, maxDeliveries: 2 })).more).not.toBe(false)
        expect((await inbox.claim({ ...all, maxBytes: 1 })).more).not.toBe(false)
        const { claims, more = false } = await inbox.claim(all)
        expect([seqsOf(claims), more]).toEqual([[4, 5], false])
        for (const { delivery } of claims) await inbox.settle(firstPass(delivery.seq, { rows: [row('a', START)] }))
        expect((await inbox.claim({ ...all, maxDeliveries: 1 })).more).not.toBe(false)
      })

      it('has what an accept stores that was handed in before', async () => {
        const { inbox } = await open()
        const accepting = inbox.accept(newDelivery('x'))
        const claiming = inbox.claim({ handlers: ['a'], maxDeliveries: 10, maxBytes: 1_000_000 })
        expect(seqsOf((await claiming).claims)).toEqual([1])
        expect(await accepting).toMatchObject({ status: 'accepted', seq: 1 })
      })

      it('hands out nothing for no handlers', async () => {
        const { inbox, claim } = await open([])
        await inbox.accept(newDelivery('x'))
        expect(await claim()).toEqual([])
        expect((await inbox.stats()).pending).toBe(1)
      })

      it('keeps to the number of deliveries and to the bytes', async () => {
        const { inbox, claim } = await open()
        const body = (n: number) => new Uint8Array(100).fill(n)
        for (let n = 1; n <= 6; n++) await inbox.accept(newDelivery(`n${n}`, { body: body(n) }))
        expect(await claim({ maxDeliveries: 0 })).toEqual([])
        expect(seqsOf(await claim({ maxBytes: 250 }))).toEqual([1, 2])
        expect(seqsOf(await claim({ maxBytes: 300, maxDeliveries: 2 }))).toEqual([3, 4])
        expect(seqsOf(await claim({ maxBytes: 300 }))).toEqual([5, 6])
      })

      it('gives one delivery when even the first is over the bytes', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x', { body: new Uint8Array(500) }))
        await inbox.accept(newDelivery('y', { body: new Uint8Array(1) }))
        expect(seqsOf(await claim({ maxBytes: 10 }))).toEqual([1])
        expect(seqsOf(await claim({ maxBytes: 0 }))).toEqual([2])
      })

      it('gives released deliveries again, before newer ones', async () => {
        const { inbox, claim } = await open()
        let told = 0
        for (const name of ['p', 'q', 'r', 's']) await inbox.accept(newDelivery(name))
        expect(seqsOf(await claim({ maxDeliveries: 3 }))).toEqual([1, 2, 3])
        inbox.onWork(() => void told++)
        inbox.release([3, 1])
        expect(seqsOf(await claim())).toEqual([1, 3, 4])
        expect(told).toBeGreaterThan(0)
        expect((await inbox.stats()).pending).toBe(4)
      })

      it('gives released work rows again', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x'))
        await claim()
        await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        const [one] = await claim()
        inbox.release([1])
        const [two] = await claim()
        expect(one?.rows).toHaveLength(1)
        expect(two?.rows).toEqual(one?.rows)
        expect(await claim()).toEqual([])
      })

      it('finds what was claimed and not settled as never claimed when it is opened again', async () => {
        const first = await open()
        for (const name of ['p', 'q', 'r']) await first.inbox.accept(newDelivery(name))
        await first.claim()
        await first.inbox.settle(firstPass(2, { rows: [row('a', START)] }))
        expect(await first.claim()).toHaveLength(1)
        const second = await open()
        const claims = await second.claim()
        expect(new Set(seqsOf(claims))).toEqual(new Set([1, 2, 3]))
        expect(claims.find((claimed) => claimed.delivery.seq === 2)?.rows).toHaveLength(1)
      })

      it('takes due work and new deliveries in turn', async () => {
        const { inbox, claim } = await open()
        for (let n = 1; n <= 20; n++) await inbox.accept(newDelivery(`n${n}`))
        await claim({ maxDeliveries: 10 })
        for (let seq = 1; seq <= 10; seq++) await inbox.settle(firstPass(seq, { rows: [row('a', START)] }))
        const some = await claim({ maxDeliveries: 6 })
        expect(some.filter((claimed) => claimed.rows === null)).toHaveLength(3)
        const kinds = new Set<boolean>()
        for (let i = 0; i < 2; i++) kinds.add((await claim({ maxDeliveries: 1 }))[0]?.rows === null)
        expect(kinds.size).toBe(2)
        expect(seqsOf(some.filter((claimed) => claimed.rows === null))).toEqual([11, 12, 13])
      })
    })

    describe('work rows', () => {
      it('are claimed when they are due, the longest due first, and tell when the next is', async () => {
        const { inbox, claim, clock, nextDueAt } = await open()
        for (const name of ['p', 'q', 'r']) await inbox.accept(newDelivery(name))
        await claim()
        await inbox.settle(firstPass(1, { rows: [row('a', START + 300)] }))
        await inbox.settle(firstPass(2, { rows: [row('a', START + 200)] }))
        await inbox.settle(firstPass(3, { rows: [row('a', START + 900)] }))
        expect(await claim()).toEqual([])
        expect(await nextDueAt()).toBe(START + 200)
        clock.advance(199)
        expect(await claim()).toEqual([])
        clock.advance(1)
        expect(await nextDueAt()).toBe(START + 300)
        clock.advance(100)
        expect(seqsOf(await claim())).toEqual([2, 1])
        expect(await nextDueAt()).toBe(START + 900)
      })

      it('keep a due time that is not whole, and are never early', async () => {
        const { inbox, claim, clock } = await open()
        await inbox.accept(newDelivery('x'))
        await claim()
        await inbox.settle(firstPass(1, { rows: [row('a', START + 10.5)] }))
        clock.advance(10)
        expect(await claim()).toEqual([])
        clock.advance(1)
        expect(await claim()).toHaveLength(1)
      })

      it('of one delivery come together, with all they were stored with', async () => {
        const { inbox, claim } = await open(['a', 'b'])
        await inbox.accept(newDelivery('x'))
        await claim()
        const errors = [failure('no \u0000 route \ud800'), { ...failure('two'), attempt: 2, code: 'E_TWO' }]
        const rows = [
          row('a', START, { first: 3, last: 3, attempts: 2, errors }),
          row('b', START, { first: 0, last: 9_999, attempts: 0 }),
          row('a', START, { first: 7, last: 7 }),
        ]
        await inbox.settle(firstPass(1, { events: 10_000, rows }))
        const [claimed] = await claim({ maxDeliveries: 1 })
        expect(claimed?.delivery).toMatchObject({ id: 'd_x', events: 10_000 })
        const stored = claimed?.rows?.map(({ id, ...rest }) => rest)
        expect(stored).toEqual([rows[1], rows[0], rows[2]])
        expect(new Set(claimed?.rows?.map(({ id }) => id)).size).toBe(3)
      })

      it('come only for handlers that were asked for, and only when due', async () => {
        const { inbox, claim, clock } = await open(['a', 'b'])
        await inbox.accept(newDelivery('x'))
        await claim()
        await inbox.settle(
          firstPass(1, { rows: [row('a', START), row('a', START + 50), row('b', START), row('gone', START)] }),
        )
        const [first] = await claim({ handlers: ['a'] })
        expect(first?.rows?.map(({ handler, dueAt }) => [handler, dueAt])).toEqual([['a', START]])
        expect(first?.handlers).toEqual(['a', 'b'])
        await inbox.settle(retried(first!))
        clock.advance(100)
        const [second] = await claim()
        expect(second?.rows?.map(({ handler, dueAt }) => [handler, dueAt]).sort()).toEqual([
          ['a', START + 50],
          ['b', START],
        ])
        await inbox.settle(retried(second!))
        expect(await claim()).toEqual([])
        expect((await inbox.stats()).pending).toBe(1)
      })

      it('of a handler that only another process has wait for it', async () => {
        const first = await open(['a', 'b'])
        await first.inbox.accept(newDelivery('x'))
        await first.claim()
        await first.inbox.settle(firstPass(1, { rows: [row('b', START, { last: 4, attempts: 0 })] }))
        const second = await open(['a'])
        expect(await second.claim()).toEqual([])
        expect((await second.inbox.stats()).pending).toBe(1)
        const third = await open(['b'])
        const [claimed] = await third.claim()
        expect(claimed?.rows).toMatchObject([{ handler: 'b', first: 0, last: 4, attempts: 0 }])
        await third.inbox.settle(retried(claimed!))
        expect((await third.inbox.stats()).pending).toBe(0)
      })

      it('are replaced by those of the settlement, and not claimed while their delivery is', async () => {
        const { inbox, claim, clock } = await open()
        await inbox.accept(newDelivery('x'))
        await claim()
        await inbox.settle(firstPass(1, { rows: [row('a', START), row('a', START + 10, { first: 1, last: 1 })] }))
        const [claimed] = await claim()
        clock.advance(20)
        expect(await claim()).toEqual([])
        await inbox.settle(retried(claimed!, { rows: [row('a', START + 20, { attempts: 2 })] }))
        const [again] = await claim()
        expect(again?.rows?.map(({ first, attempts }) => [first, attempts])).toEqual([
          [0, 2],
          [1, 1],
        ])
        await inbox.settle(retried(again!))
        expect((await inbox.stats()).pending).toBe(0)
      })

      it('that fell due while their delivery was claimed are told of when it is settled', async () => {
        const { inbox, claim } = await open()
        let told = 0
        await inbox.accept(newDelivery('x'))
        await claim()
        inbox.onWork(() => void told++)
        await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        await expect.poll(() => told).toBeGreaterThan(0)
      })
    })

    describe('settle', () => {
      it('ends a claim for good, also across reopening', async () => {
        const first = await open()
        for (const name of ['p', 'q', 'r']) await first.inbox.accept(newDelivery(name))
        await first.claim()
        await Promise.all([3, 1].map((seq) => first.inbox.settle(firstPass(seq))))
        expect(await first.claim()).toEqual([])
        const second = await open()
        expect(seqsOf(await second.claim())).toEqual([2])
      })

      it('refuses what is not claimed', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x'))
        await expect(inbox.settle(firstPass(1))).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
        await expect(inbox.settle(firstPass(7))).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
        await claim()
        await inbox.settle(firstPass(1))
        await expect(inbox.settle(firstPass(1))).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
        expect((await inbox.stats()).pending).toBe(0)
      })

      it('keeps the number of events of a delivery', async () => {
        const { inbox, claim } = await open()
        for (const name of ['p', 'q']) await inbox.accept(newDelivery(name))
        await claim()
        await inbox.settle(firstPass(1, { events: 10_000 }))
        await inbox.settle(firstPass(2, { events: null }))
        const events = (await inbox.deliveries(everything)).map((delivery) => delivery.events)
        expect(events).toEqual([null, 10_000])
      })

      it('counts events that nobody asked for, by name', async () => {
        const first = await open()
        for (const name of ['p', 'q']) await first.inbox.accept(newDelivery(name))
        await first.claim()
        await first.inbox.settle(firstPass(1, { unhandled: { 'momentum.click': 3, __proto: 1 } }))
        await first.inbox.settle(firstPass(2, { unhandled: { 'momentum.click': 4, 'momentum.open': 1 } }))
        const counts = { 'momentum.click': 7, 'momentum.open': 1, __proto: 1 }
        expect((await first.inbox.stats()).unhandled).toEqual(counts)
        expect((await open()).opened.stats.unhandled).toEqual(counts)
      })

      it('keeps dead letters with their own copy of the element', async () => {
        const first = await open()
        const body = new TextEncoder().encode('[{"n":1},{"n":2}]')
        await first.inbox.accept(newDelivery('x', { body }))
        await first.claim()
        const errors = [failure('gone')]
        const letter = {
          handler: 'a',
          index: 1,
          attempts: 36,
          errors,
          at: START + 1,
          element: body.subarray(9, 16),
          size: 2,
          run: null,
        }
        await first.inbox.settle(firstPass(1, { events: 2, dead: [letter] }))
        const second = await open()
        const [stored, ...more] = await second.inbox.deadLetters(everything)
        expect(more).toEqual([])
        const { element, delivery, id, ...rest } = stored!
        const { element: _, ...facts } = letter
        expect(rest).toEqual({ ...facts, redeliveries: 0 })
        expect(Buffer.from(element).toString()).toBe('{"n":2}')
        expect(delivery).toMatchObject({ id: 'd_x', seq: 1, source: 'shop', events: 2, batchId: 'batch-x' })
        expect('body' in delivery).toBe(false)
        expect(second.opened.stats).toMatchObject({ deadLetters: 1, pending: 0 })
      })

      it('keeps what was quarantined, whole deliveries and elements', async () => {
        const first = await open()
        await first.inbox.accept(newDelivery('x', { source: 'outlet' }))
        await first.claim()
        const items = [
          { index: null, reason: 'not UTF-8', path: null, at: START },
          { index: 4, reason: 'not a number', path: '/msys/\u0000\ud800é', at: START + 1 },
        ]
        await first.inbox.settle(firstPass(1, { events: null, quarantined: items }))
        const second = await open()
        const stored = await second.inbox.quarantine(everything)
        expect(stored.map(({ id, ...rest }) => rest)).toEqual(
          items.map((item) => ({ ...item, source: 'outlet', deliveryId: 'd_x' })).reverse(),
        )
        expect(second.opened.stats.quarantined).toBe(2)
      })
    })

    describe('the set of handlers', () => {
      it('is fixed at the first claim and survives reopening with others', async () => {
        const first = await open(['b', 'a'])
        for (const name of ['p', 'q', 'r']) await first.inbox.accept(newDelivery(name))
        const claims = await first.claim({ maxDeliveries: 2 })
        expect(claims.map((claimed) => claimed.handlers)).toEqual([
          ['a', 'b'],
          ['a', 'b'],
        ])
        await first.inbox.settle(firstPass(1, { rows: [row('a', START)] }))
        const clock = handClock()
        clock.advance(DAY)
        const second = await open(['a', 'c'], clock)
        const bySeq = new Map((await second.claim()).map((claimed) => [claimed.delivery.seq, claimed.handlers]))
        expect(bySeq.get(1)).toEqual(['a', 'b'])
        expect(bySeq.get(2)).toEqual(['a', 'b'])
        expect(bySeq.get(3)).toEqual(['a', 'c'])
      })

      it('has the handlers too that others had within 24 hours: a script with one of them takes nothing from the rest', async () => {
        const first = await open(['a', 'b'])
        await first.inbox.accept(newDelivery('p'))
        const clock = handClock()
        clock.advance(DAY - 1)
        const second = await open(['a'], clock)
        expect(second.opened.absent).toEqual(['b'])
        const [claimed] = await second.claim()
        expect(claimed!.handlers).toEqual(['a', 'b'])
        await second.inbox.settle(firstPass(1, { rows: [row('b', START, { last: 9 })] }))
        expect(await second.claim()).toEqual([])
        // A repeat of it finds nothing to do for whoever is here.
        expect(await second.inbox.accept(newDelivery('p'))).toMatchObject({ status: 'duplicate', isDone: true })
        const third = await open(['b', 'c'], clock)
        expect(third.opened).toMatchObject({ absent: ['a'], left: [] })
        expect(await third.claim()).toMatchObject([{ handlers: ['a', 'b'], rows: [{ handler: 'b' }] }])
      })

      it('loses a handler 24 hours after it was seen last, in a process that goes on', async () => {
        const first = await open(['a', 'b'])
        await first.inbox.close()
        const { inbox, claim, clock } = await open(['a'])
        clock.advance(DAY + HOUR)
        await inbox.accept(newDelivery('p'))
        const seenAt = async () => (await inbox.handlers()).find(({ name: one }) => one === 'a')?.seenAt
        await expect.poll(seenAt, { timeout: 10_000 }).toBe(clock.now())
        const [claimed] = await claim()
        expect(claimed!.handlers).toEqual(['a'])
      })

      it('knows a handler that was renamed by its new name alone', async () => {
        await open(['a', 'b'])
        const { inbox, opened, claim } = await open([{ name: 'c', formerly: ['b'] }])
        expect(opened.absent).toEqual(['a'])
        await inbox.accept(newDelivery('p'))
        expect((await claim())[0]!.handlers).toEqual(['a', 'c'])
      })

      it('is every handler of the process, whichever were asked for', async () => {
        const { inbox, claim } = await open(['a', 'b'])
        await inbox.accept(newDelivery('x'))
        const [claimed] = await claim({ handlers: ['b'] })
        expect(claimed).toMatchObject({ handlers: ['a', 'b'], rows: null })
      })

      it('says how many events were settled without a new handler, once', async () => {
        const first = await open(['a'])
        expect(first.opened.newHandlers).toEqual([{ name: 'a', settledWithout: 0 }])
        for (const name of ['p', 'q', 'r']) await first.inbox.accept(newDelivery(name))
        await first.claim()
        await first.inbox.settle(firstPass(1, { events: 100 }))
        await first.inbox.settle(firstPass(2, { events: 11 }))
        await first.inbox.settle(firstPass(3, { events: null }))
        expect((await open(['a', 'b'])).opened.newHandlers).toEqual([{ name: 'b', settledWithout: 111 }])
        expect((await open(['a', 'b'])).opened.newHandlers).toEqual([])
      })

      it('follows a renaming in sets, work and dead letters', async () => {
        const first = await open(['old', 'same'])
        for (const name of ['p', 'q', 'r']) await first.inbox.accept(newDelivery(name))
        await first.claim({ maxDeliveries: 2 })
        const dead = {
          handler: 'old',
          index: 0,
          attempts: 1,
          errors: [],
          at: START,
          element: new Uint8Array(1),
          size: 1,
          run: null,
        }
        await first.inbox.settle(firstPass(1, { rows: [row('old', START), row('same', START)], dead: [dead] }))
        const second = await open([{ name: 'new', formerly: ['older', 'old'] }, 'same'])
        expect(second.opened.newHandlers).toEqual([])
        const claims = await second.claim()
        expect(claims.map((claimed) => claimed.handlers)).toEqual(Array(3).fill(['new', 'same']))
        const rows = claims.find((claimed) => claimed.delivery.seq === 1)?.rows
        expect(rows?.map(({ handler }) => handler).sort()).toEqual(['new', 'same'])
        expect((await second.inbox.deadLetters(everything))[0]?.handler).toBe('new')
        expect(await second.inbox.deadLetters({ ...everything, handler: 'old' })).toEqual([])
      })

      it('leaves a former name alone that is in use again', async () => {
        const first = await open(['old'])
        await first.inbox.accept(newDelivery('x'))
        await first.claim()
        await first.inbox.settle(firstPass(1, { rows: [row('old', START)] }))
        const second = await open([{ name: 'new', formerly: ['old'] }, 'old'])
        expect((await second.claim())[0]?.rows?.[0]?.handler).toBe('old')
      })
    })

    describe('listings', () => {
      const fill = async () => {
        const opened = await open()
        for (let n = 1; n <= 5; n++)
          await opened.inbox.accept(
            newDelivery(`n${n}`, { source: n % 2 ? 'shop' : 'outlet', receivedAt: START + n, body: new Uint8Array(n) }),
          )
        await opened.claim()
        for (let n = 1; n <= 5; n++) {
          const handler = n < 3 ? 'a' : 'b'
          const dead = {
            handler,
            index: 0,
            attempts: 1,
            errors: [],
            at: START + n,
            element: new Uint8Array(0),
            size: 1,
            run: null,
          }
          const item = { index: n, reason: 'x', path: null, at: START + n }
          await opened.inbox.settle(firstPass(n, { dead: [dead], quarantined: [item] }))
        }
        return opened.inbox
      }

      it('of deliveries go newest first, page by page, without bodies', async () => {
        const inbox = await fill()
        const one = await inbox.deliveries({ before: null, limit: 3 })
        expect(one.map(({ seq, bytes }) => [seq, bytes])).toEqual([
          [5, 5],
          [4, 4],
          [3, 3],
        ])
        expect(one.every((delivery) => delivery.body.byteLength === 0)).toBe(true)
        const two = await inbox.deliveries({ before: one.at(-1)!.seq, limit: 3 })
        expect(two.map(({ seq }) => seq)).toEqual([2, 1])
        expect(await inbox.deliveries({ before: 1, limit: 3 })).toEqual([])
        expect(await inbox.deliveries({ before: null, limit: 0 })).toEqual([])
      })

      it('of deliveries are narrowed by source and time, `until` left out', async () => {
        const inbox = await fill()
        const seqs = async (filter: object) =>
          (await inbox.deliveries({ ...everything, ...filter })).map(({ seq }) => seq)
        expect(await seqs({ source: 'outlet' })).toEqual([4, 2])
        expect(await seqs({ since: START + 2, until: START + 4 })).toEqual([3, 2])
        expect(await seqs({ source: 'shop', since: START + 2, limit: 1 })).toEqual([5])
        expect(await seqs({ source: 'nobody' })).toEqual([])
      })

      it('of dead letters are narrowed by source, handler and time, page by page', async () => {
        const inbox = await fill()
        const seqs = async (filter: object) =>
          (await inbox.deadLetters({ ...everything, ...filter })).map(({ delivery }) => delivery.seq)
        expect(await seqs({})).toEqual([5, 4, 3, 2, 1])
        expect(await seqs({ source: 'shop', handler: 'b' })).toEqual([5, 3])
        expect(await seqs({ since: START + 2, until: START + 3 })).toEqual([2])
        const page = await inbox.deadLetters({ before: null, limit: 2 })
        expect(await seqs({ before: page.at(-1)!.id, limit: 2 })).toEqual([3, 2])
      })

      it('of the quarantine are narrowed by source and time, page by page', async () => {
        const inbox = await fill()
        const indices = async (filter: object) =>
          (await inbox.quarantine({ ...everything, ...filter })).map(({ index }) => index)
        expect(await indices({})).toEqual([5, 4, 3, 2, 1])
        expect(await indices({ source: 'outlet' })).toEqual([4, 2])
        expect(await indices({ since: START + 4 })).toEqual([5, 4])
        const page = await inbox.quarantine({ before: null, limit: 3 })
        expect(await indices({ before: page.at(-1)!.id })).toEqual([2, 1])
      })

      it('find one delivery by id, or null', async () => {
        const inbox = await fill()
        expect(await inbox.delivery('d_n4')).toMatchObject({ seq: 4, source: 'outlet', events: 1 })
        expect(await inbox.delivery('d_n9')).toBeNull()
      })
    })

    describe('stats', () => {
      it('count pending deliveries through their whole life', async () => {
        const { inbox, claim, opened } = await open(['a', 'b'])
        const pending = async () => (await inbox.stats()).pending
        expect(opened.stats).toEqual({
          pending: 0,
          pendingBytes: 0,
          oldestPendingAt: null,
          deadLetters: 0,
          quarantined: 0,
          unhandled: {},
          expired: 0,
          erased: 0,
          cancelled: 0,
          paused: [],
          orphaned: {},
          orphanedSources: {},
          replays: {},
          duplicateEvents: {},
        })
        await inbox.accept(newDelivery('x', { receivedAt: START + 1 }))
        await inbox.accept(newDelivery('y', { receivedAt: START + 2 }))
        expect(await inbox.stats()).toMatchObject({ pending: 2, oldestPendingAt: START + 1 })
        await claim()
        expect(await pending()).toBe(2)
        await inbox.settle(firstPass(1, { rows: [row('a', START), row('b', START)] }))
        expect(await pending()).toBe(2)
        await inbox.settle(firstPass(2))
        expect(await inbox.stats()).toMatchObject({ pending: 1, oldestPendingAt: START + 1 })
        const [a] = await claim({ handlers: ['a'] })
        await inbox.settle(retried(a!))
        expect(await pending()).toBe(1)
        const [b] = await claim({ handlers: ['b'] })
        await inbox.settle(retried(b!, { rows: [row('b', START + 9)] }))
        expect((await open(['a', 'b'])).opened.stats).toMatchObject({ pending: 1, oldestPendingAt: START + 1 })
      })

      it('name the oldest pending delivery behind settled ones', async () => {
        const { inbox, claim } = await open()
        for (const n of [1, 2, 3]) await inbox.accept(newDelivery(`n${n}`, { receivedAt: START + n }))
        await claim()
        await inbox.settle(firstPass(2))
        await inbox.settle(firstPass(1))
        expect(await inbox.stats()).toMatchObject({ pending: 1, oldestPendingAt: START + 3 })
        await inbox.settle(firstPass(3))
        expect(await inbox.stats()).toMatchObject({ pending: 0, oldestPendingAt: null })
      })
    })

    describe('life', () => {
      it('refuses work before it is opened and after it is closed', async () => {
        const current = next()
        const closed = { code: 'ERR_INBOX_CLOSED' }
        const request = { handlers: ['a'], maxDeliveries: 1, maxBytes: 1 }
        for (const opening of [false, true]) {
          if (opening) await openWith(current, ['a'])
          if (opening) await current.close()
          expect(current.trouble()).not.toBeNull()
          await expect(current.accept(newDelivery('x'))).rejects.toMatchObject(closed)
          await expect(current.claim(request)).rejects.toMatchObject(closed)
          await expect(current.settle(firstPass(1))).rejects.toMatchObject(closed)
          await expect(current.stats()).rejects.toMatchObject(closed)
          await expect(current.deliveries(everything)).rejects.toMatchObject(closed)
          await expect(current.delivery('d_x')).rejects.toMatchObject(closed)
        }
      })

      it('has no trouble while it is open', async () => {
        expect((await open()).inbox.trouble()).toBeNull()
      })

      it('is opened by one at a time', async () => {
        const { inbox } = await open()
        await expect(openWith(inbox, [])).rejects.toMatchObject({ code: 'ERR_INBOX_OWNED' })
      })

      it('finishes what was handed in when it is closed, and closes twice', async () => {
        const { inbox, claim } = await open()
        await inbox.accept(newDelivery('x'))
        await claim()
        const settled = inbox.settle(firstPass(1))
        const accepted = inbox.accept(newDelivery('y'))
        await Promise.all([inbox.close(), inbox.close()])
        await inbox.close()
        await Promise.all([settled, accepted])
        const again = await open()
        expect(again.opened.stats.pending).toBe(1)
        expect(seqsOf(await again.claim())).toEqual([2])
      })
    })
  })
}
