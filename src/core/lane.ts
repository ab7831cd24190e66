/** What one handler has to do in one claim, and what is left of it at the end. */
import { PermanentError, RetryLater } from '../errors.ts'
import type { AnyEvent, AttemptError } from '../types.ts'
import type { Outcome } from './attempt.ts'
import type { Runner } from './dispatch.ts'
import type { HandlerSpec } from './handlers.ts'
import type { NewWorkRow, StoredError } from './ports.ts'
import type { Task, Ticket } from './task.ts'

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
  /** null before it was handed in, and when it has ended. */
  ticket: Ticket | null = null

  constructor(index: number, attempts: number, errors: readonly StoredError[]) {
    this.index = index
    this.attempts = attempts
    this.errors = errors
  }
}

/** A stretch of elements that the handler has not been given. */
interface Left {
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly errors: readonly StoredError[]
}

export class Lane {
  readonly spec: HandlerSpec
  readonly items: Item[] = []
  readonly #runner: Runner
  readonly #left: Left[] = []
  #aside = false

  constructor(runner: Runner) {
    this.spec = runner.spec
    this.#runner = runner
  }

  /** Whether the rest was left for later: nothing more is to be handed in. */
  get isAside(): boolean {
    return this.#aside
  }

  get runner(): Runner {
    return this.#runner
  }

  /** Takes the event in; `ended` is called exactly once. */
  take(
    item: Item,
    event: AnyEvent,
    alone: boolean,
    verdicts: Verdicts,
    ended: (end: End, outcome: Outcome) => void,
  ): void {
    this.items.push(item)
    const task: Task = {
      event,
      attempts: item.attempts,
      alone,
      done: (outcome) => {
        if (item.end !== null) return
        item.end = judge(this.spec, item, event, outcome, verdicts)
        item.ticket = null
        ended(item.end, outcome)
      },
    }
    const ticket = this.#runner.submit(task)
    if (item.end === null) item.ticket = ticket
  }

  /** Leaves elements `first` to `last` for later, and takes back what has not begun. */
  setAside(first: number, last: number, attempts = 0, errors: readonly StoredError[] = []): void {
    this.#aside = true
    if (first <= last) this.#left.push({ first, last, attempts, errors })
    for (const item of this.items) item.ticket?.withdraw()
  }

  /** A row of its own begins: the last one's rest is noted. */
  goOn(): void {
    this.#aside = false
  }

  /** What runs is told to stop, or given up. */
  end(how: 'stop' | 'abandon'): void {
    for (const item of this.items) item.ticket?.[how]()
  }

  /** Rows for all that is not over: one for each failed event, one for each stretch that was given back or left. */
  rows(now: number): NewWorkRow[] {
    const rows: NewWorkRow[] = []
    let open = false
    for (const item of this.items) {
      const last = rows.at(-1)
      if (item.end?.kind === 'retry') rows.push(this.#row(item, item.end.attempts, item.end.dueAt, item.end.errors))
      if (item.end?.kind === 'returned') {
        if (open && last !== undefined && item.attempts === 0) rows[rows.length - 1] = { ...last, last: item.index }
        else rows.push(this.#row(item, item.attempts, now, item.errors))
      }
      open = item.end?.kind === 'returned' && item.attempts === 0
    }
    for (const left of this.#left) {
      const last = rows.at(-1)
      const joined = open && last !== undefined && left.attempts === 0 && last.last < left.first
      if (joined) rows[rows.length - 1] = { ...last, last: left.last }
      else rows.push({ handler: this.spec.name, ...left, dueAt: now })
      open = false
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
const LONGEST_WORD = 200

/** Handlers throw anything: objects without a message, texts, objects whose `toString` throws. */
export function storedError(error: unknown, attempt: number, at: number): StoredError {
  try {
    const { name, message, code } = (error ?? {}) as { name?: unknown; message?: unknown; code?: unknown }
    const text = typeof message === 'string' ? message : String(error)
    const kind = typeof name === 'string' ? name : typeof error
    return {
      attempt,
      at,
      name: kind.slice(0, LONGEST_WORD),
      message: text.slice(0, LONGEST_MESSAGE),
      code: code === undefined ? null : String(code).slice(0, LONGEST_WORD),
    }
  } catch {
    return { attempt, at, name: 'unknown', message: 'the handler threw something that cannot be shown', code: null }
  }
}

export const toAttemptErrors = (errors: readonly StoredError[]): AttemptError[] =>
  errors.map((error) => ({ ...error, at: new Date(error.at) }))
