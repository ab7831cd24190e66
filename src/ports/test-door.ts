import type { AnyEvent } from '../types.ts'
import type { Claim, Settlement } from './inbox/claims.ts'
import type { SourcePort } from './provider.ts'

export interface TestFailure {
  readonly handler: string
  readonly event: AnyEvent
  readonly error: unknown
}

/** What the process half asks and tells while a test delivers. */
export interface TestWatch {
  /** Whether batches wait for no company. */
  hurries(): boolean
  failed(failure: TestFailure): void
}

/** What `posthorn/testing` needs of a receiver: to post as a sender does, and to see what became of it. */
export interface TestDoor {
  source(name: string): SourcePort | undefined
  /** The time of the receiver, in epoch ms. */
  now(): number
  /** Sets its wall clock on by `ms`, or back; timers end when they would have. */
  moveClock(ms: number): void
  /** Calls `tell` after each settlement, until the returned function is called. */
  watch(tell: (claim: Claim, settlement: Settlement) => void): () => void
  /** Calls `tell` after each call of a handler that failed, until the returned function is called. */
  watchFailures(tell: (failure: TestFailure) => void): () => void
  /** Batches wait for no company from other deliveries until the returned function is called. */
  hurry(): () => void
}
