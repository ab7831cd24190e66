/** The door for tracing: what an instrument may wrap. Types only, exported from `posthorn`. */

import type { watchDoor } from '../lib/symbols.ts'
import type { WatchDoor } from './watch-door.ts'

/**
 * Wraps around four pieces of work. Each gets what it is about and `run`, which does the work inside the wrap (its async
 * context is that of the work) and resolves with how it ended; it never rejects. The work is done once whatever a wrap
 * does: one that throws, or does not call `run` before it returns, is told in the log (`hook.threw`) where it threw, and
 * the work goes on without it. What a wrap returns is of no matter.
 */
export interface Instrument {
  /** Of `posthorn/otel`: called once with the door of its receiver; what it gives back is called when the receiver has closed. */
  readonly [watchDoor]?: (door: WatchDoor) => () => void
  /**
   * Storing a delivery, inside the request that brought it. A W3C `traceparent` that `run` is called with is stored with
   * it; passes over the delivery are told of it, days and restarts later too.
   */
  store?(about: StoreAbout, run: (traceparent?: string) => Promise<StoreEnd>): unknown
  /** The work on one claimed delivery: all of it, or its retries. */
  pass?(about: PassAbout, run: () => Promise<PassSummary>): unknown
  /** One call of a handler. */
  call?(about: CallAbout, run: () => Promise<CallEnd>): unknown
  /** Storing what came of passes that ended together. */
  settle?(about: SettleAbout, run: () => Promise<SettleEnd>): unknown
}

export interface StoreAbout {
  readonly source: string
  readonly deliveryId: string
  /** Of the body, after the content coding. */
  readonly bytes: number
}

/** `code` is that of the answer. */
export type StoreEnd =
  | { readonly status: 'accepted' | 'duplicate'; readonly code: null }
  | { readonly status: 'refused'; readonly code: string }

/** One object for each pass: calls and settlements name it. */
export interface PassAbout {
  readonly source: string
  readonly deliveryId: string
  readonly receivedAt: Date
  /** That it was stored with; null: none. */
  readonly traceparent: string | null
  /** Whether it is the first over the delivery; later ones are retries, replays, what was left. */
  readonly first: boolean
  /** The replay that it is work of; null: none, or the first of several. */
  readonly run: string | null
}

/** How a pass ended, once that is durable; `lost` when it could not be stored, and the next start finds the delivery again. */
export type PassSummary =
  | {
      readonly end: 'settled'
      /** Of the delivery; null: it was not readable, or this was no first pass. */
      readonly events: number | null
      /** Calls that succeeded. */
      readonly handled: number
      readonly dead: number
      readonly quarantined: number
    }
  | { readonly end: 'lost' }

export interface CallAbout {
  readonly handler: string
  /** From 1; of a batch, the highest of its events. */
  readonly attempt: number
  readonly events: ReadonlyArray<{ readonly id: string; readonly name: string; readonly type: string }>
  /** Those that the events belong to; of an event alone, one. */
  readonly passes: readonly PassAbout[]
}

/** `returned`: the receiver had to stop, so the call does not count. */
export interface CallEnd {
  readonly result: 'done' | 'failed' | 'returned'
  /** Of what was thrown, words alone: a message may quote what must not be shown. null: it did not fail. */
  readonly error: { readonly name: string; readonly code: string } | null
}

export interface SettleAbout {
  readonly passes: readonly PassAbout[]
}

/** How many could not be stored. */
export interface SettleEnd {
  readonly failed: number
}
