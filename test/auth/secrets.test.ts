import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { anyOf, basic, bearer, header, query, token, unauthenticated } from '../../src/auth/index.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Secrets } from '../../src/types.ts'
import { LET_IN, prepare, REFUSED, setting, withHeaders } from './setting.ts'

const LONG = 'correct horse battery staple'

/** Every kind that takes secrets, with the same ones. */
const kinds = [
  ['token', (secrets: Secrets) => token(secrets)],
  ['header', (secrets: Secrets) => header('X-Key', secrets)],
  ['query', (secrets: Secrets) => query('key', secrets)],
  ['bearer', (secrets: Secrets) => bearer(secrets)],
  ['basic', (secrets: Secrets) => basic({ username: 'sender', password: secrets })],
] as const

describe.each(kinds)('%s', (scheme, withSecrets) => {
  test.each([
    ['an empty text', ''],
    ['a blank text', ' \t '],
    ['a line break', 'correct horse\nbattery staple'],
    ['a carriage return', 'correct horse battery staple\r'],
    ['an empty list', []],
    ['an empty text in a list', [LONG, '']],
    ['a blank label', [{ label: ' ', secret: LONG }]],
    ['a variable without name', { env: '' }],
  ])('refuses %s where it is written', (_what, secrets) => {
    expect(() => withSecrets(secrets)).toThrow(expect.objectContaining({ code: 'ERR_SECRET_INVALID' }))
  })

  test.each([undefined, null, 7, {}])('refuses %s, as plain JavaScript may give it', (secrets) => {
    expect(() => withSecrets(secrets as never)).toThrow(TypeError)
  })

  test.each([
    ['not set', {}],
    ['empty', { KEY: '' }],
    ['blank', { KEY: '  ' }],
  ])('refuses to start with a variable that is %s, naming it', async (_what, env) => {
    const error: unknown = await prepare(withSecrets({ env: 'KEY' }), env).catch((error: unknown) => error)
    expect(error).toMatchObject({
      code: 'ERR_SECRET_MISSING',
      message: expect.stringMatching(/"shop".*KEY is not set, or blank/),
    })
    expect((error as Error).message).toContain(scheme)
  })

  test('refuses to start with a variable that has a line break, without its value', async () => {
    const error: unknown = await prepare(withSecrets({ env: 'KEY' }), { KEY: `${LONG}\n` }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'ERR_SECRET_INVALID' })
    expect(inspect(error)).not.toContain(LONG)
  })

  test('starts without an optional variable, but not without any secret', async () => {
    await expect(prepare(withSecrets([{ env: 'NEW', optional: true }, LONG]))).resolves.toBeTypeOf('function')
    await expect(prepare(withSecrets({ env: 'NEW', optional: true }))).rejects.toMatchObject({
      code: 'ERR_SECRET_MISSING',
    })
  })

  test('reads no secret before the start', async () => {
    let calls = 0
    const auth = withSecrets(async () => {
      calls++
      return LONG
    })
    expect(calls).toBe(0)
    await prepare(auth)
    expect(calls).toBe(1)
  })

  test.each([
    ['fails', () => Promise.reject(new Error('vault is sealed')), 'ERR_SECRET_MISSING'],
    [
      'throws',
      () => {
        throw new Error('vault is sealed')
      },
      'ERR_SECRET_MISSING',
    ],
    ['gives an empty text', () => '', 'ERR_SECRET_MISSING'],
    ['gives a line break', () => `${LONG}\n`, 'ERR_SECRET_INVALID'],
    ['gives no text', () => 7 as unknown as string, 'ERR_SECRET_INVALID'],
  ])('refuses to start when the function %s', async (_what, secret, code) => {
    await expect(prepare(withSecrets(secret))).rejects.toMatchObject({ code })
  })

  test('warns once of secrets under 16 characters', async () => {
    const at = setting()
    await withSecrets(['fifteen chars..', 'short', LONG])[port].prepare(at)
    expect(at.warnings).toMatchObject([{ facts: { source: 'shop', short: 2, of: 3 } }])
    await withSecrets('sixteen chars...')[port].prepare(at)
    expect(at.warnings.length).toBe(1)
    expect(JSON.stringify(at.warnings)).not.toContain('fifteen')
  })

  test('shows its scheme and nothing else', () => {
    const auth = withSecrets([LONG, { label: 'old', secret: { env: 'KEY' } }])
    expect(JSON.stringify(auth)).toBe(JSON.stringify({ scheme }))
    expect(inspect(auth)).toBe(inspect({ scheme }))
    expect(inspect(auth, { showHidden: true, depth: null })).not.toContain(LONG)
    expect(Object.isFrozen(auth)).toBe(true)
  })

  test('has a challenge with a realm', () => {
    expect(withSecrets(LONG)[port].challenge).toMatch(/^[A-Za-z]+ realm="posthorn"/)
  })
})

describe('anyOf', () => {
  const both = anyOf(
    token([{ label: 'token', secret: LONG }]),
    basic({ username: 'sender', password: [{ label: 'basic', secret: LONG }] }),
  )
  const goodToken = ['X-MessageSystems-Webhook-Token', LONG] as const
  const goodBasic = ['Authorization', `Basic ${Buffer.from(`sender:${LONG}`).toString('base64')}`] as const

  test('lets in what either lets in, and names the first that matches', async () => {
    const verify = await prepare(both)
    expect(verify(withHeaders(goodToken))).toEqual({ ok: true, credential: 'token' })
    expect(verify(withHeaders(goodBasic))).toEqual({ ok: true, credential: 'basic' })
    expect(verify(withHeaders(goodBasic, goodToken))).toEqual({ ok: true, credential: 'token' })
    expect(verify(withHeaders())).toMatchObject(REFUSED)
  })

  test('evaluates all of them for every request', async () => {
    let calls = 0
    const counting = { ...unauthenticated(), scheme: 'counting' }
    const auth = anyOf(token(LONG), {
      ...counting,
      [port]: { challenge: 'counting', prepare: async () => () => ({ ok: false, calls: calls++ }) as const },
    })
    const verify = await prepare(auth)
    expect(verify(withHeaders(goodToken))).toEqual(LET_IN)
    expect(calls).toBe(1)
  })

  test('joins the challenges, each once', () => {
    expect(both[port].challenge).toBe('token realm="posthorn", Basic realm="posthorn", charset="UTF-8"')
    expect(anyOf(token(LONG), token('another long secret'))[port].challenge).toBe('token realm="posthorn"')
  })

  test('names the kinds it is made of', () => {
    expect(both.scheme).toBe('token or basic')
  })

  test('does not start without the secrets of all of them', async () => {
    await expect(prepare(anyOf(token(LONG), bearer({ env: 'KEY' })))).rejects.toMatchObject({
      code: 'ERR_SECRET_MISSING',
    })
  })

  test('refuses no kinds, and a kind that would let in everything', () => {
    expect(() => anyOf()).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    expect(() => anyOf(token(LONG), unauthenticated())).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

test('unauthenticated lets in everything, and says so in its scheme', async () => {
  expect(unauthenticated().scheme).toBe('unauthenticated')
  expect((await prepare(unauthenticated()))(withHeaders())).toEqual(LET_IN)
})
