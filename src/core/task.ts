/** One event on its way to one handler, and the hold that its pass keeps on it. */
import type { AnyEvent } from '../types.ts'
import { type Attempt, type Outcome, RETURNED } from './attempt.ts'

/** One event for one handler. */
export interface Task {
  readonly event: AnyEvent
  /** Attempts already made. */
  readonly attempts: number
  /** Not in a batch with others. */
  readonly alone: boolean
  /** Absent where its handler has no order. */
  readonly outOfOrder?: boolean
  /** Called exactly once. */
  done(outcome: Outcome): void
}

/** One whose turn comes after that of others. */
export interface OrderedTask extends Task {
  /** As `Task`; tells how it ended for its event. */
  done(outcome: Outcome): 'done' | 'returned' | 'parked' | 'retry' | 'dead'
  /** Called in the place of `done`: it is to be stored behind the rows of its key. */
  parked(key: number): void
  /** Called with a `done` as returned: it is to be stored under its key, since rows are that come after it. */
  keepKey(key: number): void
}

/** A task that was handed in. */
export interface Ticket {
  /** Takes it back where it has not begun: it is then done as returned. */
  withdraw(): void
  /** Tells a running call to stop; whether it does is its own affair. */
  stop(): void
  /** A running call's result is dropped: the task is done as returned. */
  abandon(): void
}

/** A task in a runner's queue, or under way. */
export class Entry implements Ticket {
  readonly task: Task
  readonly since: number
  attempt: Attempt | null = null
  waiting = true

  constructor(task: Task, since: number) {
    this.task = task
    this.since = since
  }

  withdraw(): void {
    if (!this.waiting) return
    this.waiting = false
    this.task.done(RETURNED)
  }

  stop(): void {
    this.attempt?.stop()
  }

  abandon(): void {
    this.attempt?.abandon()
  }
}
