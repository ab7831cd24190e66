import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Api, type ApiCall } from '../../src/clients/api/api.ts'
import { ApiError, mailjetEventCallbacks, momentumWebhooks, sparkpostEvents } from '../../src/clients/index.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { type Answering, json, refusalOf, sender, shownOf } from './kit.ts'

const KEY = 'an api key: of some length'
const TIMEOUT_MS = 4_321

/** Waits pass at once and are noted; the limit of a call passes when the test says so. */
class HastyClock implements Clock {
  readonly waits: number[] = []
  readonly limits = new Set<() => void>()
  now = () => Date.UTC(2026, 0, 1)
  steady = () => 0
  after(ms: number, run: () => void): () => void {
    if (ms === TIMEOUT_MS) {
      this.limits.add(run)
      return () => void this.limits.delete(run)
    }
    this.waits.push(ms)
    const timer = setImmediate(run)
    return () => clearImmediate(timer)
  }
  /** The limit of every call that is under way. */
  pass(): void {
    for (const over of this.limits) over()
  }
}

function client(baseUrl: string, clock = new HastyClock()) {
  const said = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body))
  const api = new Api({
    name: 'test',
    baseUrl,
    login: async () => ({ authorization: KEY, secrets: [KEY] }),
    headers: {},
    timeoutMs: TIMEOUT_MS,
    refusalOf: (body) => ({ message: said(body), targetAnswer: null }),
    clock,
  })
  return { clock, call: (call: Partial<ApiCall> = {}) => api.call({ method: 'GET', path: '/things', ...call }) }
}

/** Writes these bytes to every connection, and ends it where the test says so. */
async function raw(write: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => write(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('an answer that says no', () => {
  it.each([
    [400, 'ERR_API_REJECTED'],
    [401, 'ERR_API_UNAUTHORIZED'],
    [403, 'ERR_API_UNAUTHORIZED'],
    [404, 'ERR_API_NOT_FOUND'],
    [409, 'ERR_API_REJECTED'],
    [422, 'ERR_API_REJECTED'],
    [500, 'ERR_API_UNREACHABLE'],
    [503, 'ERR_API_UNREACHABLE'],
  ])('of %i is %s, with the words of the sender', async (status, code) => {
    const { url } = await sender(json(status, { why: 'no' }))
    const error = await refusalOf(client(url).call())
    expect(error).toMatchObject({ code, status, senderMessage: '{"why":"no"}', name: 'ApiError' })
    expect(error.message).toBe(`test: GET /things: ${status}: {"why":"no"}`)
  })

  it('may be plain text', async () => {
    const { url } = await sender((response) => void response.writeHead(400).end('Contact support.'))
    expect(await refusalOf(client(url).call())).toMatchObject({ senderMessage: 'Contact support.' })
  })
})

describe('429', () => {
  it('is waited for and tried again, whatever the call, for as long as the sender says', async () => {
    const busy = json(429, {}, { 'retry-after': '7' })
    const dated = json(429, {}, { 'retry-after': new Date(Date.UTC(2026, 0, 1, 0, 0, 9)).toUTCString() })
    const { url, asked } = await sender(busy, dated, json(429, {}), json(200, { ok: true }))
    const { clock, call } = client(url)
    expect((await call({ method: 'POST', body: { a: 1 } })).body).toEqual({ ok: true })
    expect(clock.waits).toEqual([7_000, 9_000, 4_000])
    expect(asked.map(({ method, body }) => [method, body])).toEqual(Array(4).fill(['POST', { a: 1 }]))
  })

  it('is the end after four tries', async () => {
    const { url, asked } = await sender(json(429, {}))
    const { clock, call } = client(url)
    expect(await refusalOf(call())).toMatchObject({ code: 'ERR_API_RATE_LIMITED', status: 429, retryAfterMs: null })
    expect([asked.length, clock.waits]).toEqual([4, [1_000, 2_000, 4_000]])
  })

  it('is told at once when the wait is longer than a minute', async () => {
    const { url, asked } = await sender(json(429, {}, { 'retry-after': '3600' }))
    expect(await refusalOf(client(url).call())).toMatchObject({ code: 'ERR_API_RATE_LIMITED', retryAfterMs: 3_600_000 })
    expect(asked.length).toBe(1)
  })
})

describe('tries', () => {
  it('go on after a 500 where the call changes nothing', async () => {
    const { url, asked } = await sender(json(500, {}), json(502, {}), json(200, [1]))
    expect((await client(url).call()).body).toEqual([1])
    expect(asked.length).toBe(3)
  })

  it.each(['POST', 'PUT', 'DELETE'] as const)('end after a 500 to %s, which may have done its work', async (method) => {
    const { url, asked } = await sender(json(500, {}))
    expect(await refusalOf(client(url).call({ method }))).toMatchObject({ code: 'ERR_API_UNREACHABLE', status: 500 })
    expect(asked.length).toBe(1)
  })

  it.each([400, 401, 404])('end after %i', async (status) => {
    const { url, asked } = await sender(json(status, {}))
    await refusalOf(client(url).call())
    expect(asked.length).toBe(1)
  })

  it('end with the signal, in the midst of a wait', async () => {
    const stop = new AbortController()
    const { url, asked } = await sender((response, one, n) => {
      stop.abort(new Error('enough'))
      json(429, {})(response, one, n)
    })
    await expect(client(url).call({ signal: stop.signal })).rejects.toThrow('enough')
    expect(asked.length).toBe(1)
  })
})

describe('no usable answer', () => {
  it('where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const error = await refusalOf(client(`http://127.0.0.1:${port}`).call())
    expect(error).toMatchObject({ code: 'ERR_API_UNREACHABLE', status: null })
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('when it comes too late', async () => {
    const clock = new HastyClock()
    const { url, asked } = await sender(() => {
      clock.pass()
    })
    const error = await refusalOf(client(url, clock).call())
    expect(error).toMatchObject({ code: 'ERR_API_UNREACHABLE', status: null })
    expect(error.message).toContain('within 4321 ms')
    expect(asked.length).toBe(4)
    expect(clock.limits.size).toBe(0)
  })

  it('when its body comes too late', async () => {
    const clock = new HastyClock()
    const { url } = await sender((response) => {
      response.writeHead(200)
      response.write('{"results":[', () => setImmediate(() => clock.pass()))
    })
    expect((await refusalOf(client(url, clock).call())).message).toContain('within 4321 ms')
  })

  it.each([
    ['of a length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"results":['],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"res\r\n'],
  ])('when half of it comes, %s', async (_, half) => {
    const url = await raw((socket) => socket.end(half))
    const error = await refusalOf(client(url).call())
    expect(error).toMatchObject({ code: 'ERR_API_UNREACHABLE', status: null })
    expect(error.message).toContain('no whole answer')
  })

  it('when the port is one that fetch does not connect to, and says so', async () => {
    const { message } = await refusalOf(client('http://127.0.0.1:1').call())
    expect(message).toContain('fetch does not connect to this port')
  })

  it('when it is no HTTP', async () => {
    const url = await raw((socket) => socket.end('220 mail.example.com ESMTP\r\n'))
    expect(await refusalOf(client(url).call())).toMatchObject({ code: 'ERR_API_UNREACHABLE' })
  })

  it.each(['<html>', '{"results":[', 'results'])('when it is no JSON: %s', async (text) => {
    const { url, asked } = await sender((response) => void response.writeHead(200).end(text))
    expect(await refusalOf(client(url).call())).toMatchObject({ code: 'ERR_API_UNREACHABLE', status: 200 })
    expect(asked.length).toBe(1)
  })

  it('when it leads elsewhere: the key does not go there', async () => {
    const elsewhere = await sender(json(200, {}))
    const redirect: Answering = (response) => void response.writeHead(302, { location: elsewhere.url }).end()
    const { url } = await sender(redirect)
    expect(await refusalOf(client(url).call())).toMatchObject({ code: 'ERR_API_UNREACHABLE', status: 302 })
    expect(elsewhere.asked).toEqual([])
  })
})

describe('secrets', () => {
  it('are in nothing that an error shows, though the sender repeats them', async () => {
    const password = 'pass "word" of ümlauts'
    const echo: Answering = (response, { headers, body }) =>
      void response
        .writeHead(400)
        .end(JSON.stringify([headers.authorization, body, password, encodeURIComponent(password)]))
    const { url } = await sender(echo)
    const error = await refusalOf(client(url).call({ method: 'POST', body: { password }, secrets: [password] }))
    const shown = shownOf(error)
    for (const form of [KEY, password, 'ümlauts', encodeURIComponent(password)]) expect(shown).not.toContain(form)
    expect(error.senderMessage).toContain('…')
  })

  it('are in no error of a connection, a parser or a header', async () => {
    const half = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"a secret of theirs'))
    const noJson = await raw((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"auth_token": a secret of theirs'),
    )
    const noHttp = await raw((socket) => socket.end('a secret of theirs\r\n\r\n'))
    for (const url of [half, noJson, noHttp, 'http://127.0.0.1:1']) {
      const shown = shownOf(await refusalOf(client(url).call()))
      expect(shown).not.toContain('secret of theirs')
      expect(shown).not.toContain(KEY)
    }
  })

  it.each(['two words', 'schlüssel', 'k\u0000'])(
    'that no header can carry are refused unrepeated: %j',
    async (apiKey) => {
      const call = momentumWebhooks({ apiKey: () => apiKey, baseUrl: 'http://127.0.0.1:1' }).list()
      const error = await call.then(null, (thrown: Error) => thrown)
      expect(error).toMatchObject({ code: 'ERR_SECRET_INVALID' })
      expect(shownOf(error as Error)).not.toContain(apiKey)
    },
  )

  it('are read for every call, and are missed by name', async () => {
    const { url, asked } = await sender(json(200, { results: [] }))
    const keys = ['first', 'second']
    const webhooks = momentumWebhooks({ baseUrl: url, apiKey: () => keys.shift() ?? '' })
    await webhooks.list()
    await webhooks.list()
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['first', 'second'])
    await expect(webhooks.list()).rejects.toMatchObject({ code: 'ERR_SECRET_MISSING' })
    const unset = mailjetEventCallbacks({ apiKey: { env: 'POSTHORN_NO_SUCH_KEY' }, apiSecret: 'secret' })
    await expect(unset.list()).rejects.toThrow('POSTHORN_NO_SUCH_KEY')
  })
})

describe('options', () => {
  it.each([
    'ftp://api.example.com',
    'https://user:password@api.example.com',
    'https://api.example.com?key=1',
    'api.example.com',
    7,
  ])('refuse %s as base address, unrepeated', (baseUrl) => {
    const error = (() => {
      try {
        momentumWebhooks({ apiKey: 'key', baseUrl: baseUrl as string })
      } catch (thrown) {
        return thrown as Error
      }
    })()
    expect(error).toMatchObject({ code: 'ERR_OPTION' })
    expect(error?.message).not.toContain('password@')
  })

  it.each(['/', '/api/v1', '/api/v1/'])('take the base address with %s at its end', async (end) => {
    const { url, asked } = await sender(json(200, { results: [] }))
    await momentumWebhooks({ baseUrl: `${url}${end}`, apiKey: 'key' }).list()
    expect(asked[0]?.url).toBe('/api/v1/webhooks')
  })

  it('carry the subaccount', async () => {
    const { url, asked } = await sender(json(200, { results: [] }))
    await momentumWebhooks({ baseUrl: url, apiKey: 'key', subaccount: 0 }).list()
    expect(asked[0]?.headers['x-msys-subaccount']).toBe('0')
  })

  it('refuse what nobody reads', () => {
    expect(() => sparkpostEvents({ apiKey: 'key', apikey: 'key' } as never)).toThrow(/has no option "apikey"/)
    expect(() => momentumWebhooks({} as never)).toThrow(expect.objectContaining({ code: 'ERR_SECRET_INVALID' }))
  })
})

it('an ApiError is told from others by its class', () => {
  expect(new ApiError('no', { code: 'ERR_API_REJECTED' })).toMatchObject({ status: null, targetAnswer: null })
})
