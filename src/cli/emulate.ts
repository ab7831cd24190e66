/** `posthorn emulate`: one sender, until a signal or until its messages are through. */
import { emulateEsputnik } from '../emulators/esputnik.ts'
import { basicHeader } from '../emulators/kit/basic.ts'
import { realClock } from '../emulators/kit/clock.ts'
import type { Emulator } from '../emulators/kit/emulator.ts'
import { LIFE_MS } from '../emulators/kit/life-cycle.ts'
import type { EmulatorReport } from '../emulators/kit/report.ts'
import { EVENT_TYPES } from '../emulators/mailjet/event-types.ts'
import { emulateMailjet } from '../emulators/mailjet.ts'
import { emulateMomentum, type MomentumEmulatorOptions } from '../emulators/momentum.ts'
import { emulateSparkPost, type SparkPostEmulatorOptions } from '../emulators/sparkpost.ts'
import { PosthornError } from '../errors.ts'
import { say } from './show.ts'

/** What the command line says of any emulator. */
export interface EmulateOptions {
  readonly port: number
  readonly apiKey: string
  readonly target?: string | undefined
  readonly rate: number
  readonly messages?: number | undefined
  readonly seed: number
  readonly speed: number
  readonly json: boolean
}

interface FamilyOptions extends EmulateOptions {
  readonly nodes: number
  readonly token?: string | undefined
  readonly basic?: string | undefined
}

/** Momentum or SparkPost: they have the same API. Resolves with the exit code when it has ended. */
export async function emulateFamily(
  sender: 'momentum' | 'sparkpost',
  options: FamilyOptions,
  own: MomentumEmulatorOptions & SparkPostEmulatorOptions,
): Promise<0 | 1> {
  const { apiKey, seed, nodes, speed } = options
  const create = sender === 'momentum' ? emulateMomentum : emulateSparkPost
  const emulator = create({ ...own, clock: realClock({ speed }), apiKey, seed, nodes })
  return runEmulator(emulator, options, async (url, target, stop) => {
    await createWebhook(url, target, options)
    await activation(emulator, speed, stop)
  })
}

interface MailjetOptions extends EmulateOptions {
  readonly apiSecret: string
  readonly schedule: '2015' | '2016' | '2019'
  readonly basic?: string | undefined
  readonly grouped: boolean
}

/** Mailjet. Resolves with the exit code when it has ended. */
export async function emulateMailjetHere(options: MailjetOptions): Promise<0 | 1> {
  const { apiKey, apiSecret, seed, speed, schedule } = options
  const emulator = emulateMailjet({ clock: realClock({ speed }), apiKey, apiSecret, seed, schedule })
  return runEmulator(emulator, options, (url, target) => createCallbacks(url, target, options))
}

interface EsputnikOptions extends EmulateOptions {
  readonly basic?: string | undefined
  readonly header: readonly string[]
}

/** eSputnik. Resolves with the exit code when it has ended. */
export async function emulateEsputnikHere(options: EsputnikOptions): Promise<0 | 1> {
  const { apiKey, seed, speed } = options
  const emulator = emulateEsputnik({ clock: realClock({ speed }), apiKey, seed })
  return runEmulator(emulator, options, async (_, url) => {
    const headers = headersOf(options.header)
    const { saved, check } = await emulator.saveWebhook({ url, headers, ...loginOf(options.basic) })
    if (!saved) throw refused(`the GET that checks the target brought ${check.status ?? check.code}`)
  })
}

const refused = (why: string) => new PosthornError('ERR_DELIVERY_REFUSED', why)

/**
 * Listens, creates the webhook that was asked for, sends traffic, and ends with the report: on a signal with 0; when all
 * messages are through with 0, or with 1 when some were given up.
 */
export async function runEmulator(
  emulator: Emulator,
  options: EmulateOptions,
  create: (url: string, target: string, stop: AbortSignal) => Promise<void>,
): Promise<0 | 1> {
  const { port, target, json } = options
  try {
    return await untilSignal(async (stop) => {
      const { url } = await emulator.listen({ port })
      say(json ? JSON.stringify({ ready: url }) : `ready: ${url}`)
      if (target !== undefined) await create(url, target, stop)
      await through(emulator, options, stop)
      const report = emulator.report()
      say(json ? JSON.stringify(report) : textOf(report))
      return report.gaveUp.batches === 0 ? 0 : 1
    })
  } finally {
    await emulator.close()
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs it with a signal that the first SIGINT or SIGTERM fires; the second ends the process as usual. */
async function untilSignal<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onSignal = () => controller.abort()
  for (const signal of SIGNALS) process.once(signal, onSignal)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}

/** A webhook takes a minute to become active; what happens before is not sent. */
async function activation(emulator: Emulator, speed: number, stop: AbortSignal): Promise<void> {
  process.stderr.write('The webhook is created; it is active in a minute.\n')
  const activeAt = emulator.clock.now() + 61_000
  await passTime(emulator, speed, () => stop.aborted || emulator.clock.now() >= activeAt)
}

/** Resolves when as many messages as were asked for have lived, and nothing waits; without a number at the signal. */
async function through(emulator: Emulator, options: EmulateOptions, stop: AbortSignal): Promise<void> {
  const { rate, messages, speed } = options
  if (rate > 0) emulator.traffic({ perSecond: rate, ...(messages === undefined ? {} : { messages }) })
  const endless = messages === undefined || rate === 0
  const livedAt = endless ? Number.POSITIVE_INFINITY : emulator.clock.now() + (messages / rate) * 1_000 + LIFE_MS
  const isThrough = () => emulator.clock.now() >= livedAt && emulator.report().waiting.events === 0
  await passTime(emulator, speed, () => stop.aborted || isThrough())
}

/** In steps of a real quarter of a second. */
async function passTime(emulator: Emulator, speed: number, until: () => boolean): Promise<void> {
  while (!until()) await emulator.advance(250 * speed)
}

/** Through its own API, as its owner would: with a test post first. Asks for every event there is. */
async function createWebhook(url: string, target: string, { apiKey, token, basic }: FamilyOptions): Promise<void> {
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/api/v1/webhooks${path}`, { ...init, headers: { authorization: apiKey } })
  const { results } = (await (await call('/events/documentation')).json()) as Documentation
  const events = Object.values(results).flatMap((group) => Object.keys(group.events))
  const body = { name: 'posthorn emulate', target, events, ...authOf(token, basic) }
  const answer = await call('', { method: 'POST', body: JSON.stringify(body) })
  if (answer.status !== 200) throw refused(`the target did not pass the test: ${messageOf(await answer.text())}`)
}

/** One record for each event type, as its owner would make them. */
async function createCallbacks(url: string, target: string, options: MailjetOptions): Promise<void> {
  const authorization = basicHeader({ username: options.apiKey, password: options.apiSecret })
  for (const EventType of EVENT_TYPES) {
    const body = JSON.stringify({ EventType, Url: withLogin(target, options.basic), Version: options.grouped ? 2 : 1 })
    await fetch(`${url}/v3/REST/eventcallbackurl`, { method: 'POST', headers: { authorization }, body })
  }
}

/** Mailjet takes user and password from the address. */
function withLogin(target: string, basic: string | undefined): string {
  const url = new URL(target)
  const { username, password } = loginOf(basic)
  if (username !== undefined) url.username = encodeURIComponent(username)
  if (password !== undefined) url.password = encodeURIComponent(password)
  return url.href
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => [line.replace(/:.*/s, '').trim(), line.replace(/^[^:]*:/, '').trim()]))
}

function loginOf(basic: string | undefined): { username?: string; password?: string } {
  const [, username, password] = /^([^:]*):(.*)$/s.exec(basic ?? '') ?? []
  return username === undefined || password === undefined ? {} : { username, password }
}

interface Documentation {
  readonly results: Readonly<Record<string, { readonly events: object }>>
}

function authOf(token: string | undefined, basic: string | undefined): object {
  const { username, password } = loginOf(basic)
  return {
    ...(token === undefined ? {} : { auth_token: token }),
    ...(username === undefined ? {} : { auth_type: 'basic', auth_credentials: { username, password } }),
  }
}

/** The API's own message, without the answer of the target, which may be long. */
function messageOf(body: string): string {
  const { errors } = JSON.parse(body) as { errors: { message: string } | [{ message: string }] }
  return (Array.isArray(errors) ? errors[0] : errors).message
}

function textOf({ expected, posts, acknowledged, repeated, gaveUp, waiting }: EmulatorReport): string {
  const types = Object.entries(expected).map(([type, count]) => `  ${type.padEnd(24)}${String(count).padStart(8)}`)
  const counts = `${posts} posts, ${acknowledged} acknowledged, ${repeated} repeated, ${gaveUp.batches} given up`
  return [`Events sent:`, ...types, `${counts} (${gaveUp.events} events), ${waiting.events} events wait.`].join('\n')
}
