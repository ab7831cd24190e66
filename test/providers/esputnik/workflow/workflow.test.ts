import { gzipSync } from 'node:zlib'
import { Ajv } from 'ajv'
import * as v from 'valibot'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { anyOf, basic, bearer, header, query } from '../../../../src/auth/index.ts'
import { PosthornError } from '../../../../src/errors.ts'
import { memory } from '../../../../src/inboxes/memory/index.ts'
import { esputnikWorkflow, onceFor, type WorkflowCall } from '../../../../src/providers/esputnik/index.ts'
import type { StandardSchema } from '../../../../src/types.ts'
import { broken } from '../../../support/broken-inbox.ts'
import { settled } from '../../../support/fake-clock.ts'
import { all } from '../../../support/receivers.ts'
import { type Params, workflowIn } from '../../../support/workflow.ts'

const anything = z.record(z.string(), z.unknown())
/** Answers with the parameters as they came. */
const echo = () => workflowIn({ params: anything, respond: ({ params }) => ({ got: params }) })
const got = async (response: Response | Promise<Response>) => ((await (await response).json()) as { got: unknown }).got
/** As docs/metadata.md has it. */
function ajvSchema(schema: object): StandardSchema<Record<string, unknown>> {
  const check = new Ajv({ allErrors: true }).compile<Record<string, unknown>>(schema)
  const issues = () =>
    (check.errors ?? []).map(({ message = 'invalid', instancePath, params }) => ({
      message,
      path: [...instancePath.split('/').slice(1), params.missingProperty ?? []].flat(),
    }))
  const validate = (value: unknown) => (check(value) ? { value } : { issues: issues() })
  return { '~standard': { version: 1, vendor: 'ajv', validate } }
}
const SECRET = 'a-secret-that-is-long-enough'

afterEach(() => vi.unstubAllEnvs())

describe('a call', () => {
  it('is answered with what respond gives, by GET and by POST', async () => {
    const { ask, post } = workflowIn({ respond: ({ params }) => ({ promocode: `for ${params.email}` }) })
    const answer = await ask()
    expect([answer.status, await answer.json()]).toEqual([200, { promocode: 'for jo@shop.example' }])
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(await (await post('{"email":"al@shop.example"}')).json()).toEqual({ promocode: 'for al@shop.example' })
  })

  it('tells respond what it is', async () => {
    const calls: WorkflowCall<Params>[] = []
    const { post } = workflowIn({ respond: (call) => calls.push(call) && {} })
    await post('{"email":"jo@shop.example"}', { 'X-Other': 'y', Cookie: 'c=1' }, '?workflowInstanceId=da33697d')
    await post('{"email":"jo@shop.example"}')
    const [first, second] = calls
    expect(first).toMatchObject({
      source: 'wf',
      method: 'POST',
      params: { email: 'jo@shop.example' },
      workflowInstanceId: 'da33697d',
      text: '{"email":"jo@shop.example"}',
    })
    expect(first?.headers).toContainEqual(['x-other', 'y'])
    expect(first?.headers.some(([name]) => name === 'cookie')).toBe(false)
    expect(second?.workflowInstanceId).toBeNull()
    expect(second?.id).not.toBe(first?.id)
  })

  it('calls respond once each, also for the same bytes, and answers HEAD without it', async () => {
    const respond = vi.fn(() => ({ a: 'b' }))
    const { ask, receiver } = workflowIn({ respond })
    await ask()
    await ask()
    expect((await ask('', { method: 'HEAD' })).status).toBe(200)
    const put = await ask('', { method: 'PUT', body: '{}' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD'])
    expect(respond).toHaveBeenCalledTimes(2)
    await receiver.whenIdle()
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(respond).toHaveBeenCalledTimes(2)
  })
})

describe('parameters', () => {
  it('come from the query, then the body, then the headers that are named', async () => {
    const { post } = workflowIn({
      params: anything,
      paramHeaders: ['Email', 'city', 'x-phone'],
      respond: ({ params }) => ({ got: params }),
    })
    const body = '{"email":"body","Email":"body","city":"body"}'
    const headers = { email: 'header', city: 'header', 'X-Phone': '+380', other: 'header' }
    expect(await got(post(body, headers, '?email=query'))).toEqual({
      email: 'query',
      Email: 'body',
      city: 'body',
      'x-phone': '+380',
    })
  })

  it.each([
    ['?email=jo+news@x.y', { email: 'jo+news@x.y' }],
    ['?phone=+380671234567', { phone: '+380671234567' }],
    ['?city=New York', { city: 'New York' }],
    ['?city=New%20York&n=%D0%96', { city: 'New York', n: 'Ж' }],
    ['?city=Жмеринка', { city: 'Жмеринка' }],
    ['?off=100%&b=%zz', { off: '100%', b: '%zz' }],
    ['?a=1&a=2', { a: ['1', '2'] }],
    ['?a&=x&b=', { a: '', b: '' }],
    ['?q="<b>\'', { q: '"<b>\'' }],
  ])('of the address are read as they are meant: %s', async (target, expected) => {
    expect(await got(echo().ask(target))).toEqual(expected)
  })

  it('of the address are read from the bytes as a host hands them over', async () => {
    const { receiver } = echo()
    const { send } = await import('../../../support/neutral.ts')
    const target = Buffer.from('/hooks/wf?city=Жмеринка 1&l=\xe9').toString('latin1')
    const { json } = await send(receiver, { method: 'GET', target, body: null })
    expect(json).toEqual({ got: { city: 'Жмеринка 1', l: 'é' } })
  })

  it.each(['$email', "$data.get('email')", '$!{email}'])('that are %s are missing, and told so', async (reference) => {
    const { ask, post } = workflowIn({ respond: () => ({}) })
    for (const answer of [
      await ask(`?email=${encodeURIComponent(reference)}`),
      await post(JSON.stringify({ email: reference })),
    ]) {
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({
        error: 'invalid_params',
        issues: [{ path: '/email', problem: 'unresolved' }],
      })
    }
  })

  it('that are unresolved in one place are looked for in the next', async () => {
    const { post } = workflowIn({ respond: ({ params }) => ({ ...params }) })
    expect(await (await post('{"email":"jo@shop.example"}', {}, '?email=$email')).json()).toEqual({
      email: 'jo@shop.example',
    })
  })

  it('that are unresolved inside of others are missing there, and told so', async () => {
    const contact = z.object({ email: z.string(), name: z.string() })
    const { post, records } = workflowIn({
      params: z.object({ contact, tags: z.array(z.string()) }),
      respond: () => ({}),
    })
    const json = JSON.stringify({ contact: { email: '$email' }, tags: ['a', "$data.get('x')"] })
    const xml = "<r><contact><email>$email</email></contact><tags>a</tags><tags>$data.get('x')</tags></r>"
    for (const body of [json, xml])
      expect(await (await post(body)).json()).toMatchObject({
        issues: [
          { path: '/contact/email', problem: 'unresolved' },
          { path: '/contact/name', problem: 'missing' },
          { path: '/tags/1', problem: 'unresolved' },
        ],
      })
    const [first] = await records()
    expect(first?.params).toEqual({ contact: {}, tags: ['a', null] })
    expect(await got(echo().post(json))).toEqual({ contact: {}, tags: ['a', null] })
  })

  it('that do not fit are 400 with where, and with nothing that came', async () => {
    const respond = vi.fn()
    const { ask, records } = workflowIn({ respond })
    const marker = '<script>alert(1)</script>'
    const wrong = await ask(`?email=${encodeURIComponent(marker)}&${encodeURIComponent(marker)}=1`)
    const text = await wrong.text()
    expect([wrong.status, JSON.parse(text)]).toEqual([
      400,
      {
        error: 'invalid_params',
        message: 'parameters missing or invalid',
        issues: [{ path: '/email', problem: 'invalid' }],
      },
    ])
    expect(text).not.toContain('script')
    expect(await (await ask('')).json()).toMatchObject({ issues: [{ path: '/email', problem: 'missing' }] })
    expect(respond).not.toHaveBeenCalled()
    expect((await records()).map(({ failure, status }) => [failure, status])).toEqual([
      ['invalid_params', 400],
      ['invalid_params', 400],
    ])
  })

  it('are checked by any Standard Schema, one that answers with a promise too', async () => {
    const respond = ({ params }: WorkflowCall<{ readonly n: number }>) => ({ n: String(params.n + 1) })
    const valibot = v.object({ n: v.pipe(v.string(), v.transform(Number)) })
    const slow = z.object({ n: z.string().transform(async (text) => Number(text)) })
    for (const params of [valibot, slow])
      expect(await (await workflowIn({ params, respond }).ask('?n=41')).json()).toEqual({ n: '42' })
  })

  it('are checked by ajv, through an adapter: what is missing is told', async () => {
    const schema = {
      type: 'object',
      properties: { email: { type: 'string' }, n: { type: 'string', pattern: '^\\d+$' } },
      required: ['email'],
    }
    const { ask } = workflowIn({ params: ajvSchema(schema), respond: ({ params }) => ({ got: params }) })
    expect(await got(ask('?email=jo@shop.example&n=7'))).toEqual({ email: 'jo@shop.example', n: '7' })
    expect(await (await ask('?n=x')).json()).toMatchObject({
      issues: [
        { path: '/email', problem: 'missing' },
        { path: '/n', problem: 'invalid' },
      ],
    })
    expect(await (await ask('?email=$email')).json()).toMatchObject({
      issues: [{ path: '/email', problem: 'unresolved' }],
    })
  })

  it('cannot become fields of every object', async () => {
    const seen = await got(
      echo().post('{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}', {}, '?__proto__=1'),
    )
    expect(seen).toEqual({ constructor: { prototype: { x: 1 } } })
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('a body', () => {
  const XML =
    '<?xml version="1.0"?><data a="1"><email>jo@x.y</email><tag>b &amp; c</tag><tag><![CDATA[<d>]]></tag></data>'

  it.each([
    ['JSON', '{"email":"jo@x.y","n":12345678901234567890}', { email: 'jo@x.y', n: '12345678901234567890' }],
    ['JSON with a byte order mark', '\ufeff{"a":"b"}', { a: 'b' }],
    ['XML', XML, { '@a': '1', email: 'jo@x.y', tag: ['b & c', '<d>'] }],
    ['XML in depth', '<r><o id="7">x<i>y</i></o></r>', { o: { '@id': '7', i: 'y', text: 'x' } }],
    ['text', 'email: jo@x.y', { text: 'email: jo@x.y' }],
    ['nothing', '', {}],
    ['white space', ' \r\n', {}],
  ])('is read as %s, whatever its type', async (_, body, expected) => {
    for (const type of ['application/octet-stream', '', 'application/x-www-form-urlencoded'])
      expect(await got(echo().post(body, { 'Content-Type': type }))).toEqual(expected)
  })

  it('is what its type says where the type says JSON or XML, and text where it says text and is neither', async () => {
    const plain = { 'Content-Type': 'text/plain; charset=utf-8' }
    expect(await got(echo().post('{"a":', plain))).toEqual({ text: '{"a":' })
    expect(await got(echo().post('<3', plain))).toEqual({ text: '<3' })
    expect(await got(echo().post('{"a":"b"}', plain))).toEqual({ a: 'b' })
    expect((await echo().post('a=b', { 'Content-Type': 'application/json' })).status).toBe(400)
    expect((await echo().post('a=b', { 'Content-Type': 'text/xml' })).status).toBe(400)
  })

  it('is decoded first', async () => {
    const body = gzipSync('{"a":"b"}')
    expect(await got(echo().post(body, { 'Content-Encoding': 'gzip' }))).toEqual({ a: 'b' })
  })

  it.each([
    ['{"name":"O"Brien"}', 'the body is not JSON at byte 11'],
    ['{"a":"line\nbreak"}', 'the body is not JSON'],
    ['{"a":1', 'the body is not JSON'],
    ['[{"a":"b"}]', 'the body is no JSON object'],
    ['<r><name>A & B</name></r>', 'the body is not XML at line 1, column '],
    ['<r>', 'the body is not XML'],
    ['<r>text</r>', 'the body is an element without parts'],
    ['<r/>x', 'the body is not XML'],
    [`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'the body is nested too deeply'],
    [`${'<a>'.repeat(40)}1${'</a>'.repeat(40)}`, 'the body is nested too deeply'],
    [`${'<a>'.repeat(30_000)}${'</a>'.repeat(30_000)}`, 'the body is nested too deeply'],
    [`<r>${'<a/>'.repeat(20_001)}</r>`, 'the body has too many members'],
    [`{${Array.from({ length: 20_002 }, (_, n) => `"${n}":0`).join()}}`, 'the body has too many members'],
    [Uint8Array.of(0x7b, 0xff, 0x7d), 'the body is not UTF-8'],
    ['<!DOCTYPE r [<!ENTITY x "y">]><r><a>&x;</a></r>', 'the body declares a document type or an entity'],
    ['<?xml version="1.0" encoding="windows-1251"?><r><a/></r>', 'the body says that it is not UTF-8'],
  ])('that is broken is 400 with the reason, and is kept: %#', async (body, problem) => {
    const respond = vi.fn()
    const { post, records } = workflowIn({ params: anything, respond })
    const answer = await post(body)
    const told = (await answer.json()) as { error: string; problem: string }
    expect([answer.status, told.error]).toEqual([400, 'broken_body'])
    expect(told.problem.slice(0, problem.length)).toBe(problem)
    expect(respond).not.toHaveBeenCalled()
    const [record] = await records()
    expect(record).toMatchObject({ failure: 'broken_body', problem: told.problem })
    if (typeof body === 'string') expect(body.startsWith(record?.text ?? 'nothing')).toBe(true)
  })

  it('beyond its limit is 413', async () => {
    expect((await echo().post('x'.repeat((256 << 10) + 1))).status).toBe(413)
    const small = workflowIn({ params: anything, limits: { bodyBytes: 3 }, respond: () => ({}) })
    expect((await small.post('abcd')).status).toBe(413)
  })
})

describe('credentials', () => {
  it.each([
    [
      'Basic',
      basic({ username: 'yespo', password: SECRET }),
      { Authorization: `Basic ${btoa(`yespo:${SECRET}`)}` },
      '',
    ],
    ['a bearer token', bearer(SECRET), { Authorization: `Bearer ${SECRET}` }, ''],
    ['a key in a header', header('X-Api-Key', SECRET), { 'X-Api-Key': SECRET }, ''],
    ['a key in the query', query('apikey', SECRET), {}, `&api%6Bey=${SECRET}`],
    ['one of several', anyOf(header('x-a', SECRET), query('k', SECRET)), {}, `&k=${SECRET}`],
  ])('of %s let a call in, and reach neither respond nor the record', async (_, auth, headers, search) => {
    const calls: WorkflowCall<Record<string, unknown>>[] = []
    const { ask, receiver } = workflowIn({ auth, params: anything, respond: (call) => calls.push(call) && {} })
    expect((await ask('?email=x')).status).toBe(401)
    expect(calls).toEqual([])
    expect((await ask(`?email=x${search}`, { headers })).status).toBe(200)
    expect(calls.map(({ params }) => params)).toEqual([{ email: 'x' }])
    expect(JSON.stringify(calls)).not.toContain(SECRET)
    await settled()
    for (const { id } of await all(receiver.inbox.deliveries()))
      expect(Buffer.from((await (await receiver.inbox.delivery(id))?.body()) ?? []).toString()).not.toContain(SECRET)
  })
})

describe('an answer', () => {
  it.each([
    ['a text', 'code'],
    ['a number', 7],
    ['nothing', undefined],
    ['null', null],
    ['a list of texts', ['a']],
    ['a bigint', { n: 1n }],
  ])('that no template can read is 500: %s', async (_, value) => {
    const { ask, log } = workflowIn({ respond: () => value })
    const answer = await ask()
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([500, 'answer_failed'])
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error' }))
  })

  it('may be a list of objects', async () => {
    expect(await (await workflowIn({ respond: async () => [{ id: '1' }] }).ask()).json()).toEqual([{ id: '1' }])
  })

  it('with what a template may read otherwise is told of in development, not in production', async () => {
    const doubtful = { 'promo-code': 'x', id: 7, gone: undefined, none: null, inner: { 'a b': 'c' } }
    const told = async () => {
      const { ask, log } = workflowIn({ respond: () => doubtful })
      expect((await ask()).status).toBe(200)
      return log.lines.filter(({ message }) => message.startsWith('the answer of "wf"')).length
    }
    vi.stubEnv('NODE_ENV', 'development')
    expect(await told()).toBe(4)
    vi.stubEnv('NODE_ENV', 'production')
    expect(await told()).toBe(0)
  })

  it.each([
    ['a promise that is not awaited', { promocode: Promise.resolve('X') }, 1],
    ['one in a list', [{ promocode: Promise.resolve('X') }], 1],
    ['a Map', new Map([['promocode', 'X']]), 1],
    ['an error', new Error('no'), 1],
    ['a function', { promocode: () => 'X' }, 1],
    ['a time', { until: new Date(0) }, 0],
    ['a list without elements', { codes: [] }, 0],
    ['nothing, meant so', {}, 0],
  ])('with %s is told of where it is written as nothing', async (_, answer, lines) => {
    vi.stubEnv('NODE_ENV', 'development')
    const { ask, log } = workflowIn({ respond: () => answer })
    expect((await ask()).status).toBe(200)
    expect(log.lines.filter(({ message }) => message.startsWith('the answer of "wf"'))).toHaveLength(lines)
  })

  it('of onceFor with a promise that is not awaited is told of', async () => {
    vi.stubEnv('NODE_ENV', 'development')
    const make = () => ({ promocode: Promise.resolve('X') })
    const { ask, log } = workflowIn({
      respond: onceFor((call: WorkflowCall<{ email: string }>) => call.params.email, make),
    })
    expect((await ask()).status).toBe(200)
    expect(log.lines.map(({ message }) => message)).toContainEqual(expect.stringContaining('not awaited'))
  })

  it('that fails is 500, or the fallback with 200; the record tells which', async () => {
    const respond = () => Promise.reject(new Error(`of jo@shop.example ${SECRET}`))
    const plain = workflowIn({ respond })
    const answer = await plain.ask()
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { error: 'answer_failed', message: 'no answer could be made' },
    ])
    expect(plain.log.text()).not.toContain('jo@shop.example')
    const fallback = { promocode: '' }
    const kind = workflowIn({ respond, fallback })
    const instead = await kind.ask()
    expect([instead.status, await instead.json()]).toEqual([200, fallback])
    expect(await kind.records()).toMatchObject([{ status: 200, failure: 'answer_failed', answer: fallback }])
    expect(kind.log.lines.some(({ level }) => level === 'error')).toBe(true)
  })

  it('that is late is 504, or the fallback, and the call is told', async () => {
    for (const fallback of [undefined, { promocode: '' }]) {
      let call: WorkflowCall<Params> | undefined
      const more = fallback === undefined ? {} : { fallback }
      const never = workflowIn({
        timeoutMs: 700,
        respond: (one) => {
          call = one
          return new Promise(() => {})
        },
        ...more,
      })
      await never.receiver.start()
      const asked = never.ask()
      await never.clock.advance(699)
      expect(call?.signal.aborted).toBe(false)
      await never.clock.advance(1)
      const answer = await asked
      expect([answer.status, call?.signal.aborted]).toEqual([fallback === undefined ? 504 : 200, true])
      expect(await never.records()).toMatchObject([{ failure: 'answer_late', tookMs: 700 }])
    }
  })

  it('waits for its seat within its time', async () => {
    const ends: (() => void)[] = []
    const respond = () => new Promise<object>((resolve) => ends.push(() => resolve({})))
    const { ask, clock, receiver } = workflowIn({ respond, concurrency: 2, timeoutMs: 1_000 })
    await receiver.start()
    const asked = [ask(), ask(), ask(), ask()]
    await settled()
    expect(ends.length).toBe(2)
    ends[0]?.()
    await settled()
    expect(ends.length).toBe(3)
    await clock.advance(1_000)
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 504, 504, 504])
    for (const end of ends) end()
    await settled()
    // Nobody waits for the fourth any more.
    expect(ends.length).toBe(3)
  })

  it('is not waited for by a sender that has gone', async () => {
    let signal: AbortSignal | undefined
    const { ask } = workflowIn({
      respond: (call) => {
        signal = call.signal
        return new Promise(() => {})
      },
    })
    const controller = new AbortController()
    void ask('?email=jo@shop.example', { signal: controller.signal }).catch(() => {})
    await settled()
    expect(signal?.aborted).toBe(false)
    controller.abort()
    await settled()
    expect(signal?.aborted).toBe(true)
  })
})

describe('the inbox', () => {
  it('keeps what was asked and answered, and nobody has to ask for it', async () => {
    const { ask, receiver, log, clock } = workflowIn({ respond: () => ({ promocode: 'ABC' }) })
    await ask('?email=jo@shop.example&workflowInstanceId=w1')
    await settled()
    await receiver.whenIdle()
    const [delivery, ...more] = await all(receiver.inbox.deliveries())
    expect(more).toEqual([])
    expect(delivery).toMatchObject({ source: 'wf', events: 1, receivedAt: new Date(clock.now()) })
    const [found] = await all(receiver.inbox.export({ email: 'jo@shop.example' }))
    expect(found?.event).toMatchObject({
      name: 'esputnik.workflow_call',
      type: 'system',
      effect: 'none',
      payload: {
        method: 'GET',
        workflowInstanceId: 'w1',
        params: { email: 'jo@shop.example' },
        status: 200,
        failure: null,
        answer: { promocode: 'ABC' },
      },
    })
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, unhandled: {}, quarantined: 0 })
    expect(receiver.metrics()).toMatchObject({ answered: 1, accepted: 1, unhandled: 0 })
    expect(log.lines.filter(({ level }) => level !== 'info').map(({ message }) => message)).toEqual([
      'the inbox is in memory: what it holds is lost with the process',
    ])
  })

  it('hands it to handlers that do ask', async () => {
    const events: unknown[] = []
    const { ask, receiver } = workflowIn({ respond: () => ({ promocode: 'ABC' }) })
    receiver.on('esputnik.workflow_call', (event) => void events.push(event.payload.answer))
    await ask()
    await settled()
    await receiver.whenIdle()
    expect(events).toEqual([{ promocode: 'ABC' }])
  })

  it('keeps a bounded record', async () => {
    const long = 'x'.repeat(100_000)
    const { post, records } = workflowIn({ params: anything, respond: () => ({ long }) })
    await post(JSON.stringify({ long }))
    const [record] = await records()
    expect(record?.params).toBe(JSON.stringify({ long }).slice(0, 16_384))
    expect(record?.answer).toBe(JSON.stringify({ long }).slice(0, 16_384))
    expect(record?.text).toHaveLength(16_384)
  })

  it('lets go of a person', async () => {
    const { ask, receiver } = workflowIn({ respond: () => ({ promocode: 'ABC' }) })
    await ask()
    await ask('?email=al@shop.example')
    await settled()
    await receiver.whenIdle()
    expect(await receiver.inbox.erase({ email: 'jo@shop.example' })).toMatchObject({ matched: 1, queued: 1 })
    expect(await all(receiver.inbox.export({ email: 'jo@shop.example' }))).toEqual([])
    expect(await all(receiver.inbox.export({ email: 'al@shop.example' }))).toHaveLength(1)
  })

  it('does not stop an answer when it is in trouble, and has the record when that is over', async () => {
    const inbox = broken(memory())
    const { ask, clock, records, receiver } = workflowIn({ respond: () => ({ a: 'b' }) }, { inbox })
    await receiver.start()
    inbox.fail(new PosthornError('ERR_INBOX_IO', 'no'))
    expect((await ask()).status).toBe(200)
    expect(await records()).toEqual([])
    inbox.fail(null)
    await clock.advance(1_000)
    expect(await records()).toHaveLength(1)
  })

  it('need not open for an answer', async () => {
    const inbox = broken(memory())
    inbox.failOpening(new PosthornError('ERR_INBOX_OWNED', 'another process has it'))
    const { ask, clock, records } = workflowIn({ respond: () => ({ a: 'b' }) }, { inbox })
    expect((await ask()).status).toBe(200)
    inbox.failOpening(null)
    expect((await ask()).status).toBe(200)
    await clock.advance(2_000)
    expect(await records()).toHaveLength(2)
  })

  it('that never comes back costs bounded memory, and is told of', async () => {
    const inbox = broken(memory())
    const { ask, log, receiver, clock } = workflowIn({ respond: () => ({ a: 'b' }) }, { inbox })
    await receiver.start()
    inbox.fail(new PosthornError('ERR_INBOX_IO', 'no'))
    for (let n = 0; n < 1_001; n++) await ask()
    expect(log.lines.filter(({ message }) => message.includes('could not be recorded'))).toHaveLength(1)
    const closed = receiver.close()
    await clock.advance(10)
    await closed
    expect(receiver.metrics().answered).toBe(1_001)
  })

  it('gets the records before it closes', async () => {
    const inbox = memory()
    const first = workflowIn({ respond: () => ({ a: 'b' }) }, { inbox })
    await first.ask()
    await first.receiver.close()
    const second = workflowIn({ respond: () => ({}) }, { inbox })
    await second.receiver.start()
    expect(await second.records()).toHaveLength(1)
  })

  it('keeps the calls of a source that was added since, and nobody has to ask for them', async () => {
    const { receiver } = workflowIn({ respond: () => ({}) })
    await receiver.start()
    const added = esputnikWorkflow({ auth: bearer(SECRET), params: anything, respond: () => ({ a: 'b' }) })
    await receiver.addSource('second', added)
    const ask = (headers: Record<string, string>) =>
      receiver.handle(new Request('https://example.com/hooks/second', { headers }))
    expect((await ask({})).status).toBe(401)
    expect(await (await ask({ authorization: `Bearer ${SECRET}` })).json()).toEqual({ a: 'b' })
    await settled()
    await receiver.whenIdle()
    expect(await all(receiver.inbox.deliveries({ source: 'second' }))).toHaveLength(1)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, unhandled: {} })
  })

  it('takes nothing by inject', async () => {
    const { receiver } = workflowIn({ respond: () => ({}) })
    await expect(receiver.inject('wf', '{}')).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})

describe('options', () => {
  const good = { auth: bearer(SECRET), params: anything, respond: () => ({}) }

  it.each([
    [{ params: {} }],
    [{ params: undefined }],
    [{ respond: {} }],
    [{ timeoutMs: 0 }],
    [{ timeoutMs: Number.NaN }],
    [{ concurrency: 0 }],
    [{ fallback: 'code' }],
    [{ fallback: { n: 1n } }],
    [{ fallback: { n: 1 } }],
    [{ fallback: { 'promo-code': '' } }],
    [{ paramHeaders: 'email' }],
    [{ paramHeaders: ['e mail'] }],
    [{ auth: SECRET }],
    [{ dedupeEvents: true }],
    [{ ackWithinMs: 1 }],
    [{ tmeoutMs: 1 }],
  ])('that are wrong are refused: %#', (wrong) => {
    // Types would refuse them too.
    const options = { ...good, ...wrong } as unknown as typeof good
    expect(() => esputnikWorkflow(options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
