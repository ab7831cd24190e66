/** `posthorn emulate`: one sender, until a signal or until its messages are through. */
import { emulateEsputnik } from '../emulators/esputnik.ts'
import { realClock } from '../emulators/kit/clock.ts'
import type { Emulator } from '../emulators/kit/emulator.ts'
import { LIFE_MS } from '../emulators/kit/life-cycle.ts'
import type { EmulatorReport } from '../emulators/kit/report.ts'
import { emulateMailjet } from '../emulators/mailjet.ts'
import { emulateMomentum, type MomentumEmulatorOptions } from '../emulators/momentum.ts'
import { emulateSparkPost, type SparkPostEmulator, type SparkPostEmulatorOptions } from '../emulators/sparkpost.ts'
import {
  authOf,
  createCallbacks,
  createParseRoute,
  createRelayWebhook,
  createWebhook,
  loginOf,
  refused,
  withLogin,
} from './create-webhooks.ts'
import { type Inbound, IncomingMails } from './incoming-mails.ts'
import { say } from './out/streams.ts'
import { untilSignal } from './signals.ts'

/** What the command line says of any emulator. */
export interface EmulateOptions {
  readonly port: number
  readonly apiKey: string
  readonly target?: string | undefined
  /** Where mails that come in are posted to. */
  readonly inbound?: string | undefined
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
  return runEmulator(
    emulator,
    options,
    async (url, target, stop) => {
      await createWebhook(url, apiKey, { target, ...authOf(options.token, options.basic) })
      await activation(emulator, speed, stop)
    },
    options.inbound === undefined ? null : relaysOf(emulator as SparkPostEmulator, options, options.inbound),
  )
}

const relaysOf = (sparkpost: SparkPostEmulator, { apiKey, token }: FamilyOptions, target: string): Inbound => ({
  create: (url) => createRelayWebhook(url, apiKey, { target, ...authOf(token, undefined) }),
  bring: (mail) => sparkpost.inbound(mail),
})

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
  const { basic, inbound } = options
  return runEmulator(
    emulator,
    options,
    (url, target) => createCallbacks(url, { apiKey, apiSecret }, withLogin(target, basic), options.grouped),
    inbound === undefined
      ? null
      : {
          create: (url) => createParseRoute(url, { apiKey, apiSecret }, withLogin(inbound, basic)),
          bring: (mail) => emulator.inbound(mail),
        },
  )
}

interface EsputnikOptions extends EmulateOptions {
  readonly basic?: string | undefined
  readonly header?: Readonly<Record<string, string>> | undefined
}

/** eSputnik. Resolves with the exit code when it has ended. */
export async function emulateEsputnikHere(options: EsputnikOptions): Promise<0 | 1> {
  const { apiKey, seed, speed } = options
  const emulator = emulateEsputnik({ clock: realClock({ speed }), apiKey, seed })
  return runEmulator(emulator, options, async (_, url) => {
    const headers = options.header ?? {}
    const { saved, check } = await emulator.saveWebhook({ url, headers, ...loginOf(options.basic) })
    if (!saved) throw refused(`the GET that checks the target brought ${check.status ?? check.code}`)
  })
}

/**
 * Listens, creates the webhook that was asked for, sends traffic, and ends with the report: on a signal with 0; when all
 * messages are through with 0, or with 1 when some were given up.
 */
export async function runEmulator(
  emulator: Emulator,
  options: EmulateOptions,
  create: (url: string, target: string, stop: AbortSignal) => Promise<void>,
  inbound: Inbound | null = null,
): Promise<0 | 1> {
  const { port, target, json } = options
  try {
    return await untilSignal(async (stop) => {
      const { url } = await emulator.listen({ port })
      say(json ? JSON.stringify({ ready: url }) : `ready: ${url}`)
      if (target !== undefined) await create(url, target, stop)
      await inbound?.create(url)
      await through(emulator, options, inbound, stop)
      const report = emulator.report()
      say(json ? JSON.stringify(report) : textOf(report))
      return report.gaveUp.batches === 0 ? 0 : 1
    })
  } finally {
    await emulator.close()
  }
}

/** A webhook takes a minute to become active; what happens before is not sent. */
async function activation(emulator: Emulator, speed: number, stop: AbortSignal): Promise<void> {
  process.stderr.write('The webhook is created; it is active in a minute.\n')
  const activeAt = emulator.clock.now() + 61_000
  await passTime(emulator, speed, stop, () => emulator.clock.now() >= activeAt)
}

/**
 * Resolves when as many messages as were asked for have lived, as many mails have come in, and nothing waits; without a
 * number at the signal. With `--inbound` alone there are no messages.
 */
async function through(
  emulator: Emulator,
  options: EmulateOptions,
  inbound: Inbound | null,
  stop: AbortSignal,
): Promise<void> {
  const { rate, messages, speed, target } = options
  const now = emulator.clock.now()
  const hasMessages = rate > 0 && (inbound === null || target !== undefined)
  if (hasMessages) emulator.traffic({ perSecond: rate, ...(messages === undefined ? {} : { messages }) })
  const mails = inbound === null ? null : new IncomingMails(inbound, { perSecond: rate, most: messages }, now)
  const endless = messages === undefined || rate === 0
  const livedAt = endless ? Number.POSITIVE_INFINITY : now + (messages / rate) * 1_000 + (hasMessages ? LIFE_MS : 0)
  const isThrough = () =>
    emulator.clock.now() >= livedAt && mails?.isOver !== false && emulator.report().waiting.events === 0
  await passTime(emulator, speed, stop, () => {
    mails?.bring(emulator.clock.now())
    return isThrough()
  })
}

/** In steps of a real quarter of a second, until the stop: a post whose answer takes its time is not waited for then. */
async function passTime(emulator: Emulator, speed: number, stop: AbortSignal, until: () => boolean): Promise<void> {
  const stopped = new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  while (!stop.aborted && !until()) {
    const step = emulator.advance(250 * speed)
    await Promise.race([step, stopped])
    // Closing the emulator ends what the step still does; nobody is told of it.
    if (stop.aborted) step.catch(() => {})
  }
}

function textOf({ expected, posts, acknowledged, repeated, gaveUp, waiting }: EmulatorReport): string {
  const types = Object.entries(expected).map(([type, count]) => `  ${type.padEnd(24)}${String(count).padStart(8)}`)
  const counts = `${posts} posts, ${acknowledged} acknowledged, ${repeated} repeated, ${gaveUp.batches} given up`
  return [`Events sent:`, ...types, `${counts} (${gaveUp.events} events), ${waiting.events} events wait.`].join('\n')
}
