/** One event on its way to one handler, and the hold that its pass keeps on it. */
import type { PassAbout } from '../../ports/instrument.ts'
import type { AnyEvent } from '../../types.ts'
import { type Attempt, type Outcome, RETURNED } from './attempt.ts'

/** One event for one handler, in a runner's queue or under way. One object for all of that: there is one for each event. */
export abstract class Task {
  abstract readonly event: AnyEvent
  /** Attempts already made. */
  abstract readonly attempts: number
  /** Not in a batch with others. */
  abstract readonly alone: boolean
  /** Undefined where its handler has no order. */
  outOfOrder: boolean | undefined = undefined
  /** When it was put behind others. */
  since = 0
  attempt: Attempt | null = null
  waiting = true
  /** No call is to begin for it any more. */
  stopped = false
  /** The one behind it in the queue. */
  next: Task | null = null

  /** Called exactly once. */
  abstract done(outcome: Outcome): void

  /** What wraps know its pass by; null: there are none. */
  get about(): PassAbout | null {
    return null
  }

  /** Takes it back where it has not begun: it is then done as returned. */
  withdraw(): void {
    if (!this.waiting) return
    this.waiting = false
    this.done(RETURNED)
  }

  /** Tells a running call to stop, once nobody waits for it; whether it does is its own affair. */
  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.attempt?.stopOne()
  }

  /** A running call's result is dropped, once nobody waits for it: the task is done as returned. */
  abandon(): void {
    this.attempt?.abandonOne()
  }
}

/** Tasks in line, linked by their own fields: to shift an array of some hundred cost more than the call of the handler. */
export class TaskQueue {
  #first: Task | null = null
  #last: Task | null = null
  #length = 0

  get first(): Task | null {
    return this.#first
  }

  get last(): Task | null {
    return this.#last
  }

  get length(): number {
    return this.#length
  }

  push(task: Task): void {
    if (this.#last === null) this.#first = task
    else this.#last.next = task
    this.#last = task
    this.#length++
  }

  /** Removes the first and answers it; null where there is none. */
  shift(): Task | null {
    const task = this.#first
    if (task === null) return null
    this.#first = task.next
    if (this.#first === null) this.#last = null
    task.next = null
    this.#length--
    return task
  }

  /** Takes back all that is in line now. */
  withdrawAll(): void {
    const tasks: Task[] = []
    for (let task = this.shift(); task !== null; task = this.shift()) tasks.push(task)
    for (const task of tasks) task.withdraw()
  }
}

/** Where a task stands in an order. */
export interface Turn {
  readonly state: 'waiting' | 'begun' | 'over'
  /** Takes it back before it has come. */
  giveBack(): void
  /** Told how the call ended. */
  ended(outcome: Outcome): void
}

/** A task that may go in an order: its turn comes after that of others, and the order hears first how its call ended. */
export abstract class OrderedTask extends Task {
  #turn: Turn | null = null

  /** How it ended for its event. */
  abstract over(outcome: Outcome): 'done' | 'returned' | 'parked' | 'retry' | 'dead'
  /** Called in the place of `over`: it is to be stored behind the rows of its key. */
  abstract parked(key: number): void
  /** Called with an `over` as returned: it is to be stored under its key, since rows are that come after it. */
  abstract keepKey(key: number): void

  stand(turn: Turn): void {
    this.#turn = turn
  }

  protected leaveOrder(): void {
    this.#turn = null
  }

  done(outcome: Outcome): void {
    if (this.#turn?.state === 'begun') this.#turn.ended(outcome)
    else this.over(outcome)
  }

  override withdraw(): void {
    if (this.#turn?.state === 'waiting') this.#turn.giveBack()
    else super.withdraw()
  }

  override stop(): void {
    if (this.#turn?.state !== 'waiting') super.stop()
  }
}
