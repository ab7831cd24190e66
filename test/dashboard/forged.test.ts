/** Changes that were not asked for here (D3). */
import { afterEach, describe, expect, it } from 'vitest'
import { bearer } from '../../src/auth/index.ts'
import { isToken, tokenFor } from '../../src/dashboard/csrf.ts'
import { type Asked, Asking, endAll, locationOf, OWN, receiving } from './kit.ts'

afterEach(endAll)

const everything = { people: 'clear', bytes: true, act: ['retry', 'drop', 'pause', 'resume', 'erase'] } as const

async function asking(options = {}) {
  const { receiver, inbox } = await receiving()
  receiver.on('toy.ping', { name: 'mailer' }, () => {})
  await receiver.start()
  return Object.assign(new Asking(receiver, { access: everything, ...options }), { receiver, inbox })
}

const paused = async (receiver: Awaited<ReturnType<typeof asking>>['receiver']) =>
  (await receiver.health()).paused.map(({ handler }) => handler)

const pause = { filter: 'mailer' }

it('changes nothing by GET, and takes a form of its own page once it has the token', async () => {
  const board = await asking()
  expect((await board.ask('do=pause&filter=mailer&matched=1')).status).toBe(200)
  expect(await paused(board.receiver)).toEqual([])
  const { plan } = await board.plan('do=pause', pause)
  expect(await paused(board.receiver)).toEqual([])
  const done = await board.post('do=pause', { ...pause, matched: '1', token: plan.token })
  expect(locationOf(done).get('view')).toBe('run')
  expect(await paused(board.receiver)).toEqual(['mailer'])
})

describe('refuses with a good token', () => {
  const forged: Readonly<Record<string, Asked>> = {
    'a form without Sec-Fetch-Site and Origin': {
      headers: { 'sec-fetch-site': undefined, origin: undefined } as never,
    },
    'a cross-site form': { headers: { 'sec-fetch-site': 'cross-site' } },
    'a same-site form': { headers: { 'sec-fetch-site': 'same-site' } },
    'a form of no site': { headers: { 'sec-fetch-site': 'none' } },
    'a cross-site form that says its origin is ours': {
      headers: { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:8080' },
    },
    'another origin': { headers: { 'sec-fetch-site': undefined, origin: 'http://evil.example' } as never },
    'another origin that rebinds': { headers: { origin: 'http://evil.example:8080' } },
    'an opaque origin': { headers: { 'sec-fetch-site': undefined, origin: 'null' } as never },
    'another port': { headers: { 'sec-fetch-site': undefined, origin: 'http://localhost:9090' } as never },
    'an origin that begins so': {
      headers: { 'sec-fetch-site': undefined, origin: 'http://localhost:8080.evil.example' } as never,
    },
    'a script without credentials from a page': { headers: { 'x-posthorn-act': '1', 'sec-fetch-site': 'cross-site' } },
    'an origin that is empty': { headers: { 'sec-fetch-site': undefined, origin: '' } as never },
  }
  it.each(Object.entries(forged))('%s', async (_, asked) => {
    const board = await asking()
    const { plan } = await board.plan('do=pause', pause)
    const headers = Object.fromEntries(
      Object.entries({ ...OWN, ...asked.headers }).filter(([, value]) => value !== undefined),
    )
    const body = Buffer.from(String(new URLSearchParams({ ...pause, matched: '1', token: plan.token })))
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await board.ask('do=pause', { method: 'POST', headers: { ...headers, ...type }, body })
    expect(answer.status).toBe(403)
    expect(await paused(board.receiver)).toEqual([])
  })
})

describe('the token', () => {
  it('is good for who, verb, filter and count, for its hour and the next', () => {
    const key = Buffer.alloc(32, 7)
    const signed = { who: 'jo', verb: 'drop', filter: 'handler:a', matched: 3 }
    const at = Date.UTC(2026, 0, 1, 3, 59)
    const token = tokenFor(key, signed, at)
    expect(token).toMatch(/^[\w-]{32}$/)
    expect(isToken(key, signed, token, at)).toBe(true)
    expect(isToken(key, signed, token, at + 3_600_000)).toBe(true)
    expect(isToken(key, signed, token, at + 2 * 3_600_000)).toBe(false)
    expect(isToken(key, signed, token, at - 3_600_000)).toBe(false)
    for (const other of [{ who: 'al' }, { verb: 'retry' }, { filter: 'handler:b' }, { matched: 4 }])
      expect(isToken(key, { ...signed, ...other }, token, at)).toBe(false)
    expect(isToken(Buffer.alloc(32, 8), signed, token, at)).toBe(false)
    const other = tokenFor(key, signed, at)
    expect(other).not.toBe(token)
    expect(isToken(key, signed, other.slice(0, 8) + token.slice(8), at)).toBe(false)
    for (const broken of ['', 'x', `${token}A`, token.slice(1)]) expect(isToken(key, signed, broken, at)).toBe(false)
  })

  it('is asked for in each form that acts', async () => {
    const board = await asking()
    const { plan } = await board.plan('do=pause', pause)
    for (const token of ['', 'wrong', plan.token.slice(0, -1)])
      expect((await board.post('do=pause', { ...pause, matched: '1', token })).status).toBe(403)
    expect((await board.post('do=resume', { ...pause, matched: '1', token: plan.token })).status).toBe(403)
    expect((await board.post('do=pause', { ...pause, matched: '2', token: plan.token })).status).toBe(403)
    expect(await paused(board.receiver)).toEqual([])
  })

  it('of one process is good in another of the same inbox', async () => {
    const board = await asking()
    const other = new Asking(board.receiver, { access: everything })
    const { plan } = await board.plan('do=pause', pause)
    expect((await other.post('do=pause', { ...pause, matched: '1', token: plan.token })).status).toBe(303)
  })

  it('of somebody is no token of another', async () => {
    const board = await asking()
    const { plan } = await board.plan('do=pause', pause, { access: { who: 'jo', act: ['pause'] } })
    const form = { ...pause, matched: '1', token: plan.token }
    expect((await board.post('do=pause', form, { access: { who: 'al', act: ['pause'] } })).status).toBe(403)
    expect((await board.post('do=pause', form, { access: { who: 'jo', act: ['pause'] } })).status).toBe(303)
  })
})

describe('behind proxies', () => {
  const auth = bearer('a secret of some length')
  const remote = { peer: '192.0.2.7' }
  const by = { authorization: 'Bearer a secret of some length' }
  const status = async (options: object, headers: Readonly<Record<string, string | undefined>>) => {
    const board = await asking({ auth, ...options })
    const { plan } = await board.plan('do=pause', pause, { ...remote, headers: by })
    const given = Object.entries({ ...OWN, ...by, ...headers }).filter(([, value]) => value !== undefined)
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = Buffer.from(String(new URLSearchParams({ ...pause, matched: '1', token: plan.token })))
    return (
      await board.ask('do=pause', {
        ...remote,
        method: 'POST',
        body,
        headers: { ...Object.fromEntries(given), ...type } as never,
      })
    ).status
  }

  it('takes https of the same name, where the proxy has ended it', async () => {
    const headers = { host: 'ops.example', origin: 'https://ops.example', 'sec-fetch-site': undefined }
    expect(await status({}, headers)).toBe(303)
  })

  it('takes another name where the browser says that it is the same, or the options do', async () => {
    const headers = { host: '127.0.0.1:3000', origin: 'https://ops.example' }
    expect(await status({}, headers)).toBe(303)
    expect(await status({}, { ...headers, 'sec-fetch-site': undefined })).toBe(403)
    expect(await status({ origins: ['https://ops.example'] }, { ...headers, 'sec-fetch-site': undefined })).toBe(303)
  })
})

describe('scripts', () => {
  const auth = bearer('a secret of some length')
  const by = { authorization: 'Bearer a secret of some length', 'content-type': 'application/json' }
  const send = async (board: Asking, fields: object, headers = {}) => {
    const body = Buffer.from(JSON.stringify(fields))
    const answer = await board.ask('do=pause&as=json', {
      method: 'POST',
      body,
      headers: { ...by, 'x-posthorn-act': '1', ...headers },
    })
    return { status: answer.status, json: JSON.parse(String(answer.body)) }
  }

  it('act with credentials and x-posthorn-act, bound by the count they say', async () => {
    const board = await asking({ auth })
    expect(await send(board, pause)).toMatchObject({ status: 200, json: { view: 'confirm', data: { matched: 1 } } })
    expect(await paused(board.receiver)).toEqual([])
    expect(await send(board, { ...pause, matched: 0 })).toMatchObject({ status: 409 })
    expect(await paused(board.receiver)).toEqual([])
    expect(await send(board, { ...pause, matched: 1 })).toMatchObject({
      status: 202,
      json: { data: { state: 'done' } },
    })
    expect(await paused(board.receiver)).toEqual(['mailer'])
  })

  it('are told that the cookie of a session is not enough', async () => {
    const board = await asking({ access: undefined })
    const answer = await board.ask('do=pause&as=json', {
      method: 'POST',
      headers: { cookie: 'connect.sid=1', 'content-type': 'application/json', 'x-posthorn-act': '1' },
      body: Buffer.from(JSON.stringify(pause)),
      access: { ...everything, who: 'ann' },
    })
    expect(answer.status).toBe(403)
    expect(String(answer.body)).toContain('credentials in Authorization: a cookie is not enough')
  })

  it('are refused without the header, without credentials, and from the page of a stranger', async () => {
    const board = await asking({ auth })
    expect((await send(board, { ...pause, matched: 1 }, { 'x-posthorn-act': '0' })).status).toBe(403)
    expect((await send(board, { ...pause, matched: 1 }, { authorization: '' })).status).toBe(401)
    expect((await send(board, { ...pause, matched: 1 }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(await paused(board.receiver)).toEqual([])
  })
})

it('sends no header of CORS, and answers no preflight', async () => {
  const board = await asking()
  const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
  const answers = [
    await board.ask('do=pause', { method: 'OPTIONS', headers: preflight }),
    await board.ask('view=now', { headers: { origin: 'http://evil.example' } }),
  ]
  expect(answers[0]?.status).toBe(405)
  for (const { headers } of answers)
    expect(Object.keys(headers).filter((name) => /^access-control|^set-cookie/i.test(name))).toEqual([])
})
