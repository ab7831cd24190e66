/** Runners: one for each handler, over all deliveries; they bound what runs at once and gather batches. */
import { PosthornError, RetryLater } from '../errors.ts'
import type { AnyEvent } from '../types.ts'
import { Attempt, type Outcome, RETURNED } from './attempt.ts'
import type { BatchFailures, HandlerSpec } from './handlers.ts'
import type { Pacer } from './pacer.ts'
import type { Clock } from './ports.ts'

/** One event for one handler. */
export interface Task {
  readonly event: AnyEvent
  /** Attempts already made. */
  readonly attempts: number
  /** Called exactly once. */
  done(outcome: Outcome): void
}

export class Runner {
  readonly spec: HandlerSpec
  readonly #clock: Clock
  readonly #pacer: Pacer
  readonly #live = new Set<Attempt>()
  #queue: Task[] = []
  #running = 0
  #closed = false
  #pumping = false
  #gathering: (() => void) | null = null
  #hurried = false
  /** What is gathered has waited long enough. */
  #overdue = false

  constructor(spec: HandlerSpec, clock: Clock, pacer: Pacer) {
    this.spec = spec
    this.#clock = clock
    this.#pacer = pacer
  }

  /** Starts the task as soon as there is room; a batch handler's waits for company, at most `maxWaitMs`. */
  submit(task: Task): void {
    if (this.#closed) task.done(RETURNED)
    else this.#queue.push(task)
    this.#pump()
  }

  /** No more waiting for company: what is gathered goes out. */
  hurry(): void {
    this.#hurried = true
    this.#pump()
  }

  /** Nothing new starts, what waits goes back, and what runs is told to stop. */
  stop(): void {
    this.#closed = true
    this.#endGathering()
    for (const task of this.#queue.splice(0)) task.done(RETURNED)
    for (const attempt of this.#live) attempt.stop()
  }

  /** What still runs goes back; its result is dropped. */
  abandon(): void {
    for (const attempt of this.#live) attempt.abandon()
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#running < this.spec.concurrency && this.#queue.length > 0 && this.#ready()) {
      if (this.#pacer.spent()) {
        void this.#pacer.breathe().then(() => {
          this.#pumping = false
          this.#pump()
        })
        return
      }
      this.#start(this.#queue.splice(0, this.spec.size))
    }
    this.#pumping = false
  }

  #ready(): boolean {
    if (this.#queue.length >= this.spec.size || this.#hurried || this.#overdue) {
      this.#endGathering()
      return true
    }
    this.#gathering ??= this.#clock.after(this.spec.maxWaitMs, () => {
      this.#gathering = null
      this.#overdue = true
      this.#pump()
    })
    return false
  }

  #endGathering(): void {
    this.#gathering?.()
    this.#gathering = null
  }

  #start(tasks: readonly Task[]): void {
    this.#running++
    this.#overdue = false
    const ended = this.spec.batch === null ? this.#one(tasks[0] as Task) : this.#group(tasks)
    if (ended === undefined) this.#running--
    else
      void ended.then(() => {
        this.#running--
        this.#pump()
      })
  }

  #one(task: Task): undefined | Promise<void> {
    const outcome = this.#attempt(task.attempts + 1, (context) => this.spec.each?.(task.event, context))
    if (!(outcome instanceof Promise)) return task.done(outcome) as undefined
    return outcome.then((late) => task.done(late))
  }

  /** A group that throws is tried again in halves, until the failing event stands alone. */
  async #group(tasks: readonly Task[]): Promise<void> {
    const events = tasks.map((task) => task.event)
    const attempts = Math.max(...tasks.map((task) => task.attempts)) + 1
    const outcome = await this.#attempt(attempts, (context) => this.spec.batch?.(events, context))
    if (outcome.end === 'done') return this.#named(tasks, outcome.value)
    const alone = tasks.length === 1 || outcome.end === 'returned' || outcome.error instanceof RetryLater
    if (alone) return tasks.forEach((task) => void task.done(outcome))
    const middle = tasks.length >> 1
    await this.#group(tasks.slice(0, middle))
    await this.#group(tasks.slice(middle))
  }

  #named(tasks: readonly Task[], value: unknown): void {
    const failed = (value as BatchFailures | undefined)?.failed
    const errors = new Map((Array.isArray(failed) ? failed : []).map((failure) => [failure?.id, failure?.error]))
    const ids = new Set(tasks.map((task) => task.event.id))
    const stranger = [...errors.keys()].some((id) => !ids.has(id))
    const confused = new PosthornError(
      'ERR_HANDLER_BATCH',
      `handler "${this.spec.name}" named an event as failed that was not in its batch`,
    )
    for (const task of tasks) {
      if (stranger) task.done({ end: 'failed', error: confused })
      else if (errors.has(task.event.id)) task.done({ end: 'failed', error: errors.get(task.event.id) })
      else task.done({ end: 'done', value: undefined })
    }
  }

  #attempt(number: number, call: Parameters<Attempt['run']>[2]): Outcome | Promise<Outcome> {
    const attempt = new Attempt(number, this.spec.name)
    if (this.#closed) return RETURNED
    this.#live.add(attempt)
    const outcome = attempt.run(this.spec, this.#clock, call)
    if (!(outcome instanceof Promise)) {
      this.#live.delete(attempt)
      return outcome
    }
    return outcome.finally(() => this.#live.delete(attempt))
  }
}
