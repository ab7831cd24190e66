/** What the receive half is made of, and what it hands from step to step. Types only. */
import type { Gathered } from '../../http/gather.ts'
import type { Headers } from '../../http/headers.ts'
import type { Verify } from '../../ports/auth.ts'
import type { Clock } from '../../ports/clock.ts'
import type { NeutralRequest, NeutralResponse } from '../../ports/host.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { SourcePort } from '../../ports/provider.ts'
import type { SenderDeparture } from '../../public/options.ts'
import type { Deadlines } from '../base/deadlines.ts'
import type { Load } from '../base/load.ts'
import type { Meter } from '../base/metrics.ts'
import type { Notices } from '../base/notices.ts'

export interface ReceiveLimits {
  readonly bodyBytes: number
  readonly bodyMs: number
  readonly minBytesPerSecond: number
  readonly inFlightBytes: number
  readonly requests: number
  readonly backlogBytes: number
  readonly acceptMs: number
}

export interface ReceiveParts {
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly limits: ReceiveLimits
  readonly inbox: InboxPort
  readonly clock: Clock
  /** For what nearly always ends before its time. */
  readonly deadlines: Deadlines
  readonly load: Load
  readonly notices: Notices
  readonly meter: Meter
  /** With `ack: 'handled'`: works on the delivery until all is settled (true), or time or the sender is gone. */
  readonly handled: ((seq: number, port: SourcePort, gone: AbortSignal) => Promise<boolean>) | null
  /** Starts if nobody has; the checks by source name once open, else what to answer. */
  open(): Opened | Promise<Opened>
  closing(): boolean
  /** Told of every sender of an authenticated post that hung up before its answer. */
  senderLeft(departure: SenderDeparture): void
  /** Told of every refusal. */
  rejected(source: string | null, response: NeutralResponse): void
  breathe(): Promise<void>
}

export type Opened = ReadonlyMap<string, Verify> | 'not_open' | 'shutting_down'

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
export interface Read extends Gathered {
  /** The coding that could not be undone; the bytes are then those of the wire. */
  readonly undecoded: string | null
}
