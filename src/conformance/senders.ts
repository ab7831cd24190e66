/** What the cases need to know of each sender. Private. */
import { randomUUID } from 'node:crypto'
import type { Fields } from '../providers/kit/samples.ts'
import { sampleOf } from '../testing/sample.ts'
import { senderNamed } from '../testing/senders.ts'

export type SenderName = 'momentum' | 'sparkpost' | 'mailjet' | 'esputnik'

/**
 * What a section of a document is about: how posts look, which answers acknowledge and what is repeated, the fields of
 * events, what is posted when a webhook is saved, sample events.
 */
export type Section = 'posts' | 'answers' | 'fields' | 'checks' | 'samples'

export interface Sender {
  readonly name: SenderName
  /** The provider whose samples it posts. */
  readonly provider: 'momentum' | 'mailjet' | 'esputnik'
  /** Where the vendor describes its posts. */
  readonly document: string
  /** The titles of its sections. */
  readonly sections: Readonly<Record<Section, string>>
  /** How long it waits for an answer; undocumented by Mailjet and eSputnik, where it is 10 000. */
  readonly limitMs: number
  /** Events of a large batch; undocumented by Mailjet and eSputnik. */
  readonly largest: number
  /** Statuses for a body that is no JSON. A 400 is repeated until the sender gives up, and eSputnik never does. */
  readonly forBrokenJson: readonly number[]
}

/**
 * The documents as of August 2026: github.com/SparkPost/support-docs, content/momentum/4; github.com/SparkPost/
 * developers.sparkpost.com, content/api/webhooks.apib; github.com/mailjet/api-documentation, guides/_event-api.md;
 * docs.yespo.io.
 */
const SENDERS: readonly Sender[] = [
  {
    name: 'momentum',
    provider: 'momentum',
    document: 'Momentum 4 manual, "Using Webhooks for Event Data"',
    sections: {
      posts: 'Introduction',
      answers: 'Introduction',
      fields: 'Receiving Event Data Using Webhooks',
      checks: 'Receiving Event Data Using Webhooks',
      samples: 'Receiving Event Data Using Webhooks',
    },
    limitMs: 6_000,
    largest: 10_000,
    forBrokenJson: [200, 400],
  },
  {
    name: 'sparkpost',
    provider: 'momentum',
    document: 'SparkPost API reference, "Webhooks"',
    sections: {
      posts: 'Batch Information',
      answers: 'Batch Information',
      fields: 'Webhook Event Types',
      checks: 'Create a Webhook',
      samples: 'Event Samples',
    },
    limitMs: 10_000,
    largest: 1_000,
    forBrokenJson: [200, 400],
  },
  {
    name: 'mailjet',
    provider: 'mailjet',
    document: 'Mailjet guides, "Event API: real-time notifications"',
    sections: {
      posts: 'Grouping events',
      answers: 'Endpoint URL',
      fields: 'Events',
      checks: 'Endpoint URL',
      samples: 'Events',
    },
    limitMs: 10_000,
    largest: 500,
    forBrokenJson: [200, 400],
  },
  {
    name: 'esputnik',
    provider: 'esputnik',
    document: 'Yespo (eSputnik) documentation, "Webhooks for Tracking Activity"',
    sections: {
      posts: 'List of Possible Parameters',
      answers: 'Settings Verification',
      fields: 'List of Possible Parameters',
      checks: 'Settings Verification',
      samples: 'List of Possible Parameters',
    },
    limitMs: 10_000,
    largest: 500,
    forBrokenJson: [200],
  },
]

export const SENDER_NAMES: readonly SenderName[] = SENDERS.map(({ name }) => name)

export function senderCalled(name: string): Sender | undefined {
  return SENDERS.find((sender) => sender.name === name)
}

/** A section by its document and title; anything else is a source in words. */
export function sourceIn({ document, sections }: Sender, source: string): string {
  return Object.hasOwn(sections, source) ? `${document}, "${sections[source as Section]}"` : source
}

/** JSON text of one fresh event of every type that the sender has. */
export function everyElement({ provider }: Sender): string[] {
  const samples = Object.entries(senderNamed(provider)?.samples ?? {})
  // Relay webhooks post to addresses of their own.
  const events = samples.filter(([name]) => name !== 'momentum.relay_message' && !name.endsWith('.unknown'))
  return events.flatMap(([name, types]) => Object.keys(types).map((as) => sampleOf(name, {}, as).text))
}

const USUAL = { momentum: 'momentum.delivery', mailjet: 'mailjet.sent', esputnik: 'esputnik.delivered' } as const

/** JSON text of one fresh event, with these fields over it. */
export function element({ provider }: Sender, fields: Fields = {}): string {
  return sampleOf(USUAL[provider], fields).text
}

export function elements(sender: Sender, count: number, fields: Fields = {}): string[] {
  return Array.from({ length: count }, () => element(sender, fields))
}

/** JSON text of an event under a word that no document has. */
export function unknownElement({ provider }: Sender): string {
  return sampleOf(`${provider}.unknown`).text
}

/** The recipient, under the sender's name for it. */
export function recipient({ provider }: Sender, address: string): Fields {
  return provider === 'momentum' ? { rcpt_to: address } : { email: address }
}

/** As the sender writes them, with a batch id where it has one. */
export function usualHeaders({ provider }: Sender): Record<string, string> {
  const type = { 'Content-Type': 'application/json' }
  return provider === 'momentum' ? { ...type, 'X-MessageSystems-Batch-ID': randomUUID() } : type
}
