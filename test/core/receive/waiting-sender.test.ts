/** What is told of a sender that hangs up, and what becomes of its delivery, with time that stands still. */
import { channel } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { hostDoor } from '../../../src/lib/symbols.ts'
import type { NeutralRequest, NeutralResponse } from '../../../src/ports/host.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { around } from '../../faults/harness/around.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { rememberingLogger } from '../../support/log.ts'
import { neutral, type Post } from '../../support/neutral.ts'
import { all, pings, receiverIn } from '../../support/receivers.ts'

let clock: FakeClock
let logger: ReturnType<typeof rememberingLogger>
let open: { close(options?: object): Promise<unknown> }[]
let left: object[]

beforeEach(() => {
  clock = new FakeClock()
  logger = rememberingLogger()
  open = []
  left = []
})

afterEach(async () => {
  const closing = open.map((receiver) => receiver.close({ timeoutMs: 1 }))
  await clock.advance(10)
  await Promise.all(closing)
})

function newReceiver(options: object = {}) {
  const hooks = { senderLeft: (departure: object) => void left.push(departure) }
  const receiver = receiverIn(clock, { logger, hooks, ackWithinMs: 1_000_000, ...options })
  open.push(receiver)
  return receiver
}

type Receiving = ReturnType<typeof newReceiver>

/** A post of a sender that hangs up when the test says so, as often as it says so. */
function posting(receiver: Receiving, post: Post = {}) {
  const listeners: (() => void)[] = []
  const request: NeutralRequest = { ...neutral(post), whenLeft: (then) => void listeners.push(then) }
  const answer: Promise<NeutralResponse> = receiver[hostDoor].receive(request)
  const hangUp = () => {
    for (const listener of listeners) listener()
  }
  return { answer, hangUp }
}

/** An inbox whose commits wait until they are let go. */
function slowly() {
  const released = Promise.withResolvers<void>()
  const inbox = around(memory(), (inner) => ({
    async accept(...args) {
      await released.promise
      return inner.accept(...args)
    },
  }))
  return { inbox, release: released.resolve }
}

const lines = () => logger.lines.filter(({ message }) => message.includes('hung up'))

describe('a sender that hangs up', () => {
  it('before the commit is told of at once, with its time; the delivery is stored and says so', async () => {
    const { inbox, release } = slowly()
    const receiver = newReceiver({ inbox })
    await receiver.start()
    const { answer, hangUp } = posting(receiver)
    await clock.advance(1_200)
    hangUp()
    expect(left).toMatchObject([{ source: 'shop', afterMs: 1_200, committed: false }])
    await clock.advance(800)
    release()
    await answer
    expect(await all(receiver.inbox.deliveries())).toMatchObject([{ senderLeft: true }])
    expect(left).toHaveLength(1)
  })

  it('is marked on its delivery, also when that is committed after the deadline', async () => {
    const { inbox, release } = slowly()
    const receiver = newReceiver({ inbox, limits: { acceptMs: 2_000 } })
    await receiver.start()
    const { answer, hangUp } = posting(receiver)
    await clock.advance(500)
    hangUp()
    await clock.advance(1_500)
    expect(await answer).toMatchObject({ status: 503, code: 'storage_slow' })
    release()
    await settled()
    expect(await all(receiver.inbox.deliveries())).toMatchObject([{ senderLeft: true }])
  })

  it('is told of once, whoever notices first: the host that cannot write, or the connection', async () => {
    const receiver = newReceiver()
    const { answer, hangUp } = posting(receiver)
    ;(await answer).onUndelivered?.(false)
    hangUp()
    hangUp()
    expect(left).toMatchObject([{ committed: true, afterMs: 0 }])
    expect(receiver.metrics().sendersLeft).toBe(1)
  })

  it('is not said to have hung up when the host has answered it', async () => {
    const receiver = newReceiver()
    const { answer } = posting(receiver)
    ;(await answer).onUndelivered?.(true)
    expect(left).toMatchObject([{ committed: true, hostAnswered: true }])
    expect(logger.text()).not.toContain('hung up')
  })

  it('is told of on the channel, in the log once a minute for each source, and in the count', async () => {
    const published: unknown[] = []
    const listen = (message: unknown) => void published.push(message)
    channel('posthorn:sender-left').subscribe(listen)
    const receiver = newReceiver()
    const { json } = await post(receiver, 'shop')
    for (let n = 1; n < 5; n++) await post(receiver, 'shop', n)
    await post(receiver, 'outlet')
    channel('posthorn:sender-left').unsubscribe(listen)
    expect(published).toEqual(left)
    expect(left).toHaveLength(6)
    expect(receiver.metrics().sendersLeft).toBe(6)
    const facts = { event: 'sender.left', source: 'shop', deliveryId: json.id, committed: true, afterMs: 0 }
    expect(lines().map(({ facts }) => facts)).toMatchObject([facts, { source: 'outlet' }])
    expect(lines()[0]).toMatchObject({ level: 'warn', message: 'the sender of "shop" hung up before its answer' })
    await clock.advance(60_000)
    expect(lines().slice(2)).toMatchObject([{ facts: { source: 'shop', times: 4 } }])
  })

  async function post(receiver: Receiving, source: string, n = 0) {
    const { answer, hangUp } = posting(receiver, { target: `/hooks/${source}`, body: pings(1, () => ({ n })) })
    const { body } = await answer
    hangUp()
    return { json: JSON.parse(body) as { id: string } }
  }

  it('whose hook throws is stored and told of all the same', async () => {
    const hooks = {
      senderLeft() {
        throw new Error('no')
      },
    }
    const receiver = newReceiver({ hooks })
    const { answer, hangUp } = posting(receiver)
    await answer
    expect(hangUp).not.toThrow()
    expect(lines()).toHaveLength(1)
    expect(await all(receiver.inbox.deliveries())).toMatchObject([{ senderLeft: true }])
  })

  it('without a credential is not told of', async () => {
    const receiver = newReceiver()
    const { answer, hangUp } = posting(receiver, { target: '/hooks/nobody' })
    expect((await answer).status).toBe(404)
    hangUp()
    expect(left).toEqual([])
  })
})

describe("with ack: 'handled'", () => {
  const newHandling = (options: object = {}) => newReceiver({ ack: 'handled', ...options })
  const untilAborted = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

  it('nothing begins for a sender that hung up before the commit; the repeat does all of it', async () => {
    const { inbox, release } = slowly()
    const receiver = newHandling({ inbox })
    const calls: number[] = []
    receiver.on('toy.ping', ({ delivery }) => void calls.push(delivery.index))
    await receiver.start()
    const { answer, hangUp } = posting(receiver, { body: pings(3) })
    await settled()
    hangUp()
    release()
    expect(await answer).toMatchObject({ status: 503, code: 'not_handled' })
    expect(calls).toEqual([])
    expect(await posting(receiver, { body: pings(3) }).answer).toMatchObject({ status: 200 })
    expect(calls).toEqual([0, 1, 2])
  })

  it('a repeat that comes while the calls before it are still ending goes on by itself', async () => {
    const receiver = newHandling()
    const attempts: number[] = []
    receiver.on('toy.ping', (_event, { attempt }) => {
      attempts.push(attempt)
      // The first one does not care about its signal, and is given up after a while.
      return attempts.length === 1 ? new Promise(() => {}) : undefined
    })
    const first = posting(receiver)
    await vi.waitFor(() => expect(attempts).toHaveLength(1))
    first.hangUp()
    const again = posting(receiver)
    await settled()
    expect(attempts).toEqual([1])
    await clock.advance(1_000)
    expect([(await first.answer).status, (await again.answer).status]).toEqual([503, 200])
    expect(attempts).toEqual([1, 1])
  })

  it('a repeat that waits beside a sender who has not left shares its end', async () => {
    const receiver = newHandling()
    let calls = 0
    const failing = Promise.withResolvers<void>()
    receiver.on('toy.ping', () => {
      calls++
      return failing.promise
    })
    const posts = [posting(receiver), posting(receiver)]
    await vi.waitFor(() => expect(calls).toBe(1))
    failing.reject(new Error('not yet'))
    expect((await Promise.all(posts.map(({ answer }) => answer))).map(({ status }) => status)).toEqual([503, 503])
    expect(calls).toBe(1)
  })

  describe('a batch of events of two senders', () => {
    interface Call {
      readonly ids: string[]
      readonly signal: AbortSignal
      readonly end: PromiseWithResolvers<void>
    }

    function batching() {
      const receiver = newHandling()
      const calls: Call[] = []
      receiver.onBatch('toy.ping', { size: 2 }, (events: readonly AnyEvent[], { signal }) => {
        const end = Promise.withResolvers<void>()
        signal.addEventListener('abort', () => end.reject(signal.reason))
        calls.push({
          ids: events.map((event) => (event?.payload as { of: string } | undefined)?.of ?? 'none'),
          signal,
          end,
        })
        return end.promise
      })
      const body = (of: string) => pings(1, () => ({ of }))
      const both = [posting(receiver, { body: body('a') }), posting(receiver, { body: body('b') })] as const
      return { receiver, calls, both, body }
    }

    it('goes on when one of them hangs up, and its event is done, too', async () => {
      const { receiver, calls, both, body } = batching()
      await vi.waitFor(() => expect(calls).toHaveLength(1))
      expect(calls[0]?.ids.sort()).toEqual(['a', 'b'])
      both[0].hangUp()
      await clock.advance(1_000)
      expect(calls[0]?.signal.aborted).toBe(false)
      calls[0]?.end.resolve()
      expect((await both[1].answer).status).toBe(200)
      expect(await posting(receiver, { body: body('a') }).answer).toMatchObject({ status: 200 })
      expect(calls).toHaveLength(1)
    })

    it('stops when both have', async () => {
      const { calls, both } = batching()
      await vi.waitFor(() => expect(calls).toHaveLength(1))
      for (const { hangUp } of both) hangUp()
      expect(calls[0]?.signal.aborted).toBe(true)
      for (const { answer } of both) expect((await answer).status).toBe(503)
    })

    it('is tried again, when it fails, without the events of those who have left', async () => {
      const { receiver, calls, both, body } = batching()
      await vi.waitFor(() => expect(calls).toHaveLength(1))
      both[0].hangUp()
      calls[0]?.end.reject(new Error('no'))
      await vi.waitFor(() => expect(calls).toHaveLength(2))
      expect(calls[1]?.ids).toEqual(['b'])
      calls[1]?.end.resolve()
      expect((await both[1].answer).status).toBe(200)
      const again = posting(receiver, { body: body('a') })
      await clock.advance(1_000)
      expect(calls[2]?.ids).toEqual(['a'])
      calls[2]?.end.resolve()
      expect((await again.answer).status).toBe(200)
    })
  })

  it('an inbox that gives no work after the sender has left is told of, and ends nothing', async () => {
    const claimed = Promise.withResolvers<never>()
    const inbox = around(memory(), () => ({ claim: () => claimed.promise }))
    const receiver = newHandling({ inbox })
    receiver.on('toy.ping', () => {})
    const { answer, hangUp } = posting(receiver)
    await settled()
    hangUp()
    expect((await answer).status).toBe(503)
    claimed.reject(new Error('lost'))
    await settled()
    expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'error' }))
  })

  it('signals of calls are told that their sender has left', async () => {
    const receiver = newHandling()
    const signals: AbortSignal[] = []
    receiver.on('toy.ping', (_event, { signal }) => {
      signals.push(signal)
      return untilAborted(signal)
    })
    const { answer, hangUp } = posting(receiver)
    await vi.waitFor(() => expect(signals).toHaveLength(1))
    await clock.advance(3_000)
    hangUp()
    expect(left).toMatchObject([{ afterMs: 3_000, committed: true }])
    expect(signals[0]).toMatchObject({ aborted: true, reason: { code: 'ERR_REQUEST_OVER' } })
    expect((await answer).status).toBe(503)
  })
})
