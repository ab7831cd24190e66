/** A handler as it was registered, with all its options settled. */
import type { HandlerContext } from '../../public/handlers.ts'
import type { AnyEvent } from '../../types.ts'

export interface RetryPlan {
  readonly attempts: number
  readonly minMs: number
  readonly maxMs: number
}

export interface HandlerSpec {
  readonly name: string
  readonly formerly: readonly string[]
  readonly patterns: readonly string[]
  /** What an event is told by: the patterns, with the native names of a class in the place of its pattern. */
  readonly words: ReadonlySet<string>
  /** null: every source. */
  readonly sources: readonly string[] | null
  readonly tests: boolean
  readonly retry: RetryPlan
  readonly timeoutMs: number
  readonly concurrency: number
  /** 1 and 0 for handlers of one event. */
  readonly size: number
  readonly maxWaitMs: number
  /** The events of one key run one at a time, in order. */
  readonly orderBy: ((event: AnyEvent) => unknown) | null
  readonly each: ((event: AnyEvent, context: HandlerContext) => unknown) | null
  readonly batch: ((events: readonly AnyEvent[], context: HandlerContext) => unknown) | null
}
