/** What stands behind the samples: for each sender its provider, its samples, and what is new in each. Private. */
import { unauthenticated } from '../auth/index.ts'
import { hinted } from '../core/handlers/patterns.ts'
import { OptionError } from '../errors.ts'
import { port } from '../lib/symbols.ts'
import type { Provider } from '../ports/provider.ts'
import { esputnik } from '../providers/esputnik/index.ts'
import { mailjet, mailjetParse } from '../providers/mailjet/index.ts'
import { momentum } from '../providers/momentum/index.ts'
import {
  beyond2to60,
  compactTime,
  digits18,
  hex20,
  isoTime,
  type Make,
  shifted,
  unixSeconds,
  unixSecondsText,
  uuid,
  wallClock,
} from './fresh.ts'
import { momentumElement } from './momentum-element.ts'
import { esputnikSamples, esputnikWire } from './samples/esputnik.ts'
import { mailjetSamples, mailjetWire } from './samples/mailjet.ts'
import { mailjetParseSamples } from './samples/mailjet-parse.ts'
import { momentumSamples } from './samples/momentum.ts'
import { type Fields, type Samples, toWire } from './samples/wire.ts'

export interface Sender {
  readonly provider: Provider
  readonly samples: Samples
  readonly fresh: Readonly<Record<string, Make>>
  /** One event in each post, and no list around it. */
  readonly isBare?: boolean
  /** Fields that follow from those that are given. */
  follow?(payload: Fields): Fields
  /** The JSON text of one element of a body, from the fields of an event; its name tells what they do not. */
  wire(fields: Fields, name?: string): string
}

const auth = unauthenticated()
const HOUR = 3_600_000

const MOMENTUM_FRESH: Readonly<Record<string, Make>> = {
  timestamp: unixSecondsText,
  event_id: digits18,
  message_id: hex20,
  transmission_id: digits18,
  injection_time: shifted(isoTime, -2_000),
  scheduled_time: shifted(unixSecondsText, -60_000),
  batch_id: uuid,
  expiration_timestamp: shifted(isoTime, 168 * HOUR),
  start: unixSeconds,
  stop: shifted(unixSeconds, HOUR),
}

const SENDERS: readonly Sender[] = [
  {
    provider: momentum({ auth })[port].provider,
    samples: withUnknown(
      'momentum',
      momentumSamples['momentum.delivery'].delivered,
      { type: 'sample' },
      momentumSamples,
    ),
    fresh: MOMENTUM_FRESH,
    follow: recipientOf,
    wire: momentumElement,
  },
  {
    provider: mailjet({ auth })[port].provider,
    samples: withUnknown('mailjet', mailjetSamples['mailjet.sent'].delivered, { event: 'sample' }, mailjetSamples),
    fresh: { time: unixSeconds, MessageID: beyond2to60, Message_GUID: uuid },
    wire: mailjetWire,
  },
  {
    provider: mailjetParse({ auth })[port].provider,
    samples: mailjetParseSamples,
    fresh: { Date: compactTime, Headers: mailHeaders },
    isBare: true,
    wire: (fields) => toWire(fields, []),
  },
  {
    provider: esputnik({ auth, timeZone: 'UTC' })[port].provider,
    samples: withUnknown(
      'esputnik',
      esputnikSamples['esputnik.delivered'].delivered,
      { activityStatus: 'SAMPLE' },
      esputnikSamples,
    ),
    fresh: { activityDateTime: wallClock, iid: uuid, workflowInstanceId: uuid },
    wire: esputnikWire,
  },
]

/** Of a mail of the Parse API, which has no other id. */
function mailHeaders(nowMs: number): Fields {
  const { Headers } = mailjetParseSamples['mailjet.parse'].inbound
  return { ...Headers, 'Message-ID': `<${uuid(nowMs)}@shop.example>` }
}

/** Whoever gives one spelling of the recipient means the other as well. */
function recipientOf({ rcpt_to, raw_rcpt_to }: Fields): Fields {
  if (typeof raw_rcpt_to === 'string') return { rcpt_to: raw_rcpt_to.toLowerCase() }
  return rcpt_to === undefined ? {} : { raw_rcpt_to: rcpt_to }
}

/** `<provider>.unknown` has no sample of its own: it is another event under a word that nobody knows. */
function withUnknown(provider: string, like: Fields, word: Fields, samples: Samples): Samples {
  return { ...samples, [`${provider}.unknown`]: { unknown: { ...like, ...word } } }
}

/** Every native name there is a sample of. */
export const NAMES: readonly string[] = SENDERS.flatMap(({ samples }) => Object.keys(samples))

/** @throws OptionError (ERR_PATTERN) with the nearest name */
export function senderOf(name: string): Sender {
  const sender = SENDERS.find(({ samples }) => Object.hasOwn(samples, name))
  if (sender !== undefined) return sender
  const words = { providers: SENDERS.map(({ provider }) => provider), patterns: new Set(NAMES) }
  throw new OptionError(`there is no event called ${hinted(words, name)}`, 'ERR_PATTERN')
}

export function senderNamed(provider: string): Sender | undefined {
  return SENDERS.find((sender) => sender.provider.name === provider)
}
