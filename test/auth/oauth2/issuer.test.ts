import { describe, expect, test } from 'vitest'
import { anyOf, type OAuth2IssuerOptions, oauth2Issuer, token } from '../../../src/auth/index.ts'
import { readToken } from '../../../src/auth/jwt/token.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Auth, AuthRequest, Issued } from '../../../src/ports/auth.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { base64url, hmac } from '../../support/jwt.ts'
import { setting } from '../setting.ts'

const SECRET = 'a client secret: of some + length'
const KEY = 'a signing key of 32 characters at least'
const OTHER_KEY = 'another signing key of 32 characters or more'

const issuerWith = (options: Partial<OAuth2IssuerOptions> = {}) =>
  oauth2Issuer({ clientId: 'sparkpost', clientSecret: SECRET, signingKey: KEY, ...options })

/** One replica of a source. */
async function replica(auth: Auth = issuerWith(), { clock = new FakeClock(), source = 'shop' } = {}) {
  const at = { ...setting({}, clock), source }
  const verify = await auth[port].prepare(at)
  const issue = await auth[port].issuer!.prepare(at)
  const ask = (body: string | object = ASKED, headers: readonly string[] = [], peer = '192.0.2.1') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return issue({ rawHeaders: headers, target: `/${source}/token`, peer } as AuthRequest, Buffer.from(text))
  }
  const bring = (text: string) => verify({ rawHeaders: ['Authorization', `Bearer ${text}`], target: `/${source}` })
  return { ask, bring, clock, token: async (body?: object) => tokenIn(await ask(body)) }
}

const ASKED = { grant_type: 'client_credentials', client_id: 'sparkpost', client_secret: SECRET }

function tokenIn(issued: Issued): string {
  if (!issued.ok) throw new Error(issued.code)
  return (issued.body as { access_token: string }).access_token
}

const basicOf = (id: string, secret: string) => [
  'Authorization',
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
]
const formOf = (fields: Record<string, string>) => new URLSearchParams(fields).toString()

describe('a request for a token', () => {
  const { client_id, client_secret, ...grant } = ASKED
  test.each([
    ['JSON', ASKED, []],
    ['a form', formOf(ASKED), []],
    ['JSON, and Basic', grant, basicOf(client_id, client_secret)],
    ['a form, and Basic', formOf(grant), basicOf(client_id, client_secret)],
    ['a form, and Basic that is form-encoded', formOf(grant), basicOf(client_id, encodeURIComponent(client_secret))],
    [
      'a form with its client id twice over, in Basic too',
      formOf({ ...grant, client_id }),
      basicOf(client_id, client_secret),
    ],
    ['parameters that nobody knows', { ...ASKED, scope: 'all', resource: ['x'] }, []],
  ])('may be %s', async (_, body, headers) => {
    const { ask, bring } = await replica()
    const issued = await ask(body, headers)
    expect(issued).toMatchObject({ ok: true, body: { token_type: 'Bearer', expires_in: 3_600 } })
    expect(await bring(tokenIn(issued))).toEqual({ ok: true, credential: null })
  })

  test.each([
    ['a wrong secret', { ...ASKED, client_secret: 'a guess' }, []],
    ['an empty secret', { ...ASKED, client_secret: '' }, []],
    ['another client', { ...ASKED, client_id: 'mailjet' }, []],
    ['a secret that begins in the id', { ...ASKED, client_id: 'sparkpost:a', client_secret: 'b' }, []],
    ['no credentials', grant, []],
    ['an id alone', { ...grant, client_id }, []],
    ['a wrong secret in Basic', formOf(grant), basicOf('sparkpost', 'a guess')],
    ['Basic without a colon', formOf(grant), ['Authorization', 'Basic c3Bhcmtwb3N0']],
    ['Basic twice', formOf(grant), [...basicOf(client_id, client_secret), ...basicOf(client_id, client_secret)]],
  ])('with %s is invalid_client', async (_, body, headers) => {
    const { ask } = await replica()
    expect(await ask(body, headers)).toMatchObject({ ok: false, code: 'invalid_client' })
  })

  test.each([
    ['nothing', '', []],
    ['an array', [ASKED], []],
    ['broken JSON', '{"grant_type":', []],
    ['no grant type', { client_id, client_secret }, []],
    ['a secret that is no text', { ...ASKED, client_secret: 7 }, []],
    ['a secret that is null', { ...ASKED, client_secret: null }, []],
    ['a parameter twice', `${formOf(ASKED)}&client_secret=x`, []],
    ['credentials in both places', ASKED, basicOf(client_id, client_secret)],
    ['prototypes in the place of parameters', '{"__proto__":{"grant_type":"client_credentials"}}', []],
  ])('with %s is invalid_request', async (_, body, headers) => {
    const { ask } = await replica()
    expect(await ask(body, headers)).toEqual({ ok: false, code: 'invalid_request' })
  })

  test('that is not UTF-8 is invalid_request', async () => {
    const issue = await issuerWith()[port].issuer!.prepare(setting())
    const body = Buffer.concat([Buffer.from(formOf(ASKED)), Buffer.from([0xff])])
    expect(await issue({ rawHeaders: [], target: '' }, body)).toEqual({ ok: false, code: 'invalid_request' })
  })

  test('for another grant is told so, to who has the secret alone', async () => {
    const { ask } = await replica()
    const asked = { ...ASKED, grant_type: 'password' }
    expect(await ask(asked)).toEqual({ ok: false, code: 'unsupported_grant_type' })
    expect(await ask({ ...asked, client_secret: 'x' })).toMatchObject({ code: 'invalid_client' })
  })

  test('waits in a line once its address has guessed too often, and a good one passes there', async () => {
    const { ask } = await replica()
    const guesses = Array.from({ length: 300 }, () => ask({ ...ASKED, client_secret: 'a guess' }))
    const codes = (await Promise.all(guesses)).map((issued) => (issued.ok ? 'ok' : issued.code))
    expect(codes).toContain('auth_unavailable')
    expect(await ask()).toMatchObject({ ok: true })
    expect(await ask(ASKED, [], '192.0.2.2')).toMatchObject({ ok: true })
  })
})

describe('a token', () => {
  test('has exp, aud and kid, and nothing that tells a secret', async () => {
    const { token: newToken, clock } = await replica(issuerWith({ lifetimeSeconds: 600 }))
    const text = await newToken()
    const iat = clock.now() / 1_000
    const { header, claims } = readToken(text)!
    expect({ ...header }).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: expect.stringMatching(/^[\w-]{16}$/) })
    expect({ ...claims }).toEqual({
      ...{ iss: 'posthorn', aud: 'posthorn:shop', client_id: 'sparkpost', iat, exp: iat + 600 },
      sub: expect.stringMatching(/^[\w-]{16}$/),
    })
    const other = readToken(await (await replica(issuerWith({ audience: 'https://hooks.example' }))).token())
    expect(other?.claims.aud).toBe('https://hooks.example')
  })

  test('lets in until its end, at every replica, and not at another source', async () => {
    const clock = new FakeClock()
    const first = await replica(issuerWith(), { clock })
    const second = await replica(issuerWith(), { clock })
    const text = await first.token()
    for (const one of [first, second, second]) expect(await one.bring(text)).toMatchObject({ ok: true })
    const outlet = await replica(issuerWith(), { clock, source: 'outlet' })
    expect(await outlet.bring(text)).toMatchObject({ ok: false, reason: 'token_audience' })
    clock.leap(3_600_000)
    expect(await second.bring(text)).toMatchObject({ ok: true })
    clock.leap(31_000)
    expect(await second.bring(text)).toEqual({ ok: false, reason: 'token_expired_recently' })
  })

  test.each([
    ['without kid', { kid: undefined }, {}],
    ['with the kid of nobody', { kid: 'nobody' }, {}],
    ['without exp', {}, { exp: undefined }],
    ['without aud', {}, { aud: undefined }],
    ['that ends in a year', {}, { exp: 2_000_000_000 }],
    ['for a secret that nobody has', {}, { sub: 'nobody' }],
    ['of another type', { typ: 'JWT' }, {}],
    ['of another issuer', {}, { iss: 'https://login.example' }],
    ['with another algorithm', { alg: 'none' }, {}],
  ])('%s does not let in, though it is signed', async (_, header, claims) => {
    const { bring, token: newToken } = await replica()
    const good = readToken(await newToken())!
    const signed = (parts: readonly object[]) => {
      const input = parts.map((part) => base64url(JSON.stringify(part))).join('.')
      return `${input}.${base64url(hmac(KEY)(input))}`
    }
    expect(await bring(signed([{ ...good.header }, { ...good.claims }]))).toMatchObject({ ok: true })
    expect(
      await bring(
        signed([
          { ...good.header, ...header },
          { ...good.claims, ...claims },
        ]),
      ),
    ).toMatchObject({ ok: false })
  })

  test('that was changed, or signed with the client secret, does not let in', async () => {
    const { bring, token: newToken } = await replica()
    const [header, claims, signature] = (await newToken()).split('.') as [string, string, string]
    const longer = { ...readToken(`${header}.${claims}.${signature}`)!.claims, exp: 1e10 }
    const forged = `${header}.${base64url(JSON.stringify(longer))}`
    for (const text of [
      `${forged}.${signature}`,
      `${header}.${claims}.${base64url(hmac(SECRET)(`${header}.${claims}`))}`,
    ])
      expect(await bring(text)).toMatchObject({ ok: false })
    expect(await bring(SECRET)).toMatchObject({ ok: false, reason: 'token_malformed' })
  })
})

describe('rotation', () => {
  const labelled = (...secrets: readonly string[]) => ({
    clientSecret: secrets.map((secret) => ({ label: secret.split(' ', 1)[0]!, secret })),
  })

  test('of the client secret keeps the tokens of both, tells them by label, and ends those of the one taken out', async () => {
    const [spring, summer] = ['spring secret of some length', 'summer secret of some length']
    const clock = new FakeClock()
    const before = await replica(issuerWith(labelled(spring)), { clock })
    const old = await before.token({ ...ASKED, client_secret: spring })
    const both = await replica(issuerWith(labelled(summer, spring)), { clock })
    const fresh = await both.token({ ...ASKED, client_secret: summer })
    expect(await both.bring(old)).toEqual({ ok: true, credential: 'spring' })
    expect(await both.bring(fresh)).toEqual({ ok: true, credential: 'summer' })
    expect(await both.bring(await both.token({ ...ASKED, client_secret: spring }))).toMatchObject({ ok: true })
    const after = await replica(issuerWith(labelled(summer)), { clock })
    expect(await after.bring(fresh)).toEqual({ ok: true, credential: 'summer' })
    expect(await after.bring(old)).toEqual({ ok: false, reason: 'token_subject' })
    expect(await after.ask({ ...ASKED, client_secret: spring })).toMatchObject({ code: 'invalid_client' })
  })

  test('of the signing key, one replica after the other, refuses no token: added, then first, then alone', async () => {
    const clock = new FakeClock()
    const steps = [[KEY], [KEY, OTHER_KEY], [OTHER_KEY, KEY], [OTHER_KEY]]
    const replicas = await Promise.all(steps.map((signingKey) => replica(issuerWith({ signingKey }), { clock })))
    const tokens = await Promise.all(replicas.map((one) => one.token()))
    for (const [step, text] of tokens.entries())
      for (const next of [step - 1, step, step + 1].filter((one) => one in steps))
        expect(await replicas[next]!.bring(text)).toMatchObject({ ok: true })
    expect(await replicas[3]!.bring(tokens[0]!)).toEqual({ ok: false, reason: 'token_subject' })
  })
})

describe('oauth2Issuer', () => {
  test.each([
    [{ clientId: '' }, 'ERR_OPTION'],
    [{ clientId: 7 }, 'ERR_OPTION'],
    [{ audience: ' ' }, 'ERR_OPTION'],
    [{ lifetimeSeconds: 59 }, 'ERR_OPTION'],
    [{ lifetimeSeconds: 86_401 }, 'ERR_OPTION'],
    [{ clientSecrets: SECRET }, 'ERR_OPTION'],
    [{ clientSecret: '' }, 'ERR_SECRET_INVALID'],
    [{ signingKey: KEY.slice(0, 31) }, 'ERR_SECRET_INVALID'],
    [{ signingKey: [KEY, 'short'] }, 'ERR_SECRET_INVALID'],
  ])('refuses %o', (options, code) => {
    expect(() => issuerWith(options as never)).toThrow(expect.objectContaining({ code }))
  })

  test('refuses a start with a signing key that is too short, or missing, without telling it', async () => {
    const auth = issuerWith({ signingKey: { env: 'KEY' } })
    for (const [env, code] of [
      [{ KEY: 'too short' }, 'ERR_SECRET_INVALID'],
      [{}, 'ERR_SECRET_MISSING'],
    ] as const) {
      const error = await auth[port].prepare(setting(env)).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code })
      expect(String(error)).not.toContain('too short')
    }
  })

  test('goes with other kinds in anyOf, once', async () => {
    const both = anyOf(token('a token of some length'), issuerWith())
    const { ask, bring } = await replica(both)
    expect(await bring(tokenIn(await ask()))).toMatchObject({ ok: true })
    expect(() => anyOf(issuerWith(), issuerWith())).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
