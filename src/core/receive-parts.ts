/** What the receive half is made of, and what it hands from step to step. Types only. */
import type { Meter } from './metrics.ts'
import type { Notices } from './notices.ts'
import type { Clock, InboxPort, NeutralRequest, NeutralResponse, SourcePort, Verify } from './ports.ts'

export interface ReceiveLimits {
  readonly bodyBytes: number
  readonly bodyMs: number
  readonly minBytesPerSecond: number
  readonly inFlightBytes: number
  readonly requests: number
  readonly backlogBytes: number
  readonly acceptMs: number
}

/** What is under way on the way to an acknowledgement; the process half gives way to it. */
export interface Load {
  bytes: number
  requests: number
}

export interface ReceiveParts {
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly limits: ReceiveLimits
  readonly inbox: InboxPort
  readonly clock: Clock
  readonly load: Load
  readonly notices: Notices
  readonly meter: Meter
  /** With `ack: 'handled'`: works on the delivery until all is settled (true), or time or the sender is gone. */
  readonly handled: ((seq: number, port: SourcePort, gone: AbortSignal) => Promise<boolean>) | null
  /** Starts if nobody has; the checks by source name once open, else what to answer. */
  open(): Promise<ReadonlyMap<string, Verify> | 'not_open' | 'shutting_down'>
  closing(): boolean
  /** Told of every refusal. */
  rejected(source: string | null, response: NeutralResponse): void
  breathe(): Promise<void>
}

/** An authenticated request. */
export interface From {
  readonly source: string
  readonly port: SourcePort
  readonly credential: string | null
  readonly request: NeutralRequest
}

/** A body as it is to be stored. */
export interface Read {
  readonly bytes: Uint8Array
  /** The coding that could not be undone; the bytes are then those of the wire. */
  readonly undecoded: string | null
}
