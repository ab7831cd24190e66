import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { header } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { rememberingLogger } from '../../support/log.ts'
import { send, stream } from '../../support/neutral.ts'
import { toy } from '../../support/toy.ts'

const SECRET = 'a-secret-of-some-length'
const logger = rememberingLogger()
const open: { close(options?: object): Promise<unknown> }[] = []

function newReceiver(limits = {}) {
  const receiver = createReceiver({
    inbox: memory(),
    sources: {
      shop: toy({ auth: header('x-key', SECRET) }),
      look: toy({ answersGet: true }),
      small: toy({ bodyBytes: 10 }),
    },
    limits,
    logger,
  })
  open.push(receiver)
  return receiver
}

const KEY = ['X-Key', SECRET]

async function deliveries(receiver: ReturnType<typeof newReceiver>) {
  const found = []
  for await (const delivery of receiver.inbox.deliveries()) found.push(delivery)
  return found
}

afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

describe('an authenticated post', () => {
  it('is stored and answered 200 with its id', async () => {
    const receiver = newReceiver()
    const answer = await send(receiver, { headers: [...KEY, 'content-type', 'application/json', 'cookie', 'c'] })
    expect(answer).toMatchObject({ status: 200, code: null, json: { status: 'accepted' } })
    const stored = await receiver.inbox.delivery(String(answer.json.id))
    expect(stored).toMatchObject({ source: 'shop', bytes: 17, senderLeft: false, duplicates: 0 })
    expect(stored?.headers).toEqual([['content-type', 'application/json']])
    expect(new TextDecoder().decode(await stored?.body())).toBe('[{"type":"ping"}]')
  })

  it('is a duplicate when source, batch id and bytes are those of a stored one', async () => {
    const receiver = newReceiver()
    const first = await send(receiver, { headers: [...KEY, 'X-Toy-Batch', 'b1'] })
    const again = await send(receiver, { headers: [...KEY, 'X-Toy-Batch', 'b1'] })
    expect(again.json).toEqual({ status: 'duplicate', id: first.json.id })
    expect(await deliveries(receiver)).toMatchObject([{ duplicates: 1 }])
  })

  it.each([
    ['another batch id', { headers: [...KEY, 'X-Toy-Batch', 'b2'] }],
    ['other bytes', { headers: [...KEY, 'X-Toy-Batch', 'b1'], body: '[{"type":"pong"}]' }],
    ['another source', { headers: ['X-Toy-Batch', 'b1'], target: '/hooks/look' }],
  ])('is new with %s', async (_name, post) => {
    const receiver = newReceiver()
    const first = await send(receiver, { headers: [...KEY, 'X-Toy-Batch', 'b1'] })
    const other = await send(receiver, post)
    expect(other.json.status).toBe('accepted')
    expect(other.json.id).not.toBe(first.json.id)
  })

  it('of the vendor test batch shows up each time, marked as a test', async () => {
    let time = 0
    const now = Date.now
    Date.now = () => now() + time++
    try {
      const receiver = newReceiver()
      const posts = [1, 2].map(() => send(receiver, { headers: [...KEY, 'X-Toy-Batch', 'test-batch'] }))
      expect((await Promise.all(posts)).map((answer) => answer.json.status)).toEqual(['accepted', 'accepted'])
      expect(await deliveries(receiver)).toMatchObject([{ isTest: true }, { isTest: true }])
      expect(logger.text()).toContain('a vendor test batch arrived on \\"shop\\"')
    } finally {
      Date.now = now
    }
  })

  it.each([
    ['empty', ''],
    ['null', null],
    ['[]', '[]'],
    ['the probe of the provider', ' [ { "toy" : { } } ]\n'],
  ])('with a body that is %s is a probe: 200 and nothing stored', async (_name, body) => {
    const receiver = newReceiver()
    expect(await send(receiver, { headers: KEY, body })).toMatchObject({ status: 200, json: { status: 'probe' } })
    expect(await deliveries(receiver)).toEqual([])
  })

  it('keeps the batch id out of the key when it is repeated or not printable', async () => {
    const receiver = newReceiver()
    const plain = await send(receiver, { headers: KEY })
    for (const ids of [
      ['x-toy-batch', 'a', 'x-toy-batch', 'b'],
      ['x-toy-batch', 'a\u0000'],
      ['x-toy-batch', 'x'.repeat(200)],
    ])
      expect((await send(receiver, { headers: [...KEY, ...ids] })).json).toEqual({
        status: 'duplicate',
        id: plain.json.id,
      })
  })
})

describe('what is refused', () => {
  it('answers 401 before the body is touched when the credential is wrong', async () => {
    const receiver = newReceiver()
    const untouched = { [Symbol.asyncIterator]: () => expect.fail('the body was read') }
    for (const headers of [[], ['x-key', 'wrong'], ['x-key', ''], [...KEY, ...KEY]]) {
      const answer = await send(receiver, { headers, body: untouched })
      expect(answer).toMatchObject({ status: 401, closeConnection: true, json: { error: 'unauthorized' } })
      expect(answer.headers['www-authenticate']).toBeTruthy()
    }
    expect(await deliveries(receiver)).toEqual([])
  })

  it.each([
    ['/hooks/none', undefined, 404],
    ['/hooks/Shop', undefined, 404],
    ['/hooks/sh%6fp', undefined, 404],
    ['/hooks/shop//', undefined, 404],
    ['/hooks/shop;x', undefined, 404],
    ['/other/shop', '/hooks', 404],
    ['/shop', '/hooks', 404],
    ['/hooks/shop', '/hooks', 200],
    ['/hooks/shop/', '/hooks/', 200],
    ['/hooks/shop?a=/b', undefined, 200],
    ['/shop', '', 200],
    ['/hooks/shop', '', 404],
  ])('%s with prefix %s is %i', async (target, prefix, status) => {
    const answer = await send(newReceiver(), { target, headers: KEY, ...(prefix === undefined ? {} : { prefix }) })
    expect(answer.status).toBe(status)
  })

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'post'])('answers 405 to %s, naming what is allowed', async (method) => {
    const answer = await send(newReceiver(), { method, headers: KEY })
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST, HEAD' } })
  })

  it('answers HEAD without credentials, and GET where the sender checks an address with it', async () => {
    const receiver = newReceiver()
    expect(await send(receiver, { method: 'HEAD', body: null })).toMatchObject({ status: 200, body: '' })
    const get = await send(receiver, { method: 'GET', target: '/hooks/look', body: null })
    expect(get).toMatchObject({ status: 200, json: { status: 'probe' } })
  })

  it.each([
    [['content-encoding', 'br'], 415],
    [['content-encoding', 'gzip, gzip'], 415],
    [['content-encoding', 'gzip', 'content-encoding', 'gzip'], 415],
    [['transfer-encoding', 'gzip, chunked'], 415],
    [['content-type', 'application/json; charset=utf-16le'], 415],
    [['content-type', 'application/json; charset=utf-7'], 415],
    [['content-type', 'application/json; charset="UTF-8"'], 200],
    [['content-type', 'text/plain'], 200],
    [['content-length', '67108865'], 413],
    [['content-length', '17'], 200],
  ])('with %s is answered %i', async (headers, status) => {
    expect((await send(newReceiver(), { headers: [...KEY, ...headers] })).status).toBe(status)
  })

  it('refuses a body over the limit of its source, announced or not', async () => {
    const receiver = newReceiver()
    const post = { target: '/hooks/small', headers: ['content-length', '11'] }
    expect((await send(receiver, post)).status).toBe(413)
    expect((await send(receiver, { target: '/hooks/small', body: '[1234567890]' })).status).toBe(413)
    expect((await send(receiver, { target: '/hooks/small', body: '[12345678]' })).status).toBe(200)
  })

  it('answers 503 with Retry-After before the body when too many bytes are in flight', async () => {
    const receiver = newReceiver({ inFlightBytes: 20 })
    let finish = () => {}
    const slow = (async function* () {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      yield new TextEncoder().encode('[{"type":"ping"}]')
    })()
    const first = send(receiver, { headers: [...KEY, 'content-length', '17'], body: slow })
    await new Promise((resolve) => setImmediate(resolve))
    const second = await send(receiver, { headers: [...KEY, 'content-length', '17'] })
    expect(second).toMatchObject({ status: 503, json: { error: 'overloaded' } })
    expect(second.headers['retry-after']).toBeTruthy()
    finish()
    expect((await first).status).toBe(200)
    expect((await send(receiver, { headers: [...KEY, 'content-length', '17'] })).json.status).toBe('duplicate')
  })

  it('stores nothing when the sender leaves mid-body', async () => {
    const receiver = newReceiver()
    const broken = (async function* () {
      yield new TextEncoder().encode('[{"type"')
      throw new Error('gone')
    })()
    expect((await send(receiver, { headers: KEY, body: broken })).code).toBe('body_aborted')
    expect(await deliveries(receiver)).toEqual([])
  })

  it('answers 500 with the remedy in the log when another parser has eaten the body', async () => {
    const receiver = newReceiver()
    expect(await send(receiver, { headers: KEY, body: 'consumed' })).toMatchObject({
      status: 500,
      code: 'body_consumed',
    })
    expect(logger.text()).toContain('mount Posthorn before express.json()')
  })
})

describe('content coding', () => {
  it('stores and hashes what was meant, so that a repeat in another coding is a duplicate', async () => {
    const receiver = newReceiver()
    const plain = await send(receiver, { headers: KEY })
    const body = stream(gzipSync('[{"type":"ping"}]'))
    const zipped = await send(receiver, { headers: [...KEY, 'content-encoding', 'gzip'], body })
    expect(zipped.json).toEqual({ status: 'duplicate', id: plain.json.id })
  })

  it('keeps the bytes of the wire, quarantined, when they are not what the header says', async () => {
    const receiver = newReceiver()
    receiver.on('*', () => {})
    const answer = await send(receiver, { headers: [...KEY, 'content-encoding', 'gzip'], body: '[{"type":"ping"}]' })
    expect(answer.json.status).toBe('accepted')
    await receiver.whenIdle()
    const found = []
    for await (const row of receiver.inbox.quarantine()) found.push(row)
    expect(found).toMatchObject([
      { deliveryId: answer.json.id, index: null, reason: expect.stringContaining('not gzip') },
    ])
  })
})

describe('closing', () => {
  it('answers 503 from then on', async () => {
    const receiver = newReceiver()
    await receiver.start()
    await receiver.close()
    expect(await send(receiver, { headers: KEY })).toMatchObject({
      status: 503,
      closeConnection: true,
      code: 'shutting_down',
    })
  })
})

it('never shows a secret in a line', () => {
  expect(logger.lines.length).toBeGreaterThan(0)
  expect(logger.text()).not.toContain(SECRET)
})
