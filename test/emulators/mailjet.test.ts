import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { basic } from 'posthorn/auth'
import {
  emulateMailjet,
  type Fault,
  type MailjetEmulator,
  type MailjetEmulatorOptions,
  type MailjetEventType,
  virtualClock,
} from 'posthorn/emulators'
import { mailjet as mailjetSource } from 'posthorn/mailjet'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Answer, bodyOf, listening, receiving, type Site } from './site.ts'

const TYPES: readonly MailjetEventType[] = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub']
const PATH = '/v3/REST/eventcallbackurl'
const PASSWORD = 'a p@ssword: of some length'
const HOURS_MS = 3_600_000

async function emulated(options: MailjetEmulatorOptions = {}): Promise<{ mailjet: MailjetEmulator; url: string }> {
  const mailjet = emulateMailjet(options)
  onTestFinished(() => mailjet.close())
  return { mailjet, url: (await mailjet.listen()).url }
}

async function rest(url: string, method: string, path: string, body?: unknown, login = 'key:secret'): Promise<Answer> {
  const answer = await fetch(`${url}${PATH}${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
}

const receivingMailjet = (around?: Parameters<typeof receiving>[1]): Promise<Site> => {
  return receiving(
    mailjetSource({ auth: basic({ username: 'hook', password: PASSWORD }), dedupeEvents: true }) as never,
    around,
  )
}

const withLogin = (target: string) => target.replace('://', `://hook:${encodeURIComponent(PASSWORD)}@`)

async function register(url: string, target: string, more: object = {}, types: readonly string[] = TYPES) {
  for (const EventType of types)
    expect((await rest(url, 'POST', '', { EventType, Url: target, ...more })).status).toBe(201)
}

interface Seen {
  readonly at: number
  readonly path: string
  readonly body: string
  readonly authorization: string | undefined
}

/** An address that notes what comes and answers what `answer` says. */
async function target(answer: (seen: Seen, nth: number) => number, now: () => number = () => 0) {
  const seen: Seen[] = []
  const url = await listening(async (request, response) => {
    const { authorization } = request.headers
    const one = { at: now(), path: request.url ?? '', body: await bodyOf(request), authorization }
    seen.push(one)
    response.writeHead(answer(one, seen.length)).end()
  })
  return { url, seen }
}

describe('emulated Mailjet', () => {
  it.each([1, 2])('brings traffic to a receiver, to the event, in Version %i', async (Version) => {
    const site = await receivingMailjet()
    const { mailjet, url } = await emulated()
    await register(url, withLogin(site.target), { Version })
    mailjet.traffic({ messages: 1_000, perSecond: 100 })
    await mailjet.advance('3h')
    const report = mailjet.report()
    expect(await site.counts()).toEqual(report.expected)
    expect(Object.keys(report.expected)).toEqual([...TYPES].sort())
    expect(report).toMatchObject({ repeated: 0, gaveUp: { batches: 0 }, waiting: { events: 0 } })
    const all = Object.values(report.expected).reduce((sum, count) => sum + count)
    if (Version === 1) expect(report.posts).toBe(all)
    else expect(report.posts).toBeLessThan(all)
    expect(site.events.every(({ name, isTest }) => name !== 'mailjet.unknown' && !isTest)).toBe(true)
    expect(site.events.filter(({ email }) => email === null)).toEqual([])
  })

  it('tells messages apart by ids beyond 2^53 that differ by 1', async () => {
    const site = await receivingMailjet()
    const { mailjet, url } = await emulated()
    await register(url, withLogin(site.target), {}, ['sent'])
    mailjet.traffic({ messages: 50, perSecond: 100 })
    await mailjet.advance('1h')
    await site.counts()
    const ids = new Set(site.events.map(({ messageId }) => messageId))
    expect(ids.size).toBe(mailjet.report().expected.sent)
    expect(new Set([...ids].map(Number)).size).toBeLessThan(ids.size)
  })

  it('sends bare events or arrays, at most one array a second, with types mixed', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target(() => 200, clock.now)
    const { mailjet, url } = await emulated({ clock })
    await register(url, `${to}/grouped`, { Version: 2 }, ['sent', 'bounce', 'blocked'])
    await register(url, `${to}/bare`, {}, ['open'])
    mailjet.traffic({ messages: 500, perSecond: 100 })
    await mailjet.advance('3h')
    const bare = seen.filter(({ path }) => path === '/bare').map(({ body }) => JSON.parse(body))
    expect(bare.every(({ event }) => event === 'open')).toBe(true)
    const grouped = seen.filter(({ path }) => path === '/grouped')
    const lists: { event: string }[][] = grouped.map(({ body }) => JSON.parse(body))
    expect(lists.some((list) => new Set(list.map(({ event }) => event)).size > 1)).toBe(true)
    const times = grouped.map(({ at }) => at)
    expect(Math.min(...times.slice(1).map((at, n) => at - (times[n] ?? 0)))).toBeGreaterThanOrEqual(1_000)
  })

  it('takes user and password of the address for Basic, unasked', async () => {
    const { url: to, seen } = await target(() => 200)
    const { mailjet, url } = await emulated()
    await register(url, withLogin(to), {}, ['sent'])
    mailjet.traffic({ messages: 1 })
    await mailjet.advance('1h')
    expect(seen.map(({ authorization }) => authorization)).toEqual([
      `Basic ${Buffer.from(`hook:${PASSWORD}`).toString('base64')}`,
    ])
    expect(JSON.stringify(mailjet.report())).not.toContain(encodeURIComponent(PASSWORD))
  })

  it('loses and doubles nothing with a receiver that fails at first and answers that are lost', async () => {
    let posts = 0
    const loseThird: Fault = (wire) => async (post) => {
      const outcome = await wire(post)
      return ++posts % 3 === 0 ? { status: null, code: 'ECONNRESET', ms: outcome.ms } : outcome
    }
    let failures = 40
    const site = await receivingMailjet((listener) => (request, response) => {
      if (failures-- <= 0) return listener(request, response)
      request.resume().on('end', () => response.writeHead(503).end())
    })
    const { mailjet, url } = await emulated({ faults: [loseThird] })
    await register(url, withLogin(site.target), { Version: 2 })
    mailjet.traffic({ messages: 300, perSecond: 100 })
    await mailjet.advance('3h')
    const report = mailjet.report()
    expect(await site.counts()).toEqual(report.expected)
    expect(report).toMatchObject({ gaveUp: { batches: 0 }, waiting: { events: 0 } })
    expect(report.repeated).toBeGreaterThanOrEqual(40)
  })

  it.each(TYPES)('presses the test button of %s, which a receiver knows for a test', async (type) => {
    const site = await receivingMailjet()
    const { mailjet, url } = await emulated()
    await expect(mailjet.sendTest(type)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await register(url, withLogin(site.target))
    expect(await mailjet.sendTest(type)).toMatchObject({ status: 200 })
    await mailjet.advance('1s')
    expect(await mailjet.sendTest(type, { grouped: true })).toMatchObject({ status: 200 })
    await site.counts()
    expect(site.events.map(({ nativeType, isTest }) => [nativeType, isTest])).toEqual([
      [type, true],
      [type, true],
    ])
  })
})

describe('the retries of emulated Mailjet', () => {
  const MINUTE = 60_000

  /** When the one event came, in minutes after it came first. */
  async function triesOf(options: MailjetEmulatorOptions, accepts: (nth: number) => boolean = () => false) {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target((_, nth) => (accepts(nth) ? 200 : 503), clock.now)
    const { mailjet, url } = await emulated({ clock, ...options })
    await register(url, to, {}, ['sent'])
    mailjet.traffic({ messages: 1 })
    await mailjet.advance('30h')
    const [record] = (await rest(url, 'GET', '')).body.Data
    return { minutes: seen.map(({ at }) => (at - (seen[0]?.at ?? 0)) / MINUTE), report: mailjet.report(), record }
  }

  it('are 10 tries, 10 minutes apart, by the guide of 2015, without suspension', async () => {
    const { minutes, report, record } = await triesOf({ schedule: '2015' })
    expect(minutes).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    expect(report).toMatchObject({ gaveUp: { batches: 1, events: 1 }, waiting: { events: 0 } })
    expect(record.Status).toBe('alive')
  })

  it('are 10 tries 30 s apart and 10 tries 30 minutes apart by the guide of 2016, then suspension', async () => {
    const { minutes, report, record } = await triesOf({ schedule: '2016' })
    const seconds = Array.from({ length: 10 }, (_, n) => n / 2)
    expect(minutes).toEqual([...seconds, ...Array.from({ length: 10 }, (_, n) => 4.5 + 30 * (n + 1))])
    expect(report.webhooks).toMatchObject([{ name: 'sent', state: 'suspended' }])
    expect(record.Status).toBe('dead')
  })

  it('are every 30 s for 24 h by the guide of 2019, then suspension', async () => {
    const { minutes, record } = await triesOf({})
    expect(minutes).toEqual(Array.from({ length: 24 * 120 + 1 }, (_, n) => n / 2))
    expect(record.Status).toBe('dead')
  })

  it('end when the answer is 200, and with nothing less', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target((_, nth) => [204, 202, 301][nth - 1] ?? 200, clock.now)
    const { mailjet, url } = await emulated({ clock })
    await register(url, to, {}, ['sent'])
    mailjet.traffic({ messages: 1 })
    await mailjet.advance('1h')
    expect(seen.length).toBe(4)
    expect(mailjet.report()).toMatchObject({ posts: 4, acknowledged: 1, repeated: 3 })
    const lenient = await triesOf({ success: '2xx' }, () => true)
    expect(lenient.minutes).toEqual([0])
  })

  it('do not suspend without `suspends`', async () => {
    const { record, report } = await triesOf({ schedule: '2016', suspends: false })
    expect(record.Status).toBe('alive')
    expect(report.gaveUp).toEqual({ batches: 1, events: 1 })
  })

  it('go on past 24 h while newer events wait', async () => {
    const clock = virtualClock({ at: 0 })
    const { url: to, seen } = await target(() => 503, clock.now)
    const { mailjet, url } = await emulated({ clock })
    await register(url, to, {}, ['sent'])
    mailjet.traffic({ messages: 1 })
    await mailjet.advance('23h')
    mailjet.traffic({ messages: 2 })
    await mailjet.advance('2h')
    expect(mailjet.report()).toMatchObject({ gaveUp: { events: 1 }, webhooks: [{ state: 'active' }] })
    await mailjet.advance('24h')
    expect(mailjet.report().webhooks).toMatchObject([{ state: 'suspended' }])
    expect(seen.at(-1)?.at).toBeGreaterThanOrEqual(47 * HOURS_MS)
  })
})

describe('suspension by emulated Mailjet', () => {
  /** A dead address and a receiver, with events that wait for the first. */
  async function suspended(options: MailjetEmulatorOptions = {}) {
    const clock = virtualClock({ at: 0 })
    const site = await receivingMailjet()
    let status = 503
    const answerWith = (next: number) => {
      status = next
    }
    const { url: to, seen } = await target(() => status, clock.now)
    const { mailjet, url } = await emulated({ clock, schedule: '2016', ...options })
    await register(url, to, { Version: 2 })
    await register(url, withLogin(site.target), { Version: 2, IsBackup: true }, TYPES.slice(0, 3))
    mailjet.traffic({ messages: 100, perSecond: 0.005 })
    await mailjet.advance('10h')
    const dead = (await rest(url, 'GET', '?Status=dead')).body.Data
    return { site, mailjet, url, seen, dead, to, answerWith }
  }

  const typesIn = (seen: Seen | undefined): MailjetEventType[] =>
    JSON.parse(seen?.body ?? '[]').map(({ event }: { event: MailjetEventType }) => event)

  it('brings what waits, and what happens then, to the backup address', async () => {
    const { site, mailjet, seen, dead } = await suspended()
    expect(dead.map(({ EventType }: { EventType: string }) => EventType)).toEqual(TYPES)
    expect(seen.length).toBeGreaterThan(20)
    const { expected, gaveUp, waiting } = mailjet.report()
    // One post was tried to its end; of the others, only the types without a backup address are lost.
    const tried = typesIn(seen[0])
    const backed = TYPES.slice(0, 3)
    const arrived = backed.map((type) => [type, (expected[type] ?? 0) - tried.filter((one) => one === type).length])
    expect(await site.counts()).toEqual(Object.fromEntries(arrived))
    const unbacked = TYPES.slice(3).reduce((sum, type) => sum + (expected[type] ?? 0), 0)
    expect(unbacked).toBeGreaterThan(0)
    expect(gaveUp.events).toBe(unbacked + tried.filter((type) => backed.includes(type)).length)
    expect(waiting.events).toBe(0)
  })

  it('drops what waits with `waiting: dropped`', async () => {
    const { site, mailjet, seen } = await suspended({ waiting: 'dropped' })
    const { expected, gaveUp, waiting } = mailjet.report()
    const all = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0)
    expect(all(await site.counts())).toBe(all(expected) - gaveUp.events)
    expect(waiting.events).toBe(0)
    const suspendedAt = seen.at(-1)?.at ?? Number.POSITIVE_INFINITY
    expect(site.events.filter(({ occurredAt }) => occurredAt.getTime() < suspendedAt - 1_000)).toEqual([])
  })

  it('ends with a new address, or with the status, as `statusRevives` says', async () => {
    for (const [options, statusAfter] of [
      [{}, 'alive'],
      [{ statusRevives: false }, 'dead'],
    ] as const) {
      const { mailjet, url, seen, dead, to, answerWith } = await suspended(options)
      answerWith(200)
      const path = `/${dead[0].ID}`
      const revived = await rest(url, 'PUT', path, { Status: 'alive' })
      expect(revived).toMatchObject(
        statusAfter === 'dead' ? { status: 304 } : { body: { Data: [{ Status: 'alive' }] } },
      )
      const moved = await rest(url, 'PUT', path, { Url: `${to}/?2` })
      expect(moved).toMatchObject({ status: 200, body: { Data: [{ Status: 'alive' }] } })
      const before = seen.length
      mailjet.traffic({ messages: 20, perSecond: 1 })
      await mailjet.advance('1h')
      expect(seen.slice(before).map(({ path }) => path)).toContain('/?2')
    }
  })
})

describe('the records of emulated Mailjet', () => {
  const hook = 'https://shop.example/hook'

  it('are created, listed by ten, changed and deleted', async () => {
    const { url } = await emulated()
    const created = await rest(url, 'POST', '', { EventType: 'click', Url: hook, Version: '2' })
    expect(created).toEqual({
      status: 201,
      body: {
        Count: 1,
        Data: [
          {
            APIKeyID: expect.any(Number),
            EventType: 'click',
            ID: expect.any(Number),
            IsBackup: false,
            Status: 'alive',
            Url: hook,
            Version: 2,
          },
        ],
        Total: 1,
      },
    })
    const { ID } = created.body.Data[0]
    await register(
      url,
      hook,
      {},
      TYPES.filter((type) => type !== 'click'),
    )
    await register(url, 'https://shop.example/backup', { IsBackup: true })
    expect((await rest(url, 'GET', '')).body).toMatchObject({ Count: 10, Total: 10 })
    expect((await rest(url, 'GET', '?Limit=1000')).body.Count).toBe(14)
    expect((await rest(url, 'GET', '?Limit=1000&Offset=12')).body.Count).toBe(2)
    expect((await rest(url, 'GET', '?Limit=1001')).status).toBe(400)
    expect((await rest(url, 'GET', '?Backup=true&EventType=open')).body.Data).toMatchObject([
      { EventType: 'open', IsBackup: true },
    ])
    expect((await rest(url, 'PUT', `/${ID}`, { Version: 2 })).status).toBe(304)
    expect((await rest(url, 'PUT', `/${ID}`, { Version: 1 })).body.Data).toMatchObject([{ Url: hook, Version: 1 }])
    expect((await rest(url, 'GET', `/${ID}`)).body.Data).toMatchObject([{ ID, Version: 1 }])
    expect(await rest(url, 'DELETE', `/${ID}`)).toEqual({ status: 204, body: null })
    expect(await rest(url, 'GET', `/${ID}`)).toEqual({
      status: 404,
      body: { ErrorInfo: '', ErrorMessage: 'Object not found', StatusCode: 404 },
    })
  })

  it('are unique by event type and backup flag', async () => {
    const { url } = await emulated()
    await register(url, hook, {}, ['open', 'click'])
    const again = { EventType: 'open', Url: `${hook}/2` }
    expect(await rest(url, 'POST', '', again)).toMatchObject({
      status: 400,
      body: { ErrorMessage: expect.stringMatching(/^MJ18 .*open/), StatusCode: 400 },
    })
    const { ID } = (await rest(url, 'GET', '?EventType=click')).body.Data[0]
    expect((await rest(url, 'PUT', `/${ID}`, { EventType: 'open' })).status).toBe(400)
    const replacing = await emulated({ duplicates: 'replace' })
    await register(replacing.url, hook, {}, ['open'])
    expect((await rest(replacing.url, 'POST', '', again)).status).toBe(201)
    expect((await rest(replacing.url, 'GET', '')).body.Data).toMatchObject([{ Url: `${hook}/2` }])
  })

  it.each([
    ['no address', { EventType: 'open' }],
    ['an address that is none', { EventType: 'open', Url: 'shop' }],
    ['a type that is none', { EventType: 'delivered', Url: hook }],
    ['no type', { Url: hook }],
    ['a version that is none', { EventType: 'open', Url: hook, Version: 3 }],
    ['a flag that is none', { EventType: 'open', Url: hook, IsBackup: 'yes' }],
    ['a property that is unknown', { EventType: 'open', Url: hook, Grouped: true }],
    ['no object', []],
    ['no JSON', '{'],
  ])('refuse %s with 400', async (_, body) => {
    const { url } = await emulated()
    expect(await rest(url, 'POST', '', body)).toMatchObject({ status: 400, body: { StatusCode: 400 } })
  })

  it('say of typographic quotes that they are such', async () => {
    const { url } = await emulated()
    const says = { status: 400, body: { ErrorMessage: expect.stringContaining('typographic quotes') } }
    expect(await rest(url, 'POST', '', `{“EventType”:“open”,“Url”:“${hook}”}`)).toMatchObject(says)
    expect(await rest(url, 'POST', '', { EventType: 'open', Url: hook }, '“key:secret”')).toMatchObject(says)
    expect((await rest(url, 'GET', '')).body.Count).toBe(0)
  })

  it('want the keys', async () => {
    const { url } = await emulated({ apiKey: 'public', apiSecret: 'private' })
    expect((await rest(url, 'GET', '')).status).toBe(401)
    expect((await rest(url, 'GET', '', undefined, 'public:private')).status).toBe(200)
    expect((await rest(url, 'PATCH', '', undefined, 'public:private')).status).toBe(405)
  })

  it('are not asked for types that are registered but not sent', async () => {
    const { url: to, seen } = await target(() => 200)
    const { mailjet, url } = await emulated()
    await register(url, to, {}, ['typofix', 'newsender'])
    mailjet.traffic({ messages: 10 })
    await mailjet.advance('3h')
    expect(seen).toEqual([])
    expect(mailjet.report().expected).toEqual({})
  })
})

describe('the options of emulated Mailjet', () => {
  it.each([
    { nodes: 2 },
    { schedule: '2020' },
    { suspends: 'yes' },
    { newEventsExtend: 1 },
    { waiting: 'kept' },
    { duplicates: 'ignore' },
    { statusRevives: 0 },
    { apiSecret: '' },
    { success: '204' },
    { faults: {} },
  ])('refuse %o', (options) => {
    expect(() => emulateMailjet(options as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

const SAMPLES = process.env.POSTHORN_SAMPLES

describe.skipIf(SAMPLES === undefined)('the fields of the published examples', () => {
  it('are those of the traffic', async () => {
    const { url: to, seen } = await target(() => 200)
    const { mailjet, url } = await emulated()
    await register(url, to)
    mailjet.traffic({ messages: 1_000, perSecond: 100 })
    await mailjet.advance('3h')
    const file = readFileSync(join(SAMPLES ?? '', 'mailjet/api-documentation_event-api.json'), 'utf8')
    const samples: { name: string; body: Record<string, unknown> }[] = JSON.parse(file).samples
    const documented = samples.filter(({ body }) => !Array.isArray(body))
    expect(documented.length).toBe(7)
    for (const { name, body } of documented) {
      const ours: Record<string, unknown> = seen.map((one) => JSON.parse(one.body)).find(({ event }) => event === name)
      const shape = (fields: object) =>
        Object.entries(fields)
          .filter(([field]) => field !== 'mj_message_id')
          .map(([field, value]) => `${field}: ${typeof value}`)
          .sort()
      expect(shape(ours)).toEqual(shape(body))
    }
  })

  it('are those of a record', async () => {
    const { url } = await emulated()
    await register(url, 'https://shop.example/', {}, ['open'])
    const file = readFileSync(join(SAMPLES ?? '', 'mailjet/eventcallbackurl_rest.json'), 'utf8')
    const listed = JSON.parse(file).samples[0].body
    const ours = (await rest(url, 'GET', '?Limit=1')).body
    expect(Object.keys(ours).sort()).toEqual(Object.keys(listed).sort())
    expect(Object.keys(ours.Data[0]).sort()).toEqual(Object.keys(listed.Data[0]).sort())
  })
})
