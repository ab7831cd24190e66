import { describe, expect, test } from 'vitest'
import { anyOf, custom, token } from '../../src/auth/index.ts'
import { port } from '../../src/lib/symbols.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { LET_IN, prepare, REFUSED, setting, withHeaders } from './setting.ts'

const LONG = 'correct horse battery staple'
const unavailable = (reason: string) => ({ ok: false, unavailable: true, reason })

describe('custom', () => {
  test('lets in what its function lets in, with the label it gives', async () => {
    const verify = await prepare(
      custom(async ({ header }) =>
        header('X-Key') === LONG ? true : header('X-Old') !== null && { credential: 'old' },
      ),
    )
    expect(await verify(withHeaders(['x-key', LONG]))).toEqual(LET_IN)
    expect(await verify(withHeaders(['X-OLD', 'x']))).toEqual({ ok: true, credential: 'old' })
    expect(await verify(withHeaders(['X-Key', 'wrong']))).toMatchObject(REFUSED)
    expect(await verify(withHeaders(['X-Key', LONG], ['x-key', LONG]))).toMatchObject(REFUSED)
  })

  test('takes a function that is not async', async () => {
    expect(await (await prepare(custom(() => true)))(withHeaders())).toEqual(LET_IN)
    expect(await (await prepare(custom(() => false)))(withHeaders())).toMatchObject(REFUSED)
  })

  test('hands over the head of the request', async () => {
    const seen: object[] = []
    const verify = await prepare(custom((head) => seen.push(head) > 0))
    const request = { rawHeaders: ['Host', 'x'], target: '/webhooks/shop?a=b' }
    await verify(request)
    expect(seen).toMatchObject([{ ...request, source: 'shop', signal: { aborted: false } }])
  })

  test.each([
    [
      'throws at once',
      () => {
        throw Object.assign(new Error(`the secret is ${LONG}`), { code: 'EDOOR' })
      },
    ],
    [
      'rejects',
      async () => {
        throw Object.assign(new Error(`the secret is ${LONG}`), { code: 'EDOOR' })
      },
    ],
  ])('is 503 when its function %s, with the code in the log and nothing else', async (_what, check) => {
    const at = setting()
    const verify = await custom(check)[port].prepare(at)
    expect(await verify(withHeaders(['X-Key', LONG]))).toEqual(unavailable('custom_failed'))
    expect(at.warnings).toMatchObject([{ facts: { event: 'auth.custom_failed', code: 'EDOOR' } }])
    expect(JSON.stringify(at.warnings)).not.toContain(LONG)
  })

  test.each([
    undefined,
    null,
    1,
    'yes',
    {},
    { credential: '' },
    { credential: 7 },
    { credential: async () => 'x' },
    [],
  ])('is 503 when its function answers %j, which says nothing', async (answer) => {
    const verify = await prepare(custom((() => answer) as never))
    expect(await verify(withHeaders())).toEqual(unavailable('custom_answer'))
  })

  test('is 503 when its function takes too long, whose signal fires, and what comes later does not count', async () => {
    const clock = new FakeClock()
    const at = setting({}, clock)
    const late = Promise.withResolvers<boolean>()
    let signal: AbortSignal | undefined
    const verify = await custom((head) => {
      signal = head.signal
      return late.promise
    })[port].prepare(at)
    const verdict = verify(withHeaders())
    await clock.advance(1_999)
    expect(signal?.aborted).toBe(false)
    await clock.advance(1)
    expect(await verdict).toEqual(unavailable('custom_timeout'))
    expect(signal?.aborted).toBe(true)
    late.reject(new Error('too late'))
    await settled()
    expect(at.warnings).toMatchObject([{ facts: { timeoutMs: 2_000 } }])
  })

  test('leaves no timer behind', async () => {
    const clock = new FakeClock()
    const verify = await custom(async () => true)[port].prepare(setting({}, clock))
    await verify(withHeaders())
    expect(clock.pending).toBe(0)
  })

  test('cuts a label that is too long', async () => {
    const verify = await prepare(custom(() => ({ credential: 'x'.repeat(1_000) })))
    expect(await verify(withHeaders())).toEqual({ ok: true, credential: 'x'.repeat(100) })
  })

  test('is shown by its name', () => {
    expect(custom(() => true).scheme).toBe('custom')
    const named = custom(() => true, { name: 'vault' })
    expect([named.scheme, named[port].challenge]).toEqual(['vault', 'vault realm="posthorn"'])
  })

  test.each<[string, unknown, object]>([
    ['what is no function', true, {}],
    ['a name that is no word', () => true, { name: 'a b' }],
    ['a time that is none', () => true, { timeoutMs: 0 }],
    ['an option that nobody reads', () => true, { timeout: 5 }],
  ])('refuses %s', (_what, check, options) => {
    expect(() => custom(check as never, options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

describe('anyOf with a function', () => {
  test('asks it only when no quick kind lets the request in', async () => {
    let calls = 0
    const auth = anyOf(
      custom(() => ++calls > 1),
      token([{ label: 'token', secret: LONG }]),
    )
    const verify = await prepare(auth)
    expect(verify(withHeaders(['X-MessageSystems-Webhook-Token', LONG]))).toEqual({ ok: true, credential: 'token' })
    expect(calls).toBe(0)
    expect(await verify(withHeaders())).toMatchObject(REFUSED)
    expect(await verify(withHeaders())).toEqual(LET_IN)
  })

  test('is 503 when it cannot tell and nothing else lets the request in', async () => {
    const broken = custom(() => Promise.reject(new Error('down')))
    const verify = await prepare(
      anyOf(
        token(LONG),
        broken,
        custom(() => false),
      ),
    )
    expect(await verify(withHeaders())).toEqual(unavailable('custom_failed'))
    expect(
      await (
        await prepare(
          anyOf(
            broken,
            custom(() => true),
          ),
        )
      )(withHeaders()),
    ).toEqual(LET_IN)
  })
})
