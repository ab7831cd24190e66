import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { unauthenticated } from 'posthorn/auth'
import {
  type Emulator,
  emulateMomentum,
  type Fault,
  type MomentumEmulatorOptions,
  virtualClock,
} from 'posthorn/emulators'
import { momentum as momentumSource } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished } from 'vitest'
import { catalogue } from '../../src/providers/momentum/catalogue.ts'
import { api, bodyOf, listening, receiving, TOKEN } from './site.ts'

const MAIL = [
  'injection',
  'delivery',
  'delay',
  'bounce',
  'out_of_band',
  'policy_rejection',
  'spam_complaint',
  'open',
  'click',
  'list_unsubscribe',
  'link_unsubscribe',
]

async function emulated(options: MomentumEmulatorOptions = {}): Promise<{ momentum: Emulator; url: string }> {
  const momentum = emulateMomentum(options)
  onTestFinished(() => momentum.close())
  return { momentum, url: (await momentum.listen()).url }
}

interface Seen {
  readonly at: number
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A target that answers test posts with 200, and batches with what `answer` says. */
async function target(answer: (seen: Seen, nth: number) => number, now: () => number = () => 0) {
  const seen: Seen[] = []
  const tested: string[] = []
  const url = await listening(async (request, response) => {
    const body = await bodyOf(request)
    const one = { at: now(), path: request.url ?? '', headers: request.headers, body }
    if (body === '[{"msys":{}}]') {
      tested.push(one.path)
      return void response.end('test')
    }
    seen.push(one)
    const status = answer(one, seen.length)
    // 0: no answer at all.
    if (status !== 0) response.writeHead(status).end('an answer')
  })
  return { url: `${url}/hook`, seen, tested }
}

const webhook = (to: string, more: object = {}) => ({ name: 'A webhook', target: to, events: MAIL, ...more })

describe('emulated Momentum', () => {
  it('brings traffic to a receiver, to the event, in batches of its nodes', async () => {
    const site = await receiving()
    const { momentum, url } = await emulated({ nodes: 2 })
    await api(url, 'POST', 'webhooks/', webhook(site.target, { auth_token: TOKEN }))
    await momentum.advance('1m')
    momentum.traffic({ messages: 2_000, perSecond: 100 })
    await momentum.advance('4h')
    const report = momentum.report()
    expect(await site.counts()).toEqual(report.expected)
    expect(Object.keys(report.expected).sort()).toEqual([...MAIL].sort())
    expect(report.expected.injection).toBe(2_000)
    expect(report).toMatchObject({ repeated: 0, gaveUp: { batches: 0, events: 0 }, waiting: { events: 0 } })
    expect(report.posts).toBe(report.acknowledged)
    expect(
      new Set(site.events.map((event) => (event.payload as { node_name?: string }).node_name).filter(Boolean)),
    ).toEqual(new Set(['mta-1', 'mta-2']))
    expect(site.events.every(({ name, isTest }) => name !== 'momentum.unknown' && !isTest)).toBe(true)
  })

  it('is decided by its seed', async () => {
    const bodies = async (seed: number) => {
      const clock = virtualClock()
      const { url: to, seen } = await target(() => 200, clock.now)
      const { momentum, url } = await emulated({ clock, seed })
      await api(url, 'POST', 'webhooks', webhook(to))
      await momentum.advance('1m')
      momentum.traffic({ messages: 30 })
      await momentum.advance('3h')
      return seen.map(({ at, body }) => ({ at, body }))
    }
    const once = await bodies(5)
    expect(await bodies(5)).toEqual(once)
    expect(await bodies(6)).not.toEqual(once)
  })

  it('repeats a batch with its id until it is acknowledged: a receiver that fails at first loses and doubles nothing', async () => {
    let storm = 40
    const site = await receiving(undefined, (listener) => (request, response) => {
      if (request.headers['x-messagesystems-batch-id'] === undefined || storm-- <= 0) listener(request, response)
      // A third is stored, and the answer is lost.
      else if (storm % 3 === 0) {
        response.writeHead = () => response
        response.end = () => response.destroy()
        listener(request, response)
      } else request.resume().on('end', () => response.writeHead(503).end())
    })
    const { momentum, url } = await emulated({ nodes: 2 })
    await api(url, 'POST', 'webhooks', webhook(site.target, { auth_token: TOKEN }))
    await momentum.advance('1m')
    momentum.traffic({ messages: 500, perSecond: 2 })
    await momentum.advance('7h')
    const report = momentum.report()
    expect(report.repeated).toBeGreaterThan(20)
    expect(report).toMatchObject({ gaveUp: { batches: 0 }, waiting: { events: 0 } })
    expect(await site.counts()).toEqual(report.expected)
  })

  it('sends the token, a batch id and no user agent; a test post has no batch id', async () => {
    const tests: IncomingHttpHeaders[] = []
    const batches: IncomingHttpHeaders[] = []
    const to = await listening(async (request, response) => {
      const test = (await bodyOf(request)) === '[{"msys":{}}]'
      ;(test ? tests : batches).push(request.headers)
      response.end()
    })
    const { momentum, url } = await emulated()
    await api(url, 'POST', 'webhooks', webhook(to, { auth_token: TOKEN }))
    await momentum.advance('1m')
    momentum.traffic({ messages: 1 })
    await momentum.advance('31s')
    const [test, batch] = [tests[0], batches[0]]
    expect(test).toMatchObject({ 'content-type': 'application/json', 'x-messagesystems-webhook-token': TOKEN })
    expect(test).not.toHaveProperty('x-messagesystems-batch-id')
    expect(batch).toMatchObject({
      'x-messagesystems-webhook-token': TOKEN,
      'x-messagesystems-batch-id': expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      connection: 'close',
    })
    expect(batch).not.toHaveProperty('user-agent')
  })

  it('gathers a batch for 30 s or up to its size, each node on its own', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target(() => 200, clock.now)
    const { momentum, url } = await emulated({ clock, nodes: 2, batchEvents: 40 })
    await api(url, 'POST', 'webhooks', webhook(to, { events: ['injection'] }))
    await momentum.advance('1m')
    momentum.traffic({ messages: 50, perSecond: 1_000 })
    await momentum.advance('1h')
    expect(seen.map(({ at, body }) => [at, JSON.parse(body).length])).toEqual([
      [90_000, 25],
      [90_001, 25],
    ])
    momentum.traffic({ messages: 100, perSecond: 1_000 })
    await momentum.advance('1h')
    expect(seen.slice(2).map(({ body }) => JSON.parse(body).length)).toEqual([40, 40, 10, 10])
  })

  it('retries with back-off for four hours, then deletes the batch, and says so', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target(() => 503, clock.now)
    const { momentum, url } = await emulated({ clock })
    await api(url, 'POST', 'webhooks', webhook(to, { events: ['injection'] }))
    await momentum.advance('1m')
    momentum.traffic({ messages: 3, perSecond: 1_000 })
    await momentum.advance('5h')
    const [first = 0, ...later] = seen.map(({ at }) => at / 60_000)
    expect(later.map((at) => at - first)).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 240])
    expect(new Set(seen.map(({ body, headers }) => body + headers['x-messagesystems-batch-id'])).size).toBe(1)
    expect(momentum.report()).toMatchObject({
      expected: { injection: 3 },
      posts: 10,
      acknowledged: 0,
      repeated: 9,
      gaveUp: { batches: 1, events: 3 },
      waiting: { events: 0 },
    })
  })

  it('waits six seconds for an answer, in real time, and takes none for a failure', async () => {
    const limits: number[] = []
    const noting: Fault = (wire) => (post) => {
      limits.push(post.limitMs)
      return wire(post)
    }
    const { url: to, seen } = await target((_, nth) => (nth === 1 ? 0 : 200))
    const first = await emulated({ faults: [noting] })
    const second = await emulated({ answerLimit: '50ms' })
    for (const { momentum, url } of [first, second]) {
      await api(url, 'POST', 'webhooks', webhook(to, { events: ['injection'] }))
      await momentum.advance('1m')
    }
    second.momentum.traffic({ messages: 1 })
    await second.momentum.advance('5m')
    expect(seen.length).toBe(2)
    expect(second.momentum.report()).toMatchObject({ posts: 2, acknowledged: 1, repeated: 1 })
    first.momentum.traffic({ messages: 1 })
    await first.momentum.advance('5m')
    expect(limits).toEqual([6_000])
  })

  it('takes any 2xx, or 200 alone where it is told to', async () => {
    for (const [success, acknowledged] of [
      ['2xx', 1],
      ['200', 0],
    ] as const) {
      const { url: to } = await target(() => 202)
      const { momentum, url } = await emulated({ success })
      await api(url, 'POST', 'webhooks', webhook(to))
      await momentum.advance('1m')
      momentum.traffic({ messages: 1 })
      await momentum.advance('31s')
      expect(momentum.report().acknowledged, success).toBe(acknowledged)
    }
  })

  it.each([1, 3])('posts %i batches of a webhook at a time with so many workers', async (workers) => {
    let most = 0
    const waiting: (() => void)[] = []
    const to = await listening(async (request, response) => {
      if ((await bodyOf(request)) === '[{"msys":{}}]') return void response.end()
      waiting.push(() => response.end())
      most = Math.max(most, waiting.length)
      // Nobody gets an answer before all workers wait for theirs.
      if (waiting.length === workers) for (const answer of waiting.splice(0)) answer()
    })
    const { momentum, url } = await emulated({ workers, batchEvents: 1 })
    await api(url, 'POST', 'webhooks', webhook(to, { events: ['injection'] }))
    await momentum.advance('1m')
    for (let n = 0; n < 3; n++) momentum.traffic({ messages: 1 })
    await momentum.advance('1m')
    expect([most, momentum.report().acknowledged, momentum.report().repeated]).toEqual([workers, 3, 0])
  })
})

describe("Momentum's Webhooks API", () => {
  it('works with the lines of its documents, with host, key and path filled in', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-momentum-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { url: to } = await target(() => 200)
    const { momentum, url } = await emulated({ apiKey: 'your_api_key' })
    const file = join(folder, 'webhook_example.json')
    const content = `{\n  "name": "Example webhook",\n  "target": "${to}",\n  "events": [\n    "injection",\n    "delivery",\n    "open",\n    "click"\n  ]\n}\n`
    writeFileSync(file, content)
    const curl = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)('curl', ['-s', ...args, '-H', 'Authorization: your_api_key'])
      return JSON.parse(stdout)
    }
    const type = ['-H', 'Content-Type: application/json']
    const created = await curl('-X', 'POST', `${url}/api/v1/webhooks/`, '-d', `@${file}`, ...type)
    expect(created).toEqual({
      results: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        links: [
          {
            href: `${url}/api/v1/webhooks/${created.results.id}`,
            rel: 'urn.msys.webhooks.webhook',
            method: ['GET', 'PUT'],
          },
        ],
      },
    })
    const documentation = await curl(`${url}/api/v1/webhooks/events/documentation`)
    expect(documentation.results.track_event.events.click.event.target_link_url).toEqual({
      description: expect.any(String),
      sampleValue: expect.stringContaining('http'),
    })
    const samples = await curl(`${url}/api/v1/webhooks/events/samples/?events=click`)
    expect(samples).toMatchObject({ results: [{ msys: { track_event: { type: 'click' } } }] })
    await momentum.advance('1m')
    momentum.traffic({ messages: 100, perSecond: 100 })
    await momentum.advance('3h')
    expect(Object.keys(momentum.report().expected)).toEqual(['click', 'delivery', 'injection', 'open'])
  })

  it.each([
    ['answers another success', 202, /^POST to webhook target URL failed$/],
    ['answers an error', 404, /with non-2xx response code 404$/],
    ['redirects', 301, /with non-2xx response code 301$/],
  ])('answers 400 and saves nothing when the target %s', async (_, status, message) => {
    const posts: string[] = []
    const to = await listening(async (request, response) => {
      posts.push(await bodyOf(request))
      response.writeHead(status, { 'x-own': 'yes', location: '/elsewhere' }).end('no such page')
    })
    const { url } = await emulated()
    expect(await api(url, 'POST', 'webhooks', webhook(to))).toEqual({
      status: 400,
      body: {
        errors: {
          code: 400,
          message: expect.stringMatching(message),
          response: { status, headers: expect.objectContaining({ 'x-own': 'yes' }), body: 'no such page' },
        },
      },
    })
    expect(posts).toEqual(['[{"msys":{}}]'])
    expect(await api(url, 'GET', 'webhooks')).toEqual({ status: 200, body: { results: [] } })
  })

  it('answers 400 with the code of the connection when nobody answers', async () => {
    const { url } = await emulated({ errors: 'list' })
    expect(await api(url, 'POST', 'webhooks', webhook('http://127.0.0.1:1/'))).toEqual({
      status: 400,
      body: {
        errors: [{ code: 400, message: 'POST to webhook target URL failed with error code ECONNREFUSED' }],
      },
    })
  })

  it('wants its key, raw or as the user of Basic, for everything', async () => {
    const { url } = await emulated({ apiKey: 'secret' })
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
    for (const path of ['webhooks', 'webhooks/events/samples', 'nowhere']) {
      for (const key of ['', 'wrong', 'Bearer secret', basic('secret:x')])
        expect((await api(url, 'GET', path, undefined, key)).status, `${path} ${key}`).toBe(401)
      for (const key of ['secret', basic('secret:')])
        expect((await api(url, 'GET', path, undefined, key)).status, `${path} ${key}`).toBe(
          path === 'nowhere' ? 404 : 200,
        )
    }
    expect((await api(url, 'PATCH', 'webhooks', undefined, 'secret')).status).toBe(405)
  })

  it.each([
    ['no JSON', '{"name"', 400],
    ['no object', '[]', 400],
    ['no name', JSON.stringify({ target: 'http://localhost', events: ['click'] }), 400],
    ['no target', JSON.stringify({ name: 'w', events: ['click'] }), 400],
    ['a target of another kind', JSON.stringify({ name: 'w', target: 'ftp://localhost', events: ['click'] }), 400],
    ['no events', JSON.stringify({ name: 'w', target: 'http://localhost' }), 400],
    [
      'an event it does not have',
      JSON.stringify({ name: 'w', target: 'http://localhost', events: ['relay_message'] }),
      400,
    ],
    ['a body beyond 1 MiB', JSON.stringify({ name: 'w'.repeat(1_100_000) }), 413],
  ])('refuses %s', async (_, body, status) => {
    const { url } = await emulated()
    const answer = await fetch(`${url}/api/v1/webhooks`, { method: 'POST', body, headers: { authorization: 'key' } })
    expect(answer.status).toBe(status)
  })

  it('activates a webhook a minute after it was created', async () => {
    const site = await receiving()
    const { momentum, url } = await emulated()
    await api(url, 'POST', 'webhooks', webhook(site.target, { events: ['injection'], auth_token: TOKEN }))
    momentum.traffic({ messages: 600, perSecond: 5 })
    await momentum.advance('59s')
    expect(momentum.report()).toMatchObject({ expected: {}, webhooks: [{ state: 'pending' }] })
    await momentum.advance('10m')
    expect(momentum.report()).toMatchObject({ expected: { injection: 300 }, webhooks: [{ state: 'active' }] })
    expect(await site.counts()).toEqual({ injection: 300 })
  })

  it('shows, changes and deletes a webhook', async () => {
    const clock = virtualClock({ at: '2026-01-01T00:00:00Z' })
    const {
      url: to,
      seen,
      tested,
    } = await target(({ path }, nth) => (nth === 1 ? 500 : path === '/gone' ? 404 : 200), clock.now)
    const { momentum, url } = await emulated({ clock })
    const { id } = (await api(url, 'POST', 'webhooks', webhook(to, { events: ['injection'] }))).body.results
    const [webhookUrl, path] = [`${url}/api/v1/webhooks/${id}`, `webhooks/${id}`]
    await momentum.advance('1m')
    momentum.traffic({ messages: 2 })
    await momentum.advance('10m')
    expect((await api(url, 'GET', `webhooks/?timezone=Asia/Kathmandu`)).body.results).toEqual([
      {
        id,
        name: 'A webhook',
        target: to,
        events: ['injection'],
        active: true,
        auth_token: '',
        auth_type: 'none',
        auth_request_details: {},
        auth_credentials: {},
        last_successful: '2026-01-01 05:47:30',
        last_failure: '2026-01-01 05:46:30',
        links: [{ href: webhookUrl, rel: 'urn.msys.webhooks.webhook', method: ['GET', 'PUT'] }],
      },
    ])
    expect((await api(url, 'GET', `${path}/batch-status`)).body.results).toEqual([
      {
        batch_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        ts: '2026-01-01T00:02:30.000Z',
        attempts: 2,
        response_code: '200',
        latency: expect.any(Number),
        batch_size: 2,
        webhook_id: id,
      },
    ])
    // Another name: no test post. Another target that refuses: nothing changes.
    expect((await api(url, 'PUT', path, { name: 'Another', unknown_field: 1 })).body.results).toEqual({
      id,
      links: [{ href: `${webhookUrl}/validate`, rel: 'urn.msys.webhooks.validate', method: ['POST'] }],
    })
    expect((await api(url, 'PUT', path, { target: 'http://127.0.0.1:1/' })).status).toBe(400)
    expect(tested).toEqual(['/hook'])
    expect((await api(url, 'GET', path)).body.results).toMatchObject({ name: 'Another', target: to })
    // What is gathered goes to the old target; a minute later the new one is asked.
    await api(url, 'PUT', path, { target: to.replace('/hook', '/other'), events: ['injection', 'delivery'] })
    expect(tested).toEqual(['/hook', '/other'])
    momentum.traffic({ messages: 130, perSecond: 1 })
    await momentum.advance('1h')
    expect([...new Set(seen.map((one) => one.path))]).toEqual(['/hook', '/other'])
    expect((await api(url, 'DELETE', path)).status).toBe(204)
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await api(url, method, path, method === 'PUT' ? {} : undefined)).status).toBe(404)
    const posts = seen.length
    momentum.traffic({ messages: 10 })
    await momentum.advance('1h')
    expect(seen.length).toBe(posts)
    expect(momentum.report().webhooks).toMatchObject([{ id, state: 'deleted' }])
  })

  it('activates each change a minute after it was made', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target(() => 200, clock.now)
    const { momentum, url } = await emulated({ clock, batchInterval: 0 })
    const { id } = (await api(url, 'POST', 'webhooks', webhook(to, { events: ['injection'] }))).body.results
    await momentum.advance('1m')
    for (const path of ['second', 'third']) {
      await api(url, 'PUT', `webhooks/${id}`, { target: to.replace('hook', path) })
      await momentum.advance('30s')
    }
    momentum.traffic({ messages: 40, perSecond: 1 })
    await momentum.advance('1m')
    expect([...new Set(seen.map(({ path }) => path))]).toEqual(['/second', '/third'])
    expect(seen.find(({ path }) => path === '/third')?.at).toBe(150_000)
  })

  it('sends nothing while a webhook is not active by its owner', async () => {
    const { url: to, seen } = await target(() => 200)
    const { momentum, url } = await emulated()
    await api(url, 'POST', 'webhooks', webhook(to, { active: false }))
    await momentum.advance('1m')
    momentum.traffic({ messages: 10 })
    await momentum.advance('3h')
    expect(seen).toEqual([])
    expect(momentum.report().webhooks).toMatchObject([{ state: 'suspended' }])
  })

  it('validates with the body of the caller, of today and of old', async () => {
    const bodies: string[] = []
    let status = 200
    const to = await listening(async (request, response) => {
      bodies.push(await bodyOf(request))
      response.writeHead(status).end('OK')
    })
    const { url } = await emulated()
    const { id } = (await api(url, 'POST', 'webhooks', webhook(to))).body.results
    expect((await api(url, 'POST', `webhooks/${id}/validate`, [{ msys: {} }])).body).toMatchObject({
      results: { msg: 'Test POST to endpoint succeeded', response: { status: 200, body: 'OK' } },
    })
    await api(url, 'POST', `webhooks/${id}/validate`, { message: { msys: {} } })
    expect(bodies.slice(1)).toEqual(['[{"msys":{}}]', '{"msys":{}}'])
    status = 500
    expect(await api(url, 'POST', `webhooks/${id}/validate`, [])).toMatchObject({
      status: 400,
      body: { errors: { response: { status: 500, body: 'OK' } } },
    })
  })

  it('has documentation and a sample of every type, which the receiver knows for tests of theirs', async () => {
    const site = await receiving(momentumSource({ auth: unauthenticated() }))
    const { url } = await emulated()
    const { results } = (await api(url, 'GET', 'webhooks/events/documentation')).body
    const { results: samples } = (await api(url, 'GET', 'webhooks/events/samples')).body
    const documented = Object.values<{ events: object }>(results).flatMap(({ events }) => Object.keys(events))
    const types = Object.values(catalogue).flatMap(({ schema }) => schema.split('.')[1] ?? [])
    expect(documented.sort()).toEqual(types.sort())
    for (const { msys } of samples) {
      const [[group, fields]] = Object.entries<Record<string, unknown>>(msys) as [[string, Record<string, unknown>]]
      const { event, display_name, description } = results[group].events[String(fields.type)]
      expect(
        Object.fromEntries(
          Object.entries(event).map(([name, one]) => [name, (one as { sampleValue: unknown }).sampleValue]),
        ),
      ).toEqual(fields)
      expect([display_name, description].every(Boolean)).toBe(true)
      expect(Object.values<{ description: string }>(event).filter((one) => one.description === '')).toEqual([])
    }
    expect((await fetch(site.target, { method: 'POST', body: JSON.stringify(samples) })).status).toBe(200)
    expect(Object.keys(await site.counts()).sort()).toEqual(documented.sort())
    expect(site.events.filter(({ name, isTest }) => !isTest || name === 'momentum.unknown')).toEqual([])
    expect((await api(url, 'GET', 'webhooks/events/samples?events=click,open')).body.results.length).toBe(2)
    expect((await api(url, 'GET', 'webhooks/events/samples?events=clikc')).status).toBe(400)
  })
})

describe('Momentum configured by a file', () => {
  const configured = (to: string) => [
    { events: ['injection'], target: to, auth_token: TOKEN, custom_headers: { 'X-Own': 'yes' } },
    { name: 'clicks', events: ['click', 'open'], target: `${to}?clicks` },
  ]

  it('is active at once, sends no test post and has no API', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-momentum-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const seen: { path: string | undefined; headers: IncomingHttpHeaders; events: number }[] = []
    const to = await listening(async (request, response) => {
      seen.push({ path: request.url, headers: request.headers, events: JSON.parse(await bodyOf(request)).length })
      response.end()
    })
    const file = join(folder, 'webhooks.json')
    writeFileSync(file, JSON.stringify(configured(to)))
    const { momentum, url } = await emulated({ webhooks: file })
    expect((await api(url, 'GET', 'webhooks')).status).toBe(404)
    momentum.traffic({ messages: 100, perSecond: 100 })
    await momentum.advance('3h')
    const report = momentum.report()
    expect(
      seen
        .filter(({ path }) => path === '/')
        .map(({ headers, events }) => [headers['x-messagesystems-webhook-token'], headers['x-own'], events]),
    ).toEqual([[TOKEN, 'yes', 100]])
    const clicks = seen.filter(({ path }) => path === '/?clicks').reduce((sum, { events }) => sum + events, 0)
    expect(clicks).toBe((report.expected.click ?? 0) + (report.expected.open ?? 0))
    expect(report.webhooks).toMatchObject([
      { name: 'webhook 1', state: 'active' },
      { name: 'clicks', state: 'active' },
    ])
  })

  it.each([
    ['no array', {}],
    ['an entry that is none', [1]],
    ['no target', [{ events: ['click'] }]],
    ['no such event', [{ events: ['clikc'], target: 'http://localhost' }]],
    ['an event of the cloud', [{ events: ['amp_open'], target: 'http://localhost' }]],
  ])('refuses %s', (_, webhooks) => {
    expect(() => emulateMomentum({ webhooks: webhooks as never })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    )
  })
})

describe('the options of emulated Momentum', () => {
  it.each([
    { seeds: 1 },
    { seed: -1 },
    { nodes: 0 },
    { batchEvents: 0 },
    { batchInterval: '30' },
    { answerLimit: 'six' },
    { retryDelays: ['1m', -1] },
    { success: '3xx' },
    { errors: 'array' },
    { workers: 0 },
    { clock: Date },
    { apiKey: '' },
    { faults: [1] },
    { retryDelays: '1m' },
    { eventIds: 'no' },
    { batchIdHeader: 1 },
  ])('refuse %o', (options) => {
    expect(() => emulateMomentum(options as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })

  it('leave out the event id, as before 4.2.28', async () => {
    const { url: to, seen } = await target(() => 200)
    const { momentum, url } = await emulated({ eventIds: false, batchIdHeader: false })
    await api(url, 'POST', 'webhooks', webhook(to))
    await momentum.advance('1m')
    momentum.traffic({ messages: 1 })
    await momentum.advance('31s')
    expect(seen[0]?.body).toContain('"injection"')
    expect(seen[0]?.body).not.toContain('event_id')
    expect(seen[0]?.headers).not.toHaveProperty('x-messagesystems-batch-id')
  })
})

const SAMPLES = process.env.POSTHORN_SAMPLES

describe.skipIf(SAMPLES === undefined)('the shapes of the published examples', () => {
  const published = (file: string) => JSON.parse(readFileSync(join(SAMPLES ?? '', 'momentum', file), 'utf8'))
  const keys = (value: object) => Object.keys(value).sort()

  it('are those of the lists and answers of 2016', async () => {
    const clock = virtualClock()
    const { url: to } = await target((_, nth) => (nth < 3 ? 503 : 200), clock.now)
    const { momentum, url } = await emulated({ clock })
    const { id } = (await api(url, 'POST', 'webhooks', webhook(to))).body.results
    await momentum.advance('1m')
    momentum.traffic({ messages: 5 })
    await momentum.advance('3h')
    const { list, retrieve, batch_status } = published('api-event-webhooks-2016.json')
    const listed = (await api(url, 'GET', 'webhooks')).body.results[0]
    const retrieved = (await api(url, 'GET', `webhooks/${id}`)).body.results
    const statuses = (await api(url, 'GET', `webhooks/${id}/batch-status`)).body.results
    expect(keys(listed)).toEqual(keys(list.results[0]))
    expect(listed.links.map(keys)).toEqual(list.results[0].links.map(keys))
    expect(keys(retrieved)).toEqual(expect.arrayContaining(keys(retrieve.results)))
    expect(retrieved.links.map(({ rel, method }: { rel: string; method: string[] }) => [rel, method])).toEqual(
      retrieve.results.links.map(({ rel, method }: { rel: string; method: string[] }) => [rel, method]),
    )
    expect(keys(statuses[0])).toEqual(expect.arrayContaining(keys(batch_status.results[0])))
  })

  it('are those of the events that the manual prints, as far as a consumer stores them', async () => {
    const { url: to, seen } = await target(() => 200)
    const { momentum, url } = await emulated()
    await api(url, 'POST', 'webhooks', webhook(to))
    await momentum.advance('1m')
    momentum.traffic({ messages: 200, perSecond: 100 })
    await momentum.advance('3h')
    type Element = { msys: Record<string, Record<string, unknown>> }
    const elements: Element[] = seen.flatMap(({ body }) => JSON.parse(body))
    for (const printed of published('documented-momentum4.json') as Element[]) {
      const [[group = '', fields] = []] = Object.entries(printed.msys)
      const ours = elements.find(({ msys }) => msys[group]?.type === fields?.type)?.msys[group] ?? {}
      expect(keys(ours)).toEqual(expect.arrayContaining(keys(fields ?? {})))
      expect(typeof ours.timestamp).toBe(typeof fields?.timestamp)
    }
  })
})
