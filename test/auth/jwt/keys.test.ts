import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { jwt } from '../../../src/auth/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Verify } from '../../../src/ports/auth.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { AUDIENCE, bearerOf, ISSUER, jwks, newKey, newToken, type SigningKey } from '../../support/jwt.ts'
import { setting } from '../setting.ts'

const LET_IN = { ok: true, credential: null }
const UNAVAILABLE = { ok: false, unavailable: true, reason: 'keys_unknown' }
const UNKNOWN = { ok: false, reason: 'token_key_unknown' }
const [first, second] = [newKey('ES256', 'first'), newKey('ES256', 'second')]

/** An issuer whose answers a test decides on, without a socket. */
function issuer(keys: readonly SigningKey[] = [first], more: object = {}) {
  const clock = new FakeClock()
  const state = { keys, down: false, fetches: 0, hold: null as Promise<void> | null }
  const fetch = async (): Promise<Response> => {
    state.fetches++
    await state.hold
    if (state.down) throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
    return Response.json(jwks(...state.keys))
  }
  const at = setting({}, clock)
  const auth = jwt({ issuer: ISSUER, audience: AUDIENCE, jwksUrl: 'https://issuer.example/keys', fetch, ...more })
  const token = (key: SigningKey, claims: object = {}) =>
    bearerOf(newToken(key, clock.now(), { claims: { ...claims } }))
  return { clock, state, at, prepare: () => auth[port].prepare(at), token }
}

const many = (verify: Verify, requests: readonly Parameters<Verify>[0][]) => Promise.all(requests.map(verify))

describe('the keys of an issuer', () => {
  test('are fetched at the start, which does not wait for them', async () => {
    const { state, prepare, token } = issuer()
    const gate = Promise.withResolvers<void>()
    state.hold = gate.promise
    const verify = await prepare()
    expect(state.fetches).toBe(1)
    const waiting = verify(token(first))
    gate.resolve()
    expect(await waiting).toEqual(LET_IN)
    expect(state.fetches).toBe(1)
  })

  test('T20: while they are unknown every token is 503, with one fetch under way and pauses between', async () => {
    const { clock, state, at, prepare, token } = issuer()
    state.down = true
    const verify = await prepare()
    await settled()
    const tokens = Array.from({ length: 20 }, (_, n) => token(first, { jti: String(n) }))
    expect(await many(verify, tokens)).toEqual(tokens.map(() => UNAVAILABLE))
    expect(state.fetches).toBe(1)
    await clock.advance(1_000)
    await many(verify, tokens)
    expect(state.fetches).toBe(2)
    await clock.advance(1_000)
    await many(verify, tokens)
    expect(state.fetches).toBe(2)
    state.down = false
    await clock.advance(1_000)
    expect(await many(verify, tokens)).toEqual(tokens.map(() => LET_IN))
    expect(state.fetches).toBe(3)
    expect(at.warnings[0]).toMatchObject({ facts: { host: 'issuer.example', code: 'ECONNREFUSED' } })
  })

  test('a token that is wrong anyway is 401 even while they are unknown', async () => {
    const { state, prepare, token } = issuer()
    state.down = true
    const verify = await prepare()
    expect(await verify(token(first, { aud: 'else' }))).toEqual({ ok: false, reason: 'token_audience' })
    expect(await verify({ rawHeaders: ['Authorization', 'Bearer x.y.z'], target: '/' })).toMatchObject({ ok: false })
  })

  test('T19: the last ones go on while the issuer is down, for a day, then tokens are 503', async () => {
    const { clock, state, prepare, token } = issuer()
    const verify = await prepare()
    expect(await verify(token(first))).toEqual(LET_IN)
    state.down = true
    for (let hour = 0; hour < 23; hour++) {
      await clock.advance(3_600_000)
      expect(await verify(token(first))).toEqual(LET_IN)
    }
    expect(state.fetches).toBeGreaterThan(20)
    await clock.advance(2 * 3_600_000)
    expect(await verify(token(first))).toEqual(UNAVAILABLE)
    state.down = false
    await clock.advance(60_000)
    expect(await verify(token(first))).toEqual(LET_IN)
  })

  test('are looked for again every ten minutes, behind the scenes, also while the same token comes', async () => {
    const { clock, state, prepare, token } = issuer()
    const verify = await prepare()
    const same = token(first)
    expect(await verify(same)).toEqual(LET_IN)
    await clock.advance(601_000)
    expect(verify(same)).toEqual(LET_IN)
    await settled()
    expect(state.fetches).toBe(2)
    expect(verify(same)).toEqual(LET_IN)
    expect(state.fetches).toBe(2)
  })

  test('T22: a new one is taken with its first token, an old one until it is removed', async () => {
    const { clock, state, prepare, token } = issuer()
    const verify = await prepare()
    const old = token(first)
    expect(await verify(old)).toEqual(LET_IN)
    await clock.advance(31_000)
    state.keys = [first, second]
    expect(await verify(token(second))).toEqual(LET_IN)
    expect(await verify(old)).toEqual(LET_IN)
    expect(state.fetches).toBe(2)
    await clock.advance(601_000)
    state.keys = [second]
    expect(await verify(old)).toEqual(LET_IN)
    await settled()
    expect(await verify(old)).toEqual(UNKNOWN)
    expect(await verify(token(second))).toEqual(LET_IN)
  })

  test('T22: a new one is taken for a token that does not name it', async () => {
    const [nameless, next] = [newKey('ES256', null), newKey('ES256', null)]
    const { clock, state, prepare, token } = issuer([nameless])
    const verify = await prepare()
    expect(await verify(token(nameless))).toEqual(LET_IN)
    await clock.advance(31_000)
    state.keys = [next]
    expect(await verify(token(next))).toEqual(LET_IN)
  })

  test('T18: fifty unknown ids cause no fetch inside the cool-down, and one after it', async () => {
    const { clock, state, prepare, token } = issuer()
    const verify = await prepare()
    await settled()
    const strange = Array.from({ length: 50 }, (_, n) => ({
      ...token(newKey('ES256', `strange-${n}`)),
      peer: `192.0.2.${n}`,
    }))
    expect(await many(verify, strange)).toEqual(strange.map(() => UNKNOWN))
    expect(state.fetches).toBe(1)
    await clock.advance(61_000)
    expect(await many(verify, strange)).toEqual(strange.map(() => UNKNOWN))
    expect(state.fetches).toBe(2)
  })

  test('an unknown id is 503 while the issuer cannot be asked', async () => {
    const { clock, state, prepare, token } = issuer()
    const verify = await prepare()
    await settled()
    await clock.advance(31_000)
    state.down = true
    expect(await verify(token(second))).toEqual(UNAVAILABLE)
    expect(await verify(token(first))).toEqual(LET_IN)
    expect(state.fetches).toBe(2)
  })

  test.each<[string, () => Promise<Response>]>([
    ['no keys', async () => Response.json({ keys: [] })],
    ['something else', async () => Response.json([1])],
    ['keys that are none', async () => Response.json({ keys: ['x'] })],
    ['a thousand keys', async () => Response.json({ keys: Array(1_000).fill(first.jwk) })],
    ['no JSON', async () => new Response('<html>')],
    ['an error', async () => new Response('{"keys":[]}', { status: 500 })],
  ])('T21: an answer with %s changes nothing', async (_what, broken) => {
    let answer = async () => Response.json(jwks(first))
    const { clock, at, prepare, token } = issuer([], { fetch: () => answer() })
    const verify = await prepare()
    expect(await verify(token(first))).toEqual(LET_IN)
    answer = broken
    await clock.advance(601_000)
    expect(await verify(token(first, { jti: '2' }))).toEqual(LET_IN)
    await settled()
    expect(await verify(token(first, { jti: '3' }))).toEqual(LET_IN)
    expect(at.warnings.length).toBe(1)
  })

  test('a fetch that hangs ends after its time', async () => {
    const { clock, prepare, token } = issuer([], { fetch: () => new Promise(() => {}), fetchTimeoutMs: 500 })
    const verify = await prepare()
    const waiting = verify(token(first))
    await clock.advance(500)
    expect(await waiting).toEqual(UNAVAILABLE)
  })
})

async function* endless(): AsyncGenerator<string> {
  for (;;) yield ' '.repeat(16_384)
}

describe('over a socket', () => {
  const closers: (() => unknown)[] = []
  afterEach(() => {
    for (const close of closers.splice(0)) close()
  })

  /** The issuer as a server; the fetch leads to it what goes to the https address. */
  async function listening(listener: RequestListener) {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(() => {
      server.close()
      server.closeAllConnections()
    })
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const through: typeof fetch = (url, init) => fetch(String(url).replace('https://issuer.example', base), init)
    return issuer([], { fetch: through })
  }

  test('keys are fetched with the global fetch', async () => {
    const seen: unknown[] = []
    const { prepare, token } = await listening((req, res) => {
      seen.push([req.method, req.url, req.headers.accept])
      res.end(JSON.stringify(jwks(first)))
    })
    expect(await (await prepare())(token(first))).toEqual(LET_IN)
    expect(seen).toEqual([['GET', '/keys', 'application/jwk-set+json, application/json']])
  })

  test('T21: a redirect is not followed', async () => {
    const seen: unknown[] = []
    const { prepare, token } = await listening((req, res) => {
      seen.push(req.url)
      res.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect(await (await prepare())(token(first))).toEqual(UNAVAILABLE)
    expect(seen).toEqual(['/keys'])
  })

  test('T21: an answer without end is cut', async () => {
    const closed = Promise.withResolvers<void>()
    const { at, prepare, token } = await listening((_req, res) => {
      res.on('close', () => closed.resolve())
      Readable.from(endless()).pipe(res)
    })
    expect(await (await prepare())(token(first))).toEqual(UNAVAILABLE)
    await closed.promise
    expect(at.warnings).toMatchObject([{ facts: { code: 'too_large' } }])
  })

  test('an issuer that is not there is 503', async () => {
    const { prepare, token } = await listening((_req, res) => void res.destroy())
    expect(await (await prepare())(token(first))).toEqual(UNAVAILABLE)
  })
})
