import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PermanentError } from '../../../src/errors.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { auth } from '../../providers/support.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const HOUR = 3_600_000

let clock: FakeClock
let open: { close(options?: object): Promise<unknown> }[]

beforeEach(() => {
  clock = new FakeClock()
  open = []
})

afterEach(async () => {
  const closing = open.map((receiver) => receiver.close({ timeoutMs: 1 }))
  await clock.advance(10)
  await Promise.all(closing)
})

function newReceiver(options: object = {}) {
  const sources = { shop: toy({ dedupeWindowMs: HOUR }), outlet: toy({ dedupeWindowMs: HOUR }), plain: toy() }
  const receiver = receiverIn(clock, { sources, ...options })
  open.push(receiver)
  return receiver
}

type Receiver = ReturnType<typeof newReceiver>

/** Every post has other bytes, so that only its events can be known. */
let posts = 0
async function post(receiver: Receiver, events: readonly object[], target = '/shop') {
  const body = JSON.stringify([
    ...events.map((event) => ({ type: 'ping', ...event })),
    { type: 'other', post: posts++ },
  ])
  expect((await send(receiver, { target, body })).json.status).toBe('accepted')
}

/** Notes the events it gets by `n`. */
function noting(receiver: Receiver, name = 'all') {
  const seen: number[] = []
  receiver.on('toy.ping', { name }, (event) => void seen.push((event.payload as { n: number }).n))
  return seen
}

describe('an event that comes with a second delivery', () => {
  it('is absorbed and counted, by id and type or by its fingerprint', async () => {
    const receiver = newReceiver()
    const seen = noting(receiver)
    receiver.on('toy.pong', () => {})
    await post(receiver, [
      { n: 1, id: 'e1' },
      { n: 2, mark: 'm1' },
    ])
    await receiver.whenIdle()
    await post(receiver, [{ n: 3, id: 'e1' }, { n: 4, mark: 'm1' }, { n: 5, id: 'e2' }, { n: 6, mark: 'm2' }, { n: 7 }])
    await post(receiver, [{ n: 8, type: 'pong', id: 'e1' }, { n: 9 }])
    await receiver.whenIdle()
    expect(seen).toEqual([1, 2, 5, 6, 7, 9])
    expect(receiver.metrics()).toMatchObject({ duplicateEvents: 2, handled: 7, unhandled: 3 })
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, duplicateEvents: { shop: 2 } })
  })

  it('absorbs nothing of the first while it is under way: a handler that was paused still gets what is its own', async () => {
    const receiver = newReceiver()
    const seen = noting(receiver)
    receiver.onBatch('toy.ping', { name: 'batch', size: 9, maxWaitMs: 500 }, () => {})
    await receiver.start()
    await receiver.inbox.pause('all')
    await post(receiver, [{ n: 1, id: 'e1' }])
    await clock.advance(1_000)
    await post(receiver, [{ n: 2, id: 'e1' }, { n: 3 }])
    await settled()
    await receiver.inbox.resume('all')
    await clock.advance(1_000)
    expect(seen.sort()).toEqual([1, 3])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, duplicateEvents: { shop: 1 } })
  })

  it('is handled where its source, or the source of the first, takes every event for a new one', async () => {
    const receiver = newReceiver()
    const seen = noting(receiver)
    await post(receiver, [{ n: 1, id: 'e1' }])
    await post(receiver, [{ n: 2, id: 'e1' }], '/outlet')
    await post(receiver, [{ n: 3, id: 'e1' }], '/plain')
    await post(receiver, [{ n: 4, id: 'e1' }], '/plain')
    await receiver.whenIdle()
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('is handled when nobody had asked for the first', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    first.on('toy.pong', () => {})
    await post(first, [{ n: 1, id: 'e1' }])
    await first.whenIdle()
    await first.close()
    const receiver = newReceiver({ inbox })
    const seen = noting(receiver)
    await post(receiver, [{ n: 2, id: 'e1' }])
    await receiver.whenIdle()
    expect(seen).toEqual([2])
  })

  it('is handled when the first was a test of the sender, or in the same delivery', async () => {
    const receiver = newReceiver()
    const seen = noting(receiver)
    await post(receiver, [{ n: 2, id: 'e2', test: true }])
    await post(receiver, [{ n: 3, id: 'e2', test: true }])
    await post(receiver, [
      { n: 4, id: 'e3' },
      { n: 5, id: 'e3' },
    ])
    await receiver.whenIdle()
    expect(seen).toEqual([2, 3, 4, 5])
    expect(receiver.metrics().duplicateEvents).toBe(0)
  })

  it('is handled again after the window, and absorbed until then, over a restart', async () => {
    const inbox = memory()
    const first = newReceiver({ inbox })
    noting(first)
    await post(first, [{ n: 1, id: 'e1' }])
    await first.whenIdle()
    await first.close()
    const receiver = newReceiver({ inbox })
    const seen = noting(receiver)
    await clock.advance(HOUR - 1)
    await post(receiver, [{ n: 2, id: 'e1' }])
    await receiver.whenIdle()
    expect(seen).toEqual([])
    await clock.advance(HOUR / 4 + 1)
    await post(receiver, [{ n: 3, id: 'e1' }])
    await receiver.whenIdle()
    expect(seen).toEqual([3])
  })

  it('is absorbed while the first is under way or waits for its retry', async () => {
    const receiver = newReceiver()
    const calls: number[] = []
    let failing = true
    receiver.on('toy.ping', { name: 'all' }, async (event) => {
      calls.push((event.payload as { n: number }).n)
      await new Promise<void>((resolve) => void clock.after(100, resolve))
      if (failing) throw new Error('not now')
    })
    await post(receiver, [{ n: 1, id: 'e1' }])
    await settled()
    await post(receiver, [{ n: 2, id: 'e1' }])
    await clock.advance(200)
    await post(receiver, [{ n: 3, id: 'e1' }])
    await settled()
    failing = false
    await clock.advance(5_000)
    expect(calls).toEqual([1, 1])
    expect(receiver.metrics().duplicateEvents).toBe(2)
  })

  it('is handled when the first has died, at once or in a retry, whatever other handlers made of it', async () => {
    const receiver = newReceiver()
    const seen = noting(receiver, 'fine')
    const fates = new Map([
      [1, () => new PermanentError('never')],
      [2, () => new Error('not now')],
    ])
    const tried: number[] = []
    receiver.on('toy.ping', { name: 'deadly', retry: { attempts: 2 } }, (event) => {
      const { n } = event.payload as { n: number }
      tried.push(n)
      const error = fates.get(n)?.()
      if (error !== undefined) throw error
    })
    await post(receiver, [
      { n: 1, id: 'e1' },
      { n: 2, id: 'e2' },
    ])
    await clock.advance(5_000)
    expect((await receiver.inbox.stats()).deadLetters).toBe(2)
    await post(receiver, [
      { n: 3, id: 'e1' },
      { n: 4, id: 'e2' },
    ])
    await clock.advance(5_000)
    await post(receiver, [
      { n: 5, id: 'e1' },
      { n: 6, id: 'e2' },
    ])
    await receiver.whenIdle()
    expect(tried).toEqual([1, 2, 2, 3, 4])
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('does not keep an operator from reviving the first', async () => {
    const receiver = newReceiver()
    let broken = true
    const handled: number[] = []
    receiver.on('toy.ping', { name: 'all' }, (event) => {
      if (broken) throw new PermanentError('never')
      handled.push((event.payload as { n: number }).n)
    })
    await post(receiver, [{ n: 1, id: 'e1' }])
    await receiver.whenIdle()
    broken = false
    await post(receiver, [{ n: 2, id: 'e1' }])
    await receiver.whenIdle()
    expect(await receiver.inbox.retry({ outcome: 'dead' })).toMatchObject({ queued: 1 })
    await receiver.whenIdle()
    expect(handled).toEqual([2, 1])
  })
})

describe('what a handler gets later', () => {
  it('holds no copies: what it was paused for is asked about again', async () => {
    const receiver = newReceiver()
    const seen = noting(receiver, 'paused')
    const others = noting(receiver, 'other')
    await receiver.start()
    await receiver.inbox.pause('paused')
    await post(receiver, [
      { n: 1, id: 'e1' },
      { n: 2, id: 'e2' },
    ])
    await post(receiver, [
      { n: 3, id: 'e1' },
      { n: 4, id: 'e3' },
    ])
    await receiver.whenIdle()
    await receiver.inbox.resume('paused')
    await settled()
    await receiver.whenIdle()
    expect(others).toEqual([1, 2, 4])
    expect(seen).toEqual([1, 2, 4])
    expect(receiver.metrics().duplicateEvents).toBe(1)
  })

  it('is whole, and without copies, for a large delivery that is set aside half-way', async () => {
    const receiver = newReceiver()
    const waiting: (() => void)[] = []
    const seen = new Set<number>()
    let calls = 0
    receiver.on('toy.ping', { name: 'slow', concurrency: 1 }, (event: AnyEvent) => {
      calls++
      seen.add((event.payload as { n: number }).n)
      return calls < 3 ? new Promise<void>((resolve) => waiting.push(resolve)) : undefined
    })
    const fast = noting(receiver, 'fast')
    const events = (from: number) =>
      Array.from({ length: 1_500 }, (_, i) => ({ n: from + i, id: `e${(from + i) % 2_000}` }))
    await post(receiver, events(0))
    await post(receiver, events(1_500))
    await clock.advance(1_100)
    await clock.advance(1_100)
    await vi.waitFor(() => expect(fast).toHaveLength(2_000))
    for (let round = 0; round < 50; round++) {
      waiting.shift()?.()
      await clock.advance(100)
    }
    await vi.waitFor(async () => expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 }))
    expect(seen.size).toBe(2_000)
    expect(calls).toBe(2_000)
    expect(new Set(fast).size).toBe(2_000)
    expect(receiver.metrics().duplicateEvents).toBe(1_000)
  }, 60_000)
})

it('is refused with an inbox that keeps no keys', async () => {
  const inbox = memory()
  const { eventKeys: _, ...less } = Object.fromEntries(
    ['open', 'close', 'intake', 'eventKeys'].map((name) => [name, () => Promise.resolve()]),
  )
  const receiver = newReceiver({ inbox: { kind: 'other', [port]: less } })
  await expect(receiver.start()).rejects.toMatchObject({ code: 'ERR_OPTION' })
  expect(inbox[port].eventKeys?.firstSeen).toBeTypeOf('function')
})

describe('an event without an id, over a new version of its fingerprint', () => {
  const source = mailjet({ auth, dedupeEvents: true })
  const { provider } = source[port]
  /** As a process with version 1 alone: the address as sent. */
  const before = {
    ...source,
    [port]: {
      ...source[port],
      provider: { ...provider, fingerprints: (event: never) => provider.fingerprints?.(event).slice(1) ?? [] },
    },
  }

  function newMailjet(inbox: object, shop: object, handle: (email: string | null) => unknown = () => {}) {
    const receiver = receiverIn(clock, { inbox, sources: { shop } })
    open.push(receiver)
    const seen: (string | null)[] = []
    receiver.on('opened', { name: 'all', retry: { attempts: 1 } }, ({ recipient }) => {
      seen.push(recipient)
      return handle(recipient)
    })
    receiver.on('unknown', () => {})
    return { receiver, seen }
  }

  /** Every post has other bytes, so that only its event can be known. */
  const openOf = async ({ receiver }: ReturnType<typeof newMailjet>, email: string) => {
    await receiver.inject('shop', [{ event: 'open', time: 1767225600, MessageID: '7', email }, { post: posts++ }])
    await receiver.whenIdle()
  }

  it('is one in all writings of its address', async () => {
    const one = newMailjet(memory(), source)
    for (const email of ['Jo@shop.example', 'jo@shop.example', '"jo"@SHOP.example', 'li@shop.example'])
      await openOf(one, email)
    expect(one.seen).toEqual(['Jo@shop.example', 'li@shop.example'])
  })

  const kept = memory()
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ['memory', () => kept],
    ['a file', () => sqlite({ path: join(folder, 'inbox.db') })],
  ])('is still known by its old key in %s, and handled once more only in another writing', async (_where, inbox) => {
    const old = newMailjet(inbox(), before)
    await openOf(old, 'Jo@shop.example')
    await old.receiver.close()
    const now = newMailjet(inbox(), source)
    await openOf(now, 'Jo@shop.example')
    expect(now.seen).toEqual([])
    await openOf(now, 'jo@shop.example')
    await openOf(now, '"jo"@shop.example')
    expect(now.seen).toEqual(['jo@shop.example'])
    expect(await now.receiver.inbox.stats()).toMatchObject({ duplicateEvents: { shop: 2 } })
  })

  it('gives its old key up too when it dies after the upgrade', async () => {
    const inbox = memory()
    const old = newMailjet(inbox, before)
    await old.receiver.start()
    await old.receiver.inbox.pause('all')
    await old.receiver.inject('shop', [{ event: 'open', time: 1767225600, MessageID: '7', email: 'Jo@shop.example' }])
    await settled()
    await old.receiver.close()
    let fails = true
    const now = newMailjet(inbox, source, () => {
      if (fails) throw new Error('no')
    })
    await now.receiver.start()
    await now.receiver.inbox.resume('all')
    await now.receiver.whenIdle()
    expect(now.seen).toEqual(['Jo@shop.example'])
    expect(await now.receiver.inbox.stats()).toMatchObject({ deadLetters: 1 })
    fails = false
    await openOf(now, 'Jo@shop.example')
    expect(now.seen).toEqual(['Jo@shop.example', 'Jo@shop.example'])
  })
})
