/** What both halves of a receiver tell: one map of facts. Counters, log lines, hooks and channels listen. Types only. */
import type { AnyEvent, LogEvent, SenderDeparture } from '../types.ts'
import type { HostLimits } from './host.ts'
import type { Claim, Settlement } from './inbox/claims.ts'
import type { NewDeadLetter, StoredError } from './inbox/rows.ts'

/** By name. None holds a payload or a secret, but for events and errors, which are handed to hooks alone. */
export interface Facts {
  /** A HEAD or GET on the address of a source. */
  checked: { readonly source: string; readonly method: string }
  /** A request to a path that is no source. `mount` is null where it cannot be shown. */
  misaddressed: {
    readonly mount: string | null
    readonly addresses: readonly string[]
    readonly sources: readonly string[]
  }
  /** A request was let in; its body is not read yet. `credential` is the label. */
  authenticated: { readonly source: string; readonly credential: string | null; readonly at: number }
  /** Credentials were not let in. */
  turnedAway: { readonly source: string; readonly reason: string; readonly status: number }
  tokenIssued: { readonly source: string }
  tokenRefused: { readonly source: string; readonly reason: string }
  /** The host had read the body: `isLost` when it did not keep the bytes. */
  bodyRead: { readonly isLost: boolean }
  /** A test post of the sender that brings nothing. */
  probed: { readonly source: string }
  /** A post whose batch id is that of the sender's tests. */
  testBatch: { readonly source: string }
  /** A delivery is durable, and about to be answered. `ackMs`: from the last byte of its body. */
  stored: {
    readonly source: string
    readonly id: string
    readonly bytes: number
    readonly status: 'accepted' | 'duplicate'
    readonly ackMs: number
  }
  /** A delivery is durable that no sender waits for: injected, or what a source that answers by itself has kept. */
  kept: {
    readonly source: string
    readonly id: string
    readonly bytes: number
    readonly status: 'accepted' | 'duplicate'
  }
  notStored: { readonly source: string; readonly error: unknown }
  /** A source that answers by itself was asked, however that ended. */
  answered: { readonly source: string; readonly tookMs: number }
  /** It had no answer; `refused` when it said so itself. */
  unanswered: {
    readonly source: string
    readonly failure: string
    readonly status: number
    readonly refused: boolean
    /** null: nothing was thrown. */
    readonly thrown: { readonly error: unknown } | null
  }
  /** An answer of its may be read otherwise than it was meant. */
  doubted: { readonly source: string; readonly kind: string; readonly message: string }
  /** A call was answered and cannot be recorded. `error` is null where there was no room. */
  unrecorded: { readonly error: unknown }
  /** A request got another answer than 200. */
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
  /** What a first pass has read, once it is durable; counted for listeners that were there when it began. */
  read: { readonly source: string; readonly counts: EventCounts }
  /** What came of a claim is durable. */
  settled: { readonly claim: Claim; readonly end: PassEnd; readonly conflictsWith: string | null }
  /** A call of a handler is over, in whatever way. */
  called: {
    readonly handler: string
    readonly events: number
    readonly result: 'done' | 'failed' | 'returned'
    readonly ms: number
  }
  /** A claim was lost: what came of it is dropped, and another process has it. */
  lost: { readonly claim: Claim }
  /** Deliveries of a source wait that this process does not know; told again and again. */
  unknownSource: { readonly source: string }
  paused: { readonly handler: string; readonly by: 'hand' | 'failures' | null }
  /** The inbox or Posthorn itself failed; never because a handler did. */
  trouble: { readonly what: string; readonly error: unknown; readonly event: LogEvent }
  /** Somebody at the dashboard did something, or saw what is otherwise hidden. No address in it. */
  acted: {
    readonly who: string
    readonly verb: string
    readonly filter: string
    readonly matched: number
    readonly queued: number
  }
  /** A hook of the user, or a wrap of an instrument, threw or rejected. */
  hookThrew: { readonly hook: string; readonly error: unknown }
  /** The server of the application failed, or what it has done when a stop asked for it. */
  hostFailed: { readonly what: string; readonly error: unknown }
  /** The time limits of a server that serves the receiver. */
  hostSeen: { readonly limits: HostLimits; readonly bodyMs: number }
  /** Work has waited for longer than any sender repeats. */
  stale: { readonly reason: string }
}

/** How the work on a claim ended. */
export interface PassEnd {
  readonly settlement: Settlement
  readonly dead: readonly Dead[]
  /** Calls that succeeded: one for each event and handler. */
  readonly handled: number
  /** By handler: `done` of those calls. */
  readonly handledBy: ReadonlyMap<string, { readonly done: number }>
}

/** Of the events of a delivery; tests of the sender left out, copies counted too. */
export interface EventCounts {
  /** By normalised type and native name. */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** By kind. */
  readonly bounces: ReadonlyMap<string, number>
  /** How late each was received, in ms. */
  readonly lateMs: readonly number[]
}

export interface Dead {
  readonly event: AnyEvent
  readonly letter: NewDeadLetter
  /** The latest, with its stack, which another letter may have in the place of this one. */
  readonly error: StoredError | undefined
}

/** Who tells. */
export interface Telling {
  tell<N extends keyof Facts>(this: void, name: N, fact: Facts[N]): void
  /** Whether anybody listens: what is dear to put together is put together for listeners alone. */
  hears(this: void, name: keyof Facts): boolean
}

/** Where one listens. */
export interface Listening {
  /** Calls `listener` with each fact of this name, before `tell` returns, until the returned function is called. */
  on<N extends keyof Facts>(name: N, listener: (fact: Facts[N]) => void): () => void
}
