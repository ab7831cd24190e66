/** What one handler has to do in one claim, and what is left of it at the end. */
import { PermanentError, RetryLater } from '../errors.ts'
import type { AnyEvent, AttemptError } from '../types.ts'
import type { Outcome } from './attempt.ts'
import type { Runner, Task } from './dispatch.ts'
import type { HandlerSpec } from './handlers.ts'
import type { NewWorkRow, StoredError } from './ports.ts'

/** How one event ended for one handler. */
export type End =
  | { readonly kind: 'done' }
  | { readonly kind: 'returned' }
  | {
      readonly kind: 'retry'
      readonly attempts: number
      readonly dueAt: number
      readonly errors: readonly StoredError[]
    }
  | {
      readonly kind: 'dead'
      readonly attempts: number
      readonly event: AnyEvent
      readonly errors: readonly StoredError[]
    }

export interface Verdicts {
  now(): number
  /** Between 0.9 and 1.1, the same throughout a claim, so that its retries fall due together. */
  readonly jitter: number
}

/** An event on its way through a handler; lets go of the event when it has ended. */
export class Item {
  readonly index: number
  readonly attempts: number
  readonly errors: readonly StoredError[]
  end: End | null = null

  constructor(index: number, attempts: number, errors: readonly StoredError[]) {
    this.index = index
    this.attempts = attempts
    this.errors = errors
  }
}

export class Lane {
  readonly spec: HandlerSpec
  readonly items: Item[] = []
  readonly #runner: Runner

  constructor(runner: Runner) {
    this.spec = runner.spec
    this.#runner = runner
  }

  /** Takes the event in; `ended` is called exactly once. Gone stays gone: nothing starts after the runner stopped. */
  take(item: Item, event: AnyEvent, verdicts: Verdicts, ended: (end: End, outcome: Outcome) => void): void {
    this.items.push(item)
    const task: Task = {
      event,
      attempts: item.attempts,
      done: (outcome) => {
        if (item.end !== null) return
        item.end = judge(this.spec, item, event, outcome, verdicts)
        ended(item.end, outcome)
      },
    }
    this.#runner.submit(task)
  }

  /** Rows for all that is not over: one for each failed event, one for each stretch that was given back. */
  rows(now: number): NewWorkRow[] {
    const rows: NewWorkRow[] = []
    let stretch: NewWorkRow | null = null
    for (const item of this.items) {
      if (item.end?.kind === 'returned') {
        const joined: boolean = stretch !== null && stretch.attempts === item.attempts && item.attempts === 0
        stretch = joined
          ? { ...(stretch as NewWorkRow), last: item.index }
          : this.#row(item, item.attempts, now, item.errors)
        if (joined) rows.pop()
        rows.push(stretch)
        continue
      }
      stretch = null
      if (item.end?.kind === 'retry') rows.push(this.#row(item, item.end.attempts, item.end.dueAt, item.end.errors))
    }
    return rows
  }

  #row(item: Item, attempts: number, dueAt: number, errors: readonly StoredError[]): NewWorkRow {
    return { handler: this.spec.name, first: item.index, last: item.index, attempts, dueAt, errors }
  }
}

const DONE: End = { kind: 'done' }
const RETURNED: End = { kind: 'returned' }

/** What an outcome means: the one place where attempts are counted. */
function judge(spec: HandlerSpec, item: Item, event: AnyEvent, outcome: Outcome, verdicts: Verdicts): End {
  if (outcome.end !== 'failed') return outcome.end === 'done' ? DONE : RETURNED
  const { error } = outcome
  const now = verdicts.now()
  const errors = [...item.errors, storedError(error, item.attempts + 1, now)]
  const history = errors.length <= 10 ? errors : [errors[0] as StoredError, ...errors.slice(-9)]
  if (error instanceof RetryLater) {
    return { kind: 'retry', attempts: item.attempts, dueAt: now + Math.round(error.afterMs), errors: history }
  }
  const attempts = item.attempts + 1
  if (error instanceof PermanentError || attempts >= spec.retry.attempts)
    return { kind: 'dead', attempts, event, errors: history }
  return { kind: 'retry', attempts, dueAt: now + pauseMs(spec, attempts, verdicts.jitter), errors: history }
}

/** Exponential, factor 2, from `minMs` to `maxMs`. */
function pauseMs({ retry }: HandlerSpec, attempts: number, jitter: number): number {
  return Math.round(Math.min(retry.maxMs, retry.minMs * 2 ** Math.min(attempts - 1, 60)) * jitter)
}

const LONGEST_MESSAGE = 1_000

/** Handlers throw anything: objects without a message, texts, objects whose `toString` throws. */
export function storedError(error: unknown, attempt: number, at: number): StoredError {
  try {
    const { name, message, code } = (error ?? {}) as { name?: unknown; message?: unknown; code?: unknown }
    const text = typeof message === 'string' ? message : String(error)
    const kind = typeof name === 'string' ? name : typeof error
    return {
      attempt,
      at,
      name: kind,
      message: text.slice(0, LONGEST_MESSAGE),
      code: code === undefined ? null : String(code),
    }
  } catch {
    return { attempt, at, name: 'unknown', message: 'the handler threw something that cannot be shown', code: null }
  }
}

export const toAttemptErrors = (errors: readonly StoredError[]): AttemptError[] =>
  errors.map((error) => ({ ...error, at: new Date(error.at) }))
