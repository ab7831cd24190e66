/** What a case of the conformance kit is, and what comes of it. Private. */
import type { Request } from './exchange.ts'
import type { Section, Sender, SenderName } from './senders.ts'

/** One request, or the same request several times at once. */
export interface Send {
  /** What is sent, in words. */
  readonly what: string
  readonly request: Request
  /** How many times it is sent at the same time. Default 1. */
  readonly times?: number
  /** Statuses that a good receiver may answer with; null where the sender does not wait for an answer. */
  readonly allowed: readonly number[] | null
  /** A header that the answer must have, in lower case. */
  readonly header?: string
}

/** Kills and restarts the receiver; `marker` stands in the address of every event that must not be lost. */
export interface Restart {
  readonly what: string
  readonly restart: { readonly marker: string }
}

export type Step = Send | Restart

/** What the requests of a case are made of. */
export interface Plan {
  readonly sender: Sender
  /** Headers that let a request in, names in lower case; empty where the receiver wants none. */
  readonly credential: Readonly<Record<string, string>>
}

export interface ConformanceCase {
  readonly id: string
  readonly title: string
  /** Why the sender, or its user, needs it. */
  readonly why: string
  /** Whose receivers it is for. Default every sender. */
  readonly senders?: readonly SenderName[]
  /** Without it the case is skipped. */
  readonly needs?: 'credential' | 'restart'
  /** Where the rule follows from: what a section of the sender's document is about, or another document in words. */
  readonly source: Section | (string & {})
  /** Taken one after another; the first that fails ends the case. */
  steps(plan: Plan): readonly Step[]
}

/** One case, as `posthorn conformance --json` tells it. No field holds a credential. */
export interface CaseReport {
  readonly id: string
  readonly title: string
  readonly result: 'passed' | 'failed' | 'skipped'
  readonly sent: string
  readonly got: string
  readonly why: string
  readonly source: string
}
