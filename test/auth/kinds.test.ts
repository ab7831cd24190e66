import { describe, expect, test } from 'vitest'
import { basic, bearer, header, query, token } from '../../src/auth/index.ts'
import type { Verdict } from '../../src/ports/auth.ts'
import { LET_IN, onTheWire, prepare, REFUSED, withHeaders } from './setting.ts'

const LONG = 'correct horse battery staple'

describe('token', () => {
  const NAME = 'X-MessageSystems-Webhook-Token'

  test('lets in the secret, whatever the case of the header name', async () => {
    const verify = await prepare(token(LONG))
    for (const name of [NAME, NAME.toLowerCase(), NAME.toUpperCase()])
      expect(verify(withHeaders([name, LONG]))).toEqual(LET_IN)
  })

  test.each([
    ['nothing', []],
    ['an empty value', [[NAME, '']]],
    ['a prefix', [[NAME, LONG.slice(0, -1)]]],
    ['one byte more', [[NAME, `${LONG}x`]]],
    ['one byte', [[NAME, 'c']]],
    ['8 kB', [[NAME, LONG.padEnd(8192, 'x')]]],
    ['another case', [[NAME, LONG.toUpperCase()]]],
    ['a header with underscores', [[NAME.replaceAll('-', '_'), LONG]]],
    ['a joined value', [[NAME, `${LONG}, ${LONG}`]]],
    [
      'good and bad',
      [
        [NAME, LONG],
        [NAME, 'x'],
      ],
    ],
    [
      'bad and good',
      [
        [NAME, 'x'],
        [NAME.toLowerCase(), LONG],
      ],
    ],
    [
      'good and good',
      [
        [NAME, LONG],
        [NAME, LONG],
      ],
    ],
    ['the secret as the name of a header', [[LONG, NAME]]],
  ] as [string, [string, string][]][])('refuses %s', async (_what, headers) => {
    expect((await prepare(token(LONG)))(withHeaders(...headers))).toMatchObject(REFUSED)
  })

  test('compares the bytes of the wire with the UTF-8 of the secret', async () => {
    const secret = 'geheim: Größenwahn'
    const verify = await prepare(token(secret))
    expect(verify(withHeaders([NAME, onTheWire(secret)]))).toEqual(LET_IN)
    expect(verify(withHeaders([NAME, onTheWire(secret, 'latin1')]))).toMatchObject(REFUSED)
  })

  test('lets in every secret of a rotation and names the one that came', async () => {
    const verify = await prepare(
      token([
        { label: 'old', secret: { env: 'OLD' } },
        { label: 'new', secret: async () => LONG },
        'unlabelled secret',
      ]),
      { OLD: 'the old secret of last year' },
    )
    const came = (secret: string) => verify(withHeaders([NAME, secret]))
    expect(came('the old secret of last year')).toEqual({ ok: true, credential: 'old' })
    expect(came(LONG)).toEqual({ ok: true, credential: 'new' })
    expect(came('unlabelled secret')).toEqual(LET_IN)
    expect(came('the older secret')).toMatchObject(REFUSED)
  })
})

describe('header', () => {
  test('reads the header it is told, also Authorization as a whole', async () => {
    expect((await prepare(header('X-Api-Key', LONG)))(withHeaders(['x-api-key', LONG]))).toEqual(LET_IN)
    const verify = await prepare(header('Authorization', LONG))
    expect(verify(withHeaders(['authorization', LONG]))).toEqual(LET_IN)
    expect(verify(withHeaders(['authorization', LONG], ['authorization', LONG]))).toMatchObject(REFUSED)
  })

  test.each(['', 'X Key', 'X-Key:', 'Schlüssel', 'X-Key\r\n'])('refuses %j as a name', (name) => {
    expect(() => header(name, LONG)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

describe('bearer', () => {
  test('lets in the secret, whatever the case of the scheme', async () => {
    const verify = await prepare(bearer(LONG))
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect(verify(withHeaders(['Authorization', `${scheme} ${LONG}`]))).toEqual(LET_IN)
  })

  test.each([
    ['two spaces', [`Bearer  ${LONG}`]],
    ['a tab', [`Bearer\t${LONG}`]],
    ['no space', [`Bearer${LONG}`]],
    ['no token', ['Bearer']],
    ['an empty token', ['Bearer ']],
    ['another scheme', [`Basic ${LONG}`]],
    ['no scheme', [LONG]],
    ['a second Authorization', [`Bearer ${LONG}`, 'Basic eDp5']],
    ['the same one twice', [`Bearer ${LONG}`, `Bearer ${LONG}`]],
  ])('refuses %s', async (_what, values) => {
    const verify = await prepare(bearer(LONG))
    expect(verify(withHeaders(...values.map((value) => ['Authorization', value] as const)))).toMatchObject(REFUSED)
  })
})

describe('basic', () => {
  const base64 = (text: string, encoding: BufferEncoding = 'utf8') => Buffer.from(text, encoding).toString('base64')
  const sent = async (auth: Parameters<typeof basic>[0], value: string): Promise<Verdict> =>
    (await prepare(basic(auth)))(withHeaders(['Authorization', value]))
  const sender = { username: 'sender', password: LONG }

  test.each(['Basic', 'basic', 'BASIC'])('lets in user and password under "%s"', async (scheme) => {
    expect(await sent(sender, `${scheme} ${base64(`sender:${LONG}`)}`)).toEqual(LET_IN)
  })

  test('lets in a password with colons', async () => {
    const password = 'a:b::correct horse:'
    expect(await sent({ ...sender, password }, `Basic ${base64(`sender:${password}`)}`)).toEqual(LET_IN)
  })

  test('lets in the empty password where it was configured in words, and only there', async () => {
    const key = { username: LONG, password: { empty: true } } as const
    expect(await sent(key, `Basic ${base64(`${LONG}:`)}`)).toEqual(LET_IN)
    expect(await sent(key, `Basic ${base64(LONG)}`)).toMatchObject(REFUSED)
    expect(await sent(sender, `Basic ${base64('sender:')}`)).toMatchObject(REFUSED)
  })

  test('compares UTF-8, so a sender that writes latin-1 is refused', async () => {
    const umlaut = { username: 'Jörg', password: LONG }
    expect(await sent(umlaut, `Basic ${base64(`Jörg:${LONG}`)}`)).toEqual(LET_IN)
    expect(await sent(umlaut, `Basic ${base64(`Jörg:${LONG}`, 'latin1')}`)).toMatchObject(REFUSED)
  })

  test('names the password that came', async () => {
    const auth = {
      username: 'sender',
      password: [
        { label: 'old', secret: 'last year' },
        { label: 'new', secret: LONG },
      ],
    }
    expect(await sent(auth, `Basic ${base64(`sender:${LONG}`)}`)).toEqual({ ok: true, credential: 'new' })
  })

  test.each([
    ['no colon', base64(`sender${LONG}`)],
    ['no user', base64(`:${LONG}`)],
    ['another user', base64(`sendes:${LONG}`)],
    ['another case of the user', base64(`Sender:${LONG}`)],
    ['what is not base64', `sender:${LONG}`],
    ['no padding', base64(`sender:${LONG}!!`).replace(/=+$/, '')],
    ['white space in it', `${base64(`sender:${LONG}`).slice(0, 4)} ${base64(`sender:${LONG}`).slice(4)}`],
    ['characters behind it', `${base64(`sender:${LONG}`)}, x`],
    ['12 kB', base64('x'.repeat(9000))],
    ['nothing', ''],
  ])('refuses %s', async (_what, credentials) => {
    expect(await sent(sender, `Basic ${credentials}`)).toMatchObject(REFUSED)
  })

  test('refuses the URL alphabet, spare bits and spare padding, which decode to the same bytes', async () => {
    const auth = { username: 'sender42', password: '>>>???>>>???>>>???x' }
    const good = base64(`${auth.username}:${auth.password}`)
    expect(good).toMatch(/\+.*\/.*A==$/)
    expect(await sent(auth, `Basic ${good}`)).toEqual(LET_IN)
    for (const bad of [good.replaceAll('+', '-').replaceAll('/', '_'), good.replace(/A==$/, 'B=='), `${good}=`])
      expect(await sent(auth, `Basic ${bad}`)).toMatchObject(REFUSED)
  })

  test.each(['Basic  ', 'Basic\t', 'Basic', 'Basic:', 'BasicX '])('refuses "%s" as the beginning', async (start) => {
    expect(await sent(sender, `${start}${base64(`sender:${LONG}`)}`)).toMatchObject(REFUSED)
  })

  test('refuses two Authorization headers, whatever they are', async () => {
    const good = `Basic ${base64(`sender:${LONG}`)}`
    const verify = await prepare(basic(sender))
    for (const other of [good, 'Bearer x', ''])
      expect(verify(withHeaders(['Authorization', good], ['authorization', other]))).toMatchObject(REFUSED)
  })

  test('refuses a user name with a colon, written or read', async () => {
    expect(() => basic({ username: 'a:b', password: LONG })).toThrow(
      expect.objectContaining({ code: 'ERR_SECRET_INVALID' }),
    )
    await expect(prepare(basic({ username: { env: 'USER_NAME' }, password: LONG }), { USER_NAME: 'a:b' }))
      .rejects //
      .toMatchObject({ code: 'ERR_SECRET_INVALID' })
  })

  test('does not start without its user name', async () => {
    await expect(prepare(basic({ username: { env: 'NAME' }, password: LONG }))).rejects.toMatchObject({
      code: 'ERR_SECRET_MISSING',
    })
  })
})

describe('query', () => {
  const sent = async (target: string, secret = LONG): Promise<Verdict> =>
    (await prepare(query('key', secret)))({ rawHeaders: [], target })
  const encoded = encodeURIComponent(LONG)

  test.each([
    ['alone', `?key=${encoded}`],
    ['among others', `?a=1&key=${encoded}&b=2`],
    ['after an empty pair', `?&&key=${encoded}`],
    ['with an encoded name', `?%6Bey=${encoded}`],
  ])('lets in the secret %s', async (_what, search) => {
    expect(await sent(`/webhooks/shop${search}`)).toEqual(LET_IN)
  })

  test.each([
    ['no query', ''],
    ['an empty query', '?'],
    ['no value', '?key'],
    ['an empty value', '?key='],
    ['the parameter twice', `?key=${encoded}&key=${encoded}`],
    ['the parameter twice, once encoded', `?key=${encoded}&%6bey=x`],
    ['another parameter', `?Key=${encoded}`],
    ['a parameter that ends alike', `?akey=${encoded}`],
    ['a double encoding', `?key=${encodeURIComponent(encoded)}`],
    ['a broken encoding', `?key=${encoded}%2`],
    ['a plus for a space', `?key=${LONG.replaceAll(' ', '+')}`],
    ['the secret in the path', `key=${encoded}`],
  ])('refuses %s', async (_what, search) => {
    expect(await sent(`/webhooks/shop${search}`)).toMatchObject(REFUSED)
  })

  test('takes what is behind the first question and equals sign as it is', async () => {
    expect(await sent('/webhooks/shop?key=a=b?c=d+e/correct', 'a=b?c=d+e/correct')).toEqual(LET_IN)
  })

  test('compares the UTF-8 of the secret', async () => {
    expect(await sent(`/x?key=${encodeURIComponent('Größenwahn im Quadrat')}`, 'Größenwahn im Quadrat')).toEqual(LET_IN)
  })

  test('reads 100 000 parameters in one pass', async () => {
    expect(await sent(`/x?${'a&'.repeat(100_000)}key=${encoded}`)).toEqual(LET_IN)
  })

  test('refuses an empty name', () => {
    expect(() => query('', LONG)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
