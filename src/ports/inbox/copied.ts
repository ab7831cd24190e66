/** All that an inbox has stored, as rows that another kind of inbox takes over. JSON texts stay as they are stored. */
import type { NewDelivery } from './intake.ts'
import type { NewQuarantine } from './rows.ts'

export interface CopiedDelivery
  extends Pick<
    NewDelivery,
    | 'id'
    | 'source'
    | 'batchId'
    | 'isTest'
    | 'sha256'
    | 'receivedAt'
    | 'headers'
    | 'credential'
    | 'origin'
    | 'undecoded'
    | 'traceparent'
  > {
  readonly seq: number
  /** Bytes of the body as received. */
  readonly size: number
  /** The body as it is stored; null: retention or erasure removed it. */
  readonly body: Uint8Array | null
  readonly coding: 'zstd' | null
  /** Erasure or retention has replaced the received bytes; null: it has not. */
  readonly altered: { readonly sha256: Uint8Array; readonly size: number; readonly taken: boolean } | null
  readonly duplicates: number
  readonly senderLeft: boolean
  /** Its first pass has ended. */
  readonly passed: boolean
  readonly events: number | null
  /** A suspect: not passed, and under claim when a process died. */
  readonly careful: boolean
  /** Names of the handlers it belongs to; null: never claimed. */
  readonly handlers: readonly string[] | null
}

export interface CopiedWork {
  readonly id: number
  readonly seq: number
  readonly source: string
  readonly handler: string
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly dueAt: number
  readonly state: 'waiting' | 'parked' | 'unread'
  readonly orderKey: number | null
  readonly careful: boolean
  readonly errors: string
  readonly run: string | null
  readonly onlyName: string | null
  readonly onlyUnhandled: boolean
}

export interface CopiedLetter {
  readonly id: number
  readonly seq: number
  readonly handler: string
  readonly index: number
  readonly attempts: number
  readonly at: number
  readonly size: number
  readonly redeliveries: number
  readonly run: string | null
  readonly errors: string
  readonly element: Uint8Array
}

export interface CopiedQuarantine extends Pick<NewQuarantine, 'index' | 'at' | 'reason' | 'path' | 'kind'> {
  readonly id: number
  readonly seq: number
}

export interface CopiedProgress {
  readonly seq: number
  /** null: of the first pass. */
  readonly work: number | null
  /** null: `next` and `over`. Otherwise the number of this part of `Ends`. */
  readonly part: number | null
  readonly what: string
}

/** The rows by table. */
export interface CopiedRows {
  readonly deliveries: CopiedDelivery
  readonly work: CopiedWork
  readonly deadLetters: CopiedLetter
  readonly quarantine: CopiedQuarantine
  readonly progress: CopiedProgress
  readonly deaths: { readonly seq: number; readonly index: number; readonly handler: string; readonly times: number }
  readonly eventKeys: {
    readonly width: number
    readonly slice: number
    readonly high: number
    readonly low: number
    readonly seq: number
  }
  readonly handlers: { readonly name: string; readonly seenAt: number; readonly ordered: boolean }
  readonly pauses: { readonly handler: string; readonly reason: string; readonly since: number }
  /** Cancelled replays. */
  readonly cancelledRuns: { readonly id: string }
  readonly counts: {
    readonly kind: 'unhandled' | 'duplicate' | 'cancelled' | 'expired' | 'erased'
    readonly name: string
    readonly n: number
  }
}

export type CopiedTable = keyof CopiedRows

/** An inbox to copy from; no process works on it while it is open. */
export interface CopySource {
  rows<T extends CopiedTable>(table: T): Iterable<CopiedRows[T]>
  /** Epoch ms: the latest time that retention believed, and the latest that was written down; 0: none. */
  readonly times: { readonly believedAt: number; readonly latestAt: number }
  close(): void
}
