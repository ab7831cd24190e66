/** Mailjet, as its documents describe it. */
import { knownKeys, oneOf, wholeNumber } from '../lib/options.ts'
import type { EmulatorClock } from './kit/clock.ts'
import { type Duration, toMs } from './kit/duration.ts'
import type { Emulator } from './kit/emulator.ts'
import type { InboundMail } from './kit/inbound-mail.ts'
import { clockOption, faultsOption, flagOption, textOption } from './kit/options.ts'
import type { Fault, Outcome } from './kit/wire.ts'
import { MailjetEmulator as Mailjet, type MailjetSettings } from './mailjet/emulator.ts'
import type { EventType } from './mailjet/event-types.ts'
import { SCHEDULES } from './mailjet/schedule.ts'

export interface MailjetEmulatorOptions {
  /** Default: a virtual clock of its own. One clock can move several emulators. */
  readonly clock?: EmulatorClock
  /** Decides the traffic. Default 1. */
  readonly seed?: number
  /** The key that its API wants as the user of HTTP Basic. Default `key`. */
  readonly apiKey?: string
  /** The secret key: the password. Default `secret`. */
  readonly apiSecret?: string
  /**
   * The retries as an edition of the guide has them. `2015`: up to 10 tries, 10 minutes apart. `2016`: 10 tries 30 s
   * apart, 10 tries 30 minutes apart. `2019`: every 30 s for 24 h. Default `2019`, which is today's.
   */
  readonly schedule?: '2015' | '2016' | '2019'
  /** Whether an address that failed to the end is suspended: its `Status` is `dead`. Default: not in `2015`, else true. */
  readonly suspends?: boolean
  /**
   * An address is not suspended while newer events wait for it: what "unless a new event is generated" in the guide of
   * 2019 means is not explained. Default: with `2019` true, else false.
   */
  readonly newEventsExtend?: boolean
  /** Where events go that wait for an address when it is suspended; not documented. Default `backup`, where there is one. */
  readonly waiting?: 'backup' | 'dropped'
  /** How long an address has for its answer, in real time; not documented. Default 10 s. */
  readonly answerLimit?: Duration
  /** The answers that acknowledge a post. Default `200`: no other is named. */
  readonly success?: '2xx' | '200'
  /** What a POST for an event type that has a record does; not documented. Default `refuse`, with 400. */
  readonly duplicates?: 'refuse' | 'replace'
  /** Whether `Status` alive alone revives a dead address; documented is a new `Url`. Default true. */
  readonly statusRevives?: boolean
  /** Faults around every post of events; the first is the outermost. Default none. */
  readonly faults?: readonly Fault[]
}

export interface MailjetEmulator extends Emulator {
  /**
   * A mail comes in from outside: it is posted to the parse route of its recipient, `Email`; without one nothing is sent.
   * @throws OptionError for what is wrong, unknown or not there, and for line breaks in a header
   */
  inbound(mail: InboundMail): void
  /**
   * Presses the test button of the web interface for this event type: posts its near-empty body, in an array when
   * `grouped` (default false), and resolves with the answer.
   * @throws OptionError (rejects) when no live address is registered for the type
   */
  sendTest(type: EventType, options?: { readonly grouped?: boolean }): Promise<Outcome>
}

const NAMES: readonly (keyof MailjetEmulatorOptions)[] = [
  'clock',
  'seed',
  'apiKey',
  'apiSecret',
  'schedule',
  'suspends',
  'newEventsExtend',
  'waiting',
  'answerLimit',
  'success',
  'duplicates',
  'statusRevives',
  'faults',
]

/**
 * Mailjet: `/v3/REST/eventcallbackurl`, bare events (Version 1) or arrays of what happened in a second (Version 2), user and
 * password of an address as HTTP Basic, all published retry schedules, suspension, and the backup address.
 * Facts: Mailjet Event API guide, editions of 2015 to 2023.
 *
 * @example
 * const mailjet = emulateMailjet({ schedule: '2016' })
 * const { url } = await mailjet.listen()           // POST `${url}/v3/REST/eventcallbackurl`, Basic key:secret
 * mailjet.traffic({ messages: 1_000 })
 * await mailjet.advance('4h')
 * @throws OptionError for an option that is wrong or unknown
 */
export function emulateMailjet(options: MailjetEmulatorOptions = {}): MailjetEmulator {
  knownKeys('emulateMailjet', options, NAMES)
  return new Mailjet(settled(options))
}

const of = (option: keyof MailjetEmulatorOptions) => `emulateMailjet: ${option}`

function settled(options: MailjetEmulatorOptions): MailjetSettings {
  const schedule = oneOf(of('schedule'), options.schedule, '2019', ['2015', '2016', '2019'])
  return {
    clock: clockOption(of('clock'), options.clock),
    seed: wholeNumber(of('seed'), options.seed, 1, 0, 2 ** 32 - 1),
    apiKey: textOption(of('apiKey'), options.apiKey, 'key'),
    apiSecret: textOption(of('apiSecret'), options.apiSecret, 'secret'),
    delaysMs: SCHEDULES[schedule].delaysMs,
    suspends: flagOption(of('suspends'), options.suspends, SCHEDULES[schedule].suspends),
    newEventsExtend: flagOption(of('newEventsExtend'), options.newEventsExtend, schedule === '2019'),
    waiting: oneOf(of('waiting'), options.waiting, 'backup', ['backup', 'dropped']),
    limitMs: toMs(of('answerLimit'), options.answerLimit ?? '10s'),
    success: oneOf(of('success'), options.success, '200', ['2xx', '200']),
    duplicates: oneOf(of('duplicates'), options.duplicates, 'refuse', ['refuse', 'replace']),
    statusRevives: flagOption(of('statusRevives'), options.statusRevives, true),
    faults: faultsOption(of('faults'), options.faults),
  }
}
