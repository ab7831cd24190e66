/** All that an inbox has stored, as rows that another kind of inbox takes over. Texts of JSON stay as they are. */
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
  /** Of what was received. */
  readonly size: number
  /** As it is stored; null: its bytes were taken. */
  readonly body: Uint8Array | null
  readonly coding: 'zstd' | null
  /** Other bytes stand in the place of those received. */
  readonly altered: { readonly sha256: Uint8Array; readonly size: number; readonly taken: boolean } | null
  readonly duplicates: number
  readonly senderLeft: boolean
  /** Its first pass has ended. */
  readonly passed: boolean
  readonly events: number | null
  /** Not passed: it was under way when a process died. */
  readonly careful: boolean
  /** Names; null: never claimed. */
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
  /** null: where the pass stands; else the place of what stands for elements that are over. */
  readonly part: number | null
  readonly what: string
}

/** The rows by what they are. */
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
  /** Replays that were given up. */
  readonly cancelledRuns: { readonly id: string }
  readonly counts: {
    readonly kind: 'unhandled' | 'duplicate' | 'cancelled' | 'expired' | 'erased'
    readonly name: string
    readonly n: number
  }
}

export type CopiedTable = keyof CopiedRows

/** An inbox that nobody works on while it is open. */
export interface CopySource {
  rows<T extends CopiedTable>(table: T): Iterable<CopiedRows[T]>
  /** The last time of day that retention went by, and the last that is known; 0: none. */
  readonly times: { readonly believedAt: number; readonly latestAt: number }
  close(): void
}
