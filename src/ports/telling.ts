/**
 * What both halves of a receiver tell: one map of facts. Counters, log lines, hooks and channels listen. Types only.
 */
import type { AnyEvent, LogEvent, SenderDeparture } from '../types.ts'
import type { HostLimits } from './host.ts'
import type { Claim, Settlement } from './inbox/claims.ts'
import type { NewDeadLetter, StoredError } from './inbox/rows.ts'

/**
 * The facts by name. No fact holds a payload or a secret, except in `event` and `error`, which only hooks are given.
 */
export interface Facts {
  /** A HEAD or GET on the address of a source. */
  checked: { readonly source: string; readonly method: string }
  /** A request to a path that is no source. `mount` is null where it cannot be shown. */
  misaddressed: {
    readonly mount: string | null
    readonly addresses: readonly string[]
    readonly sources: readonly string[]
  }
  /** The credentials of a request were accepted; its body is not read yet. `credential`: the label. */
  authenticated: { readonly source: string; readonly credential: string | null; readonly at: number }
  /** The credentials of a request were refused. */
  turnedAway: { readonly source: string; readonly reason: string; readonly status: number }
  tokenIssued: { readonly source: string }
  tokenRefused: { readonly source: string; readonly reason: string }
  /** The host had read the body before Posthorn did. `isLost`: the host did not keep the bytes. */
  bodyRead: { readonly isLost: boolean }
  /** A probe of the sender: a body that is never stored. */
  probed: { readonly source: string }
  /** A post with a batch id that the sender uses for its tests. */
  testBatch: { readonly source: string }
  /** A delivery is durable, and about to be answered. `ackMs`: from the last byte of its body. */
  stored: {
    readonly source: string
    readonly id: string
    readonly bytes: number
    readonly status: 'accepted' | 'duplicate'
    readonly ackMs: number
  }
  /** A delivery is durable that no sender waits for: it was injected, or a source that answers by itself kept it. */
  kept: {
    readonly source: string
    readonly id: string
    readonly bytes: number
    readonly status: 'accepted' | 'duplicate'
  }
  notStored: { readonly source: string; readonly error: unknown }
  /** A source that answers by itself has ended its answer, with or without success. */
  answered: { readonly source: string; readonly tookMs: number }
  /**
   * A source that answers by itself gave no answer. `refused`: it refused the request, rather than failed or came late.
   */
  unanswered: {
    readonly source: string
    readonly failure: string
    readonly status: number
    readonly refused: boolean
    /** null: the source threw nothing. */
    readonly thrown: { readonly error: unknown } | null
  }
  /** The sender may read an answer of such a source otherwise than it was meant. */
  doubted: { readonly source: string; readonly kind: string; readonly message: string }
  /** A request was answered, and its record cannot be stored. `error` null: no room for another record. */
  unrecorded: { readonly error: unknown }
  /** A request was answered with a refusal: a status with an error code. */
  refused: { readonly source: string | null; readonly status: number; readonly code: string }
  /** A request failed inside Posthorn. */
  broken: { readonly source: string | null; readonly error: unknown }
  senderLeft: SenderDeparture
  /** An event that is a test of its sender. */
  tested: { readonly source: string }
  /** The provider has a remark about an event. */
  remarked: { readonly event: AnyEvent; readonly remark: string }
  /** An element whose bare words were read as text. */
  bareWords: { readonly source: string }
  /** An attempt failed and will be repeated. */
  failed: {
    readonly event: AnyEvent
    readonly handler: string
    readonly attempt: number
    readonly error: unknown
    readonly retryAt: number
  }
  /**
   * The events that a first pass has read, told once its settlement is durable. Counted only where a listener was there
   * when the pass began.
   */
  read: { readonly source: string; readonly counts: EventCounts }
  /** The settlement of a claim is durable. */
  settled: { readonly claim: Claim; readonly end: PassEnd; readonly conflictsWith: string | null }
  /** A call of a handler is over, in whatever way. */
  called: {
    readonly handler: string
    readonly events: number
    readonly result: 'done' | 'failed' | 'returned'
    readonly ms: number
  }
  /** A claim was lost: its settlement is dropped, and another process may claim the delivery. */
  lost: { readonly claim: Claim }
  /** Deliveries wait whose source this process does not have; told again and again. */
  unknownSource: { readonly source: string }
  paused: { readonly handler: string; readonly by: 'hand' | 'failures' | null }
  /** The inbox or Posthorn itself failed; never because a handler did. */
  trouble: { readonly what: string; readonly error: unknown; readonly event: LogEvent }
  /** A user of the dashboard did something, or saw something that is hidden by default. Holds no address. */
  acted: {
    readonly who: string
    readonly verb: string
    readonly filter: string
    readonly matched: number
    readonly queued: number
  }
  /** A hook of the user, or a wrap of an instrument, threw or rejected. */
  hookThrew: { readonly hook: string; readonly error: unknown }
  /** The server of the application failed, or a function of the application that a stop calls. */
  hostFailed: { readonly what: string; readonly error: unknown }
  /** The time limits of a server that serves the receiver. */
  hostSeen: { readonly limits: HostLimits; readonly bodyMs: number }
  /** Work has waited longer than any sender keeps repeating its posts. */
  stale: { readonly reason: string }
}

/** How the work on a claim ended. */
export interface PassEnd {
  readonly settlement: Settlement
  readonly dead: readonly Dead[]
  /** Calls that succeeded: one for each event and handler. */
  readonly handled: number
  /** By handler: how many of `handled` are its calls. */
  readonly handledBy: ReadonlyMap<string, { readonly done: number }>
}

/** Counts of the events of a delivery, without tests of the sender, copies included. */
export interface EventCounts {
  /** By normalised type and native name. */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** By `bounce.kind`. */
  readonly bounces: ReadonlyMap<string, number>
  /** How late each was received, in ms. */
  readonly lateMs: readonly number[]
}

export interface Dead {
  readonly event: AnyEvent
  readonly letter: NewDeadLetter
  /**
   * The latest error, with its stack: `letter.errors` leaves out a stack that another element of the delivery has
   * (`stackAt`).
   */
  readonly error: StoredError | undefined
}

/** What a part of core tells facts with. */
export interface Telling {
  tell<N extends keyof Facts>(this: void, name: N, fact: Facts[N]): void
  /** Whether the fact has a listener: a fact that costs much to build is built for listeners only. */
  hears(this: void, name: keyof Facts): boolean
}

/** What listens to facts. */
export interface Listening {
  /** Calls `listener` with each fact of this name, before `tell` returns, until the returned function is called. */
  on<N extends keyof Facts>(name: N, listener: (fact: Facts[N]) => void): () => void
}
