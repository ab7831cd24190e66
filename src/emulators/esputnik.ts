/** eSputnik, now Yespo, as its documents describe it. */
import { OptionError } from '../errors.ts'
import { knownKeys, oneOf, wholeNumber } from '../lib/options.ts'
import { wallTime } from './esputnik/activity.ts'
import { EsputnikEmulator as Esputnik, type EsputnikSettings, type Saved } from './esputnik/emulator.ts'
import type { WebhookOptions } from './esputnik/webhook.ts'
import type { EsputnikWorkflows } from './esputnik/workflows.ts'
import type { EmulatorClock } from './kit/clock.ts'
import { type Duration, toMs } from './kit/duration.ts'
import type { Emulator } from './kit/emulator.ts'
import { clockOption, delaysOption, faultsOption, flagOption, textOption } from './kit/options.ts'
import type { Fault } from './kit/wire.ts'

export interface EsputnikEmulatorOptions {
  /** Default: a virtual clock of its own. One clock can move several emulators. */
  readonly clock?: EmulatorClock
  /** Decides the traffic. Default 1. */
  readonly seed?: number
  /** The key that its API wants as the password of HTTP Basic. Default `key`. */
  readonly apiKey?: string
  /** How long a post gathers: "several minutes" on the older page, real time on the newer one. Default 2 minutes; 0: at once. */
  readonly batchInterval?: Duration
  /** Activities in a post at most; not documented. Default 1 000. */
  readonly batchEvents?: number
  /** How long a target or a workflow block's address has for its answer, in real time; not documented. Default 10 s. */
  readonly answerLimit?: Duration
  /** The waits after each failure; the last repeats without end. Default: after 1, 2, 4, 8, 16, 32 minutes, then hourly. */
  readonly retryDelays?: readonly Duration[]
  /** The answers that acknowledge a post and pass the check. Default `200`: no other is named. */
  readonly success?: '2xx' | '200'
  /** Zone of `activityDateTime`, which is not documented: an IANA name. Default `UTC`. */
  readonly timeZone?: string
  /** Whether the check on saving carries login and headers; not documented. Default false. */
  readonly checkCredentials?: boolean
  /** False prints `"mediaType":email`, as the support page of 2019 does; that is no JSON. Default true. */
  readonly quotedMediaType?: boolean
  /** `subscripton` and `subscriptons`, as the older table of fields has them. Default false, as all examples have it. */
  readonly misspeltSubscription?: boolean
  /** Whether a workflow block takes an `http:` address, which the platform does not save. Default false. */
  readonly allowHttp?: boolean
  /**
   * How values get into the address of a workflow block; not documented. `address`: as they are, then the whole is
   * escaped as an address, so that a `+`, `&` or `#` of a value stays one. `values`: each is escaped. `none`: raw UTF-8,
   * with spaces and control characters alone escaped: Node answers 400 to
   * that by itself. Default `address`.
   */
  readonly urlEscaping?: 'address' | 'values' | 'none'
  /** How numbers of a block's answer print: `7.0`, which the vendor's example suggests, or as sent. Default `double`. */
  readonly answerNumbers?: 'double' | 'as-sent'
  /** Whether the JSON of an answer outside 2xx fills templates too; not documented. Default `ignored`. */
  readonly failedAnswers?: 'ignored' | 'used'
  /** False: the list of activities is switched off for the account, and answers 400. Default true. */
  readonly activityApi?: boolean
  /** Faults around every post of activities; the first is the outermost. Default none. */
  readonly faults?: readonly Fault[]
}

export interface EsputnikEmulator extends Emulator {
  /**
   * Saves a data export to a webhook, as the account settings do: a GET checks the address first. Resolves with
   * `saved: true` when the check passed and activities go there from now on, else with `saved: false`; `check` is what
   * came of the GET.
   * @throws OptionError (rejects) for an address, a login, headers or statuses that are wrong
   */
  saveWebhook(options: WebhookOptions): Promise<Saved>
  /** Workflows with a "Webhook" block, whose answer becomes part of a message. */
  readonly workflows: EsputnikWorkflows
}

const NAMES: readonly (keyof EsputnikEmulatorOptions)[] = [
  'clock',
  'seed',
  'apiKey',
  'batchInterval',
  'batchEvents',
  'answerLimit',
  'retryDelays',
  'success',
  'timeZone',
  'checkCredentials',
  'quotedMediaType',
  'misspeltSubscription',
  'allowHttp',
  'urlEscaping',
  'answerNumbers',
  'failedAnswers',
  'activityApi',
  'faults',
]

/** Growing to once an hour (docs.yespo.io "Webhooks for Tracking Activity", June 2025). */
const RETRY_DELAYS = ['1m', '2m', '4m', '8m', '16m', '32m', '60m'] as const

/**
 * eSputnik: activities of all channels in arrays, a GET that checks an address when it is saved, retries up to hourly
 * without end, and a strict sequence: nothing overtakes what failed. Its API is the list of activities. Facts:
 * docs.yespo.io "Webhooks for Tracking Activity", June 2025; eSputnik support page "Webhooks", 2019.
 *
 * Its workflows call your address for what their messages say (docs.yespo.io "Webhook Workflows").
 *
 * @example
 * const esputnik = emulateEsputnik()
 * await esputnik.saveWebhook({ url: 'http://localhost:3000/webhooks/news', headers: { 'X-Secret': '…' } })
 * esputnik.traffic({ messages: 1_000 })
 * await esputnik.advance('4h')
 * @throws OptionError for an option that is wrong or unknown
 */
export function emulateEsputnik(options: EsputnikEmulatorOptions = {}): EsputnikEmulator {
  knownKeys('emulateEsputnik', options, NAMES)
  return new Esputnik(settled(options))
}

const of = (option: keyof EsputnikEmulatorOptions) => `emulateEsputnik: ${option}`

function settled(options: EsputnikEmulatorOptions): EsputnikSettings {
  return {
    clock: clockOption(of('clock'), options.clock),
    seed: wholeNumber(of('seed'), options.seed, 1, 0, 2 ** 32 - 1),
    apiKey: textOption(of('apiKey'), options.apiKey, 'key'),
    batchMs: toMs(of('batchInterval'), options.batchInterval ?? '2m'),
    batchEvents: wholeNumber(of('batchEvents'), options.batchEvents, 1_000, 1, 100_000),
    limitMs: toMs(of('answerLimit'), options.answerLimit ?? '10s'),
    delaysMs: endlessDelays(options.retryDelays),
    success: oneOf(of('success'), options.success, '200', ['2xx', '200']),
    timeZone: zone(options.timeZone),
    checkCredentials: flagOption(of('checkCredentials'), options.checkCredentials, false),
    quotedMediaType: flagOption(of('quotedMediaType'), options.quotedMediaType, true),
    misspeltSubscription: flagOption(of('misspeltSubscription'), options.misspeltSubscription, false),
    allowHttp: flagOption(of('allowHttp'), options.allowHttp, false),
    urlEscaping: oneOf(of('urlEscaping'), options.urlEscaping, 'address', ['address', 'values', 'none']),
    answerNumbers: oneOf(of('answerNumbers'), options.answerNumbers, 'double', ['double', 'as-sent']),
    failedAnswers: oneOf(of('failedAnswers'), options.failedAnswers, 'ignored', ['ignored', 'used']),
    activityApi: flagOption(of('activityApi'), options.activityApi, true),
    faults: faultsOption(of('faults'), options.faults),
  }
}

/** A last wait of nothing would repeat for ever in one moment. */
function endlessDelays(delays: unknown = RETRY_DELAYS): number[] {
  const all = delaysOption(of('retryDelays'), delays)
  if ((all.at(-1) ?? 0) > 0) return all
  throw new OptionError(`${of('retryDelays')}: the last, which repeats without end, must be above 0`)
}

function zone(timeZone: string = 'UTC'): string {
  try {
    wallTime(0, timeZone)
    return timeZone
  } catch {
    throw new OptionError(`${of('timeZone')} must be an IANA name such as Europe/Kyiv, got ${String(timeZone)}`)
  }
}
