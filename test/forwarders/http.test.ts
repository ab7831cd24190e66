/** Events posted over HTTP: what arrives, and what each answer makes of the event. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PermanentError, RetryLater } from '../../src/errors.ts'
import { forward, type HttpForwardOptions } from '../../src/forwarders/http/index.ts'
import { handlerContext, sampleEvent } from '../../src/testing/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { all, pings, receiverIn } from '../support/receivers.ts'
import { CLOSE_MS, throughAbsence } from './away.ts'

const NEW = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const OLD = `whsec_${Buffer.alloc(24, 2).toString('base64')}`

interface Post {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: unknown
}

let server: Server
let url: string
let posts: Post[]
/** How the consumer answers each post. */
let answer: (response: ServerResponse, post: Post) => void

beforeEach(async () => {
  posts = []
  answer = (response) => response.writeHead(204).end()
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const post = { path: request.url, headers: request.headers, text, body: JSON.parse(text) }
    posts.push(post)
    answer(response, post)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mail?key=query-secret`
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(code, headers).end()

function newForward(options: Partial<HttpForwardOptions<AnyEvent>> = {}) {
  return forward<AnyEvent>({ url, secrets: NEW, ...options })
}

const event = () => sampleEvent('momentum.bounce', {}, { as: 'bounced' })

/** What an event, or a batch, fails with. */
async function errorOf(given: AnyEvent | readonly AnyEvent[], options: Partial<HttpForwardOptions<AnyEvent>> = {}) {
  try {
    await newForward(options)(given, handlerContext())
  } catch (error) {
    return error as Error & { code?: string; afterMs?: number; cause?: { code?: string } }
  }
  throw new Error('it did not fail')
}

describe('what is posted', () => {
  it('is the event as JSON, signed, under its id', async () => {
    const one = event()
    await newForward()(one, handlerContext())
    const [post] = posts
    expect(post?.path).toBe('/mail?key=query-secret')
    expect(post?.headers).toMatchObject({ 'webhook-id': one.id, 'content-type': 'application/json' })
    expect(post?.body).toEqual(JSON.parse(JSON.stringify(one)))
    expect(post?.body).toMatchObject({ occurredAt: one.occurredAt.toISOString(), type: 'bounced' })
    // The library of Standard Webhooks looks at the time, too.
    expect(new Webhook(NEW).verify(String(post?.text), post?.headers as Record<string, string>)).toEqual(post?.body)
    expect(() => new Webhook(OLD).verify(String(post?.text), post?.headers as Record<string, string>)).toThrow()
  })

  it('is signed with every secret, so that a consumer may have any of them', async () => {
    process.env.POSTHORN_TEST_OLD = OLD
    const secrets = [
      { label: 'new', secret: () => NEW },
      { env: 'POSTHORN_TEST_OLD' },
      { env: 'POSTHORN_TEST_NONE', optional: true },
    ]
    await newForward({ secrets })(event(), handlerContext())
    delete process.env.POSTHORN_TEST_OLD
    const [post] = posts
    for (const secret of [NEW, OLD])
      expect(new Webhook(secret).verify(String(post?.text), post?.headers as Record<string, string>)).toEqual(
        post?.body,
      )
  })

  it('is signed with what the secret is by then', async () => {
    let secret = OLD
    const one = newForward({ secrets: () => secret })
    await one(event(), handlerContext())
    secret = NEW
    await one(event(), handlerContext())
    for (const [at, key] of [OLD, NEW].entries())
      new Webhook(key).verify(String(posts[at]?.text), posts[at]?.headers as Record<string, string>)
  })

  it('is nothing while there is no secret, or one that is none', async () => {
    expect(await errorOf(event(), { secrets: { env: 'POSTHORN_TEST_NONE' } })).toMatchObject({
      code: 'ERR_SECRET_MISSING',
    })
    expect(await errorOf(event(), { secrets: () => 'none-of-yours' })).toMatchObject({
      code: 'ERR_SECRET_INVALID',
      message: expect.not.stringContaining('none-of-yours'),
    })
    expect(posts).toEqual([])
  })

  it('is a list for a batch, under one id that is the same for the same events', async () => {
    const events = [event(), event(), event()]
    const one = newForward()
    expect(await one(events, handlerContext())).toEqual({ failed: [] })
    await one(events, handlerContext())
    await one(events.slice(1), handlerContext())
    await one(events.slice(2), handlerContext())
    expect(posts.map(({ body }) => (body as AnyEvent[]).map(({ id }) => id))).toEqual(
      [0, 0, 1, 2].map((from) => events.slice(from).map(({ id }) => id)),
    )
    const ids = posts.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(3)
    expect(ids[1]).toBe(ids[0])
    new Webhook(NEW).verify(String(posts[0]?.text), posts[0]?.headers as Record<string, string>)
  })

  it('has another id in a replay, the same for each attempt', async () => {
    const again = { ...event(), run: 'r_abc', isReplay: true }
    await newForward()(again, handlerContext())
    expect(posts[0]?.headers['webhook-id']).toBe(`${again.id}.r_abc`)
  })

  it('is what `body` makes of it, with big numbers as text', async () => {
    const body = ({ id, email }: AnyEvent) => ({ id, email, big: 2n ** 64n })
    const one = event()
    await newForward({ body, headers: { Authorization: 'Bearer x' } })(one, handlerContext())
    expect(posts[0]?.body).toEqual({ id: one.id, email: one.email, big: '18446744073709551616' })
    expect(posts[0]?.headers.authorization).toBe('Bearer x')
  })

  it('lacks only the event that `body` fails for', async () => {
    const events = [event(), event(), event()]
    const body = ({ id }: AnyEvent) => {
      if (id === events[1]?.id) throw new Error('mine')
      return id === events[2]?.id ? undefined : { id }
    }
    expect(await newForward({ body })(events, handlerContext())).toEqual({
      failed: [
        { id: events[1]?.id, error: new Error('mine') },
        { id: events[2]?.id, error: expect.objectContaining({ code: 'ERR_OPTION' }) },
      ],
    })
    expect(posts.map((post) => post.body)).toEqual([[{ id: events[0]?.id }]])
  })
})

describe('what an answer means', () => {
  it.each([200, 201, 202, 204, 299])('%i confirms', async (code) => {
    answer = status(code)
    await newForward()(event(), handlerContext())
  })

  it.each([301, 302, 303, 307, 308])('%i does not, and nobody follows it', async (code) => {
    answer = status(code, { location: '/elsewhere' })
    expect(await errorOf(event())).toMatchObject({ code: 'ERR_FORWARD_REFUSED' })
    expect(posts.map(({ path }) => path)).toEqual(['/mail?key=query-secret'])
  })

  it.each([400, 401, 403, 404, 405, 408, 409, 429, 500, 502, 503])('%i is tried again', async (code) => {
    answer = status(code)
    const error = await errorOf(event())
    expect(error).toMatchObject({ code: 'ERR_FORWARD_REFUSED', message: expect.stringContaining(String(code)) })
    expect(error).not.toBeInstanceOf(PermanentError)
  })

  it.each([410, 413, 422])('%i is for good', async (code) => {
    answer = status(code)
    const error = await errorOf(event())
    expect(error).toBeInstanceOf(PermanentError)
    expect(error.cause?.code).toBe('ERR_FORWARD_REFUSED')
  })

  it('those of `permanent` are for good in their place', async () => {
    answer = status(400)
    expect(await errorOf(event(), { permanent: [400] })).toBeInstanceOf(PermanentError)
    answer = status(410)
    expect(await errorOf(event(), { permanent: [] })).not.toBeInstanceOf(PermanentError)
  })

  it.each([
    [429, '7', 7_000],
    [503, '0', 1_000],
    [503, '99999999', 3_600_000],
    [503, new Date(0).toUTCString(), 1_000],
    [429, new Date(8.64e15).toUTCString(), 3_600_000],
    [429, 'Sunday, 06-Nov-94 08:49:37 GMT', 1_000],
  ])('%i with Retry-After %s waits %i ms, and costs no attempt', async (code, retryAfter, afterMs) => {
    answer = status(code, { 'retry-after': retryAfter })
    const error = await errorOf(event())
    expect(error).toBeInstanceOf(RetryLater)
    expect(error).toMatchObject({ afterMs, cause: { code: 'ERR_FORWARD_REFUSED' } })
    expect(await errorOf([event(), event()])).toMatchObject({ afterMs })
  })

  it('a Retry-After that says nothing, or that comes with another status, is none', async () => {
    for (const text of ['soon', '-5', '1.5', '7 s', 'Nonsense, at all', '9'.repeat(400)]) {
      answer = status(503, { 'retry-after': text })
      expect(await errorOf(event()), text).not.toBeInstanceOf(RetryLater)
    }
    answer = status(500, { 'retry-after': '7' })
    expect(await errorOf(event())).not.toBeInstanceOf(RetryLater)
  })

  it('none within the time, none at all, and a connection that breaks are no confirmation', async () => {
    answer = () => {}
    expect(await errorOf(event(), { timeoutMs: 20 })).toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
    answer = (response) => response.destroy()
    expect(await errorOf(event())).toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
    expect(await errorOf(event(), { url: 'http://127.0.0.1:9/' })).toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
  })

  it('a body that never ends keeps nobody waiting, and a long one is not read to its end', async () => {
    answer = (response) => response.writeHead(200).write('begun')
    await newForward()(event(), handlerContext())
    const ended = new Promise((resolve) => {
      answer = (response) => {
        response.on('close', () => resolve(response.writableFinished))
        response.writeHead(200, { 'content-length': 1e9 }).write(Buffer.alloc(1e6))
      }
    })
    await newForward()(event(), handlerContext())
    expect(await ended).toBe(false)
  })

  it('a body that comes without an end is cut when the time is up, and holds no connection', async () => {
    const cut = Promise.withResolvers<unknown>()
    async function* endless(signal: AbortSignal) {
      yield new Uint8Array(10)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const slow: HttpForwardOptions<AnyEvent>['fetch'] = async (_url, { signal }) => {
      signal.addEventListener('abort', cut.resolve)
      return { status: 200, headers: { get: () => null }, body: endless(signal) }
    }
    await newForward({ fetch: slow, timeoutMs: 20 })(event(), handlerContext())
    await cut.promise
  })

  it('a connection that the consumer has closed meanwhile costs one attempt at most', async () => {
    const one = newForward()
    const kept = Promise.withResolvers<Socket | null>()
    answer = (response) => {
      kept.resolve(response.socket)
      response.writeHead(200).end()
    }
    await one(event(), handlerContext())
    ;(await kept.promise)?.destroy()
    const [end] = await Promise.allSettled([one(event(), handlerContext())])
    if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
    await one(event(), handlerContext())
  })

  it('the signal of the context ends the post, with its reason', async () => {
    const stop = new AbortController()
    const reason = new Error('stopping')
    answer = () => stop.abort(reason)
    await expect(newForward()(event(), handlerContext({ signal: stop.signal }))).rejects.toBe(reason)
    await expect(newForward()([event()], handlerContext({ signal: stop.signal }))).rejects.toBe(reason)
    expect(posts.length).toBe(1)
  })

  it('`fetch` can be another', async () => {
    const calls: unknown[] = []
    const other: HttpForwardOptions<AnyEvent>['fetch'] = async (to, init) => {
      calls.push([to, init.redirect])
      return { status: 503, headers: { get: (name) => (name === 'retry-after' ? '2' : null) }, body: null }
    }
    expect(await errorOf(event(), { fetch: other })).toMatchObject({ afterMs: 2_000 })
    expect(calls).toEqual([[url, 'manual']])
  })

  it('no error says a secret, the path, the query, a header or an address', async () => {
    const secret = 'secret-in-a-header'
    answer = status(500)
    const failing = async () => Promise.reject(new TypeError(`bad ${secret} ${url} ${NEW}`))
    for (const given of [
      await errorOf(event(), { headers: { authorization: secret }, fetch: failing }),
      await errorOf(event(), { url: 'http://127.0.0.1:9/path-secret' }),
      await errorOf(event(), { headers: { authorization: secret } }),
    ])
      expect(`${given.stack} ${JSON.stringify(given)} ${given.cause}`).not.toMatch(/secret-in|-secret|whsec_|rcpt|@/)
  })
})

describe('a batch', () => {
  it.each([500, 404, 401])('%i fails all of it, and no part is tried by itself', async (code) => {
    answer = status(code)
    const events = [event(), event()]
    expect(await newForward()(events, handlerContext())).toEqual({
      failed: events.map(({ id }) => ({ id, error: expect.objectContaining({ code: 'ERR_FORWARD_REFUSED' }) })),
    })
  })

  it('410 is for good for all of it at once', async () => {
    answer = status(410)
    const events = [event(), event()]
    const result = await newForward()(events, handlerContext())
    expect(result?.failed.map(({ error }) => error instanceof PermanentError)).toEqual([true, true])
  })

  it.each([400, 413, 422])('%i of one event is found in parts: the others pass', async (code) => {
    const clock = new FakeClock()
    const receiver = receiverIn(clock)
    receiver.onBatch('*', { name: 'pipe', size: 8, retry: { attempts: 1 } }, newForward())
    answer = (response, { body }) => {
      const bad = (body as AnyEvent[]).some(({ payload }) => (payload as { n: number }).n === 5)
      response.writeHead(bad ? code : 200).end()
    }
    await receiver.inject('shop', pings(8))
    await receiver.drain()
    const dead = await all(receiver.inbox.deadLetters())
    expect(dead.map((letter) => (letter.event.payload as { n: number }).n)).toEqual([5])
    expect(posts.length).toBe(7)
    await receiver.close()
  })
})

it('an inbox that is the sender: what failed comes again, in the order of its key, and 410 is a dead letter', async () => {
  const clock = new FakeClock()
  const receiver = receiverIn(clock)
  receiver.on('*', { name: 'pipe', orderBy: () => 'one' }, newForward())
  let fails = 2
  answer = (response, { body }) => {
    const { n } = (body as AnyEvent).payload as { n: number }
    response.writeHead(n === 3 ? 410 : n === 1 && fails-- > 0 ? 500 : 200).end()
  }
  await receiver.inject('shop', pings(5))
  await receiver.start()
  for (let turns = 0; posts.length < 7 && turns < 1_000; turns++) {
    await clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await receiver.drain()
  expect(posts.map(({ body }) => ((body as AnyEvent).payload as { n: number }).n)).toEqual([0, 1, 1, 1, 2, 3, 4])
  expect((await all(receiver.inbox.deadLetters())).length).toBe(1)
  await receiver.close()
})

it.each(['keys', 'batches'] as const)(
  'every event arrives though the consumer was away for hours, from the start on: %s',
  async (by) => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-forwarders-'))
    const { port } = server.address() as AddressInfo
    const broker = {
      port,
      async kill() {
        server.closeAllConnections()
        server.close()
        await once(server, 'close')
      },
      async start() {
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
      },
      async remove() {},
    }
    const arrived = async () =>
      posts.flatMap(({ headers, body }) =>
        Array.isArray(body)
          ? (body as AnyEvent[]).map((event) => ({ id: event.id, event }))
          : [{ id: String(headers['webhook-id']), event: body as AnyEvent }],
      )
    const site = { broker, client: null, forward: newForward(), arrived, bare: async () => {}, close: async () => {} }
    const found = await throughAbsence(site, join(folder, 'inbox.db'), by)
    expect(found).toMatchObject({
      health: { ready: true, paused: [{ handler: 'out', by: 'failures' }] },
      stats: { deadLetters: 0 },
      faults: [],
    })
    expect(found.closedInMs).toBeLessThanOrEqual(CLOSE_MS)
    rmSync(folder, { recursive: true })
  },
  60_000,
)

it('a replay reaches a consumer that drops the ids it knows', async () => {
  const receiver = receiverIn(new FakeClock())
  receiver.on('*', { name: 'pipe' }, newForward())
  await receiver.inject('shop', pings(2))
  await receiver.drain()
  await receiver.inbox.replay({ all: true, to: ['pipe'] })
  await receiver.drain()
  expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(4)
  expect(new Set(posts.map(({ body }) => (body as AnyEvent).id)).size).toBe(2)
  await receiver.close()
})
