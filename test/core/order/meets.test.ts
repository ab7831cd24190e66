/** A handler with `orderBy` over both inboxes when it meets something else: an erase, copies of events, a clock that leaps. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PermanentError } from '../../../src/errors.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { around } from '../../faults/harness/around.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const folder = mkdtempSync(join(tmpdir(), 'posthorn-meets-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const INBOXES: readonly (readonly [name: string, newInbox: () => Inbox])[] = [
  ['memory', memory],
  ['SQLite', () => sqlite({ path: join(folder, `${++files}.db`), minFreeBytes: 0 })],
]

let clock: FakeClock
let inbox: Inbox
let current: ReturnType<typeof receiverIn> | null

beforeEach(() => {
  clock = new FakeClock()
  current = null
})

afterEach(close)

async function close(): Promise<void> {
  const closing = current?.close({ timeoutMs: 5 })
  await clock.advance(10)
  await closing
  current = null
}

interface Payload {
  readonly n: number
  readonly key: string
}

const payloadOf = (event: AnyEvent) => event.payload as unknown as Payload
const byKey = (event: AnyEvent) => payloadOf(event).key ?? null
const numberOf = (event: AnyEvent) => payloadOf(event).n

type Handle = (event: AnyEvent, attempt: number) => unknown

/** The next process on the inbox, with one handler in order and what `more` registers. */
async function start(
  handle: Handle,
  retry: { minMs: number; maxMs: number; attempts?: number } = { minMs: 1_000, maxMs: 1_000 },
  more: (receiver: ReturnType<typeof receiverIn>) => void = () => {},
  sources: object = { shop: toy() },
) {
  await close()
  const receiver = receiverIn(clock, { inbox, sources })
  receiver.on('toy.ping', { name: 'kept', orderBy: byKey, retry }, (event, { attempt }) => handle(event, attempt))
  more(receiver)
  await receiver.start()
  current = receiver
  return receiver
}

type Started = Awaited<ReturnType<typeof start>>

let posts = 0
/** Every post has other bytes, so that only its events can be known. */
const post = (receiver: Started, ...events: object[]) =>
  receiver.inject('shop', JSON.stringify([...events.map((event) => ({ type: 'ping', ...event })), { post: posts++ }]))

/** Goes on for so long at most, until what the test waits for is so; threads have their time in between. */
async function until(isSo: () => boolean | Promise<boolean>, ms = 120_000): Promise<void> {
  for (let step = 0; step < ms / 500 && !(await isSo()); step++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await clock.advance(500)
  }
}

/** No work is left, that which is due later included. */
const isDone = (receiver: Started) => async () => (await receiver.inbox.stats()).pending === 0

describe.each(INBOXES)('over the %s inbox', (_inbox, newInbox) => {
  beforeEach(() => {
    inbox = newInbox()
  })

  describe('after an erase of the event that a key waits for', () => {
    it.each([
      [
        'one element',
        [
          { n: 0, to: 'gone@b.example', key: 'k' },
          { n: 9, key: 'other' },
        ],
      ],
      ['all of its delivery', [{ n: 0, to: 'gone@b.example', key: 'k' }]],
    ])('(%s) the key goes on, in order', async (_what, first) => {
      const seen: number[] = []
      const receiver = await start(
        (event) => {
          if (numberOf(event) === 0) throw new Error('not now')
          seen.push(numberOf(event))
        },
        { minMs: HOUR, maxMs: HOUR },
      )
      await post(receiver, ...first)
      await post(receiver, { n: 1, key: 'k' }, { n: 2, key: 'k' })
      await post(receiver, { n: 3, key: 'k' })
      await until(async () => (await receiver.inbox.stats()).pending === 3, 2_000)
      const erased = receiver.inbox.erase({ email: 'gone@b.example' })
      await until(isDone(receiver))
      expect(await erased).toMatchObject({ queued: 1 })
      expect(seen.filter((n) => n !== 9)).toEqual([1, 2, 3])
      await post(receiver, { n: 4, key: 'k' })
      await until(isDone(receiver))
      expect(seen.filter((n) => n !== 9)).toEqual([1, 2, 3, 4])
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
    })
  })

  it('a dead letter that comes back takes nothing along from behind one that waits for its retry', async () => {
    const seen: number[] = []
    let isFirst = true
    const receiver = await start((event, attempt) => {
      if (numberOf(event) === 0 && isFirst) throw new PermanentError('never')
      if (numberOf(event) === 1 && attempt === 1) throw new Error('not now')
      seen.push(numberOf(event))
    })
    await post(receiver, { n: 0, key: 'k' }, { n: 1, key: 'k' }, { n: 2, key: 'k' })
    await until(async () => (await receiver.inbox.stats()).deadLetters === 1)
    isFirst = false
    await receiver.inbox.retry({ all: true })
    await until(isDone(receiver))
    expect(seen).toEqual([0, 1, 2])
  })

  it('a wake that the inbox gets twice calls nothing twice, and changes no order', async () => {
    let wakes = 0
    inbox = around(inbox, (inner) => ({
      async wake(keys, atMost) {
        wakes++
        const left = await inner.wake?.(keys, atMost)
        await inner.wake?.(keys, atMost)
        return left ?? []
      },
    }))
    const seen: number[] = []
    const receiver = await start((event, attempt) => {
      if (numberOf(event) % 3 === 0 && attempt === 1) throw new Error('not now')
      seen.push(numberOf(event))
    })
    for (let n = 0; n < 24; n += 2) await post(receiver, { n, key: 'k' }, { n: n + 1, key: 'k' })
    await until(isDone(receiver))
    expect(seen).toEqual(Array.from({ length: 24 }, (_, n) => n))
    expect(wakes).toBeGreaterThan(1)
  })

  describe('with dedupeEvents', () => {
    const sources = { shop: toy({ dedupeWindowMs: DAY }) }

    it('a copy between parked events is not called with them, whatever becomes of its owner', async () => {
      const seen: number[] = []
      let owner = 'fails'
      const handle: Handle = (event) => {
        if (numberOf(event) === 0 && owner === 'fails') throw new Error('not now')
        if (numberOf(event) === 1 && owner === 'dies') throw new PermanentError('never')
        seen.push(numberOf(event))
      }
      const receiver = await start(handle, { minMs: 5_000, maxMs: 5_000 }, undefined, sources)
      // 1 waits behind 0; 11 is a copy of it, between two that wait for 0 too.
      await post(receiver, { n: 0, key: 'k', id: 'e0' }, { n: 1, key: 'k', id: 'e1' })
      await until(() => false, 1_000)
      await post(receiver, { n: 10, key: 'k' }, { n: 11, key: 'other', id: 'e1' }, { n: 12, key: 'k' })
      await until(() => false, 1_000)
      owner = 'dies'
      await until(isDone(receiver))
      expect(seen).toEqual([0, 10, 12])
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 1 })
    })

    it.each([3, 3_000])(
      'a copy in the next delivery takes the place of no event, after one of %i events',
      async (many) => {
        const seen: number[] = []
        const receiver = await start((event) => void seen.push(numberOf(event)), undefined, undefined, sources)
        const others = Array.from({ length: many }, (_, n) => ({ n: -1, key: `other${n}`, id: `o${n}` }))
        const posted = [
          post(receiver, ...others, { n: 1, key: 'k', id: 'e1' }),
          post(receiver, { n: 2, key: 'k', id: 'e2' }, { n: 10, key: 'k', id: 'e1' }),
        ]
        await Promise.all(posted)
        await until(isDone(receiver))
        expect(seen.filter((n) => n > 0)).toEqual([1, 2])
      },
    )

    it('a copy is absorbed for all handlers of its delivery, those too that get it when its owner has died', async () => {
      const [seen, away]: [number[], number[]] = [[], []]
      const handle: Handle = (event) => {
        if (numberOf(event) === 1) throw new Error('not now')
        seen.push(numberOf(event))
      }
      const register = (receiver: ReturnType<typeof receiverIn>) =>
        receiver.on('toy.ping', { name: 'away' }, (event) => void away.push(numberOf(event)))
      const receiver = await start(handle, { minMs: 5_000, maxMs: 5_000, attempts: 2 }, register, sources)
      await receiver.inbox.pause('away')
      await post(receiver, { n: 1, key: 'k', id: 'e1' })
      await until(() => false, 1_000)
      await post(receiver, { n: 11, key: 'l', id: 'e1' }, { n: 12, key: 'l' })
      await until(async () => (await receiver.inbox.stats()).deadLetters === 1)
      await receiver.inbox.resume('away')
      await until(isDone(receiver))
      expect([seen, away]).toEqual([[12], [1, 12]])
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, duplicateEvents: { shop: 1 } })
    })
  })

  describe.each([
    ['1 s back', -1_000],
    ['an hour back', -HOUR],
    ['a day back', -DAY],
    ['a day on', DAY],
    ['400 days on', 400 * DAY],
  ])('a wall clock that is set %s', (_leap, leap) => {
    /** Where in the life of a key it is set. */
    it.each([
      'before the failure',
      'in the failing call',
      'in the same pass',
      'while others are parked',
      'between two',
    ])('(%s) stops nothing, and changes no order', async (when) => {
      const seen: number[] = []
      let isFailed = false
      let release = () => {}
      const gate = new Promise<void>((resolve) => {
        release = resolve
      })
      const handle: Handle = async (event, attempt) => {
        const n = numberOf(event)
        if (n === 7) await gate
        if (n === 0 && attempt === 1) {
          if (when === 'in the failing call') clock.leap(leap)
          isFailed = true
          throw new Error('not now')
        }
        seen.push(n)
      }
      let receiver = await start(handle, { minMs: 3_000, maxMs: 3_000 })
      if (when === 'before the failure') clock.leap(leap)
      // 7 keeps the pass of 0 from its end.
      await post(receiver, { n: 0, key: 'k' }, { n: 1, key: 'k' }, { n: 7, key: 'slow' })
      await post(receiver, { n: 2, key: 'k' })
      await until(() => isFailed)
      if (when === 'in the same pass') clock.leap(leap)
      release()
      await until(() => seen.includes(7), 1_000)
      if (when === 'while others are parked') clock.leap(leap)
      await post(receiver, { n: 3, key: 'k' })
      if (when === 'between two') {
        await close()
        clock.leap(leap)
        receiver = await start(handle, { minMs: 3_000, maxMs: 3_000 })
      }
      await until(isDone(receiver))
      expect(seen.filter((n) => n !== 7)).toEqual([0, 1, 2, 3])
      await post(receiver, { n: 4, key: 'k' })
      await until(isDone(receiver))
      expect(seen.filter((n) => n !== 7)).toEqual([0, 1, 2, 3, 4])
      expect(seen).toContain(7)
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
    })
  })
})
