import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { basic, unauthenticated } from 'posthorn/auth'
import {
  emulateSparkPost,
  type Fault,
  type SparkPostEmulator,
  type SparkPostEmulatorOptions,
  virtualClock,
} from 'posthorn/emulators'
import { momentum as momentumSource, sparkpost as sparkpostSource } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished } from 'vitest'
import { catalogue } from '../../src/providers/momentum/catalogue.ts'
import { api, bodyOf, listening, receiving } from './site.ts'

const TEST_BATCH_ID = '77c2b630-d712-11e4-9642-efc2723b99c1'
const LOGIN = { username: 'sparkpost', password: 'a password: of some length' }

async function emulated(
  options: SparkPostEmulatorOptions = {},
): Promise<{ sparkpost: SparkPostEmulator; url: string }> {
  const sparkpost = emulateSparkPost(options)
  onTestFinished(() => sparkpost.close())
  return { sparkpost, url: (await sparkpost.listen()).url }
}

interface Seen {
  readonly at: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A target; `answer` says the status, by the path. */
async function target(answer: (seen: Seen, path: string) => number, now: () => number = () => 0) {
  const seen: Seen[] = []
  const url = await listening(async (request: IncomingMessage, response: ServerResponse) => {
    const one = { at: now(), headers: request.headers, body: await bodyOf(request) }
    seen.push(one)
    response.writeHead(answer(one, request.url ?? '')).end('an answer')
  })
  const batches = () => seen.filter(({ body }) => body !== '[{"msys":{}}]')
  return { url, seen, batches }
}

const everyTypeOf = async (url: string): Promise<string[]> =>
  Object.values<{ events: object }>((await api(url, 'GET', 'webhooks/events/documentation')).body.results).flatMap(
    ({ events }) => Object.keys(events),
  )

describe("emulated SparkPost's cloud", () => {
  it('brings traffic to a receiver, to the event, with Basic', async () => {
    const site = await receiving(sparkpostSource({ auth: basic(LOGIN), dedupeEvents: true }))
    const { sparkpost, url } = await emulated({ nodes: 3 })
    const events = await everyTypeOf(url)
    const auth = { auth_type: 'basic', auth_credentials: LOGIN }
    expect((await api(url, 'POST', 'webhooks', { name: 'w', target: site.target, events, ...auth })).status).toBe(200)
    await sparkpost.advance('1m')
    sparkpost.traffic({ messages: 2_000, perSecond: 100 })
    await sparkpost.advance('3h')
    const report = sparkpost.report()
    expect(await site.counts()).toEqual(report.expected)
    expect(report).toMatchObject({ repeated: 0, waiting: { events: 0 }, expected: { injection: 2_000 } })
    expect(report.expected.initial_open).toBeGreaterThan(report.expected.open ?? 0)
    expect(report.expected).not.toHaveProperty('policy_rejection')
    const machines = site.events.filter(
      (event) => event.type === 'opened' && (event as { automated?: boolean }).automated,
    )
    expect(machines.length).toBeGreaterThan(100)
    expect(site.events.some(({ isTest, name }) => isTest || name === 'momentum.unknown')).toBe(false)
  })

  it('sends the constant id with test posts, its user agent and the headers of the owner, and waits ten seconds', async () => {
    const { url: to, seen, batches } = await target(() => 200)
    const limits: number[] = []
    const noting: Fault = (wire) => (post) => {
      limits.push(post.limitMs)
      return wire(post)
    }
    const { sparkpost, url } = await emulated({ faults: [noting] })
    const custom_headers = { 'X-Api-Key': 'abcd' }
    await api(url, 'POST', 'webhooks', { name: 'w', target: to, events: ['injection'], custom_headers })
    await sparkpost.advance('1m')
    sparkpost.traffic({ messages: 1 })
    await sparkpost.advance('31s')
    const common = { 'user-agent': 'SparkPost', 'x-api-key': 'abcd', 'content-type': 'application/json' }
    expect(seen[0]?.headers).toMatchObject({ ...common, 'x-messagesystems-batch-id': TEST_BATCH_ID })
    expect(batches()[0]?.headers).toMatchObject(common)
    expect(batches()[0]?.headers['x-messagesystems-batch-id']).not.toBe(TEST_BATCH_ID)
    expect(limits).toEqual([10_000])
  })

  it('tries twelve times in eight hours', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, batches } = await target(({ body }) => (body.includes('injection') ? 503 : 200), clock.now)
    const { sparkpost, url } = await emulated({ clock })
    await api(url, 'POST', 'webhooks', { name: 'w', target: to, events: ['injection'] })
    await sparkpost.advance('1m')
    sparkpost.traffic({ messages: 1 })
    await sparkpost.advance('9h')
    const times = batches().map(({ at }) => at)
    const waits = times.slice(1).map((at, n) => at - (times[n] ?? 0))
    expect(times.length).toBe(12)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBe(8 * 3_600_000)
    expect(waits).toEqual([...waits].sort((a, b) => a - b))
    expect(sparkpost.report()).toMatchObject({ gaveUp: { batches: 1, events: 1 }, repeated: 11 })
  })

  it('refuses custom headers it does not take with 422', async () => {
    const { url } = await emulated()
    const create = (custom_headers: object) =>
      api(url, 'POST', 'webhooks', { name: 'w', target: 'http://127.0.0.1:1', events: ['click'], custom_headers })
    const many = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`x-${n}`, 'a']))
    for (const [headers, code] of [
      [{ Authorization: 'a' }, '10000'],
      [{ 'x-large': 'a'.repeat(3_000) }, '10001'],
      [many, '10002'],
    ] as const)
      expect(await create(headers)).toMatchObject({
        status: 422,
        body: { errors: [{ param: 'custom_headers', code }] },
      })
  })

  it('shows documentation and samples without a key, of every type that the cloud has', async () => {
    const site = await receiving(sparkpostSource({ auth: unauthenticated() }))
    const { url } = await emulated()
    const { results } = (await api(url, 'GET', 'webhooks/events/samples', undefined, '')).body
    expect((await fetch(site.target, { method: 'POST', body: JSON.stringify(results) })).status).toBe(200)
    const counts = await site.counts()
    const types = Object.values(catalogue).flatMap(({ schema }) => schema.split('.')[1] ?? [])
    expect(Object.keys(counts)).toEqual(types.filter((type) => !type.startsWith('ad_')).sort())
    expect((await everyTypeOf(url)).sort()).toEqual(Object.keys(counts))
    expect((await api(url, 'GET', 'webhooks', undefined, '')).status).toBe(401)
  })
})

describe('OAuth 2.0 of the emulated cloud', () => {
  /** A target that issues tokens itself and takes the latest only. */
  async function issuing() {
    const issued: { type: string | undefined; body: unknown }[] = []
    let accepted = ''
    const to = await target(({ headers }) => (headers.authorization === `Bearer ${accepted}` ? 200 : 401))
    const tokens = await listening(async (request, response) => {
      issued.push({ type: request.headers['content-type'], body: JSON.parse(await bodyOf(request)) })
      accepted = `token-${issued.length}`
      response.end(JSON.stringify({ access_token: accepted, expires_in: 3_600, token_type: 'bearer' }))
    })
    const refuseLatest = () => {
      accepted = 'another'
    }
    return { ...to, tokens, issued, refuseLatest }
  }

  const oauth = (to: string, tokens: string) => ({
    name: 'w',
    target: to,
    events: ['injection'],
    auth_type: 'oauth2',
    auth_request_details: {
      url: `${tokens}/tokens`,
      body: { client_id: 'us', client_secret: 'secret', grant_type: 'client_credentials' },
    },
  })

  it('fetches a token on creating, keeps it, shows it, and fetches anew when the target refuses it', async () => {
    const { url: to, tokens, issued, refuseLatest, batches } = await issuing()
    const { sparkpost, url } = await emulated()
    const { id } = (await api(url, 'POST', 'webhooks', oauth(to, tokens))).body.results
    expect(issued).toEqual([
      {
        type: 'application/json',
        body: { client_id: 'us', client_secret: 'secret', grant_type: 'client_credentials' },
      },
    ])
    expect((await api(url, 'GET', `webhooks/${id}`)).body.results.auth_credentials).toEqual({
      access_token: 'token-1',
      expires_in: 3_600,
    })
    await sparkpost.advance('1m')
    const send = async () => {
      sparkpost.traffic({ messages: 1 })
      await sparkpost.advance('31s')
    }
    await send()
    refuseLatest()
    await send()
    expect(issued.length).toBe(2)
    expect(batches().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
    ])
    // The second post of one attempt: a new token, not a repetition.
    expect(sparkpost.report()).toMatchObject({ posts: 2, acknowledged: 2, repeated: 0 })
  })

  it('takes no answer without a token for a success', async () => {
    const { url: to, tokens, issued, refuseLatest } = await issuing()
    let broken = false
    const sometimes = await listening(async (request, response) => {
      const body = await bodyOf(request)
      const answer = broken ? '{}' : await (await fetch(tokens, { method: 'POST', body })).text()
      response.end(answer)
    })
    const { sparkpost, url } = await emulated()
    await api(url, 'POST', 'webhooks', oauth(to, sometimes))
    await sparkpost.advance('1m')
    refuseLatest()
    broken = true
    sparkpost.traffic({ messages: 1 })
    await sparkpost.advance('40s')
    expect(sparkpost.report()).toMatchObject({ posts: 1, acknowledged: 0, waiting: { events: 1 } })
    broken = false
    await sparkpost.advance('2m')
    expect(sparkpost.report()).toMatchObject({ acknowledged: 1, waiting: { events: 0 } })
    expect(issued.length).toBe(2)
  })

  it('answers 400 when no token comes', async () => {
    const { url: to } = await target((_, path) => (path === '/tokens' ? 502 : 200))
    const { url } = await emulated()
    expect(await api(url, 'POST', 'webhooks', oauth(to, to))).toMatchObject({
      status: 400,
      body: {
        errors: [
          {
            code: 400,
            message: expect.stringMatching(/^POST to webhook tokens URL failed/),
            response: { status: 502 },
          },
        ],
      },
    })
  })
})

describe('relay webhooks of the emulated cloud', () => {
  const mail = {
    from: 'jo@example.com',
    to: 'Help@Inbound.example',
    subject: 'Питання',
    text: 'Where is it?',
    html: '<p>Where?</p>',
  }
  const relay = (to: string, more: object = {}) => ({
    name: 'r',
    target: to,
    match: { domain: 'inbound.example' },
    ...more,
  })

  it('bring an inbound mail to the receiver, and its events to event webhooks', async () => {
    const site = await receiving(momentumSource({ auth: unauthenticated() }))
    const { sparkpost, url } = await emulated()
    const created = await api(url, 'POST', 'relay-webhooks', relay(site.target))
    expect(created).toEqual({ status: 200, body: { results: { id: expect.stringMatching(/^\d{17}$/) } } })
    const events = ['relay_injection', 'relay_delivery', 'relay_rejection']
    await api(url, 'POST', 'webhooks', { name: 'w', target: site.target, events })
    await sparkpost.advance('1m')
    sparkpost.inbound(mail)
    sparkpost.inbound({ ...mail, to: 'nobody@elsewhere.example' })
    await sparkpost.advance('31s')
    expect(await site.counts()).toEqual({ relay_delivery: 1, relay_injection: 1, relay_message: 1, relay_rejection: 1 })
    expect(sparkpost.report().expected).toEqual(await site.counts())
    const { payload } = site.events.find(({ name }) => name === 'momentum.relay_message') ?? {}
    expect(payload).toMatchObject({
      content: { subject: 'Питання', text: 'Where is it?', to: ['Help@Inbound.example'] },
      webhook_id: created.body.results.id,
      rcpt_to: 'Help@Inbound.example',
    })
  })

  it('try seven times, the second after five minutes, and report each failure', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target((_, path) => (path === '/relay' ? 500 : 200), clock.now)
    const { sparkpost, url } = await emulated({ clock })
    await api(url, 'POST', 'relay-webhooks', relay(`${to}/relay`))
    const events = ['relay_tempfail', 'relay_permfail']
    await api(url, 'POST', 'webhooks', { name: 'w', target: `${to}/events`, events })
    await sparkpost.advance('1m')
    sparkpost.inbound(mail)
    await sparkpost.advance('8h')
    const tries = seen.filter(({ body }) => body.includes('relay_message')).map(({ at }) => at / 60_000)
    expect(tries.length).toBe(7)
    expect((tries[1] ?? 0) - (tries[0] ?? 0)).toBe(5)
    expect(sparkpost.report()).toMatchObject({
      expected: { relay_message: 1, relay_tempfail: 6, relay_permfail: 1 },
      gaveUp: { batches: 1, events: 1 },
    })
  })

  it('are listed, changed, validated and deleted; a domain belongs to one', async () => {
    const { url: to, seen } = await target(() => 200)
    const { sparkpost, url } = await emulated({ inboundDomains: ['inbound.example', 'second.example'] })
    const { id } = (await api(url, 'POST', 'relay-webhooks', relay(to, { auth_token: 'a token' }))).body.results
    const settings = {
      name: 'r',
      target: to,
      match: { protocol: 'SMTP', domain: 'inbound.example' },
      auth_token: 'a token',
    }
    expect((await api(url, 'GET', `relay-webhooks/${id}`)).body.results).toMatchObject(settings)
    expect((await api(url, 'GET', 'relay-webhooks')).body.results).toMatchObject([{ id, ...settings }])
    expect(await api(url, 'POST', 'relay-webhooks', relay(to))).toMatchObject({
      status: 409,
      body: { errors: [{ message: "Domain 'inbound.example' is already in use" }] },
    })
    expect(await api(url, 'POST', 'relay-webhooks', relay(to, { match: { domain: 'x.example' } }))).toMatchObject({
      status: 400,
    })
    expect((await api(url, 'PUT', `relay-webhooks/${id}`, { match: { domain: 'second.example' } })).status).toBe(200)
    expect((await api(url, 'POST', `relay-webhooks/${id}/validate`)).status).toBe(200)
    expect(seen.at(-1)).toMatchObject({
      headers: { 'x-messagesystems-webhook-token': 'a token', 'x-messagesystems-batch-id': TEST_BATCH_ID },
      body: expect.stringContaining('relay_message'),
    })
    expect((await api(url, 'DELETE', `relay-webhooks/${id}`)).status).toBe(200)
    expect((await api(url, 'GET', `relay-webhooks/${id}`)).status).toBe(404)
    expect(sparkpost.report().webhooks).toMatchObject([{ id, state: 'deleted' }])
  })
})

describe('emulated SparkPost Elite', () => {
  it('prints times as numbers and coordinates as text, and its traffic is counted to the event', async () => {
    const bodies: string[] = []
    const site = await receiving(momentumSource({ auth: unauthenticated() }), (listener) => (request, response) => {
      request.on('data', (chunk) => bodies.push(chunk.toString()))
      listener(request, response)
    })
    const { sparkpost, url } = await emulated({ edition: 'elite', batchEvents: 10 })
    expect((await api(url, 'GET', 'webhooks/events/documentation', undefined, '')).status).toBe(401)
    const events = await everyTypeOf(url)
    expect(events.length).toBe(19)
    const created = await api(url, 'POST', 'webhooks/', { name: 'w', target: site.target, events })
    expect(created.body.results.links[0].href).toMatch(/^http:/)
    await sparkpost.advance('1m')
    sparkpost.traffic({ messages: 500, perSecond: 50 })
    await sparkpost.advance('3h')
    expect(await site.counts()).toEqual(sparkpost.report().expected)
    const click = site.events.find(({ name }) => name === 'momentum.click')
    expect(click?.payload).toMatchObject({
      timestamp: expect.any(Number),
      message_id: expect.stringMatching(/^[0-9a-f]{8}-/),
      geo_ip: { latitude: expect.any(String), longitude: expect.any(String) },
    })
    expect(click?.payload).not.toHaveProperty('event_id')
    expect(click?.occurredAtFrom).toBe('sender')
  })
})

describe('the options of emulated SparkPost', () => {
  it.each([
    { edition: 'enterprise' },
    { webhooks: [] },
    { workers: 2 },
    { clocks: 1 },
    { inboundDomains: 'a.example' },
  ])('refuse %o', (options) => {
    expect(() => emulateSparkPost(options as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

describe('a mail that comes in', () => {
  const mail = { from: 'ann@example.com', to: 'in@inbound.example', subject: 'Hi', text: 'Hello' }
  it.each([
    undefined,
    { ...mail, form: 'ann@example.com' },
    { ...mail, from: undefined },
    { ...mail, to: 5 },
    { ...mail, subject: undefined },
    { ...mail, subject: 'Hi\r\nBcc: bo@example.com' },
    { ...mail, to: 'in@inbound.example\nX: y' },
    { ...mail, text: null },
    { ...mail, html: 5 },
    { ...mail, cc: 'bo@example.com' },
    { ...mail, cc: ['bo@example.com\r\nX: y'] },
  ])('is not %o', async (wrong) => {
    const sparkpost = emulateSparkPost()
    onTestFinished(() => sparkpost.close())
    expect(() => sparkpost.inbound(wrong as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

const SAMPLES = process.env.POSTHORN_SAMPLES

describe.skipIf(SAMPLES === undefined)('the shapes of the published examples of SparkPost', () => {
  const published = (file: string) => JSON.parse(readFileSync(join(SAMPLES ?? '', 'momentum', file), 'utf8'))
  const keys = (value: object) => Object.keys(value).sort()
  const answerTo = (examples: Record<string, { kind: string; body: unknown }[]>, call: string, kind: string) =>
    examples[call]?.find((example) => example.kind === kind)?.body as { results: never }

  it('are those of its API today', async () => {
    const examples = published('api-event-webhooks-examples.json')
    const clock = virtualClock()
    const { url: to } = await target(({ body }) => (body.includes('injection') ? 503 : 200), clock.now)
    const { sparkpost, url } = await emulated({ clock })
    const request = {
      name: 'w',
      target: to,
      events: ['injection', 'open'],
      custom_headers: { 'x-api-key': 'abcd' },
      exception_subaccounts: [123],
    }
    const created = await api(url, 'POST', 'webhooks', request)
    const { id } = created.body.results
    const path = created.body.results.links[0].href
    expect(path).toBe(`/api/v1/webhooks/${id}`)
    const withId = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll(/[0-9a-f-]{36}/g, id))
    expect(created.body).toEqual(withId(answerTo(examples, 'POST /v1/webhooks', 'Response 200')))
    await sparkpost.advance('1m')
    sparkpost.traffic({ messages: 1 })
    await sparkpost.advance('31s')
    const retrieved = (await api(url, 'GET', `webhooks/${id}`)).body.results
    const theirs: Record<string, unknown> = answerTo(
      examples,
      'GET /v1/webhooks/{id}{?timezone}',
      'Response 200',
    ).results
    expect(keys(retrieved)).toEqual([...keys(theirs), 'last_failure'].sort())
    expect(retrieved.links).toEqual(withId(theirs.links))
    expect(retrieved.exception_subaccounts).toEqual(theirs.exception_subaccounts)
    expect((await api(url, 'PUT', `webhooks/${id}`, { name: 'b' })).body).toEqual(
      withId(answerTo(examples, 'PUT /v1/webhooks/{id}', 'Response 200')),
    )
    const [, failed] = answerTo(examples, 'GET /v1/webhooks/{id}/batch-status{?limit}', 'Response 200')
      .results as object[]
    const [ours] = (await api(url, 'GET', `webhooks/${id}/batch-status?limit=1`)).body.results
    expect(keys(ours)).toEqual(expect.arrayContaining(keys(failed ?? {})))
  })

  it('are those of its samples endpoint, field by field, less what another channel or sender has', async () => {
    const { url } = await emulated()
    const ours = (await api(url, 'GET', 'webhooks/events/samples')).body.results
    type Element = { msys: Record<string, Record<string, unknown>> }
    const fieldsOf = (elements: Element[]) =>
      new Map(
        elements.flatMap(({ msys }) =>
          Object.entries(msys).map(([group, fields]) => [`${group}.${fields.type}`, fields] as const),
        ),
      )
    const theirs = fieldsOf(published('documented-2026-live-samples.json'))
    for (const [type, fields] of fieldsOf(ours)) {
      const missing = keys(theirs.get(type) ?? {}).filter((name) => !(name in fields))
      // Fields of push and short messages: our samples are of mail.
      expect(
        missing.filter((name) => !/^sms_|^device_token$/.test(name)),
        type,
      ).toEqual([])
      expect(
        keys(fields).filter((name) => !(name in (theirs.get(type) ?? {}))),
        type,
      ).toEqual([])
    }
    expect(fieldsOf(ours).size).toBe(theirs.size)
  })

  it('are those that Elite prints for a click', async () => {
    const { sparkpost, url } = await emulated({ edition: 'elite' })
    const { url: to, batches } = await target(() => 200)
    await api(url, 'POST', 'webhooks', { name: 'w', target: to, events: ['click'] })
    await sparkpost.advance('1m')
    sparkpost.traffic({ messages: 200, perSecond: 100 })
    await sparkpost.advance('3h')
    const clicks = batches().flatMap(({ body }) =>
      JSON.parse(body).map(({ msys }: { msys: { track_event: object } }) => msys.track_event),
    )
    const [{ msys }] = published('documented-elite-click.json')
    const named = clicks.find((fields) => 'target_link_name' in fields) ?? {}
    expect(keys(named)).toEqual(keys(msys.track_event))
    for (const [name, value] of Object.entries(msys.track_event)) expect(typeof named[name], name).toBe(typeof value)
    expect(keys(named.geo_ip)).toEqual(keys(msys.track_event.geo_ip))
  })
})
