import { channel } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hostDoor } from '../../src/lib/symbols.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { neutral, send } from '../support/neutral.ts'
import { all, pings, receiverIn } from '../support/receivers.ts'

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
  const receiver = receiverIn(clock, { ack: 'handled', ...options })
  open.push(receiver)
  return receiver
}

describe("ack: 'handled'", () => {
  it('answers 200 when nothing is left to do, and not before', async () => {
    const receiver = newReceiver()
    const ends: (() => void)[] = []
    receiver.on('toy.ping', () => new Promise<void>((resolve) => ends.push(resolve)))
    const answer = send(receiver, { body: pings(2) })
    await vi.waitFor(() => expect(ends).toHaveLength(2))
    for (const end of ends) end()
    expect(await answer).toMatchObject({ status: 200, json: { status: 'accepted' } })
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
    expect(await send(receiver, { body: pings(2) })).toMatchObject({ status: 200, json: { status: 'duplicate' } })
    expect(ends).toHaveLength(2)
  })

  it('answers 503 when a handler has failed, and the repeat goes on where it stood', async () => {
    const receiver = newReceiver()
    const calls: string[] = []
    let broken = true
    receiver.on('toy.ping', (event, { attempt }) => {
      calls.push(`${event.delivery.index}#${attempt}`)
      if (broken && event.delivery.index === 1) throw new Error('not yet')
    })
    expect(await send(receiver, { body: pings(3) })).toMatchObject({ status: 503, code: 'not_handled' })
    expect(await send(receiver, { body: pings(3) })).toMatchObject({ status: 503 })
    broken = false
    expect(await send(receiver, { body: pings(3) })).toMatchObject({ status: 200, json: { status: 'duplicate' } })
    expect(calls).toEqual(['0#1', '1#1', '2#1', '1#2', '1#3'])
  })

  it('is 200 too when what is left is dead or in quarantine', async () => {
    const receiver = newReceiver({ handlers: { retry: { attempts: 1 } } })
    receiver.on('toy.ping', () => {
      throw new Error('no')
    })
    expect(await send(receiver, { body: '[{"type":"ping"},{"bad":1}]' })).toMatchObject({ status: 200 })
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 1, quarantined: 1 })
  })

  it('answers 503 when time is up; handlers get their signal, and what was not begun waits for the repeat', async () => {
    const receiver = newReceiver({ ackWithinMs: 1_000 })
    const signals: AbortSignal[] = []
    let hang = true
    receiver.on('toy.ping', { concurrency: 1 }, (event, { signal }) => {
      if (!hang || event.delivery.index === 0) return
      signals.push(signal)
      return new Promise(() => {})
    })
    const answer = send(receiver, { body: pings(3) })
    await vi.waitFor(() => expect(signals).toHaveLength(1))
    await clock.advance(1_000)
    expect(await answer).toMatchObject({ status: 503, code: 'not_handled' })
    expect(signals[0]?.aborted).toBe(true)
    await clock.advance(1_000)
    hang = false
    expect(await send(receiver, { body: pings(3) })).toMatchObject({ status: 200 })
  })

  it('stops when the sender has left', async () => {
    const receiver = newReceiver()
    const [gone, signals] = [new AbortController(), [] as AbortSignal[]]
    receiver.on('toy.ping', (_event, { signal }) => {
      signals.push(signal)
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const answer = receiver[hostDoor].receive({
      ...neutral(),
      whenLeft: (then) => gone.signal.addEventListener('abort', then),
    })
    await vi.waitFor(() => expect(signals).toHaveLength(1))
    gone.abort()
    expect(await answer).toMatchObject({ status: 503 })
    await clock.advance(1_000)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 1, deadLetters: 0 })
  })

  it('lets a repeat wait for the request that holds the delivery, and both are 200', async () => {
    const receiver = newReceiver()
    const ends: (() => void)[] = []
    receiver.on('toy.ping', () => new Promise<void>((resolve) => ends.push(resolve)))
    const first = send(receiver)
    await vi.waitFor(() => expect(ends).toHaveLength(1))
    const second = send(receiver)
    await settled()
    ends[0]?.()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    expect(ends).toHaveLength(1)
  })

  it('works nothing off between requests; drain does, when it is due', async () => {
    const receiver = newReceiver()
    let broken = true
    receiver.on('toy.ping', () => {
      if (broken) throw new Error('no')
    })
    await send(receiver)
    broken = false
    await clock.advance(60_000)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 1 })
    expect(await receiver.drain()).toEqual({ settled: 1, pending: 0 })
    expect(await receiver.drain()).toEqual({ settled: 0, pending: 0 })
    expect(await send(receiver, { body: pings(4) })).toMatchObject({ status: 200 })
  })

  it('says so when work waits for longer than any sender repeats', async () => {
    const receiver = newReceiver()
    receiver.on('toy.ping', () => {
      throw new Error('no')
    })
    await send(receiver)
    expect(await receiver.health()).toMatchObject({ ready: true, reason: null })
    await clock.advance(3_600_000)
    expect(await receiver.health()).toMatchObject({ ready: true, reason: expect.stringContaining('drain()') })
  })

  it('pauses nothing: the backoff of the sender is the pause', async () => {
    const receiver = newReceiver()
    receiver.on('toy.ping', () => {
      throw new Error('no')
    })
    for (let n = 0; n < 30; n++) {
      await send(receiver, { body: pings(2, () => ({ delivery: n })) })
      await clock.advance(1_000)
    }
    expect((await receiver.health()).paused).toEqual([])
  })
})

describe('drain', () => {
  it('ends at its limit, with the rest given back', async () => {
    const receiver = newReceiver({ ack: 'handled', ackWithinMs: 1 })
    let calls = 0
    receiver.on('toy.ping', { concurrency: 1 }, () => {
      calls++
      return new Promise(() => {})
    })
    const answer = send(receiver, { body: pings(2) })
    await vi.waitFor(() => expect(calls).toBe(1))
    await clock.advance(1_000)
    expect((await answer).status).toBe(503)
    const draining = receiver.drain({ limitMs: 5_000 })
    await vi.waitFor(() => expect(calls).toBe(2))
    await clock.advance(5_000)
    await clock.advance(1_000)
    expect(await draining).toMatchObject({ pending: 1 })
  })
})

describe('inject', () => {
  it('puts a body in as if it had been delivered, marked, and once', async () => {
    const receiver = newReceiver({ ack: 'stored' })
    const events: boolean[] = []
    receiver.on('toy.ping', (event) => void events.push(event.isTest))
    const first = await receiver.inject('shop', [{ type: 'ping' }])
    expect(first.status).toBe('accepted')
    expect(await receiver.inject('shop', '[{"type":"ping"}]')).toEqual({ id: first.id, status: 'duplicate' })
    await receiver.inject('outlet', new TextEncoder().encode('[{"type":"ping"}]'), { origin: 'test' })
    await receiver.whenIdle()
    expect(events.sort()).toEqual([false, true])
    await expect(receiver.inject('nowhere' as 'shop', '[]')).rejects.toMatchObject({ code: 'ERR_OPTION' })
    for (const body of [undefined, null, 7, true])
      await expect(receiver.inject('shop', body as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})

describe('metrics', () => {
  it('balance with the inbox, and are published as they happen', async () => {
    const published: string[] = []
    const listen = (_message: unknown, name: string | symbol) => void published.push(String(name))
    const names = ['accepted', 'duplicate', 'rejected', 'settled'].map((name) => `posthorn:${name}`)
    for (const name of names) channel(name).subscribe(listen)
    const receiver = newReceiver({ ack: 'stored', handlers: { retry: { attempts: 1 } } })
    receiver.on('toy.ping', (event) => {
      if (event.delivery.index === 0) throw new Error('no')
    })
    const body = '[{"type":"ping"},{"type":"ping"},{"type":"pong"},{"bad":1}]'
    await send(receiver, { body })
    await send(receiver, { body })
    await send(receiver, { method: 'PUT' })
    await send(receiver, { body: '[]' })
    await receiver.whenIdle()
    for (const name of names) channel(name).unsubscribe(listen)
    const metrics = receiver.metrics()
    expect(metrics).toMatchObject({
      ...{ accepted: 1, duplicates: 1, probes: 1, rejected: { method_not_allowed: 1 } },
      ...{ handled: 1, dead: 1, quarantined: 1, unhandled: 1, retried: 0 },
      ackMs: { count: 2 },
    })
    expect(metrics.ackMs.buckets.reduce((sum, n) => sum + n)).toBe(2)
    const stats = await receiver.inbox.stats()
    expect([stats.deadLetters, stats.quarantined, stats.unhandled]).toEqual([1, 1, { 'toy.pong': 1 }])
    expect(await all(receiver.inbox.deliveries())).toHaveLength(metrics.accepted)
    expect(published.sort()).toEqual(['accepted', 'duplicate', 'rejected', 'settled'].map((name) => `posthorn:${name}`))
  })
})

describe('roles', () => {
  it('receive stores and never handles; process handles and answers 503', async () => {
    const receiving = newReceiver({ ack: 'stored', role: 'receive' })
    receiving.on('toy.ping', () => expect.fail('it handles'))
    expect((await send(receiving)).status).toBe(200)
    await receiving.whenIdle()
    expect(await receiving.inbox.stats()).toMatchObject({ pending: 1 })
    const processing = newReceiver({ ack: 'stored', role: 'process' })
    const seen: string[] = []
    processing.on('toy.ping', (event) => void seen.push(event.id))
    expect(await send(processing)).toMatchObject({ status: 503, code: 'not_open' })
    await processing.inject('shop', pings(1))
    await processing.whenIdle()
    expect(seen).toHaveLength(1)
  })
})
