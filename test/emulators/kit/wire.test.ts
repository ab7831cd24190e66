import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { httpWire, type Post, type Wire, wireUntil, withFaults } from '../../../src/emulators/kit/wire.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}

const post = (url: string, more: Partial<Post> = {}): Post => ({
  url,
  method: 'POST',
  headers: { 'x-own': 'yes' },
  body: '["é"]',
  limitMs: 10_000,
  ...more,
})

describe('the wire', () => {
  it('brings body and headers, and tells status, headers and body of the answer', async () => {
    let seen: unknown
    const url = await listening(async (request, response) => {
      seen = { own: request.headers['x-own'], length: request.headers['content-length'], body: await text(request) }
      response.writeHead(202, { 'x-answer': 'a' }).end('taken')
    })
    expect(await httpWire(post(url))).toMatchObject({ status: 202, headers: { 'x-answer': 'a' }, body: 'taken' })
    expect(seen).toEqual({ own: 'yes', length: '6', body: '["é"]' })
  })

  it('does not follow a redirect', async () => {
    const url = await listening((_, response) => response.writeHead(301, { location: '/other' }).end())
    expect(await httpWire(post(url))).toMatchObject({ status: 301 })
  })

  it('stops waiting at the limit, for the head and for the end of the answer', async () => {
    const never = await listening(() => {})
    const slow = await listening((_, response) => void response.writeHead(200).write('half'))
    expect(await httpWire(post(never, { limitMs: 30 }))).toMatchObject({ status: null, code: 'ETIMEDOUT' })
    expect(await httpWire(post(slow, { limitMs: 30 }))).toMatchObject({ status: null, code: 'ETIMEDOUT' })
  })

  it('breaks off when its sender closes, and sends nothing from then on', async () => {
    const closing = new AbortController()
    const never = await listening(() => closing.abort())
    const wire = wireUntil(closing.signal)
    for (const _ of [1, 2])
      expect(await wire(post(never, { limitMs: 600_000 }))).toMatchObject({ status: null, code: 'ECANCELED' })
  })

  it('tells that nobody listens, and that the connection broke', async () => {
    const url = await listening((request) => void request.socket.destroy())
    expect(await httpWire(post(url))).toMatchObject({ status: null, code: 'ECONNRESET' })
    expect(await httpWire(post('http://127.0.0.1:1/'))).toMatchObject({ status: null, code: 'ECONNREFUSED' })
  })

  it('cuts the body where it is told to, so that the receiver never sees its end', async () => {
    const cut = Promise.withResolvers<string>()
    const url = await listening((request, response) => {
      request.on('error', () => cut.resolve('aborted'))
      request.on('end', () => response.end('whole'))
      request.resume()
    })
    expect(await httpWire(post(url, { manner: { cutAfterBytes: 3 } }))).toMatchObject({ code: 'ECONNRESET' })
    expect(await cut.promise).toBe('aborted')
    expect(await httpWire(post(url, { manner: { cutAfterBytes: 100 } }))).toMatchObject({ body: 'whole' })
  })

  it('leaves when the body is out, and half-closes and waits', async () => {
    const left = Promise.withResolvers<boolean>()
    const url = await listening(async (request, response) => {
      const body = await text(request)
      if (body === '"leave"') response.once('close', () => left.resolve(response.writableFinished))
      else response.end('waited for')
    })
    expect(await httpWire(post(url, { body: '"leave"', manner: { leaves: true } }))).toMatchObject({ status: null })
    expect(await left.promise).toBe(false)
    expect(await httpWire(post(url, { manner: { halfCloses: true } }))).toMatchObject({ body: 'waited for' })
  })

  it('sends a slow body bit by bit, and stops at the limit like any other', async () => {
    const seen = Promise.withResolvers<number>()
    const url = await listening((request) => {
      let bytes = 0
      request.on('data', (chunk) => {
        bytes += chunk.length
      })
      request.on('error', () => seen.resolve(bytes))
    })
    const slow = post(url, { body: '1'.repeat(100_000), limitMs: 60, manner: { bytesPerSecond: 100 } })
    expect(await httpWire(slow)).toMatchObject({ code: 'ETIMEDOUT' })
    expect(await seen.promise).toBeLessThan(100)
  })

  it('has faults put around it, the first outermost', async () => {
    const seen: string[] = []
    const noting =
      (word: string) =>
      (wire: Wire): Wire =>
      (one) => {
        seen.push(word)
        return wire(one)
      }
    const wire = withFaults(async () => ({ status: null, code: 'ECONNRESET', ms: 0 }), [noting('a'), noting('b')])
    await wire(post('http://localhost'))
    expect(seen).toEqual(['a', 'b'])
  })
})
