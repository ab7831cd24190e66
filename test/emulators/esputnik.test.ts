import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { anyOf, basic, header } from 'posthorn/auth'
import {
  type EsputnikEmulatorOptions,
  type EsputnikStatus,
  emulateEsputnik,
  type Fault,
  virtualClock,
} from 'posthorn/emulators'
import { esputnik as esputnikSource } from 'posthorn/esputnik'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bodyOf, listening, receiving } from './site.ts'

const STATUSES: readonly EsputnikStatus[] = [
  'CLICKED',
  'DELIVERED',
  'READ',
  'SENT',
  'SPAM',
  'SUBSCRIPTION_CHANGED',
  'UNDELIVERED',
  'UNSUBSCRIBED',
]
const SECRET = 'a secret of some length'
const MINUTE = 60_000

function emulated(options: EsputnikEmulatorOptions = {}) {
  const esputnik = emulateEsputnik(options)
  onTestFinished(() => esputnik.close())
  return esputnik
}

function receivingEsputnik(around?: (listener: RequestListener) => RequestListener, timeZone = 'UTC') {
  const auth = anyOf(header('X-Secret', SECRET), basic({ username: 'user', password: SECRET }))
  return receiving(esputnikSource({ auth, timeZone, dedupeEvents: true }) as never, around)
}

interface Seen {
  readonly at: number
  readonly body: string
}

/** A target that passes the check, notes what comes and answers what `answer` says. */
async function target(answer: (nth: number) => number, now: () => number = () => 0) {
  const seen: Seen[] = []
  const checks: unknown[] = []
  const url = await listening(async (request, response) => {
    const body = await bodyOf(request)
    if (request.method === 'GET') {
      checks.push(request.headers.authorization)
      return void response.end()
    }
    seen.push({ at: now(), body })
    response.writeHead(answer(seen.length)).end()
  })
  return { url, seen, checks }
}

describe('emulated eSputnik', () => {
  it('brings every status of every channel to a receiver, to the event', async () => {
    const site = await receivingEsputnik()
    const esputnik = emulated()
    await esputnik.saveWebhook({ url: site.target, headers: { 'X-Secret': SECRET } })
    esputnik.traffic({ messages: 2_000, perSecond: 100 })
    await esputnik.advance('3h')
    const report = esputnik.report()
    expect(await site.counts()).toEqual(report.expected)
    expect(Object.keys(report.expected)).toEqual(STATUSES)
    expect(report).toMatchObject({ repeated: 0, waiting: { events: 0 }, webhooks: [{ state: 'active' }] })
    const channels = new Set(site.events.map(({ channel }) => channel))
    expect([...channels].sort()).toEqual(['email', 'push', 'sms', 'viber'])
    expect(site.events.filter(({ name }) => name === 'esputnik.unknown')).toEqual([])
    const reached = site.events.filter(({ type }) => type !== 'preferences_changed')
    expect(reached.filter(({ recipient }) => recipient === null)).toEqual([])
  })

  it('gathers for minutes, or posts at once', async () => {
    for (const [batchInterval, gap] of [
      ['5m', 5 * MINUTE],
      [0, 0],
    ] as const) {
      const clock = virtualClock({ at: 0 })
      const { url, seen } = await target(() => 200, clock.now)
      const esputnik = emulated({ clock, batchInterval })
      await esputnik.saveWebhook({ url })
      esputnik.traffic({ messages: 200, perSecond: 1 })
      await esputnik.advance('3h')
      const gaps = seen.slice(1).map(({ at }, n) => at - (seen[n]?.at ?? 0))
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(gap)
      expect(seen.some(({ body }) => JSON.parse(body).length > 2)).toBe(gap > 0)
    }
  })

  it('repeats after 1, 2, 4, 8 minutes up to hourly, without end, and nothing overtakes what failed', async () => {
    const clock = virtualClock({ at: 0 })
    let isBack = false
    const { url, seen } = await target(() => (isBack ? 200 : 503), clock.now)
    const esputnik = emulated({ clock })
    await esputnik.saveWebhook({ url })
    esputnik.traffic({ messages: 300, perSecond: 1 })
    await esputnik.advance('24h')
    const first = seen[0]?.body
    expect(seen.filter(({ body }) => body !== first)).toEqual([])
    const minutes = seen.map(({ at }) => (at - (seen[0]?.at ?? 0)) / MINUTE)
    expect(minutes.slice(0, 9)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183])
    expect(minutes.length).toBe(29)
    expect(esputnik.report().gaveUp).toEqual({ batches: 0, events: 0 })
    isBack = true
    await esputnik.advance('2h')
    expect(esputnik.report().waiting.events).toBe(0)
    const times = seen.slice(minutes.length).flatMap(({ body }) => {
      return JSON.parse(body).map(({ activityDateTime }: { activityDateTime: string }) => activityDateTime)
    })
    expect(times).toEqual([...times].sort())
  })

  it('loses and doubles nothing with a receiver that fails at first and answers that are lost', async () => {
    let posts = 0
    const loseThird: Fault = (wire) => async (post) => {
      const outcome = await wire(post)
      return ++posts % 3 === 0 ? { status: null, code: 'ECONNRESET', ms: outcome.ms } : outcome
    }
    let failures = 4
    const site = await receivingEsputnik((listener) => (request, response) => {
      if (request.method === 'GET' || failures-- <= 0) return listener(request, response)
      request.resume().on('end', () => response.writeHead(503).end())
    })
    const esputnik = emulated({ faults: [loseThird] })
    await esputnik.saveWebhook({ url: site.target, username: 'user', password: SECRET })
    esputnik.traffic({ messages: 500, perSecond: 10 })
    await esputnik.advance('10h')
    const report = esputnik.report()
    expect(await site.counts()).toEqual(report.expected)
    expect(report.waiting.events).toBe(0)
    expect(report.repeated).toBeGreaterThan(4)
  })

  it('checks an address with a GET, and saves it when that is answered 200', async () => {
    const answers: RequestListener = (request, response) =>
      void response.writeHead(request.url === '/ok' ? 200 : request.url === '/created' ? 201 : 405).end()
    const url = await listening(answers)
    const esputnik = emulated()
    expect(await esputnik.saveWebhook({ url: `${url}/post-only` })).toMatchObject({
      saved: false,
      check: { status: 405 },
    })
    expect(await esputnik.saveWebhook({ url: `${url}/created` })).toMatchObject({ saved: false })
    const refused = await esputnik.saveWebhook({ url: 'http://127.0.0.1:9/' })
    expect(refused).toMatchObject({ saved: false, check: { status: null } })
    expect(esputnik.report().webhooks).toEqual([])
    expect(await esputnik.saveWebhook({ url: `${url}/ok`, name: 'mine' })).toMatchObject({ saved: true, id: '1' })
    expect(esputnik.report().webhooks).toMatchObject([{ name: 'mine', target: `${url}/ok` }])
    expect(await emulated({ success: '2xx' }).saveWebhook({ url: `${url}/created` })).toMatchObject({ saved: true })
  })

  it('checks without credentials, or with them', async () => {
    const { url, checks } = await target(() => 200)
    for (const checkCredentials of [false, true])
      await emulated({ checkCredentials }).saveWebhook({ url, username: 'user', password: 'password' })
    expect(checks).toEqual([undefined, `Basic ${Buffer.from('user:password').toString('base64')}`])
  })

  it('sends only the statuses that are switched on, to each of several webhooks', async () => {
    const [one, two] = [await target(() => 200), await target(() => 200)]
    const esputnik = emulated()
    await esputnik.saveWebhook({ url: one.url, statuses: ['CLICKED'] })
    await esputnik.saveWebhook({ url: two.url, statuses: ['READ', 'CLICKED'] })
    esputnik.traffic({ messages: 300, perSecond: 100 })
    await esputnik.advance('3h')
    const statuses = ({ seen }: typeof one): string[] =>
      seen.flatMap(({ body }) =>
        JSON.parse(body).map(({ activityStatus }: { activityStatus: string }) => activityStatus),
      )
    const { CLICKED = 0, READ = 0 } = esputnik.report().expected
    expect(new Set(statuses(one))).toEqual(new Set(['CLICKED']))
    expect(statuses(one).length).toBe(CLICKED / 2)
    expect(statuses(two).length).toBe(CLICKED / 2 + READ)
  })

  it('writes the time of its zone', async () => {
    const clock = virtualClock({ at: '2026-07-01T10:00:00Z' })
    const site = await receivingEsputnik(undefined, 'Europe/Kyiv')
    const esputnik = emulated({ clock, timeZone: 'Europe/Kyiv' })
    await esputnik.saveWebhook({ url: site.target, headers: { 'X-Secret': SECRET } })
    esputnik.traffic({ messages: 3 })
    await esputnik.advance('30m')
    await site.counts()
    const [first] = site.events
    expect(first?.payload).toMatchObject({ activityDateTime: expect.stringMatching(/^2026-07-01T13:00:0\d$/) })
    expect(first?.occurredAt.toISOString()).toMatch(/^2026-07-01T10:00:0\d/)
  })

  it('prints the older spelling of subscriptions, which a receiver reads all the same', async () => {
    const site = await receivingEsputnik()
    const plain = await target(() => 200)
    const esputnik = emulated({ misspeltSubscription: true })
    await esputnik.saveWebhook({ url: site.target, headers: { 'X-Secret': SECRET } })
    await esputnik.saveWebhook({ url: plain.url, statuses: ['SUBSCRIPTION_CHANGED'] })
    esputnik.traffic({ messages: 1_000, perSecond: 100 })
    await esputnik.advance('3h')
    await site.counts()
    const changed = site.events.filter(({ type }) => type === 'preferences_changed')
    expect(changed.length).toBeGreaterThan(0)
    for (const event of changed) expect(event).toMatchObject({ subscriptions: ['SMARTPHONES', 'LAPTOPS'] })
    expect(plain.seen[0]?.body).toContain('"statusData":{"subscripton":{"subscriptons":["SMARTPHONES","LAPTOPS"]}}')
  })

  it('prints mediaType without quotes, which a receiver reads all the same', async () => {
    const site = await receivingEsputnik()
    const esputnik = emulated({ quotedMediaType: false })
    await esputnik.saveWebhook({ url: site.target, headers: { 'X-Secret': SECRET } })
    esputnik.traffic({ messages: 50, perSecond: 100 })
    await esputnik.advance('3h')
    const report = esputnik.report()
    expect(await site.counts()).toEqual(report.expected)
    expect(report).toMatchObject({ repeated: 0, waiting: { events: 0 } })
  })

  it('lists its activities, for whoever lost posts', async () => {
    const clock = virtualClock({ at: '2026-01-01T12:00:00Z' })
    const { url: to, seen } = await target(() => 200)
    const esputnik = emulated({ clock })
    const { url } = await esputnik.listen()
    await esputnik.saveWebhook({ url: to })
    esputnik.traffic({ messages: 100, perSecond: 100 })
    await esputnik.advance('3h')
    const pull = async (query: string, key = 'key') => {
      const authorization = `Basic ${Buffer.from(`someone@shop.example:${key}`).toString('base64')}`
      const answer = await fetch(`${url}/api/v2/contacts/activity?${query}`, { headers: { authorization } })
      return { status: answer.status, body: JSON.parse(await answer.text()) }
    }
    const day = 'dateFrom=2026-01-01&dateTo=2026-01-01'
    const { body } = await pull(day)
    const posted = seen.flatMap((one) => JSON.parse(one.body))
    expect(body.map(({ offset, ...activity }: { offset: number }) => activity)).toEqual(posted)
    expect((await pull(`${day}&offset=10&maxrows=5`)).body).toEqual(body.slice(10, 15))
    expect((await pull(`${day}&status=CLICKED`)).body.length).toBe(esputnik.report().expected.CLICKED)
    const { email } = body.find((one: { email?: string }) => one.email !== undefined)
    expect((await pull(`${day}&email=${encodeURIComponent(email)}`)).body.length).toBeGreaterThan(0)
    expect((await pull('dateFrom=2026-01-02&dateTo=2026-01-03')).body).toEqual([])
    expect((await pull('dateFrom=2025-01-01&dateTo=2026-01-03')).status).toBe(400)
    expect((await pull('')).status).toBe(400)
    expect((await pull(day, 'wrong')).status).toBe(401)
  })

  it.each([
    { url: 'shop' },
    { url: 'http://localhost', headers: { a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' } },
    { url: 'http://localhost', headers: { a: 1 } },
    { url: 'http://localhost', username: 'user' },
    { url: 'http://localhost', statuses: ['OPENED'] },
    { url: 'http://localhost', token: 'a' },
  ])('refuses the webhook %o', async (options) => {
    await expect(emulated().saveWebhook(options as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it.each([
    { nodes: 2 },
    { batchInterval: 'soon' },
    { retryDelays: [] },
    { retryDelays: ['1m', 0] },
    { timeZone: 'Mars/Olympus' },
    { checkCredentials: 'yes' },
    { quotedMediaType: 0 },
    { misspeltSubscription: 'subscripton' },
  ])('refuses the option %o', (options) => {
    expect(() => emulateEsputnik(options as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

const SAMPLES = process.env.POSTHORN_SAMPLES

describe.skipIf(SAMPLES === undefined)('the fields of the published examples', () => {
  it('are those of the traffic', async () => {
    const { url, seen } = await target(() => 200)
    const esputnik = emulated()
    await esputnik.saveWebhook({ url })
    esputnik.traffic({ messages: 2_000, perSecond: 100 })
    await esputnik.advance('3h')
    type Fields = Record<string, unknown>
    const ours: Fields[] = seen.flatMap(({ body }) => JSON.parse(body))
    const file = readFileSync(join(SAMPLES ?? '', 'esputnik/yespo-docs_webhooks-for-tracking-activity.json'), 'utf8')
    const documented: Fields[] = JSON.parse(file).samples.flatMap(({ body }: { body: Fields[] }) => body)
    expect(documented.length).toBe(7)
    const shape = (fields: Fields) =>
      Object.entries(fields)
        .filter(([field]) => field !== 'messageTag' && field !== 'externalCustomerId')
        .map(([field, value]) => `${field}: ${typeof value}`)
        .sort()
    const shapes = new Set(ours.map((one) => JSON.stringify(shape(one))))
    for (const one of documented) expect(shapes).toContain(JSON.stringify(shape(one)))
  })
})
