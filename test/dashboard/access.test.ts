/** Who is let in (D1, D2), and what strangers learn. */
import { afterEach, describe, expect, it } from 'vitest'
import { basic, bearer, path, query, unauthenticated } from '../../src/auth/index.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import type { DashboardOptions } from '../../src/dashboard/options.ts'
import { OptionError } from '../../src/index.ts'
import { type Asked, Asking, endAll, receiving } from './kit.ts'

afterEach(endAll)

async function asking(options: DashboardOptions = {}) {
  const { receiver, logger } = await receiving()
  await receiver.start()
  return Object.assign(new Asking(receiver, options), { logger, receiver })
}

const statusOf = async (asking: Asking, asked: Asked) => (await asking.ask('view=now', asked)).status

describe('D1: without auth and access', () => {
  it('answers this machine, under each of its names', async () => {
    const board = await asking()
    for (const peer of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      for (const host of ['localhost', 'LOCALHOST:80', 'ops.localhost:1', '127.0.0.1:8080', '[::1]:8080'])
        expect(await statusOf(board, { peer, headers: { host } }), `${peer} ${host}`).toBe(200)
  })

  const closed: Readonly<Record<string, Asked>> = {
    'no peer': { peer: undefined },
    'a peer of the network': { peer: '192.0.2.7' },
    'a private peer': { peer: '10.0.0.1' },
    'a mapped peer': { peer: '::ffff:192.0.2.7' },
    'a peer that begins so': { peer: '127.0.0.1.evil.example' },
    'an IPv6 peer': { peer: '2001:db8::1' },
    'every address': { peer: '::' },
    'a proxy of HTTP 1.0': { httpVersion: '1.0' },
    'a proxy of HTTP 1.1 that keeps its connections': { rawHeaders: ['host', '127.0.0.1:8080'] },
    'a proxy of HTTP 1.1 that closes them': { headers: { host: '127.0.0.1:8080', connection: 'close' } },
    'a proxy that upgrades': { headers: { connection: 'upgrade' } },
    'no host': { rawHeaders: [] },
    'two hosts': { rawHeaders: ['host', 'localhost', 'Host', 'localhost'] },
    ...Object.fromEntries(
      [
        ...['forwarded', 'Forwarded', 'x-forwarded-for', 'X-Forwarded-Host', 'x-forwarded-proto', 'x-forwarded', 'via'],
        ...['X-Real-IP', 'cf-connecting-ip', 'cdn-loop', 'true-client-ip', 'x-amzn-trace-id', 'x-envoy-internal'],
        ...['x-remote-addr', 'x-scheme', 'tailscale-user-login', 'proxy-connection'],
      ].map((name) => [`a ${name} header`, { headers: { [name]: '127.0.0.1' } }]),
    ),
    ...Object.fromEntries(
      [
        ...[
          'evil.example',
          'evil.example:8080',
          'localhost.evil.example',
          'localhost:80@evil.example',
          '127.0.0.1.nip.io',
        ],
        ...['192.0.2.1', '0.0.0.0', '[::]', 'notlocalhost', '2130706433', ''],
      ].map((host) => [`the host ${host}`, { headers: { host } }]),
    ),
  }
  it.each(Object.entries(closed))('refuses %s', async (_, asked) => {
    const { ask, board } = await asking()
    const answer = await ask.call({ board } as Asking, 'view=now', asked)
    expect(answer.status).toBe(403)
    expect(answer.body).toContain('This dashboard answers on its own machine alone.')
  })

  it('tells a program of this machine what is missing, and only that one', async () => {
    const { ask, board } = await asking()
    const told = async (asked: Asked) => String((await ask.call({ board } as Asking, 'view=now', asked)).body)
    expect(await told({ rawHeaders: ['host', 'localhost:8080'] })).toContain('Connection: keep-alive')
    for (const asked of [
      { rawHeaders: ['host', 'evil.example'] },
      { rawHeaders: ['host', 'localhost:8080', 'x-forwarded-for', '192.0.2.1'] },
      { rawHeaders: ['host', 'localhost:8080'], peer: '192.0.2.7' },
      { rawHeaders: ['host', 'localhost:8080'], httpVersion: '1.0' },
    ])
      expect(await told(asked)).not.toContain('keep-alive')
  })

  it('says nothing else to strangers, whatever they ask for, and the remedy in the log', async () => {
    const board = await asking()
    const peer = '192.0.2.7'
    const bodies = new Set<unknown>()
    for (const query of ['view=now', 'view=nowhere', 'asset=main-abc', 'view=person&key=x', 'view=log'])
      for (const method of ['GET', 'POST', 'PUT']) bodies.add((await board.ask(query, { peer, method })).body)
    expect([...bodies]).toHaveLength(1)
    expect(board.logger.lines.filter(({ facts }) => Object(facts).event === 'dashboard.refused')).toMatchObject([
      { level: 'warn', facts: { status: 403, reason: 'not_local' }, message: expect.stringContaining('ssh -L') },
    ])
  })
})

describe('D2: names', () => {
  it('asks for one of hosts with auth too, in each request, and takes any without', async () => {
    const auth = bearer('a secret of some length')
    const headers = { authorization: 'Bearer a secret of some length', host: 'evil.example' }
    const peer = '192.0.2.7'
    expect(await statusOf(await asking({ auth }), { peer, headers })).toBe(200)
    const board = await asking({ auth, hosts: ['ops.example', 'other.example:8443'] })
    const of = (host: string) => statusOf(board, { peer, headers: { ...headers, host } })
    expect(await of('evil.example')).toBe(403)
    expect(await of('ops.example:8080')).toBe(200)
    expect(await of('OPS.example')).toBe(200)
    expect(await of('other.example:8443')).toBe(200)
    expect(await of('other.example')).toBe(403)
    expect((await board.ask('asset=main-abc', { peer, headers })).status).toBe(403)
  })
})

describe('auth', () => {
  const auth = basic({ username: 'ops', password: 'a password of some length' })
  const good = `Basic ${Buffer.from('ops:a password of some length').toString('base64')}`

  it('lets in who has the credential, and asks others for it, whatever they ask', async () => {
    const board = await asking({ auth })
    const peer = '192.0.2.7'
    for (const query of ['view=now', 'asset=main-abc', 'view=log', 'nothing'])
      expect((await board.ask(query, { peer })).status, query).toBe(401)
    const { headers } = await board.ask('view=now', { peer })
    expect(headers['www-authenticate']).toMatch(/^Basic /)
    expect(await statusOf(board, { peer, headers: { authorization: good } })).toBe(200)
    const twice = ['host', 'a', 'Authorization', good, 'authorization', good]
    expect(await statusOf(board, { peer, rawHeaders: twice })).toBe(401)
  })

  it('answers 429 where guesses come in numbers, and lets a good credential in all the same', async () => {
    const board = await asking({ auth })
    const wrong = (at: number) => ({ authorization: `Basic ${Buffer.from(`ops:guess ${at}`).toString('base64')}` })
    const guesses = Array.from({ length: 200 }, (_, at) => statusOf(board, { headers: wrong(at) }))
    const goodOne = statusOf(board, { peer: '192.0.2.8', headers: { authorization: good } })
    expect(await goodOne).toBe(200)
    const answers = await Promise.all(guesses)
    expect(new Set(answers)).toEqual(new Set([401, 429]))
    await statusOf(board, { headers: wrong(200) })
    expect(board.logger.lines.map(({ facts }) => Object(facts).event)).toContain('auth.budget')
  }, 20_000)

  it('answers 503 while a secret cannot be read, and 200 once it can', async () => {
    let isThere = false
    const secret = () => {
      if (!isThere) throw new Error('no vault')
      return 'a secret of some length'
    }
    const board = await asking({ auth: bearer(secret) })
    const headers = { authorization: 'Bearer a secret of some length' }
    expect(await statusOf(board, { headers })).toBe(503)
    isThere = true
    expect(await statusOf(board, { headers })).toBe(200)
  })

  it('is refused where its secret stands in the address, or where there is none', async () => {
    const { receiver } = await receiving()
    for (const auth of [query('key', 'a secret of some length'), path('a-secret-of-some-length'), unauthenticated()])
      expect(() => dashboard(receiver, { auth })).toThrow(OptionError)
  })
})

describe('access of the host', () => {
  it('gives rights, with nothing implied', async () => {
    const board = await asking()
    const rights = async (access: object) =>
      (await board.json('view=now', { access, peer: '192.0.2.7' })).json.data.rights
    expect(await rights({ who: 'jo' })).toEqual({ who: 'jo', people: 'masked', bytes: false, act: [] })
    const all = { who: 'al', people: 'clear', bytes: true, act: ['retry', 'drop'] }
    expect(await rights(all)).toEqual(all)
  })

  it('answers 404 to nobody, and 503 to what is no access', async () => {
    const board = await asking()
    expect(await statusOf(board, { access: null })).toBe(404)
    for (const access of [
      {},
      true,
      'jo',
      { who: '' },
      { who: 'jo', act: ['everything'] },
      { who: 'jo', people: 'all' },
    ])
      expect(await statusOf(board, { access }), JSON.stringify(access)).toBe(503)
  })

  it('asks for auth, too, where there is auth', async () => {
    const board = await asking({ auth: bearer('a secret of some length') })
    expect(await statusOf(board, { access: { who: 'jo' } })).toBe(401)
    const headers = { authorization: 'Bearer a secret of some length' }
    expect(await statusOf(board, { access: { who: 'jo' }, headers })).toBe(200)
    expect(await statusOf(board, { access: null, headers })).toBe(404)
  })
})

it.each([
  ['an unknown option', { colour: 'red' }],
  ['auth that is none', { auth: {} }],
  ['a right that there is not', { access: { act: ['delete'] } }],
  ['who, which auth says', { access: { who: 'jo' } }],
  ['an origin with a path', { origins: ['https://ops.example/ops'] }],
  ['a frame of everybody', { framedBy: ['*'] }],
  ['a link to http', { links: [{ label: 'a', href: 'http://tickets.example/{key}' }] }],
  ['a link of a script', { links: [{ label: 'a', href: 'javascript:alert(1)' }] }],
  ['a link with nothing to put', { links: [{ label: 'a', href: 'https://tickets.example/{email}' }] }],
  ['hosts that are no texts', { hosts: [1] }],
])('refuses %s when it is made', async (_, options) => {
  const { receiver } = await receiving()
  expect(() => dashboard(receiver, options as never)).toThrow(OptionError)
})

it('refuses what is no receiver', () => {
  for (const given of [undefined, null, {}, 'receiver']) expect(() => dashboard(given as never)).toThrow(OptionError)
})

it('answers 503 before the receiver has started, starts nothing, and 503 once it closes', async () => {
  const { receiver } = await receiving()
  const board = new Asking(receiver)
  const answer = await board.ask('view=now')
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5'])
  expect(await receiver.health()).toMatchObject({ ready: false })
  await receiver.start()
  expect((await board.ask('view=now')).status).toBe(200)
  await receiver.close()
  expect((await board.ask('view=now')).status).toBe(503)
})

it.each(['text/html', 'application/json'])(
  'keeps its shell and its auth while the receiver is not open, as %s',
  async (accept) => {
    const { receiver } = await receiving()
    const board = dashboard(receiver, { auth: basic({ username: 'ops', password: 'password-of-the-tests' }) })
    const ask = async (authorization: string) => {
      const answer = await board.handle(
        new Request('http://ops.example/ops?view=dead', { headers: { accept, authorization } }),
      )
      return { status: answer.status, retry: answer.headers.get('retry-after'), text: await answer.text() }
    }
    const good = `Basic ${Buffer.from('ops:password-of-the-tests').toString('base64')}`
    for (const why of ['The receiver has not started.', 'The receiver is closed.']) {
      const { status, retry, text } = await ask(good)
      expect([status, retry]).toEqual([503, '5'])
      if (accept === 'application/json')
        expect(JSON.parse(text)).toEqual({ posthorn: 1, error: 'unavailable', message: why })
      else {
        expect(text).toContain('rel="stylesheet"')
        expect(text).toContain('<nav class="side"')
        expect(text).toContain(why)
        expect(text).toContain('basic ·')
      }
      const stranger = await ask('')
      expect(stranger.status).toBe(401)
      expect(stranger.text).not.toContain('receiver')
      if (why.includes('started')) {
        await receiver.start()
        expect((await ask(good)).status).toBe(200)
        await receiver.close()
      }
    }
  },
)

it('gives a refusal its shell, without what was asked in it', async () => {
  const { receiver } = await receiving()
  await receiver.start()
  const board = dashboard(receiver, { auth: basic({ username: 'ops', password: 'password-of-the-tests' }) })
  const authorization = `Basic ${Buffer.from('ops:password-of-the-tests').toString('base64')}`
  const ask = async (query: string, method = 'GET') => {
    const headers = { accept: 'text/html', authorization }
    const answer = await board.handle(new Request(`http://ops.example/ops?${query}`, { method, headers }))
    return { status: answer.status, text: await answer.text() }
  }
  for (const [query, status, method] of [
    ['view=events&filter=to:jo@shop.example', 400],
    ['view=delivery&as=body&id=d_a', 403],
    ['view=dead', 405, 'PUT'],
    ['do=retry', 403, 'POST'],
  ] as const) {
    const answer = await ask(query, method)
    expect(answer.status, query).toBe(status)
    expect(answer.text, query).toContain('<nav class="side"')
    expect(answer.text, query).not.toContain('jo@')
  }
})
