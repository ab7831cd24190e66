/** What the receive half is made of, and what it hands from step to step. Types only. */
import type { Gathered } from '../../http/gather.ts'
import type { Headers } from '../../http/headers.ts'
import type { IssueToken, Verify } from '../../ports/auth.ts'
import type { Clock } from '../../ports/clock.ts'
import type { NeutralRequest } from '../../ports/host.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { SourcePort } from '../../ports/provider.ts'
import type { Telling } from '../../ports/telling.ts'
import type { Deadlines } from '../base/deadlines.ts'
import type { Load } from '../base/load.ts'
import type { Wrap } from '../base/wraps.ts'
import type { ConcurrencyLimits } from './concurrency-limits.ts'
import type { Recorder } from './recorder.ts'

export interface ReceiveLimits {
  readonly bodyBytes: number
  readonly bodyMs: number
  readonly minBytesPerSecond: number
  readonly inFlightBytes: number
  readonly requests: number
  readonly backlogBytes: number
  readonly acceptMs: number
}

export interface ReceiveParts extends Telling {
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly limits: ReceiveLimits
  readonly inbox: Pick<InboxPort, 'intake' | 'records'>
  readonly clock: Clock
  /** For what nearly always ends before its time. */
  readonly deadlines: Deadlines
  readonly load: Load
  /** Around the storing of a delivery; null: nothing. */
  readonly wrapStore: Wrap<'store'> | null
  /** With `ack: 'handled'`: works on the delivery until all is settled (true), or time or the sender is gone. */
  readonly handled: ((seq: number, port: SourcePort, gone: AbortSignal) => Promise<boolean>) | null
  /** For sources that answer by themselves. */
  readonly concurrency: ConcurrencyLimits
  readonly recorder: Recorder
  /**
   * Starts if nobody has; the doors by source name once open, else what to answer. With `inboxless` the doors as soon
   * as the secrets are read, whatever becomes of the inbox.
   */
  open(inboxless?: boolean): Opened | Promise<Opened>
  closing(): boolean
  breathe(): Promise<void>
}

export type Opened = ReadonlyMap<string, Door> | 'not_open' | 'shutting_down'

/** The authentication of a source, its secrets read. */
export interface Door {
  readonly verify: Verify
  /** Null where it issues no tokens. */
  readonly issue: IssueToken | null
}

/** An authenticated request. */
export interface From {
  readonly source: string
  readonly port: SourcePort
  readonly credential: string | null
  readonly request: NeutralRequest
  /** Those of its headers that say what its body is. */
  readonly headers: Headers
  /** When its head came, by the clock. */
  readonly beganAt: number
}

/** A body as it is to be stored. */
export interface TakenBody extends Gathered {
  /** The coding that could not be undone; the bytes are then those of the wire. */
  readonly undecoded: string | null
}
