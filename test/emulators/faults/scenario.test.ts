import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { header, query } from 'posthorn/auth'
import {
  type Emulator,
  emulateEsputnik,
  emulateMailjet,
  emulateMomentum,
  emulateSparkPost,
  judge,
  type Scenario,
  type ScenarioName,
  type ScenarioOptions,
  scenario,
} from 'posthorn/emulators'
import { esputnik as esputnikSource } from 'posthorn/esputnik'
import { mailjet as mailjetSource } from 'posthorn/mailjet'
import { momentum as momentumSource, sparkpost as sparkpostSource } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished } from 'vitest'
import { basicHeader } from '../../../src/emulators/kit/basic.ts'
import { httpWire } from '../../../src/emulators/kit/wire.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { api, bodyOf, listening, receiving, type Site, TOKEN } from '../site.ts'

const auth = header('X-MessageSystems-Webhook-Token', TOKEN)
const EVENTS = ['injection', 'delivery', 'bounce', 'delay', 'open', 'click']

async function callbacks(url: string, target: string): Promise<void> {
  const authorization = basicHeader({ username: 'key', password: 'secret' })
  for (const EventType of ['sent', 'open', 'click', 'bounce']) {
    const body = JSON.stringify({ EventType, Url: target, Version: 2 })
    await fetch(`${url}/v3/REST/eventcallbackurl`, { method: 'POST', headers: { authorization }, body })
  }
}

/** Each sender with these faults, and a receiver that it knows; traffic for some posts. */
const SENDERS = {
  async mailjet(faults: readonly Scenario[]): Promise<[Emulator, Site]> {
    const site = await receiving(mailjetSource({ auth: query('secret', TOKEN), dedupeEvents: true }) as never)
    const mailjet = emulateMailjet({ faults })
    await callbacks((await mailjet.listen()).url, `${site.target}?secret=${encodeURIComponent(TOKEN)}`)
    mailjet.traffic({ messages: 40, perSecond: 5 })
    return [mailjet, site]
  },
  async esputnik(faults: readonly Scenario[]): Promise<[Emulator, Site]> {
    const site = await receiving(esputnikSource({ auth, timeZone: 'UTC', dedupeEvents: true }) as never)
    const esputnik = emulateEsputnik({ faults })
    await esputnik.saveWebhook({ url: site.target, headers: { 'X-MessageSystems-Webhook-Token': TOKEN } })
    esputnik.traffic({ messages: 200, perSecond: 0.2 })
    return [esputnik, site]
  },
  async momentum(faults: readonly Scenario[]): Promise<[Emulator, Site]> {
    const site = await receiving(momentumSource({ auth, dedupeEvents: true }))
    const momentum = emulateMomentum({ faults })
    const { url } = await momentum.listen()
    await api(url, 'POST', 'webhooks', { name: 'a', target: site.target, events: EVENTS, auth_token: TOKEN })
    await momentum.advance('1m')
    momentum.traffic({ messages: 100, perSecond: 0.5 })
    return [momentum, site]
  },
  async sparkpost(faults: readonly Scenario[]): Promise<[Emulator, Site]> {
    const site = await receiving(sparkpostSource({ auth, dedupeEvents: true }) as never)
    const sparkpost = emulateSparkPost({ faults })
    const { url } = await sparkpost.listen()
    await api(url, 'POST', 'webhooks', { name: 'a', target: site.target, events: EVENTS, auth_token: TOKEN })
    await sparkpost.advance('1m')
    sparkpost.traffic({ messages: 100, perSecond: 0.5 })
    return [sparkpost, site]
  },
}

const SENDER_NAMES = ['mailjet', 'esputnik', 'momentum', 'sparkpost'] as const

async function run(sender: keyof typeof SENDERS, faults: readonly Scenario[]) {
  const [emulator, site] = await SENDERS[sender](faults)
  onTestFinished(() => emulator.close())
  await emulator.advance('12h')
  const verdict = judge(emulator.report(), await site.counts(), faults)
  return { verdict, report: emulator.report(), events: site.events }
}

const PLAIN: readonly (readonly [ScenarioName, ScenarioOptions])[] = [
  ['answer-dropped', {}],
  ['cut-mid-body', {}],
  ['slow-body', { every: 10, overMs: 200 }],
  ['duplicate', {}],
  ['concurrent-duplicate', {}],
  ['reorder', {}],
  ['stale', {}],
  ['half-closed', {}],
  ['503-storm', {}],
  ['clock-skew', {}],
]

const FAILING: readonly ScenarioName[] = ['answer-dropped', 'cut-mid-body', 'reorder', '503-storm']

describe.each(SENDER_NAMES)('a receiver of %s under', (sender) => {
  it.each(PLAIN)('%s loses and doubles nothing', async (name, options) => {
    const fault = scenario(name, options)
    const { verdict, report } = await run(sender, [fault])
    expect(verdict).toEqual({
      passed: true,
      why: [],
      missing: {},
      surplus: {},
      scenarios: [{ name, hits: fault.hits() }],
    })
    if (FAILING.includes(name)) expect(report.repeated).toBeGreaterThanOrEqual(fault.hits())
    // A Node server keeps from a sender that has half closed what was not written before: that is timing here.
    else if (name !== 'half-closed') expect(report.repeated).toBe(0)
  })

  it('all of them at once loses and doubles nothing', async () => {
    const faults = PLAIN.map(([name, options], n) => scenario(name, 'every' in options ? options : withEvery(name, n)))
    const { verdict } = await run(sender, faults)
    expect(verdict.why).toEqual([])
    expect(verdict.scenarios.length).toBe(PLAIN.length)
  })
})

/** Different for each, so that not all hit the same posts. */
const withEvery = (name: ScenarioName, n: number): ScenarioOptions =>
  name === '503-storm' || name === 'clock-skew' ? {} : { every: n + 3 }

describe('clock-skew', () => {
  it.each(SENDER_NAMES)('moves the times of %s', async (sender) => {
    const byMs = 86_400_000
    const times = ({ events }: { events: AnyEvent[] }) => events.map(({ occurredAt }) => occurredAt.getTime()).sort()
    const plain = times(await run(sender, []))
    const moved = times(await run(sender, [scenario('clock-skew', { byMs })]))
    expect(moved).toEqual(plain.map((time) => time + byMs))
  })
})

describe('half-closed', () => {
  it('ends the half of the connection behind the body of each post that it hits, and waits for the answer', async () => {
    const seen: string[] = []
    // On the socket itself: a post that is hit gets its answer when its half is closed, and not before.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let text = ''
      let answered = false
      const answer = (when: string) => {
        answered = true
        seen.push(when)
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      }
      socket.on('error', () => {})
      socket.on('end', () => answered || answer('half-closed'))
      socket.on('data', (chunk) => {
        text += chunk
        const [head = '', body = ''] = text.split('\r\n\r\n', 2)
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
        const isHit = seen.length % 2 === 1
        if (Buffer.byteLength(body) === length && !isHit) answer('open')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const fault = scenario('half-closed', { every: 2 })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const wire = fault(httpWire)
    for (let nth = 1; nth <= 4; nth++)
      expect(await wire({ url, method: 'POST', headers: {}, body: '[{"ünïcode":1}]', limitMs: 5_000 })).toMatchObject({
        status: 200,
      })
    expect(seen).toEqual(['open', 'half-closed', 'open', 'half-closed'])
  })

  it('has a Node server keep back the answers that come later, and the repeats are absorbed', async () => {
    const fault = scenario('half-closed', { every: 2 })
    let posts = 0
    const site = await receiving(momentumSource({ auth, dedupeEvents: true }), (listener) => (request, response) => {
      const isTest = request.headers['content-length'] === String('[{"msys":{}}]'.length)
      // The fault hits each second post; its answer waits here until the sender has ended its half.
      if (!isTest && ++posts % 2 === 0) afterHalfClose(request, response)
      listener(request, response)
    })
    const momentum = emulateMomentum({ faults: [fault] })
    onTestFinished(() => momentum.close())
    const { url } = await momentum.listen()
    await api(url, 'POST', 'webhooks', { name: 'a', target: site.target, events: EVENTS, auth_token: TOKEN })
    await momentum.advance('1m')
    momentum.traffic({ messages: 50, perSecond: 0.5 })
    await momentum.advance('12h')
    const report = momentum.report()
    expect(judge(report, await site.counts(), [fault]).why).toEqual([])
    expect(fault.hits()).toBeGreaterThan(2)
    expect(report.repeated).toBe(fault.hits())
    expect(site.receiver.metrics().duplicates).toBe(fault.hits())
  })
})

/** Holds the answer back until the sender has ended its half of the connection. */
function afterHalfClose(request: IncomingMessage, response: ServerResponse): void {
  const half = new Promise<void>((resolve) => request.socket.once('end', resolve))
  const end = response.end.bind(response) as (...args: unknown[]) => void
  response.end = (...args: unknown[]) => {
    half.then(() => end(...args))
    return response
  }
}

describe('receiver-killed', () => {
  const child = join(import.meta.dirname, '../../support/crash-child.ts')
  const login = { username: 'mailjet', password: 'a-password-of-some-length' }

  it('by kill -9 loses nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-killed-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const handled = new Set<string>()
    let [process_, port]: [ChildProcess | null, number] = [null, 0]
    const start = async () => {
      const started = spawn(process.execPath, [child, join(folder, 'inbox.db'), 'handle'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      process_ = started
      port = await new Promise<number>((resolve) => {
        createInterface({ input: started.stdout }).on('line', (line) => {
          const told = JSON.parse(line)
          if (told.port !== undefined) resolve(told.port)
          if (told.handled !== undefined) handled.add(told.handled)
        })
      })
    }
    const kill = async () => {
      const gone = new Promise((resolve) => process_?.once('close', resolve))
      process_?.kill('SIGKILL')
      await gone
      await start()
    }
    await start()
    onTestFinished(() => void process_?.kill('SIGKILL'))
    // The port is another one after each start.
    const base = await listening(async (request, response) => {
      const body = await bodyOf(request)
      const { method = 'POST', url: path = '/', headers } = request
      const forwarded = httpRequest({
        port,
        method,
        path,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      })
      forwarded.on('error', () => response.destroy())
      forwarded.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 0)
        answer.pipe(response)
      })
      forwarded.end(body)
    })
    const faults = [scenario('receiver-killed', { at: 3, kill }), scenario('receiver-killed', { at: 7, kill })]
    const mailjet = emulateMailjet({ faults })
    onTestFinished(() => mailjet.close())
    const target = `${base}/webhooks/news`.replace('://', `://${login.username}:${login.password}@`)
    await callbacks((await mailjet.listen()).url, target)
    mailjet.traffic({ messages: 60, perSecond: 5 })
    await mailjet.advance('3h')
    const report = mailjet.report()
    const all = Object.values(report.expected).reduce((sum, count) => sum + count, 0)
    await expect.poll(() => handled.size, { timeout: 20_000 }).toBe(all)
    const verdict = judge({ ...report, expected: { all } }, { all: handled.size }, faults)
    expect(verdict).toMatchObject({ passed: true, scenarios: [{ hits: 1 }, { hits: 1 }] })
  })
})

describe('the verdict', () => {
  const report = {
    expected: { sent: 3, open: 2 },
    posts: 5,
    acknowledged: 5,
    repeated: 0,
    gaveUp: { batches: 0, events: 0 },
    waiting: { events: 0 },
    webhooks: [],
  }

  it('passes when every event was handled once', () => {
    expect(judge(report, { sent: 3, open: 2 })).toMatchObject({ passed: true, why: [] })
  })

  it('tells what is missing, and what is too much', () => {
    expect(judge(report, { sent: 1, click: 1, open: 4 })).toMatchObject({
      passed: false,
      missing: { sent: 2 },
      surplus: { click: 1, open: 2 },
      why: [expect.stringContaining('2 sent'), expect.stringContaining('1 click, 2 open')],
    })
  })

  it('forgives what the sender gave up, and no more', () => {
    const gaveUp = { batches: 1, events: 2 }
    expect(judge({ ...report, gaveUp }, { sent: 1, open: 2 }).passed).toBe(true)
    expect(judge({ ...report, gaveUp }, { sent: 1, open: 1 }).passed).toBe(false)
  })

  it('fails while something waits, and when a scenario hit nothing', () => {
    expect(judge({ ...report, waiting: { events: 1 } }, { sent: 3, open: 2 }).passed).toBe(false)
    expect(judge(report, { sent: 3, open: 2 }, [scenario('duplicate')])).toMatchObject({
      passed: false,
      scenarios: [{ name: 'duplicate', hits: 0 }],
    })
  })

  it('finds the receiver that doubles what comes twice', async () => {
    const counts: Record<string, number> = {}
    const target = await listening(async (request, response) => {
      for (const { event } of JSON.parse(await bodyOf(request))) counts[event] = (counts[event] ?? 0) + 1
      response.end()
    })
    const faults = [scenario('duplicate')]
    const mailjet = emulateMailjet({ faults })
    onTestFinished(() => mailjet.close())
    await callbacks((await mailjet.listen()).url, target)
    mailjet.traffic({ messages: 50, perSecond: 5 })
    await mailjet.advance('3h')
    const { passed, surplus } = judge(mailjet.report(), counts, faults)
    expect([passed, Object.keys(surplus)]).toEqual([false, expect.arrayContaining(['sent'])])
  })
})

describe('a scenario', () => {
  it.each([
    ['rain', {}],
    ['duplicate', { every: 0 }],
    ['duplicate', { at: 2 }],
    ['receiver-killed', {}],
    ['clock-skew', { byMs: '1h' }],
    ['slow-body', { overMs: -1 }],
  ])('%s refuses %o', (name, options) => {
    expect(() => scenario(name as never, options as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
