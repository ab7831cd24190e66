/** What telemetry asks of a receiver: to listen, and what is the case now. Types only. */
import type { watchDoor } from '../lib/symbols.ts'
import type { Memos } from './inbox/memos.ts'
import type { StoredStats } from './inbox/records.ts'
import type { SourcePort } from './provider.ts'
import type { Listening } from './telling.ts'

export interface WatchDoor extends Listening {
  /** Those that are configured now. */
  readonly sources: ReadonlyMap<string, SourcePort>
  /** Those that are registered now, by durable name. */
  handlers(): readonly string[]
  readonly inboxKind: string
  /** Whether its role takes deliveries at all: a process that only handles is in order while it answers 503. */
  readonly takesDeliveries: boolean
  /** The path of its file, once it is open; null: there is none. */
  path(): string | null
  state(): 'new' | 'open' | 'closing' | 'closed'
  /** Tells the log that something of the user's threw. */
  failed(what: string, error: unknown): void
  /** Epoch ms. */
  now(): number
  /** Ms of a clock that nobody sets. */
  steady(): number
  /** Calls `run` once after so many ms, unless the returned function is called. */
  after(ms: number, run: () => void): () => void
  /** Whether deliveries are accepted now, and why not. */
  ready(): Promise<{ readonly ready: boolean; readonly reason: string | null }>
  /** null: the inbox is not open, or does not answer. */
  stats(): Promise<StoredStats | null>
  /** null: the inbox keeps none. */
  readonly memos: Memos | null
  /** When the last delivery to the source came to an earlier process, in epoch ms; null: none that the inbox knows. */
  lastBefore(source: string): number | null
  /** By source, in the order of its list of secrets. */
  credentials(): Readonly<Record<string, readonly CredentialSeen[]>>
}

export interface CredentialSeen {
  /** null: it has no label. */
  readonly label: string | null
  /** Whether its secret is not the first of its list. */
  readonly isLater: boolean
  readonly lastUsedAt: Date | null
}

/** A receiver, as far as telemetry needs it. */
export interface Watched {
  readonly [watchDoor]: WatchDoor
}
