/** What happens when the sender hangs up, on every host, over a socket: HTTP/1, and HTTP/2 where the host has it. */
import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { type ClientHttp2Session, connect, constants, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { serve } from '@hono/node-server'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { webhooks as onFastify } from '../../src/adapters/fastify.ts'
import { webhooks as onNode } from '../../src/adapters/node.ts'
import { header } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import type { AnyEvent, SenderDeparture } from '../../src/types.ts'
import type { AdapterSubject } from '../contracts/adapters.ts'
import { hosts as http1Hosts } from '../contracts/hosts.ts'
import { around } from '../faults/harness/around.ts'
import { rememberingLogger } from '../support/log.ts'
import { all, pings } from '../support/receivers.ts'
import { toy } from '../support/toy.ts'
import { openWire, requestHead } from '../support/wire.ts'

const KEY = { 'x-key': 'a-secret-of-some-length' }
const PATH = '/webhooks/shop'

/** One post; so much of the body is sent. */
interface Sent {
  leave(): void
  readonly answer: Promise<{ readonly status: number; readonly body: { readonly status?: string } }>
}

interface Host {
  readonly name: string
  /** Resolves with what posts to it, and what closes it. */
  listen(subject: AdapterSubject): Promise<{
    post(body: string, sent?: number, headers?: Readonly<Record<string, number>>): Promise<Sent>
    close(): Promise<unknown>
  }>
}

const overHttp1: readonly Host[] = http1Hosts.map(({ name, listen }) => ({
  name,
  async listen(subject) {
    const server = await listen(subject)
    const post = async (body: string, sent = body.length): Promise<Sent> => {
      const wire = await openWire(server.port)
      await wire.send(requestHead('POST', PATH, { ...KEY, 'Content-Length': body.length }) + body.slice(0, sent))
      const answer = wire.response().then(({ status, body }) => ({ status, body: JSON.parse(body) }))
      answer.catch(() => {}) // of a sender that leaves nobody waits for it
      return { leave: () => wire.socket.destroy(), answer }
    }
    return { post, close: () => server.close() }
  },
}))

/** Node's types keep the requests of HTTP/2 apart, though they have all that a listener uses. */
type Http2Listener = Parameters<typeof createServer>[1]

const http2Servers: Readonly<
  Record<string, (subject: AdapterSubject) => Promise<{ server: Server; close?: () => Promise<unknown> }>>
> = {
  'node:http2': async ({ receiver }) => {
    const listener: RequestListener = onNode(receiver, { prefix: '/webhooks' })
    const server = createServer(listener as unknown as Http2Listener).listen(0, '127.0.0.1')
    return { server: server as unknown as Server }
  },
  'fastify over HTTP/2': async ({ receiver }) => {
    const app = fastify({ http2: true })
    app.register(onFastify(receiver), { prefix: '/webhooks' })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { server: app.server as unknown as Server, close: () => app.close() }
  },
  'hono over HTTP/2': async ({ handle }) => {
    const app = new Hono().all('/webhooks/*', (c) => handle(c.req.raw))
    return { server: serve({ fetch: app.fetch, createServer, port: 0, hostname: '127.0.0.1' }) as Server }
  },
}

const overHttp2: readonly Host[] = Object.entries(http2Servers).map(([name, newServer]) => ({
  name,
  async listen(subject) {
    const { server, close } = await newServer(subject)
    if (!server.listening) await once(server, 'listening')
    const sessions: ClientHttp2Session[] = []
    const post = async (body: string, sent = body.length, headers = {}): Promise<Sent> => {
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      sessions.push(session.on('error', () => {}))
      const stream = session.request({ ':method': 'POST', ':path': PATH, ...KEY, ...headers })
      stream.on('error', () => {}) // a stream that is reset says so
      const answer = once(stream, 'response').then(async ([headers]) => ({
        status: Number(headers[':status']),
        body: JSON.parse(await text(stream)),
      }))
      answer.catch(() => {}) // as above
      if (sent < body.length) stream.write(body.slice(0, sent))
      else stream.end(body)
      // Closing a stream ends its body first, as if it were complete.
      const leave = () => (sent < body.length ? session.destroy() : stream.close(constants.NGHTTP2_CANCEL))
      return { leave, answer }
    }
    const closeAll = async () => {
      for (const session of sessions) session.destroy()
      await (close?.() ?? new Promise((resolve) => server.close(resolve)))
    }
    return { post, close: closeAll }
  },
}))

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function receiving(host: Host, options: object = {}) {
  const left: SenderDeparture[] = []
  const logger = rememberingLogger()
  const hooks = { senderLeft: (departure: SenderDeparture) => void left.push(departure) }
  const sources = { shop: toy({ auth: header('x-key', KEY['x-key']) }) }
  // Only the sender cuts what is under way.
  const receiver = createReceiver({ inbox: memory(), sources, logger, hooks, ackWithinMs: 60_000, ...options })
  const start = async () => {
    const subject = { receiver, handle: receiver.handle, source: 'shop' } as unknown as AdapterSubject // what hosts use of it
    const server = await host.listen(subject)
    closers.push(
      () => server.close(),
      () => receiver.close({ timeoutMs: 0 }),
    )
    return server
  }
  const lines = () => logger.lines.filter(({ facts }) => 'event' in facts && facts.event === 'sender.left')
  return { receiver, start, left, lines }
}

/** An inbox whose commits wait until they are let go. */
function slowly() {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const inbox = around(memory(), (inner) => ({
    async accept(...args) {
      reached.resolve()
      await released.promise
      return inner.accept(...args)
    },
  }))
  return { inbox, reached: reached.promise, release: released.resolve }
}

test.each(overHttp2)('a body that ends before its announced length leaves nothing, on $name', async (host) => {
  const { receiver, start } = await receiving(host)
  const { post } = await start()
  // The stream ends in order, so the length alone says that something is missing (RFC 9113 section 8.1.1).
  const cut = await post(pings(3), pings(3).length, { 'content-length': 1_000 })
  await cut.answer.catch(() => {})
  const whole = await post(pings(1))
  expect((await whole.answer).status).toBe(200)
  expect(await all(receiver.inbox.deliveries())).toMatchObject([{ bytes: pings(1).length }])
})

describe.each([...overHttp1, ...overHttp2])('on $name', (host) => {
  test("with ack: 'stored' what is stored goes on, its sender is told of, and the repeat is absorbed", async () => {
    const { inbox, reached, release } = slowly()
    const { receiver, start, left, lines } = await receiving(host, { inbox })
    const events: AnyEvent[] = []
    receiver.on('toy.ping', (event) => void events.push(event))
    const { post } = await start()
    const first = await post(pings(3))
    await reached
    first.leave()
    await vi.waitFor(() => expect(left).toHaveLength(1))
    release()
    await vi.waitFor(() => expect(events).toHaveLength(3))
    const [delivery] = await all(receiver.inbox.deliveries())
    expect(delivery).toMatchObject({ senderLeft: true, duplicates: 0 })
    const told = {
      source: 'shop',
      deliveryId: delivery?.id,
      committed: false,
      hostAnswered: false,
      afterMs: expect.any(Number),
    }
    expect(left).toEqual([told])
    expect(lines()).toEqual([expect.objectContaining({ level: 'warn', facts: { event: 'sender.left', ...told } })])
    const again = await post(pings(3))
    expect(await again.answer).toMatchObject({ status: 200, body: { status: 'duplicate' } })
    await receiver.whenIdle()
    expect(events).toHaveLength(3)
    expect(receiver.metrics()).toMatchObject({ accepted: 1, duplicates: 1, sendersLeft: 1 })
  })

  test('one that hangs up in the middle of its body leaves nothing, and is told of', async () => {
    const { receiver, start, left } = await receiving(host)
    const { post } = await start()
    const first = await post(pings(3), 10)
    await vi.waitFor(() => expect(receiver.metrics().credentials.shop).toMatchObject([{ count: 1 }]))
    first.leave()
    await vi.waitFor(() => expect(left).toHaveLength(1))
    expect(left).toEqual([
      { source: 'shop', deliveryId: null, committed: false, hostAnswered: false, afterMs: expect.any(Number) },
    ])
    expect(await all(receiver.inbox.deliveries())).toEqual([])
    expect(receiver.metrics()).toMatchObject({ accepted: 0, sendersLeft: 1, rejected: { body_aborted: 1 } })
  })

  test('one that waits for its answer is not told of', async () => {
    const { receiver, start, left } = await receiving(host)
    const { post } = await start()
    const first = await post(pings(1))
    expect((await first.answer).status).toBe(200)
    first.leave()
    const second = await post(pings(2))
    expect((await second.answer).status).toBe(200)
    expect(left).toEqual([])
    expect(receiver.metrics().sendersLeft).toBe(0)
  })

  /** Calls so far, each with the indices it was for, and the signal of the one that hangs at an event. */
  function hangingAt(index: number) {
    const calls: string[] = []
    const signals: AbortSignal[] = []
    let hangs = true
    const call = (events: readonly AnyEvent[], { signal, attempt }: { signal: AbortSignal; attempt: number }) => {
      const indices = events.map(({ delivery }) => delivery.index)
      calls.push(`${indices.join('+')}#${attempt}`)
      if (!hangs || !indices.includes(index)) return Promise.resolve()
      signals.push(signal)
      return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    return { calls, signals, call, goOn: () => (hangs = false) }
  }

  type Receiving = Awaited<ReturnType<typeof receiving>>['receiver']
  type Call = ReturnType<typeof hangingAt>['call']

  test.each<[string, (receiver: Receiving, call: Call) => unknown, before: string[], after: string[]]>([
    [
      'on',
      (receiver, call) => receiver.on('toy.ping', { concurrency: 1 }, (event, context) => call([event], context)),
      ['0#1', '1#1'],
      ['1#1', '2#1', '3#1', '4#1'],
    ],
    [
      'onBatch',
      (receiver, call) => receiver.onBatch('toy.ping', { size: 2, maxWaitMs: 0 }, call),
      ['0+1#1'],
      ['0+1#1', '2+3#1', '4#1'],
    ],
    [
      'orderBy',
      (receiver, call) => receiver.on('toy.ping', { orderBy: () => 'one' }, (event, context) => call([event], context)),
      ['0#1', '1#1'],
      ['1#1', '2#1', '3#1', '4#1'],
    ],
  ])(
    "with ack: 'handled' the calls of %s get their signal, nothing new begins, and the repeat goes on there",
    async (_way, register, before, after) => {
      const { receiver, start, left } = await receiving(host, { ack: 'handled' })
      const { calls, signals, call, goOn } = hangingAt(1)
      register(receiver, call)
      const { post } = await start()
      const first = await post(pings(5))
      await vi.waitFor(() => expect(signals).toHaveLength(1))
      expect(signals[0]?.aborted).toBe(false)
      first.leave()
      await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true))
      expect(left).toMatchObject([{ source: 'shop', committed: true, hostAnswered: false }])
      expect(calls).toEqual(before)
      goOn()
      const again = await post(pings(5))
      expect(await again.answer).toMatchObject({ status: 200, body: { status: 'duplicate' } })
      expect(calls.slice(before.length)).toEqual(after)
      expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0 })
      expect(receiver.metrics()).toMatchObject({ handled: 5, retried: 0, sendersLeft: 1 })
    },
  )
})
