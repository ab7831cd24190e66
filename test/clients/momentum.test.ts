import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { basic, bearer, token } from 'posthorn/auth'
import { emulateMomentum, emulateSparkPost, virtualClock } from 'posthorn/emulators'
import { momentum as momentumSource, sparkpost as sparkpostSource } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  momentumRelayWebhooks,
  momentumWebhooks,
  momentumWebhooksFile,
  sparkpostEvents,
} from '../../src/clients/index.ts'
import { listening, receiving, TOKEN } from '../emulators/site.ts'
import { json, refusalOf, sender, shownOf } from './kit.ts'

const LOGIN = { username: 'sparkpost', password: 'a password: of some length' }

async function emulated(create: typeof emulateSparkPost | typeof emulateMomentum, options = {}) {
  const emulator = create({ clock: virtualClock({ at: '2026-01-01T00:00:00Z' }), apiKey: 'key-of-the-api', ...options })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen()
  return { emulator, webhooks: momentumWebhooks({ baseUrl: url, apiKey: 'key-of-the-api' }), url }
}

/** A target that answers with this status. */
const target = (status = 200) =>
  listening((request, response) =>
    request.resume().on('end', () => response.writeHead(status, { 'x-why': 'because' }).end('an answer')),
  )

describe.each([
  ['SparkPost', emulateSparkPost, {}],
  ['SparkPost Elite', emulateSparkPost, { edition: 'elite' }],
  ['Momentum', emulateMomentum, {}],
  ['Momentum with errors in a list', emulateMomentum, { errors: 'list' }],
] as const)('the Webhooks API of %s', (_, create, options) => {
  it('creates, shows, changes, validates and deletes a webhook', async () => {
    const { webhooks } = await emulated(create as typeof emulateSparkPost, options)
    const [first, second] = [await target(), await target()]
    const settings = { name: 'shop', target: first, events: ['delivery', 'click'], auth: { token: TOKEN } }
    const { id, links } = await webhooks.create(settings)
    expect(links).toEqual([
      { path: `/api/v1/webhooks/${id}`, rel: 'urn.msys.webhooks.webhook', methods: ['GET', 'PUT'] },
    ])
    const [listed] = await webhooks.list()
    expect(listed).toMatchObject({ id, name: 'shop', target: first, events: ['delivery', 'click'], active: true })
    expect(listed?.auth).toMatchObject({ kind: 'token', username: null })
    expect([listed?.auth.uses(TOKEN), listed?.auth.uses('another')]).toEqual([true, false])
    expect(inspect(listed, { depth: 9 }) + JSON.stringify(listed)).not.toContain(TOKEN)
    await webhooks.update(id, { events: ['bounce'], target: second, active: false })
    expect(await webhooks.get(id)).toMatchObject({
      id,
      name: 'shop',
      target: second,
      events: ['bounce'],
      active: false,
    })
    expect(await webhooks.validate(id)).toMatchObject({
      status: 200,
      body: 'an answer',
      headers: { 'x-why': 'because' },
    })
    await webhooks.delete(id)
    expect(await webhooks.list()).toEqual([])
    const calls = [webhooks.get(id), webhooks.delete(id), webhooks.update(id, {}), webhooks.batchStatus(id)]
    for (const error of await Promise.all(calls.map(refusalOf)))
      expect(error).toMatchObject({ code: 'ERR_API_NOT_FOUND', status: 404 })
  })

  it('tells what a target answered to the test, and saves nothing then', async () => {
    const { webhooks } = await emulated(create as typeof emulateSparkPost, options)
    const settings = { name: 'shop', target: await target(502), events: ['click'], auth: { token: TOKEN } }
    const error = await refusalOf(webhooks.create(settings))
    expect(error).toMatchObject({
      code: 'ERR_API_REJECTED',
      status: 400,
      senderMessage: expect.stringContaining('POST to webhook target URL failed'),
      targetAnswer: { status: 502, body: 'an answer', headers: { 'x-why': 'because' } },
    })
    expect(await webhooks.list()).toEqual([])
  })

  it('knows its events, and has a sample of each', async () => {
    const { webhooks } = await emulated(create as typeof emulateSparkPost, options)
    const events = await webhooks.eventDocumentation()
    expect(events.length).toBeGreaterThan(10)
    const click = events.find(({ type }) => type === 'click')
    expect(click).toMatchObject({ class: 'track_event', type: 'click', title: 'Click' })
    expect(click?.fields.find(({ name }) => name === 'type')).toMatchObject({ sample: 'click' })
    expect(await webhooks.eventSamples({ events: ['click'] })).toMatchObject([
      { msys: { track_event: { type: 'click' } } },
    ])
    expect((await webhooks.eventSamples()).length).toBe(events.length)
  })

  it('refuses a wrong key, and what it does not know', async () => {
    const { webhooks, url } = await emulated(create as typeof emulateSparkPost, options)
    const stranger = momentumWebhooks({ baseUrl: url, apiKey: 'another key'.replace(' ', '-') })
    expect(await refusalOf(stranger.list())).toMatchObject({ code: 'ERR_API_UNAUTHORIZED', status: 401 })
    const wrong = webhooks.create({ name: 'shop', target: await target(), events: ['clack'] })
    const error = await refusalOf(wrong)
    expect(error).toMatchObject({ code: 'ERR_API_REJECTED', senderMessage: expect.stringContaining("'clack'") })
  })
})

describe('webhooks of SparkPost', () => {
  it('authenticate by Basic, by OAuth 2.0 and by headers, and change from one to another', async () => {
    const { webhooks } = await emulated(emulateSparkPost)
    const site = await receiving(sparkpostSource({ auth: basic(LOGIN) }))
    const { id } = await webhooks.create({ name: 'w', target: site.target, events: ['click'], auth: { basic: LOGIN } })
    const found = await webhooks.get(id)
    expect(found.auth).toMatchObject({ kind: 'basic', username: 'sparkpost', tokenUrl: null })
    expect(found.auth.uses(LOGIN.password)).toBe(true)

    const tokens = await listening((_, response) => response.end('{"access_token":"a bearer token","expires_in":3600}'))
    const guarded = await receiving(momentumSource({ auth: bearer('a bearer token') }))
    const oauth2 = { url: tokens, body: { client_id: 'me', client_secret: 'a client secret' } }
    await webhooks.update(id, {
      target: guarded.target,
      auth: { oauth2 },
      customHeaders: { 'x-key': 'a header secret' },
    })
    const changed = await webhooks.get(id)
    expect(changed.auth).toMatchObject({ kind: 'oauth2', tokenUrl: tokens, username: null })
    expect(['a client secret', 'a header secret', LOGIN.password].map((one) => changed.auth.uses(one))).toEqual([
      ...[true, true, false],
    ])
    expect(changed.customHeaders).toEqual(['x-key'])
    const open = await target()
    await webhooks.update(id, { target: open, auth: { token: TOKEN } })
    await webhooks.update(id, { auth: 'none' })
    const none = await webhooks.get(id)
    expect([none.auth.kind, none.auth.uses(TOKEN)]).toEqual(['none', false])
  })

  it('have the batches that failed, with the answer that they got', async () => {
    const { emulator, webhooks } = await emulated(emulateSparkPost)
    let status = 200
    const flaky = await listening((request, response) =>
      request.resume().on('end', () => response.writeHead(status).end()),
    )
    const { id } = await webhooks.create({ name: 'w', target: flaky, events: ['injection'] })
    await emulator.advance('1m')
    status = 503
    emulator.traffic({ messages: 5 })
    await emulator.advance('2m')
    const [failed] = await webhooks.batchStatus(id, { limit: 1 })
    expect(failed).toMatchObject({ responseCode: '503', failureCode: '503', events: 5 })
    expect(failed?.batchId).toMatch(/^[0-9a-f]{32}$/)
    status = 200
    await emulator.advance('1h')
    const [late] = await webhooks.batchStatus(id)
    expect(late).toMatchObject({ batchId: failed?.batchId, responseCode: '200', failureCode: null })
    expect(late?.attempts).toBeGreaterThan(failed?.attempts ?? 0)
    expect(late?.at?.getTime()).toBeGreaterThan(failed?.at?.getTime() ?? Number.POSITIVE_INFINITY)
    const found = await webhooks.get(id)
    expect(found.lastFailureAt?.getTime()).toBeLessThan(found.lastSuccessfulAt?.getTime() ?? 0)
  })

  it('are ten thousand', async () => {
    const one = { name: 'w', target: 'https://hooks.example.com/', events: ['click'], links: [] }
    const { url } = await sender(
      json(200, { results: Array.from({ length: 10_000 }, (_, n) => ({ ...one, id: `${n}` })) }),
    )
    const all = await momentumWebhooks({ baseUrl: url, apiKey: 'key' }).list()
    expect([all.length, all.at(-1)?.id]).toEqual([10_000, '9999'])
  })

  it.each([[{}], [{ results: 7 }], [[]], ['text'], [{ results: ['text'] }]])('are no %j', async (body) => {
    const { url } = await sender(json(200, body))
    const { list } = { list: momentumWebhooks({ baseUrl: url, apiKey: 'key' }).list() }
    expect(await refusalOf(list)).toMatchObject({ code: 'ERR_API_UNREACHABLE', status: 200 })
  })

  it('keep their secrets when the sender repeats them in its refusal', async () => {
    const { url } = await sender((response, { body }) => {
      const said = JSON.stringify(body)
      json(400, {
        errors: [{ message: said, response: { status: 401, headers: { 'set-cookie': 'a=b', a: said }, body: said } }],
      })(response, {} as never, 1)
    })
    const webhooks = momentumWebhooks({ baseUrl: url, apiKey: 'key-of-the-api' })
    const base = { name: 'w', target: 'https://hooks.example.com/', events: ['click'] }
    const oauth2 = { url: 'https://tokens.example.com', body: { client_secret: 'a client secret' } }
    const calls = [
      webhooks.create({ ...base, auth: { token: TOKEN }, customHeaders: { 'x-key': 'a header secret' } }),
      webhooks.create({ ...base, auth: { basic: LOGIN } }),
      webhooks.update('id', { auth: { oauth2 } }),
      momentumRelayWebhooks({ baseUrl: url, apiKey: 'key-of-the-api' }).update('id', { auth: { token: TOKEN } }),
    ]
    for (const error of await Promise.all(calls.map(refusalOf))) {
      expect(error.targetAnswer?.body).toContain('…')
      expect(error.targetAnswer?.headers).not.toHaveProperty('set-cookie')
      for (const secret of [TOKEN, LOGIN.password, 'a header secret', 'a client secret', 'key-of-the-api'])
        expect(shownOf(error)).not.toContain(secret)
    }
  })

  it.each([
    [{ name: '', target: 'https://a.example', events: ['click'] }],
    [{ name: 'w', target: 'hooks.example.com', events: ['click'] }],
    [{ name: 'w', target: 'https://a.example', events: [] }],
    [{ name: 'w', target: 'https://a.example', events: ['click'], auth: {} }],
    [{ name: 'w', target: 'https://a.example', events: ['click'], auth: { token: '' } }],
    [{ name: 'w', target: 'https://a.example', events: ['click'], auth: { token: 'a', basic: LOGIN } }],
    [{ name: 'w', target: 'https://a.example', events: ['click'], auth: { bearer: 'a' } }],
    [{ name: 'w', target: 'https://a.example', events: ['click'], auth: { basic: { ...LOGIN, username: 'a:b' } } }],
    [{ name: 'w', target: 'https://a.example', events: ['click'], auth: { basic: { ...LOGIN, user: 'a' } } }],
    [{ name: 'w', target: 'https://a.example', events: ['click'], autch: 'none' }],
  ])('are refused before any call where they are wrong: %j', async (settings) => {
    const { url, asked } = await sender(json(200, {}))
    const call = momentumWebhooks({ baseUrl: url, apiKey: 'key' }).create(settings as never)
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(OPTION|SECRET_INVALID)$/) })
    expect(asked).toEqual([])
  })
})

describe('relay webhooks', () => {
  it('are created, shown, changed, validated and deleted', async () => {
    const { url } = await emulated(emulateSparkPost, { inboundDomains: ['in.example.com', 'other.example.com'] })
    const relays = momentumRelayWebhooks({ baseUrl: url, apiKey: 'key-of-the-api' })
    const settings = { name: 'replies', target: await target(), domain: 'in.example.com', auth: { token: TOKEN } }
    const { id } = await relays.create(settings)
    const [listed] = await relays.list()
    expect(listed).toMatchObject({ id, name: 'replies', target: settings.target, domain: 'in.example.com' })
    expect([listed?.auth.kind, listed?.auth.uses(TOKEN)]).toEqual(['token', true])
    expect(await relays.update(id, { domain: 'other.example.com', auth: 'none' })).toEqual({ id })
    expect(await relays.get(id)).toMatchObject({ domain: 'other.example.com', auth: { kind: 'none' } })
    expect(await relays.validate(id)).toMatchObject({ status: 200, body: 'an answer' })
    const taken = relays.create({ ...settings, domain: 'other.example.com' })
    expect(await refusalOf(taken)).toMatchObject({ code: 'ERR_API_REJECTED', status: 409 })
    await relays.delete(id)
    expect(await refusalOf(relays.get(id))).toMatchObject({ code: 'ERR_API_NOT_FOUND' })
  })
})

describe('the file of Momentum', () => {
  it('is one that Momentum works by', async () => {
    const site = await receiving()
    vi.stubEnv('POSTHORN_TEST_TOKEN', TOKEN)
    onTestFinished(() => void vi.unstubAllEnvs())
    const text = await momentumWebhooksFile([
      { name: 'shop', target: site.target, events: ['injection'], auth: { token: { env: 'POSTHORN_TEST_TOKEN' } } },
      { target: 'http://127.0.0.1:9/', events: ['click'], customHeaders: { 'x-key': 'a header secret' } },
    ])
    expect(JSON.parse(text)).toEqual([
      { name: 'shop', events: ['injection'], target: site.target, auth_token: TOKEN },
      { events: ['click'], target: 'http://127.0.0.1:9/', custom_headers: { 'x-key': 'a header secret' } },
    ])
    const momentum = emulateMomentum({ webhooks: JSON.parse(text) })
    onTestFinished(() => momentum.close())
    momentum.traffic({ messages: 20 })
    await momentum.advance('2m')
    expect(await site.counts()).toEqual({ injection: 20 })
  })

  it.each([
    [7],
    [[{ target: 'https://a.example', events: [] }]],
    [[{ target: 'https://a.example', events: ['click'], auth: { basic: LOGIN } }]],
    [[{ target: 'https://a.example', events: ['click'], active: false }]],
  ])('says nothing that it cannot: %j', async (webhooks) => {
    await expect(momentumWebhooksFile(webhooks as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})

describe("SparkPost's events", () => {
  it('come page by page, each once, in the envelope of the webhook', async () => {
    const { emulator, url } = await emulated(emulateSparkPost)
    const site = await receiving()
    const types = ['injection', 'delivery', 'open', 'click']
    const webhooks = momentumWebhooks({ baseUrl: url, apiKey: 'key-of-the-api' })
    await webhooks.create({ name: 'w', target: site.target, events: types, auth: { token: TOKEN } })
    await emulator.advance('1m')
    emulator.traffic({ messages: 100, perSecond: 10 })
    await emulator.advance('4h')
    await site.counts()
    const client = sparkpostEvents({ baseUrl: url, apiKey: 'key-of-the-api' })
    const now = emulator.clock.now()
    const options = { since: new Date(now - 5 * 3_600_000), until: new Date(now), events: types, perPage: 37 }
    const pulled: { msys: Record<string, Record<string, string>> }[] = []
    let pages = 0
    for await (const { events, total } of client.pages(options)) {
      pages++
      pulled.push(...(events as typeof pulled))
      expect(total).toBe(site.events.length)
    }
    expect(pages).toBe(Math.ceil(site.events.length / 37))
    const idsOf = (events: readonly { readonly senderEventId: string | null }[]) =>
      events.map(({ senderEventId }) => senderEventId).sort()
    expect(pulled.map(({ msys }) => Object.values(msys)[0]?.event_id).sort()).toEqual(idsOf(site.events))
    // What the pull API tells is read into the event that the webhook brought.
    const again = await receiving(momentumSource({ auth: token(TOKEN) }))
    await again.receiver.inject('shop', pulled)
    await again.receiver.whenIdle()
    const told = ({ events }: typeof again) =>
      events
        .map(({ senderEventId, nativeType, occurredAt, email }) => [
          senderEventId,
          nativeType,
          occurredAt.getTime(),
          email,
        ])
        .sort()
    expect(told(again)).toEqual(told(site))
  })

  it('are asked for without following a link to another host', async () => {
    const elsewhere = await sender(json(200, { results: [] }))
    const links = [{ href: `${elsewhere.url}/api/v1/events/message?cursor=abc&per_page=5`, rel: 'next' }]
    const flat = { type: 'click', timestamp: '2026-01-01T00:00:00.000+00:00', customer_id: 1, event_id: '1' }
    const { url, asked } = await sender(json(200, { results: [flat], links }), json(200, { results: [] }))
    const pages = []
    for await (const { events } of sparkpostEvents({ baseUrl: url, apiKey: 'key' }).pages({
      since: new Date(0),
      until: new Date(61_000),
    }))
      pages.push(events)
    expect(pages).toEqual([
      [{ msys: { track_event: { type: 'click', timestamp: '1767225600', customer_id: '1', event_id: '1' } } }],
      [],
    ])
    expect(elsewhere.asked).toEqual([])
    expect(asked.map(({ url: path }) => path)).toEqual([
      '/api/v1/events/message?from=1970-01-01T00%3A00&to=1970-01-01T00%3A02&per_page=1000&cursor=initial',
      '/api/v1/events/message?cursor=abc&per_page=5',
    ])
  })
})

const SAMPLES = process.env.POSTHORN_SAMPLES
const sample = (file: string) => JSON.parse(readFileSync(join(SAMPLES ?? '', 'momentum', file), 'utf8'))

describe.skipIf(SAMPLES === undefined || !existsSync(SAMPLES))('the documents of the API (POSTHORN_SAMPLES)', () => {
  interface Example {
    readonly kind: string
    readonly body: never
  }
  const bodyOf = (examples: readonly Example[], kind: string) =>
    examples.find((one) => one.kind === kind)?.body as never

  it('print the requests that the client makes', async () => {
    const documented = sample('api-event-webhooks-examples.json')
    const { url, asked } = await sender(json(200, { results: { id: 'x', links: [] } }))
    const webhooks = momentumWebhooks({ baseUrl: url, apiKey: 'key' })
    const oauth2 = {
      url: 'http://client.example.com/tokens',
      body: { client_id: 'CLIENT123', client_secret: '9sdfj791d2bsbf', grant_type: 'client_credentials' },
    }
    await webhooks.create({
      name: 'Example webhook',
      target: 'http://client.example.com/example-webhook',
      customHeaders: { 'x-api-key': 'abcd' },
      auth: { oauth2 },
      exceptionSubaccounts: [123],
      events: ['delivery', 'injection', 'open', 'click'],
    })
    const created = bodyOf(documented['POST /v1/webhooks'], 'Request') as object
    // What the type of a new webhook leaves out is not sent.
    expect(asked[0]?.body).toEqual(created)
    await webhooks.update('x', {
      name: 'Renamed webhook',
      events: ['generation_rejection', 'delay'],
      subaccountId: 123,
      auth: 'none',
      customHeaders: { 'x-api-key': 'abcd' },
    })
    const changed = bodyOf(documented['PUT /v1/webhooks/{id}'], 'Request') as object
    expect(asked[1]?.body).toEqual({ ...changed, auth_token: '' })
    await webhooks.validate('x')
    expect(asked[2]).toMatchObject({
      url: '/api/v1/webhooks/x/validate',
      body: bodyOf(documented['POST /v1/webhooks/{id}/validate'], 'Request'),
    })
  })

  it('print the answers that the client reads, of both generations', async () => {
    const documented = sample('api-event-webhooks-examples.json')
    const older = sample('api-event-webhooks-2016.json')
    const lists = [bodyOf(documented['GET /v1/webhooks{?timezone}'], 'Response 200'), older.list]
    for (const body of lists) {
      const { url } = await sender(json(200, body))
      const list = await momentumWebhooks({ baseUrl: url, apiKey: 'key' }).list()
      expect(list.map(({ auth: { kind } }) => kind)).toEqual(['basic', 'oauth2', 'token'])
      expect(list[0]).toMatchObject({
        id: 'a2b83490-10df-11e4-b670-c1ffa86371ff',
        lastSuccessfulAt: new Date('2014-08-01T16:09:15Z'),
        lastFailureAt: new Date('2014-06-01T15:15:45Z'),
      })
      expect(list[0]?.auth.uses('somepass')).toBe(true)
      expect(list[2]?.auth.uses('5ebe2294ecd0e0f08eab7690d2a6ee69')).toBe(true)
    }
    for (const body of [bodyOf(documented['GET /v1/webhooks/{id}{?timezone}'], 'Response 200'), older.retrieve]) {
      const { url } = await sender(json(200, body))
      expect(await momentumWebhooks({ baseUrl: url, apiKey: 'key' }).get('x')).toMatchObject({
        id: 'x',
        name: 'Example webhook',
        auth: { kind: 'oauth2', tokenUrl: 'https://oauth.myurl.com/tokens' },
      })
    }
    const batches = [
      bodyOf(documented['GET /v1/webhooks/{id}/batch-status{?limit}'], 'Response 200'),
      older.batch_status,
    ]
    for (const body of batches) {
      const { url } = await sender(json(200, body))
      const [first, second] = await momentumWebhooks({ baseUrl: url, apiKey: 'key' }).batchStatus('x')
      expect(first).toMatchObject({
        attempts: 7,
        responseCode: '200',
        failureCode: null,
        at: new Date('2014-07-30T21:38:08Z'),
      })
      expect(second).toMatchObject({ batchId: '13c6764994a8f6b4e29906d5712ca7d', failureCode: '400' })
    }
    const failed = await sender(json(400, bodyOf(documented['POST /v1/webhooks'], 'Response 400')))
    const call = momentumWebhooks({ baseUrl: failed.url, apiKey: 'key' }).validate('x')
    expect(await refusalOf(call)).toMatchObject({
      senderMessage: 'POST to webhook tokens URL failed',
      targetAnswer: { status: 502, body: 'response body', headers: { connection: 'close' } },
    })
  })

  it('print the requests and answers of relay webhooks', async () => {
    const documented = sample('api-relay-webhooks-examples.json')
    const { url, asked } = await sender(
      json(200, bodyOf(documented['POST /v1/relay-webhooks'], 'Response 200')),
      json(200, bodyOf(documented['GET /v1/relay-webhooks'], 'Response 200')),
    )
    const relays = momentumRelayWebhooks({ baseUrl: url, apiKey: 'key' })
    const oauth2 = {
      url: 'http://client.example.com/tokens',
      body: { client_id: 'CLIENT123', client_secret: '9sdfj791d2bsbf' },
    }
    const settings = {
      name: 'Replies Webhook',
      target: 'https://webhooks.customer.example/replies',
      auth: { oauth2 },
      customHeaders: { 'x-api-key': 'abcd' },
      domain: 'email.example.com',
    }
    expect(await relays.create(settings)).toEqual({ id: '12013026328707075' })
    const { auth_token: _, ...request } = bodyOf(documented['POST /v1/relay-webhooks'], 'Request') as Record<
      string,
      unknown
    >
    expect(asked[0]?.body).toEqual(request)
    const [listed] = await relays.list()
    expect(listed).toMatchObject({ id: '12013026328707075', domain: 'email.example.com', auth: { kind: 'oauth2' } })
    expect(listed?.customHeaders).toEqual(['x-webhook-source'])
    const refusals = [...documented['POST /v1/relay-webhooks'], ...documented['GET /v1/relay-webhooks']] as Example[]
    for (const { kind, body } of refusals.filter((one) => /[45]\d\d$/.test(one.kind))) {
      const failing = await sender(json(Number(kind.slice(-3)), body))
      const error = await refusalOf(momentumRelayWebhooks({ baseUrl: failing.url, apiKey: 'key' }).list())
      const [{ message }] = (body as { errors: [{ message: string }] }).errors
      expect(error.senderMessage).toContain(message)
    }
  })
})
