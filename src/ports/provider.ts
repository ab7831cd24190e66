/** What core asks of a provider and of a source that is made by it. */

import type { port } from '../lib/symbols.ts'
import type { AnyEvent, Category, Channel, Effect, MetadataIssue } from '../types.ts'
import type { Auth } from './auth.ts'
import type { Responder } from './responder.ts'

declare const events: unique symbol

/** One configured endpoint, made by a provider's factory. */
export interface Source<out E extends AnyEvent> {
  readonly provider: string
  readonly [port]: SourcePort
  readonly [events]?: E
}

export interface SourcePort {
  readonly provider: Provider
  readonly auth: Auth
  /** Largest body, after the content coding, in bytes; null leaves it to the receiver's limits. */
  readonly bodyBytes: number | null
  /** How long a body may take, in ms; null leaves it to the receiver's limits. */
  readonly bodyMs?: number | null | undefined
  /** How long the sender is let wait for its answer, in ms; null leaves it to the receiver. */
  readonly ackWithinMs?: number | null | undefined
  /** When its sender hangs up and repeats, in ms, as the sender's documents say. Absent: they do not. */
  readonly ackLimitMs?: number | undefined
  /** For how long, in ms, an event that was handled absorbs copies of it in other deliveries; null: not at all. */
  readonly dedupeWindowMs?: number | null | undefined
  /** What the operator should know about the options taken: one warning each at start. No secrets. */
  readonly notices?: readonly string[] | undefined
  /** It answers GET and POST by itself; the provider reads what is kept of that. Absent: posts are stored and answered 200. */
  readonly responder?: Responder | undefined
}

/** What we know of one sender. Pure: no I/O, no clock. */
export interface Provider {
  /** First word of its event names. */
  readonly name: string
  /** Bodies that are probes, written without white space; answered 200, never stored. The empty body always is. */
  readonly probes: readonly string[]
  /** Whether GET is answered 200 without credentials (eSputnik checks an address so). */
  readonly answersGet: boolean
  /** Lower-case name of the header that carries the sender's batch id; null where it has none. */
  readonly batchIdHeader: string | null
  /** Kinds of authentication that the sender has no way to send. Absent: it can send any. */
  readonly cannotSend?: readonly string[] | undefined
  /** Batch ids that only test traffic carries. */
  readonly testBatchIds: ReadonlySet<string>
  /** Every native name, with the normalised types its events can have. */
  readonly catalogue: ReadonlyMap<string, readonly string[]>
  /** The sender's classes of events, `track_event`, with the native names in each. Absent: it has no classes. */
  readonly classes?: ReadonlyMap<string, readonly string[]> | undefined
  /** Other names of the sender, under which its events may be looked for; for error messages. */
  readonly aliases?: readonly string[] | undefined
  /** The native name of what the sender itself calls so, `track_event.click`; for error messages. */
  nameOf?(nativeType: string): string | undefined
  /**
   * Fields directly in an element that are text in the payload, whatever the wire has: integers there may reach `read` as
   * text already, which is cheaper than turning them into it. Absent: there are none, or they lie deeper.
   */
  readonly ids?: readonly string[]
  /** Reads one parsed element. Never throws: what it cannot read it returns as `Unreadable`. */
  read(element: unknown): Reading | Unreadable
  /**
   * What tells an event without an id of its sender from all others, each with the version of its recipe first: the
   * recipe of now, then earlier ones, by whose keys events that were handled before an upgrade are still known. Empty where
   * the event has too little for that. Never throws.
   */
  fingerprints?(event: Pick<Reading, 'nativeType' | 'payload'>): readonly string[]
  /**
   * Fields, at any depth of the element, in which whoever sent the mail names itself: an address there does not make the
   * event one about that person. Absent: there are none.
   */
  ownFields?(reading: Reading): readonly string[]
}

/** One element as the provider understands it; core adds identity and delivery. */
export interface Reading {
  /** Native name with the provider in front, `momentum.click`; `<provider>.unknown` for what the catalogue lacks. */
  readonly name: string
  readonly nativeType: string
  readonly type: string
  readonly category: Category
  /** The wire object with its identifiers as strings. */
  readonly payload: object
  readonly senderEventId: string | null
  /**
   * Epoch milliseconds; a number on the wire is read as seconds, whatever time that gives: core tells the milliseconds
   * among them. null: the element has no time.
   */
  readonly occurredAt: number | null
  readonly occurredAtFrom: 'sender' | 'sender-without-zone'
  readonly recipient: string | null
  readonly channel: Channel
  readonly messageId: string | null
  readonly transmissionId: string | null
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
  /** What does not fit the schema of the source; absent or null: it fits, or there is none. */
  readonly metadataIssues?: readonly MetadataIssue[] | null | undefined
  /** Core makes it `none` on tests and where there is no e-mail address. */
  readonly effect: Effect
  readonly isTest: boolean
  /** The fields of `Details[type]`; null where the type has none. */
  readonly details: object | null
  /** What operators are to hear about how it came: the end of a sentence that begins with its name, without payload. */
  readonly remark?: string
}

export interface Unreadable {
  /** One sentence without payload. */
  readonly unreadable: string
  /** JSON pointer into the element; null where there is none. */
  readonly path: string | null
}
