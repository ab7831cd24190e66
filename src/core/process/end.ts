/** How one event ended for one handler, and what an outcome of its call means: the one place where attempts are counted. */
import { PermanentError, RetryLater } from '../../errors.ts'
import type { StoredError } from '../../ports/inbox/rows.ts'
import type { AnyEvent } from '../../types.ts'
import type { Outcome } from '../call/attempt.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { withError } from './stored-error.ts'

export type End =
  | { readonly kind: 'done' }
  | { readonly kind: 'returned' }
  | { readonly kind: 'parked'; readonly key: number }
  | {
      readonly kind: 'retry'
      readonly attempts: number
      readonly dueAt: number
      /** From the failure to `dueAt`. */
      readonly waitMs: number
      readonly errors: readonly StoredError[]
    }
  | {
      readonly kind: 'dead'
      readonly attempts: number
      readonly event: AnyEvent
      readonly errors: readonly StoredError[]
    }

/** By which waits are reckoned. */
export interface Times {
  now(): number
  /** Between 0.9 and 1.1, the same throughout a claim, so that its retries fall due together. */
  readonly jitter: number
}

/** Attempts already made, with their errors. */
export interface Tried {
  readonly event: AnyEvent
  readonly attempts: number
  readonly errors: readonly StoredError[]
}

const DONE: End = { kind: 'done' }
const GIVEN_BACK: End = { kind: 'returned' }

export function endOf(outcome: Outcome, tried: Tried, spec: HandlerSpec, times: Times): End {
  if (outcome.end !== 'failed') return outcome.end === 'done' ? DONE : GIVEN_BACK
  const { error } = outcome
  const now = times.now()
  const attempts = tried.attempts + 1
  const errors = withError(tried.errors, error, attempts, now)
  if (error instanceof RetryLater) return retryIn(Math.round(error.afterMs), now, tried.attempts, errors)
  if (error instanceof PermanentError || attempts >= spec.retry.attempts)
    return { kind: 'dead', attempts, event: tried.event, errors }
  return retryIn(pauseMs(spec, attempts, times.jitter), now, attempts, errors)
}

function retryIn(waitMs: number, now: number, attempts: number, errors: readonly StoredError[]): End {
  return { kind: 'retry', attempts, dueAt: now + waitMs, waitMs, errors }
}

/** Exponential, factor 2, from `minMs` to `maxMs`. */
function pauseMs({ retry }: HandlerSpec, attempts: number, jitter: number): number {
  return Math.round(Math.min(retry.maxMs, retry.minMs * 2 ** Math.min(attempts - 1, 60)) * jitter)
}
