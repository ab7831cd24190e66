import { describe, expect, test } from 'vitest'
import { jwt } from '../../../src/auth/index.ts'
import type { JwtOptions } from '../../../src/auth/jwt/options.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Verdict } from '../../../src/ports/auth.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  AUDIENCE,
  base64url,
  bearerOf,
  hmac,
  ISSUER,
  jwks,
  newKey,
  newToken,
  type TokenParts,
} from '../../support/jwt.ts'
import { setting } from '../setting.ts'

const clock = new FakeClock()
const NOW = Math.floor(clock.now() / 1_000)
const key = newKey('ES256')
const rsa = newKey('RS256')
const COMMON = { issuer: ISSUER, audience: AUDIENCE } as const
const LET_IN = { ok: true, credential: null }

async function verdict(token: string, more: Partial<JwtOptions> = {}, keys = jwks(key, rsa)): Promise<Verdict> {
  const verify = await jwt({ ...COMMON, keys, ...more } as JwtOptions)[port].prepare(setting({}, clock))
  return verify(bearerOf(token))
}

const made = (parts: TokenParts, by = key) => newToken(by, clock.now(), parts)
const refused = (reason: string) => ({ ok: false, reason })

describe('a good token', () => {
  test.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('is let in, signed by %s', async (alg) => {
    const other = newKey(alg)
    expect(await verdict(newToken(other, clock.now()), {}, jwks(key, other))).toEqual(LET_IN)
  })

  test.each([
    ['with our audience among others (T5)', { aud: ['https://else.example', AUDIENCE] }],
    ['without iat', { iat: undefined }],
    ['with an nbf that has come', { nbf: NOW }],
    ['within the tolerance of its end', { exp: NOW - 4, iat: NOW - 3_000 }],
    ['within the tolerance of its begin', { iat: NOW + 5 }],
  ])('is let in %s', async (_what, claims) => {
    expect(await verdict(made({ claims }))).toEqual(LET_IN)
  })

  test('may come from one of several issuers and for one of several audiences', async () => {
    const more = { issuer: ['https://old.example/', ISSUER], audience: ['a', AUDIENCE] }
    expect(await verdict(made({}), more)).toEqual(LET_IN)
    expect(await verdict(made({ claims: { iss: 'https://old.example/' } }), more)).toEqual(LET_IN)
  })

  test('shows the client as its credential, else the subject, or the label that was given', async () => {
    const clients = ['hooks', 'sparkpost-client']
    const claims = { client_id: 'sparkpost-client', azp: 'sparkpost-client' }
    expect(await verdict(made({ claims }), { clients })).toEqual({ ok: true, credential: 'sparkpost-client' })
    expect(await verdict(made({ claims: { azp: 'hooks' } }), { clients })).toEqual({ ok: true, credential: 'hooks' })
    expect(await verdict(made({}), { subjects: ['sparkpost'] })).toEqual({ ok: true, credential: 'sparkpost' })
    expect(await verdict(made({ claims }), { clients, label: 'new' })).toEqual({ ok: true, credential: 'new' })
    expect(jwt({ ...COMMON, keys: jwks(key), clients })[port].labels).toEqual(clients)
  })

  test('need not name its key, where one of a few holds (T12)', async () => {
    const [first, second] = [newKey('ES256', null), newKey('ES256', null)]
    expect(await verdict(newToken(second, clock.now()), {}, jwks(first, second))).toEqual(LET_IN)
    const third = newKey('ES256', null)
    expect(await verdict(newToken(third, clock.now()), {}, jwks(first, second))).toEqual(refused('token_key_unknown'))
    expect(await verdict(newToken(third, clock.now()), {}, jwks(first))).toEqual(refused('token_key_unknown'))
  })
})

describe('a token is refused', () => {
  const noSignature = () => new Uint8Array()

  test.each(['none', 'None', 'nOnE'])('T1: with the algorithm %s', async (alg) => {
    const token = made({ header: { alg }, signature: noSignature })
    expect(await verdict(token)).toMatchObject({ ok: false })
    expect(await verdict(made({ header: { alg } }))).toEqual(refused('token_algorithm'))
  })

  test('T2: with an HMAC under the text of the public key', async () => {
    for (const secret of [JSON.stringify(rsa.jwk), String(rsa.jwk.n), pem()])
      expect(await verdict(made({ header: { alg: 'HS256', kid: rsa.kid }, signature: hmac(secret) }))).toEqual(
        refused('token_algorithm'),
      )
  })

  const { exp: _exp, ...withoutExp } = { exp: 0, iss: ISSUER, aud: AUDIENCE, iat: NOW }
  test.each<[string, Record<string, unknown> | { text: string }, string]>([
    ['T3: without exp', { text: JSON.stringify(withoutExp) }, 'token_malformed'],
    ['T4: for another audience', { aud: 'https://else.example' }, 'token_audience'],
    ['T4: for an audience of which ours is a part', { aud: `${AUDIENCE}/more` }, 'token_audience'],
    ['without audience', { aud: undefined }, 'token_audience'],
    ['of another issuer', { iss: 'https://issuer.example' }, 'token_issuer'],
    ['without issuer', { iss: undefined }, 'token_issuer'],
    ['with a list as issuer', { iss: [ISSUER] }, 'token_issuer'],
    ['T6: that never ends', { exp: 1e308 }, 'token_lifetime'],
    ['T6: that ends too late for its begin', { iat: NOW - 80_000, exp: NOW + 80_000 }, 'token_lifetime'],
    ['T6: that ends too late, without a begin', { iat: undefined, exp: NOW + 90_000 }, 'token_lifetime'],
    ['T7: from the future', { iat: NOW + 1_000, exp: NOW + 2_000 }, 'token_not_yet_valid'],
    ['T8: with exp as text', { exp: String(NOW + 100) }, 'token_malformed'],
    ['T8: with iat as text', { iat: String(NOW) }, 'token_malformed'],
    ['T8: with nbf in the future', { nbf: NOW + 6 }, 'token_not_yet_valid'],
    ['T8: expired past the tolerance', { exp: NOW - 5, iat: NOW - 100 }, 'token_expired_recently'],
    ['T23: expired by less than ten minutes', { exp: NOW - 599, iat: NOW - 700 }, 'token_expired_recently'],
    ['T23: expired by ten minutes', { exp: NOW - 600, iat: NOW - 700 }, 'token_expired'],
  ])('%s', async (_what, claims, reason) => {
    const parts = 'text' in claims ? { claimsText: String(claims.text) } : { claims }
    expect(await verdict(made(parts))).toEqual(refused(reason))
  })

  test('T9: with what it says must be understood', async () => {
    expect(await verdict(made({ header: { crit: ['x'], x: 1 } }))).toMatchObject({ ok: false })
    expect(await verdict(made({ header: { crit: ['b64'], b64: false } }))).toMatchObject({ ok: false })
  })

  test('T9: in another form than three parts, encrypted ones too', async () => {
    const token = made({})
    const jwe = [{ alg: 'dir', enc: 'A256GCM' }, 'k', 'iv', 'text', 'tag'].map((part) =>
      base64url(JSON.stringify(part)),
    )
    for (const other of [`${token}.x`, token.slice(0, token.lastIndexOf('.')), jwe.join('.'), '..', 'a', `${token}.`])
      expect(await verdict(other)).toEqual(refused('token_malformed'))
  })

  test('T10: with the key of an attacker in its header, and nothing is fetched for it', async () => {
    const attacker = newKey('ES256', key.kid)
    const fetched: unknown[] = []
    const fetch = async (url: unknown) => void fetched.push(url) as never
    for (const header of [
      { jwk: attacker.jwk },
      { jku: 'https://attacker.example/' },
      { x5u: 'https://attacker.example/' },
    ]) {
      const token = newToken(attacker, clock.now(), { header })
      const known = globalThis.fetch
      globalThis.fetch = fetch
      try {
        expect(await verdict(token)).toEqual(refused('token_signature'))
      } finally {
        globalThis.fetch = known
      }
    }
    expect(fetched).toEqual([])
  })

  test.each(['../../dev/null', "' OR 1=1 --", 'x'.repeat(7_000)])('T11: with a key id that is a trick', async (kid) => {
    expect(await verdict(made({ header: { kid } }))).toEqual(
      refused(kid.length > 6_000 ? 'token_malformed' : 'token_key_unknown'),
    )
  })

  test('T13: with a key that is too short, never as a fault of ours', async () => {
    const short = newKey('RS256', 'short', 1024)
    const fetch = async () => Response.json(jwks(short))
    const auth = jwt({ ...COMMON, jwksUrl: 'https://issuer.example/keys', fetch })
    const verify = await auth[port].prepare(setting({}, clock))
    expect(await verify(bearerOf(newToken(short, clock.now())))).toEqual(refused('token_signature'))
  })

  test('T14: in any writing but one, so that one token is one text', async () => {
    const token = made({})
    const [header, claims, signature] = token.split('.') as [string, string, string]
    const spare =
      signature.slice(0, -1) + (signature.endsWith('A') ? 'B' : String.fromCharCode(signature.charCodeAt(85) + 1))
    for (const other of [
      `${token}\n`,
      `${token}==`,
      ` ${token}`,
      `${header}.${claims}.${spare}`,
      `${header}=.${claims}.${signature}`,
      token.replaceAll('-', '+').replaceAll('_', '/').concat('+'),
    ])
      expect(await verdict(other), other.slice(-20)).toMatchObject({ ok: false })
    expect(await verdict(token)).toEqual(LET_IN)
  })

  test('T15: with a header that says two things, one too deep, or a megabyte', async () => {
    const twice = made({
      headerText: `{"alg":"none","alg":"ES256","kid":"${key.kid}"}`,
      signature: () => new Uint8Array(64),
    })
    expect(await verdict(twice)).toEqual(refused('token_signature'))
    const headerText = `{"alg":"ES256","kid":"${key.kid}","x":${'['.repeat(2_000)}${']'.repeat(2_000)}}`
    expect(await verdict(made({ headerText, signature: () => new Uint8Array(64) }))).toEqual(refused('token_signature'))
    expect(await verdict(made({ claims: { x: 'x'.repeat(1_000_000) } }))).toEqual(refused('token_malformed'))
  })

  test('T16: with another type than was asked for', async () => {
    const more = { type: 'at+jwt' }
    expect(await verdict(made({}), more)).toEqual(refused('token_type'))
    expect(await verdict(made({ header: { typ: undefined } }), more)).toEqual(refused('token_type'))
    for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT'])
      expect(await verdict(made({ header: { typ } }), more)).toEqual(LET_IN)
  })

  test('T17: of another client, subject or scope than was asked for', async () => {
    const clients = ['ours']
    for (const claims of [{}, { azp: 'theirs' }, { client_id: 'ours', azp: 'theirs' }, { client_id: 7 }])
      expect(await verdict(made({ claims }), { clients })).toEqual(refused('token_client'))
    expect(await verdict(made({ claims: { sub: 'else' } }), { subjects: ['us'] })).toEqual(refused('token_subject'))
    const scopes = ['events:write', 'x']
    for (const claims of [{}, { scope: 'x' }, { scope: 'events:writer x' }, { scp: ['x'] }])
      expect(await verdict(made({ claims }), { scopes })).toEqual(refused('token_scope'))
    for (const claims of [{ scope: 'a x events:write' }, { scp: ['x', 'events:write'] }])
      expect(await verdict(made({ claims }), { scopes })).toEqual(LET_IN)
  })

  test.each([
    ['no Authorization', [], 'header_missing'],
    ['two of them', ['Authorization', 'Bearer x', 'Authorization', 'Bearer x'], 'header_twice'],
    ['Basic', ['Authorization', 'Basic eDp5'], 'other_scheme'],
  ])('with %s', async (_what, rawHeaders, reason) => {
    const verify = await jwt({ ...COMMON, keys: jwks(key) })[port].prepare(setting({}, clock))
    expect(verify({ rawHeaders, target: '/shop' })).toEqual({ ok: false, missing: true, reason })
  })

  test.each([
    ['claims that are no object', { claimsText: '[1]' }],
    ['claims that are not JSON', { claimsText: '{"exp":' }],
    ['claims that are not UTF-8', { claimsText: undefined, raw: true }],
    ['an algorithm that was not asked for', { header: { alg: 'ES512' } }],
  ])('with %s', async (_what, parts) => {
    const token =
      'raw' in parts
        ? `${base64url('{"alg":"ES256"}')}.${base64url(Uint8Array.of(0xff, 0xfe))}.eA`
        : made(parts as TokenParts)
    expect(await verdict(token, { algorithms: ['ES256'] })).toMatchObject({ ok: false })
  })

  test('signed by another key under a known id, and one whose claims were changed', async () => {
    expect(await verdict(newToken(newKey('ES256', key.kid), clock.now()))).toEqual(refused('token_signature'))
    const [header, , signature] = made({}).split('.')
    const claims = base64url(JSON.stringify({ iss: ISSUER, aud: AUDIENCE, exp: NOW + 7_200 }))
    expect(await verdict(`${header}.${claims}.${signature}`)).toEqual(refused('token_signature'))
  })

  test('a claim that stands on the prototype is none', async () => {
    const text = `{"__proto__":{"exp":${NOW + 100},"aud":"${AUDIENCE}"},"iss":"${ISSUER}","aud":"${AUDIENCE}"}`
    expect(await verdict(made({ claimsText: text }))).toEqual(refused('token_malformed'))
  })
})

function pem(): string {
  return JSON.stringify(rsa.privateKey.export({ format: 'jwk' }))
}

describe('the same token again', () => {
  test('costs no signature, and ends when it ends', async () => {
    const time = new FakeClock()
    const verify = await jwt({ ...COMMON, keys: jwks(key) })[port].prepare(setting({}, time))
    const token = newToken(key, time.now())
    // A signature is checked behind a promise; what is known is told at once.
    const first = verify(bearerOf(token))
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toEqual(LET_IN)
    expect(verify(bearerOf(token))).toEqual(LET_IN)
    await time.advance(3_606_000)
    expect(verify(bearerOf(token))).toEqual(refused('token_expired_recently'))
  })

  test('with another signature is another token', async () => {
    const verify = await jwt({ ...COMMON, keys: jwks(key) })[port].prepare(setting({}, clock))
    const token = made({})
    expect(await verify(bearerOf(token))).toEqual(LET_IN)
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${base64url(new Uint8Array(64))}`
    expect(await verify(bearerOf(forged))).toEqual(refused('token_signature'))
  })
})

test('a token and what is in it stay out of lines and of what is thrown', async () => {
  const at = setting({}, clock)
  const verify = await jwt({ ...COMMON, keys: jwks(key) })[port].prepare(at)
  for (let n = 0; n < 30; n++) await verify(bearerOf(newToken(newKey('ES256', key.kid), clock.now())))
  expect(JSON.stringify(at.warnings)).not.toMatch(/eyJ|sparkpost|issuer/)
})
