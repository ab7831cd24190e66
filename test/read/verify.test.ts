import { anyOf, basic, bearer, custom, header, jwt, path, query, token, unauthenticated } from 'posthorn/auth'
import { mailjet } from 'posthorn/mailjet'
import { momentum } from 'posthorn/momentum'
import { type HeadersLike, verify } from 'posthorn/read'
import { describe, expect, it, vi } from 'vitest'
import type { Auth } from '../../src/ports/auth.ts'
import { AUDIENCE, ISSUER, jwks, newKey, newToken } from '../support/jwt.ts'

const SECRET = 'a secret of some length'
const TOKEN = 'X-MessageSystems-Webhook-Token'
const LET_IN = { ok: true, credential: null }
const WRONG = { ok: false, reason: 'wrong', unavailable: false }
const MISSING = { ok: false, reason: 'missing', unavailable: false }
const shop = momentum({ auth: token(SECRET) })
const of = (auth: Auth) => mailjet({ auth })
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** All the ways to hand over the same headers. */
const FORMS: ReadonlyArray<[string, (name: string, value: string) => HeadersLike]> = [
  ['Headers of fetch', (name, value) => new Headers({ accept: '*/*', [name]: value })],
  [
    'the headers of a request of fetch',
    (name, value) => new Request('http://a/', { headers: { [name]: value } }).headers,
  ],
  ['a plain object', (name, value) => ({ accept: '*/*', [name.toLowerCase()]: value, 'set-cookie': ['a', 'b'] })],
  ['an object with lists', (name, value) => ({ [name]: [value], absent: undefined, nothing: null })],
  ['a raw list', (name, value) => ['Accept', '*/*', name, value]],
  [
    'pairs',
    (name, value) => [
      ['Accept', '*/*'],
      [name, value],
    ],
  ],
  ['a Map', (name, value) => new Map([[name, value]])],
]

describe('verify', () => {
  it.each(FORMS)('takes %s', async (_, form) => {
    expect(await verify(shop, form(TOKEN, SECRET))).toEqual(LET_IN)
    expect(await verify(shop, form(TOKEN, 'another secret'))).toEqual(WRONG)
    expect(await verify(shop, form('X-Other', SECRET))).toEqual(MISSING)
  })

  it.each<[string, HeadersLike]>([
    ['a raw list', [TOKEN, SECRET, TOKEN.toLowerCase(), SECRET]],
    ['an object', { [TOKEN]: [SECRET, SECRET] }],
    ['an object with two spellings', { [TOKEN]: SECRET, [TOKEN.toLowerCase()]: SECRET }],
    ['pairs', [1, 2].map((): [string, string] => [TOKEN, SECRET])],
  ])('lets in no credential that is there twice, in %s', async (_, headers) => {
    expect(await verify(shop, headers)).toEqual(MISSING)
  })

  it.each<[string, HeadersLike]>([
    ['no headers', []],
    ['no pairs', new Map()],
    ['no members', {}],
  ])('is told of a request with %s', async (_, headers) => expect(await verify(shop, headers)).toEqual(MISSING))

  it('names the credential', async () => {
    const source = momentum({ auth: token([{ label: 'spring', secret: SECRET }, 'an older secret']) })
    expect(await verify(source, { [TOKEN]: SECRET })).toEqual({ ok: true, credential: 'spring' })
    expect(await verify(source, { [TOKEN]: 'an older secret' })).toEqual(LET_IN)
  })

  it.each<[string, Auth, Record<string, string>, Record<string, string>]>([
    ['basic', basic({ username: 'u', password: SECRET }), { authorization: `Basic ${base64(`u:${SECRET}`)}` }, {}],
    ['header', header('X-Key', SECRET), { 'x-key': SECRET }, {}],
    ['bearer', bearer(SECRET), { authorization: `Bearer ${SECRET}` }, { authorization: 'Basic x' }],
    ['anyOf', anyOf(token(SECRET), header('X-Key', SECRET)), { 'x-key': SECRET }, { other: SECRET }],
    ['custom', custom(({ header: get }) => get('X-Key') === SECRET), { 'x-key': SECRET }, {}],
  ])('knows %s', async (scheme, auth, good, bad) => {
    expect(await verify(of(auth), good)).toMatchObject({ ok: true })
    expect(await verify(of(auth), bad)).toEqual(scheme === 'custom' ? WRONG : MISSING)
  })

  it('lets everybody in where the source says so', async () => {
    expect(await verify(of(unauthenticated()), {})).toEqual(LET_IN)
  })

  it('has the words of jwt, and says when nobody can tell', async () => {
    const key = newKey()
    const source = of(jwt({ issuer: ISSUER, audience: AUDIENCE, keys: jwks(key) }))
    const sent = (value: string) => verify(source, { authorization: `Bearer ${value}` })
    expect(await sent(newToken(key, Date.now()))).toMatchObject({ ok: true })
    expect(await sent(newToken(key, Date.now() - 86_400_000))).toEqual({ ...WRONG, reason: 'token_expired' })
    expect(await sent('no token')).toEqual({ ...WRONG, reason: 'token_malformed' })
    const failing = of(custom(() => expect.fail('the directory is away')))
    expect(await verify(failing, {})).toEqual({ ok: false, reason: 'custom_failed', unavailable: true })
  })

  it.each(['https://host.example/webhooks/a-secret-segment/shop?x=1', '/webhooks/a-secret-segment/shop'])(
    'finds the secret in the path of %s',
    async (url) => {
      const source = of(path('a-secret-segment'))
      expect(await verify(source, {}, { url })).toEqual(LET_IN)
      expect(await verify(source, {}, { url: url.replace('segment', 'other') })).toEqual(WRONG)
    },
  )

  it.each(['https://host.example?key=', 'https://host.example/webhooks/shop?a=b&key=', '/webhooks/shop?key='])(
    'finds the secret in the query of %s',
    async (url) => {
      const source = of(query('key', SECRET))
      expect(await verify(source, {}, { url: url + encodeURIComponent(SECRET) })).toEqual(LET_IN)
      expect(await verify(source, {}, { url: `${url}guess` })).toEqual(WRONG)
      expect(await verify(source, {}, { url: '/webhooks/shop' })).toEqual(MISSING)
    },
  )

  it('asks for the address where a kind looks into it', async () => {
    for (const auth of [path('a-secret-segment'), query('key', SECRET), anyOf(token(SECRET), path('a-secret'))])
      await expect(verify(of(auth), {})).rejects.toMatchObject({ code: 'ERR_OPTION', message: /give \{ url \}/ })
  })

  it('reads secrets once, and again after it failed', async () => {
    const read = vi.fn(async (): Promise<string> => SECRET)
    const source = momentum({ auth: token(read) })
    read.mockRejectedValueOnce(new Error('the vault is away'))
    await expect(verify(source, {})).rejects.toMatchObject({ code: 'ERR_SECRET_MISSING' })
    const both = await Promise.all([verify(source, { [TOKEN]: SECRET }), verify(source, { [TOKEN]: 'x' })])
    expect(both).toEqual([LET_IN, WRONG])
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('says which variable is missing', async () => {
    const source = momentum({ auth: token({ env: 'POSTHORN_TEST_UNSET' }) })
    await expect(verify(source, {})).rejects.toMatchObject({
      code: 'ERR_SECRET_MISSING',
      message: expect.stringContaining('POSTHORN_TEST_UNSET'),
    })
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', `${TOKEN}: ${SECRET}`],
    ['an odd list', [TOKEN, SECRET, 'Accept']],
    ['a list of numbers', [1, 2]],
    ['triples', [[TOKEN, SECRET, 'x']]],
    ['bytes', Buffer.from(SECRET)],
    ['a value that is no text', { [TOKEN]: { secret: SECRET } }],
  ])('refuses %s for headers, and repeats no value', async (_, headers) => {
    const refusal = await verify(shop, headers as HeadersLike).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining('header') })
    expect(String(refusal)).not.toContain(SECRET)
  })

  it.each([{ options: null }, { options: 7 }, { options: [] }])('refuses $options for options', async ({ options }) => {
    await expect(verify(shop, {}, options as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it('refuses what is no source, and options nobody reads', async () => {
    for (const source of [undefined, null, {}, { provider: 'momentum' }, token(SECRET)])
      await expect(verify(source as never, {})).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(verify(shop, {}, { uri: '/' } as never)).rejects.toThrow('has no option "uri"')
    await expect(verify(shop, {}, { url: 7 } as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
