/**
 * Runners: one for each handler, over all deliveries. They bound what runs at once, gather batches, notice when their
 * handler falls behind, and pause one that only fails.
 */
import { PermanentError, RetryLater } from '../../errors.ts'
import { thrown } from '../../lib/thrown.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Telling } from '../../ports/telling.ts'
import type { HandlerContext } from '../../public/handlers.ts'
import type { AnyEvent } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import type { Wrap } from '../base/wraps.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { Attempt, type Ended, type Outcome, RETURNED } from './attempt.ts'
import { failuresOf } from './batch-result.ts'
import { type Pause, PauseWatch } from './pause.ts'
import { type Task, TaskQueue } from './task.ts'
import { TimeLimit } from './time-limit.ts'
import { callAbout, callEnd } from './wrapped.ts'

/** Waiting longer than this, with every place taken, a handler is behind the others. */
export const BEHIND_MS = 1_000

export interface RunnerParts extends Telling {
  readonly clock: Clock
  readonly pacer: Pacer
  /** Whether a handler that only fails is paused; not where the sender's own backoff is the pause. */
  readonly pauses: boolean
  /** Whether a call may begin with these events: none does whose claim may be lost. */
  mayBegin(events: AnyEvent | readonly AnyEvent[]): boolean
  /** Around each call; null: nothing. */
  readonly wrap: Wrap<'call'> | null
  /** Told when the handler pauses or resumes by itself. */
  onPause(pause: Pause | null): void
  /** Told when there is room again that `wantsWork` had said there was not. */
  onRoom(): void
}

export class Runner {
  readonly spec: HandlerSpec
  readonly #parts: RunnerParts
  readonly #watch: PauseWatch
  readonly #limit: TimeLimit
  readonly #queue = new TaskQueue()
  #running = 0
  #closed = false
  #pumping = false
  #gathering: (() => void) | null = null
  #hurried = false
  /** What is gathered has waited long enough. */
  #overdue = false
  /** The last of those that are not to wait any longer. */
  #sentOff: Task | null = null
  /** Somebody has asked for room in vain. */
  #lacksRoom = false

  constructor(spec: HandlerSpec, parts: RunnerParts) {
    this.spec = spec
    this.#parts = parts
    this.#watch = new PauseWatch(parts.clock)
    this.#limit = new TimeLimit(parts.clock, spec.timeoutMs)
  }

  /**
   * Starts the task as soon as there is room; a batch handler's waits for company, at most `maxWaitMs`. `now` comes from a
   * caller who looks at the time and gives way after each event.
   */
  submit(task: Task, now?: number): void {
    if (this.#closed || !this.#watch.isOpen()) {
      task.withdraw()
      return
    }
    this.#watch.begin()
    this.#queue.push(task)
    this.#pump(now !== undefined)
    task.since = now ?? this.#parts.clock.steady()
  }

  /** Events that the handler works on now. */
  get events(): number {
    return this.#limit.all().reduce((sum, { events }) => sum + events, 0)
  }

  get paused(): Pause | null {
    return this.#watch.pause
  }

  /** Pauses or resumes by another's word, or because the last process had. */
  setPaused(pause: Pause | null): void {
    this.#watch.set(pause)
    if (pause !== null) this.#queue.withdrawAll()
  }

  /** Room for about one more round of calls. */
  hasRoom(): boolean {
    return !this.#closed && this.#watch.pause === null && this.#queue.length < this.spec.concurrency * this.spec.size
  }

  /** Whether what was left for this handler is worth claiming; where it is not, `onRoom` tells when it is. */
  wantsWork(): boolean {
    const wants = this.hasRoom()
    this.#lacksRoom = !wants
    return wants
  }

  /** When the next event may be tried although the handler is paused; null where none is to be. */
  probeAt(): number | null {
    return this.#closed ? null : this.#watch.probeAt()
  }

  /** Paused and not to be tried now, or its oldest task has waited a second for a place: better left for later. */
  isBehind(now = this.#parts.clock.steady()): boolean {
    if (!this.#watch.isOpen()) return true
    const oldest = this.#queue.first
    if (oldest === null || this.#running < this.spec.concurrency) return false
    return now - oldest.since > BEHIND_MS
  }

  /** No more waiting for company: what is gathered goes out. */
  hurry(): void {
    this.#hurried = true
    this.#pump()
  }

  /** What is gathered now waits for no more company. */
  sendOff(): void {
    this.#sentOff = this.#queue.last
    this.#pump()
  }

  /** Nothing new starts, what waits goes back, and what runs is told to stop. */
  stop(): void {
    this.#closed = true
    this.#endGathering()
    this.#queue.withdrawAll()
    for (const attempt of this.#limit.all()) attempt.stop()
    this.#limit.end()
  }

  /** What still runs goes back; its result is dropped. */
  abandon(): void {
    for (const attempt of this.#limit.all()) attempt.abandon()
    this.#limit.end()
  }

  /** Works again after a stop. */
  reopen(): void {
    this.#closed = false
    this.#hurried = false
  }

  /** `paced`: the caller gives way after each event it hands in, so one call may begin without looking at the time. */
  #pump(paced = false): void {
    if (this.#pumping) return
    this.#pumping = true
    for (let may = paced; this.#running < this.spec.concurrency && this.#ready(); may = false) {
      if (!may && this.#parts.pacer.spent()) return void this.#pumpLater()
      this.#startNext()
    }
    this.#pumping = false
  }

  async #pumpLater(): Promise<void> {
    await this.#parts.pacer.breathe()
    this.#pumping = false
    this.#pump()
    // What waited may all have been taken back meanwhile, so that no call begins, and none ends.
    this.#tellRoom()
  }

  #ready(): boolean {
    while (this.#queue.first?.waiting === false) this.#queue.shift()
    const { first } = this.#queue
    if (first === null) return false
    const full = this.#queue.length >= this.spec.size || this.#hurried || this.#overdue
    if (full || this.#sentOff?.waiting || first.alone || this.#watch.pause !== null) {
      this.#endGathering()
      return true
    }
    this.#gathering ??= this.#parts.clock.after(this.spec.maxWaitMs, () => {
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

  #startNext(): void {
    this.#running++
    this.#overdue = false
    const { each } = this.spec
    if (each === null) void this.#group(this.#take()).then(() => this.#free())
    else this.#one(this.#queue.shift() as Task, each)
  }

  /** The events of the next batch, up to `size`. */
  #take(): Task[] {
    const tasks: Task[] = []
    while (tasks.length < this.spec.size) {
      const task = this.#queue.first
      if (task === null || (tasks.length > 0 && task.alone)) break
      this.#queue.shift()
      if (!task.waiting) continue
      task.waiting = false
      tasks.push(task)
      if (task.alone) break
    }
    return tasks
  }

  #free(): void {
    this.#running--
    this.#pump()
    this.#tellRoom()
  }

  #tellRoom(): void {
    if (!this.#lacksRoom || !this.hasRoom()) return
    this.#lacksRoom = false
    this.#parts.onRoom()
  }

  #one(task: Task, each: NonNullable<HandlerSpec['each']>): void {
    task.waiting = false
    const ended = (outcome: Outcome, attempt: Attempt) => {
      this.#over(attempt, outcome)
      this.#end(task, outcome)
      this.#free()
    }
    task.attempt = this.#attempt(task.attempts + 1, ended, task.outOfOrder)
    this.#run(task.attempt, each, task.event, task)
  }

  /** A group that throws, or says that it failed, is tried again in halves, until the failing event stands alone. */
  async #group(tasks: readonly Task[]): Promise<void> {
    const outcome = this.#named(tasks, await this.#together(tasks))
    if (outcome === null) return
    const whole = tasks.length === 1 || outcome.end === 'returned' || outcome.error instanceof RetryLater
    if (whole) {
      for (const task of tasks) this.#end(task, outcome)
      return
    }
    const rest = tasks.filter((task) => !task.stopped)
    for (const task of tasks) if (task.stopped) this.#end(task, RETURNED)
    const middle = Math.ceil(rest.length / 2)
    if (middle > 0) await this.#group(rest.slice(0, middle))
    if (middle < rest.length) await this.#group(rest.slice(middle))
  }

  #together(tasks: readonly Task[]): Promise<Outcome> {
    const { batch } = this.spec
    return new Promise((resolve) => {
      const number = Math.max(...tasks.map((task) => task.attempts)) + 1
      const ended: Ended = (outcome, over) => {
        this.#over(over, outcome)
        resolve(outcome)
      }
      const attempt = this.#attempt(number, ended, false, tasks.length)
      for (const task of tasks) task.attempt = attempt
      const events = tasks.map((task) => task.event)
      if (batch !== null) this.#run(attempt, batch, events, tasks)
    })
  }

  #attempt(number: number, ended: Ended, outOfOrder?: boolean, events?: number): Attempt {
    return new Attempt(number, this.spec.name, this.#parts.clock.steady(), ended, outOfOrder, events)
  }

  #run<T extends AnyEvent | readonly AnyEvent[]>(
    attempt: Attempt,
    call: Call<T>,
    subject: T,
    tasks: Task | readonly Task[],
  ): void {
    const { wrap } = this.#parts
    if (this.#closed || !this.#parts.mayBegin(subject)) attempt.abandon()
    else if (wrap === null) attempt.run(call, subject)
    else this.#runWrapped(wrap, attempt, call, subject, tasks)
    if (!attempt.isOver) this.#limit.add(attempt)
  }

  #runWrapped<T>(wrap: Wrap<'call'>, attempt: Attempt, call: Call<T>, subject: T, tasks: Task | readonly Task[]): void {
    const about = callAbout(attempt, Array.isArray(tasks) ? tasks : [tasks as Task])
    const run = () => {
      const ended = Promise.withResolvers<Outcome>()
      attempt.watcher = ended.resolve
      attempt.run(call, subject)
      return ended.promise
    }
    void wrap(about, run, callEnd)
  }

  #over(attempt: Attempt, { end }: Outcome): void {
    this.#limit.delete(attempt)
    const { tell, hears, clock } = this.#parts
    if (!hears('called')) return
    const { handler, events, startedAt } = attempt
    tell('called', { handler, events, result: end, ms: clock.steady() - startedAt })
  }

  /** Ends the tasks of a group that returned as it says; answers how the group ended where it failed as a whole. */
  #named(tasks: readonly Task[], outcome: Outcome): Exclude<Outcome, { end: 'done' }> | null {
    if (outcome.end !== 'done') return outcome
    const ids = tasks.map((task) => task.event.id)
    let failures: ReadonlyMap<string, Outcome>
    try {
      failures = failuresOf(this.spec.name, ids, outcome.value)
    } catch (error) {
      return { end: 'failed', error: thrown(error) }
    }
    for (const task of tasks) this.#end(task, failures.get(task.event.id) ?? DONE)
    return null
  }

  #end(task: Task, outcome: Outcome): void {
    const before = this.#watch.pause
    if (outcome.end === 'done') this.#watch.succeeded()
    else if (outcome.end === 'failed' && counts(outcome.error) && this.#parts.pauses) this.#watch.failed(task.event.id)
    else this.#watch.ended()
    const after = this.#watch.pause
    task.done(outcome)
    if ((before === null) === (after === null)) return
    if (after !== null) this.#queue.withdrawAll()
    this.#parts.onPause(after)
  }
}

type Call<T> = (subject: T, context: HandlerContext) => unknown

const DONE: Outcome = { end: 'done', value: undefined }

/** A handler that says what is to become of its event is not broken. */
const counts = (error: unknown) => !(error instanceof PermanentError || error instanceof RetryLater)
