import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createReceiver } from 'posthorn'
import { basic, custom, header, jwt, path, query, token, unauthenticated } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'
import { deliver, deliveryRequest, sampleEvent } from 'posthorn/testing'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PermanentError } from '../../src/errors.ts'
import type { AnyEvent } from '../../src/types.ts'
import { auth as silent } from '../providers/support.ts'
import { AUDIENCE, ISSUER, jwks, newKey, newToken } from '../support/jwt.ts'
import { toy } from '../support/toy.ts'

const SECRET = 'a secret of some length'
const open: { close(options?: object): Promise<unknown> }[] = []

beforeEach(() => void vi.stubEnv('POSTHORN_TEST_TOKEN', SECRET))

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

function newReceiver(inbox = memory()) {
  const receiver = createReceiver({
    inbox,
    logger: false,
    sources: {
      shop: momentum({ auth: token({ env: 'POSTHORN_TEST_TOKEN' }) }),
      news: mailjet({ auth: basic({ username: 'mailjet', password: [{ label: 'spring', secret: SECRET }] }) }),
      crm: esputnik({ auth: header('X-Key', () => SECRET), timeZone: 'UTC' }),
      asked: mailjet({ auth: query('key', SECRET) }),
      open: mailjet({ auth: unauthenticated() }),
    },
  })
  open.push(receiver)
  return receiver
}

function collecting(inbox = memory()) {
  const receiver = newReceiver(inbox)
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
  return { receiver, events }
}

const OPEN = { event: 'open', MessageID: '1152921540137429011', email: 'jo@shop.example' }

describe('deliver', () => {
  it('brings wire elements to the handlers of a receiver that nobody has started', async () => {
    const { receiver, events } = collecting()
    const result = await deliver(receiver, 'news', [OPEN, { event: 'click', url: 'https://shop.example/' }])
    expect(result).toEqual({
      status: 200,
      body: { status: 'accepted', id: events[0]?.delivery.id },
      settled: 2,
      deadLetters: 0,
      failures: [],
    })
    expect(events.map(({ name, source }) => [name, source])).toEqual([
      ['mailjet.open', 'news'],
      ['mailjet.click', 'news'],
    ])
    expect(events[0]).toMatchObject({ messageId: '1152921540137429011', delivery: { credential: 'spring', size: 2 } })
  })

  it('brings every event of Momentum, as an event, as its payload and as an element', async () => {
    const { receiver, events } = collecting()
    const names = ['momentum.click', 'momentum.ingest_error', 'momentum.relay_message', 'momentum.sms_status'] as const
    const samples = names.map((name) => sampleEvent(name))
    const payloads = samples.map(({ payload }) => payload)
    const elements = [{ msys: { track_event: payloads[0] } }, { track_event: payloads[0] }]
    const { settled } = await deliver(receiver, 'shop', [...samples, ...payloads, ...elements])
    expect(settled).toBe(10)
    expect(events.map(({ name }) => name)).toEqual([...names, ...names, 'momentum.click', 'momentum.click'])
    expect(events[0]?.payload).toEqual(payloads[0])
  })

  it.each([
    ['text', (text: string) => text],
    ['bytes', (text: string) => Buffer.from(text)],
  ])('brings a whole body as it stands on the wire: %s', async (_, form) => {
    const { receiver, events } = collecting()
    const wire = '{"event":"open","MessageID":19421777396190490,"email":"jo@shop.example" }'
    const { body, settled } = await deliver(receiver, 'news', form(wire))
    expect([settled, events[0]?.messageId, events[0]?.delivery.credential]).toEqual([1, '19421777396190490', 'spring'])
    const stored = await receiver.inbox.delivery(String(body.id))
    expect(Buffer.from((await stored?.body()) ?? []).toString()).toBe(wire)
    expect((await deliver(receiver, 'news', form(wire))).body).toEqual({ status: 'duplicate', id: body.id })
    expect((await deliver(receiver, 'shop', form('[ ]'))).body).toEqual({ status: 'probe' })
    expect(await deliver(receiver, 'crm', form('no JSON'))).toMatchObject({ status: 200, deadLetters: 0 })
    expect((await receiver.inbox.stats()).quarantined).toBe(1)
    const request = await deliveryRequest(receiver, 'open', form(wire))
    expect(await request.text()).toBe(wire)
  })

  it.each([undefined, null, 7, { event: 'open' }, new ArrayBuffer(2)])('refuses %s for a body', async (body) => {
    const { receiver } = collecting()
    await expect(deliver(receiver, 'news', body as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it('comes with the batch id that the sender would have, the same for the same events', async () => {
    const { receiver, events } = collecting()
    const click = sampleEvent('momentum.click')
    const first = await deliver(receiver, 'shop', [click])
    expect(events[0]?.delivery.batchId).toMatch(/^[0-9a-f]{32}$/)
    expect((await deliver(receiver, 'shop', [click])).body).toEqual({ status: 'duplicate', id: first.body.id })
  })

  it('writes identifiers as the sender does', async () => {
    const { receiver } = collecting()
    const { body } = await deliver(receiver, 'news', [OPEN])
    const stored = await receiver.inbox.delivery(String(body.id))
    expect(Buffer.from((await stored?.body()) ?? []).toString()).toBe(
      '[{"event":"open","MessageID":1152921540137429011,"email":"jo@shop.example"}]',
    )
  })

  it('brings events of sampleEvent, and their payloads', async () => {
    const { receiver, events } = collecting()
    const read = sampleEvent('esputnik.read')
    await deliver(receiver, 'crm', [read, read.payload])
    expect(events.map(({ payload }) => payload)).toEqual([read.payload, read.payload])
    expect(events.map(({ occurredAt }) => occurredAt)).toEqual([read.occurredAt, read.occurredAt])
  })

  it.each(['shop', 'news', 'crm', 'asked', 'open'] as const)(
    'has the credentials of every kind: %s',
    async (source) => {
      const { receiver } = collecting()
      expect(await deliver(receiver, source, [{ type: 'click' }])).toMatchObject({ status: 200, settled: 1 })
    },
  )

  it('says that the same events again are a duplicate, and settles nothing', async () => {
    const { receiver, events } = collecting()
    const first = await deliver(receiver, 'news', [OPEN])
    const again = await deliver(receiver, 'news', [OPEN])
    expect(again).toEqual({
      status: 200,
      body: { status: 'duplicate', id: first.body.id },
      settled: 0,
      deadLetters: 0,
      failures: [],
    })
    expect(events).toHaveLength(1)
  })

  it('says that no events are a probe', async () => {
    const { receiver } = collecting()
    expect(await deliver(receiver, 'news', [])).toEqual({
      status: 200,
      body: { status: 'probe' },
      settled: 0,
      deadLetters: 0,
      failures: [],
    })
  })

  it('counts what waits for a retry as not settled', async () => {
    const receiver = newReceiver()
    const fails = (event: AnyEvent) => {
      if (event.type === 'opened') throw new Error('not now')
    }
    receiver.on('*', { name: 'one' }, fails).on('*', { name: 'two' }, fails)
    const result = await deliver(receiver, 'news', [OPEN, { event: 'click' }, { event: 'sent' }])
    expect(result).toMatchObject({ settled: 2, deadLetters: 0 })
    expect((await receiver.inbox.stats()).pending).toBe(1)
  })

  it('counts dead letters, for each event and handler', async () => {
    const receiver = newReceiver()
    const refuses = () => {
      throw new PermanentError('never')
    }
    receiver.on('opened', { name: 'one' }, refuses).on('opened', { name: 'two' }, refuses)
    expect(await deliver(receiver, 'news', [OPEN])).toMatchObject({ settled: 1, deadLetters: 2 })
  })

  it('counts what nobody asked for and what cannot be read as settled', async () => {
    const receiver = newReceiver()
    receiver.on('mailjet.click', () => {})
    expect(await deliver(receiver, 'news', [OPEN, { ...OPEN, email: {} }])).toMatchObject({ settled: 2 })
    expect(await receiver.inbox.stats()).toMatchObject({ unhandled: { 'mailjet.open': 1 }, quarantined: 1 })
  })

  it('settles nothing where nobody handles anything', async () => {
    expect(await deliver(newReceiver(), 'news', [OPEN])).toMatchObject({ status: 200, settled: 0 })
  })

  it('works on a file as in memory', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-testing-'))
    const { receiver, events } = collecting(sqlite({ path: join(folder, 'inbox.db') }))
    expect(await deliver(receiver, 'news', [OPEN])).toMatchObject({ status: 200, settled: 1, deadLetters: 0 })
    expect(events).toHaveLength(1)
    await receiver.close()
    rmSync(folder, { recursive: true })
  })

  it('delivers many at once, and tells them apart', async () => {
    const { receiver, events } = collecting()
    const sizes = [1, 2, 3, 4, 5]
    const results = await Promise.all(
      sizes.map((size) =>
        deliver(
          receiver,
          'news',
          Array.from({ length: size }, () => sampleEvent('mailjet.open')),
        ),
      ),
    )
    expect(results.map(({ settled }) => settled)).toEqual(sizes)
    expect(events).toHaveLength(15)
  })

  it('refuses a misspelt source with the nearest one', async () => {
    const { receiver } = collecting()
    await expect(deliver(receiver, 'nwes' as 'news', [OPEN])).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: 'there is no source "nwes"; did you mean "news"?',
    })
  })

  it('rejects when the delivery is refused, with the answer', async () => {
    const receiver = createReceiver({
      inbox: memory(),
      logger: false,
      sources: { news: mailjet({ auth: unauthenticated(), limits: { bodyBytes: 10 } }) },
    })
    open.push(receiver)
    await expect(deliver(receiver, 'news', [OPEN])).rejects.toMatchObject({
      code: 'ERR_DELIVERY_REFUSED',
      message: 'the delivery to "news" was answered 413 body_too_large',
    })
  })

  it('says so when the auth of a source cannot make a valid request', async () => {
    const receiver = createReceiver({ inbox: memory(), logger: false, sources: { shop: toy({ auth: silent }) } })
    open.push(receiver)
    await expect(deliver(receiver, 'shop', [{}])).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: 'source "shop": test cannot make a valid request; give { headers }',
    })
  })
})

describe('deliveryRequest', () => {
  it.each(['shop', 'news', 'crm', 'asked', 'open'] as const)(
    'makes a request that handle accepts: %s',
    async (source) => {
      const { receiver, events } = collecting()
      const request = await deliveryRequest(receiver, source, [{ type: 'click' }])
      expect(request.method).toBe('POST')
      expect(new URL(request.url).pathname).toBe(`/webhooks/${source}`)
      const response = await receiver.handle(request, { prefix: '/webhooks' })
      expect([response.status, await response.json()]).toEqual([200, { status: 'accepted', id: expect.any(String) }])
      await receiver.whenIdle()
      expect(events).toHaveLength(1)
    },
  )

  it('is refused without its credentials', async () => {
    const { receiver } = collecting()
    const { url, headers } = await deliveryRequest(receiver, 'news', [OPEN])
    headers.delete('authorization')
    expect((await receiver.handle(new Request(url, { method: 'POST', headers, body: '[{}]' }))).status).toBe(401)
  })
})

describe('kinds of authentication that want more', () => {
  const issuer = newKey()
  const sources = {
    path: mailjet({ auth: path({ env: 'POSTHORN_TEST_PATH' }) }),
    jwt: mailjet({ auth: jwt({ issuer: ISSUER, audience: AUDIENCE, keys: jwks(issuer) }) }),
    own: mailjet({ auth: custom(({ header }) => header('x-key') === SECRET) }),
  }
  const tests = createReceiver({ inbox: memory(), logger: false, sources })

  beforeEach(() => void vi.stubEnv('POSTHORN_TEST_PATH', 'a-path-of-some-length'))
  afterAll(() => tests.close({ timeoutMs: 0 }))

  it('have a secret in the path, before the name', async () => {
    expect(await deliver(tests, 'path', [OPEN])).toMatchObject({ status: 200 })
    const request = await deliveryRequest(tests, 'path', [OPEN])
    expect(new URL(request.url).pathname).toBe('/webhooks/a-path-of-some-length/path')
    expect((await tests.handle(request, { prefix: '/webhooks' })).status).toBe(200)
  })

  it('are given headers, for a token that only an issuer can make', async () => {
    const headers = { authorization: `Bearer ${newToken(issuer, Date.now())}` }
    expect(await deliver(tests, 'jwt', [OPEN], { headers })).toMatchObject({ status: 200 })
    expect((await tests.handle(await deliveryRequest(tests, 'jwt', [OPEN], { headers }))).status).toBe(200)
    await expect(deliver(tests, 'jwt', [OPEN])).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it('are given headers, for a function of the user', async () => {
    expect(await deliver(tests, 'own', [OPEN], { headers: { 'x-key': SECRET } })).toMatchObject({ status: 200 })
    await expect(deliver(tests, 'own', [OPEN])).rejects.toMatchObject({ code: 'ERR_DELIVERY_REFUSED' })
  })
})

describe('the door for tests', () => {
  it('is not in sight, and shows no secret', async () => {
    const { receiver } = collecting()
    await receiver.start()
    const shown = inspect(receiver, { depth: 9, showHidden: true })
    expect(shown).not.toContain(SECRET)
    expect(Object.getOwnPropertySymbols(receiver).map(String)).not.toContain('Symbol(posthorn.test-door.v1)')
  })
})

describe('failures', () => {
  it('are what handlers threw, with handler and event, in their order', async () => {
    const receiver = newReceiver()
    const [first, last] = [new Error('not yet'), new PermanentError('never')]
    const fails = vi.fn().mockRejectedValueOnce(first).mockRejectedValueOnce(last)
    receiver.on('mailjet.open', { name: 'fails', retry: { minMs: 3_600_000 }, concurrency: 1 }, fails)
    const { failures, deadLetters } = await deliver(receiver, 'news', [OPEN, { ...OPEN, ip: '192.0.2.1' }, OPEN])
    expect(failures.map(({ handler, event }) => [handler, event.delivery.index])).toEqual([
      ['fails', 0],
      ['fails', 1],
    ])
    expect(failures[0]?.error).toBe(first)
    expect(failures[1]?.error).toBe(last)
    expect(deadLetters).toBe(1)
  })

  it('are none where all is well', async () => {
    const { receiver } = collecting()
    expect(await deliver(receiver, 'news', [OPEN])).toMatchObject({ failures: [] })
  })

  it('come from batches too, which wait for no company', async () => {
    const receiver = newReceiver()
    const sizes: number[] = []
    // Longer than the test may take.
    receiver.onBatch('*', { name: 'batch', size: 100, maxWaitMs: 60_000, retry: { attempts: 1 } }, (events) => {
      sizes.push(events.length)
      return { failed: events.slice(0, 1).map(({ id }) => ({ id, error: new Error('this one') })) }
    })
    const { failures, settled } = await deliver(receiver, 'news', [OPEN, { event: 'click' }, { event: 'spam' }])
    expect([sizes, settled]).toEqual([[3], 3])
    expect(failures).toMatchObject([
      { handler: 'batch', event: { name: 'mailjet.open' }, error: { message: 'this one' } },
    ])
  })
})
