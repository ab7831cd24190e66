/**
 * Runners: one for each handler, over all deliveries. They bound what runs at once, gather batches, notice when their
 * handler falls behind, and pause one that only fails.
 */
import { PermanentError, PosthornError, RetryLater } from '../errors.ts'
import { thrown } from '../lib/thrown.ts'
import { Attempt, type Outcome } from './attempt.ts'
import type { BatchFailures, Context, HandlerSpec } from './handlers.ts'
import type { Pacer } from './pacer.ts'
import { type Pause, PauseWatch } from './pause.ts'
import type { Clock } from './ports.ts'
import { Entry, type Task, type Ticket } from './task.ts'
import { TimeLimit } from './time-limit.ts'

/** Waiting longer than this, with every place taken, a handler is behind the others. */
const BEHIND_MS = 1_000

export interface RunnerParts {
  readonly clock: Clock
  readonly pacer: Pacer
  /** Whether a handler that only fails is paused; not where the sender's own backoff is the pause. */
  readonly pauses: boolean
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
  #queue: Entry[] = []
  #running = 0
  #closed = false
  #pumping = false
  #gathering: (() => void) | null = null
  #hurried = false
  /** What is gathered has waited long enough. */
  #overdue = false
  /** Somebody has asked for room in vain. */
  #lacksRoom = false

  constructor(spec: HandlerSpec, parts: RunnerParts) {
    this.spec = spec
    this.#parts = parts
    this.#watch = new PauseWatch(parts.clock)
    this.#limit = new TimeLimit(parts.clock, spec.timeoutMs)
  }

  /** Starts the task as soon as there is room; a batch handler's waits for company, at most `maxWaitMs`. */
  submit(task: Task): Ticket {
    const entry = new Entry(task, this.#parts.clock.now())
    if (this.#closed || !this.#watch.isOpen()) {
      entry.withdraw()
      return entry
    }
    this.#watch.begin()
    this.#queue.push(entry)
    this.#pump()
    return entry
  }

  get paused(): Pause | null {
    return this.#watch.pause
  }

  /** Pauses or resumes by another's word, or because the last process had. */
  setPaused(pause: Pause | null): void {
    this.#watch.set(pause)
    if (pause !== null) for (const entry of this.#queue.splice(0)) entry.withdraw()
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
  isBehind(): boolean {
    if (!this.#watch.isOpen()) return true
    const oldest = this.#queue[0]
    if (oldest === undefined || this.#running < this.spec.concurrency) return false
    return this.#parts.clock.now() - oldest.since > BEHIND_MS
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
    for (const entry of this.#queue.splice(0)) entry.withdraw()
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

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#running < this.spec.concurrency && this.#ready()) {
      if (this.#parts.pacer.spent()) return void this.#pumpLater()
      this.#start(this.#take())
    }
    this.#pumping = false
  }

  async #pumpLater(): Promise<void> {
    await this.#parts.pacer.breathe()
    this.#pumping = false
    this.#pump()
  }

  #ready(): boolean {
    while (this.#queue[0]?.waiting === false) this.#queue.shift()
    const first = this.#queue[0]
    if (first === undefined) return false
    const full = this.#queue.length >= this.spec.size || this.#hurried || this.#overdue
    if (full || first.task.alone || this.#watch.pause !== null) {
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

  /** The next call's events: one, or up to `size`. */
  #take(): Entry[] {
    const entries: Entry[] = []
    while (entries.length < this.spec.size) {
      const entry = this.#queue[0]
      if (entry === undefined || (entries.length > 0 && entry.task.alone)) break
      this.#queue.shift()
      if (!entry.waiting) continue
      entry.waiting = false
      entries.push(entry)
      if (entry.task.alone) break
    }
    return entries
  }

  #start(entries: readonly Entry[]): void {
    const [first] = entries
    if (first === undefined) return
    this.#running++
    this.#overdue = false
    const { each } = this.spec
    if (each === null) void this.#group(entries).then(() => this.#free())
    else this.#one(first, each)
  }

  #free(): void {
    this.#running--
    this.#pump()
    if (!this.#lacksRoom || !this.hasRoom()) return
    this.#lacksRoom = false
    this.#parts.onRoom()
  }

  #one(entry: Entry, each: NonNullable<HandlerSpec['each']>): void {
    const { task } = entry
    const attempt = this.#attempt(task.attempts + 1, (outcome) => {
      this.#limit.delete(attempt)
      this.#end(entry, outcome)
      this.#free()
    })
    entry.attempt = attempt
    this.#run(attempt, each, task.event)
  }

  /** A group that throws is tried again in halves, until the failing event stands alone. */
  async #group(entries: readonly Entry[]): Promise<void> {
    const outcome = await this.#together(entries)
    if (outcome.end === 'done') return this.#named(entries, outcome.value)
    const whole = entries.length === 1 || outcome.end === 'returned' || outcome.error instanceof RetryLater
    if (whole) {
      for (const entry of entries) this.#end(entry, outcome)
      return
    }
    const middle = entries.length >> 1
    await this.#group(entries.slice(0, middle))
    await this.#group(entries.slice(middle))
  }

  #together(entries: readonly Entry[]): Promise<Outcome> {
    const { batch } = this.spec
    return new Promise((resolve) => {
      const number = Math.max(...entries.map((entry) => entry.task.attempts)) + 1
      const attempt = this.#attempt(number, (outcome) => {
        this.#limit.delete(attempt)
        resolve(outcome)
      })
      for (const entry of entries) entry.attempt = attempt
      const events = entries.map((entry) => entry.task.event)
      if (batch !== null) this.#run(attempt, batch, events)
    })
  }

  #attempt(number: number, ended: (outcome: Outcome) => void): Attempt {
    return new Attempt(number, this.spec.name, this.#parts.clock.now(), ended)
  }

  #run<T>(attempt: Attempt, call: (subject: T, context: Context) => unknown, subject: T): void {
    if (this.#closed) attempt.abandon()
    else attempt.run(call, subject)
    if (!attempt.isOver) this.#limit.add(attempt)
  }

  #named(entries: readonly Entry[], value: unknown): void {
    const failures = failuresOf(this.spec.name, entries, value)
    for (const entry of entries) {
      const failure = failures.get(entry.task.event.id)
      this.#end(entry, failure ?? { end: 'done', value: undefined })
    }
  }

  #end({ task }: Entry, outcome: Outcome): void {
    const before = this.#watch.pause
    if (outcome.end === 'done') this.#watch.succeeded()
    else if (outcome.end === 'failed' && counts(outcome.error) && this.#parts.pauses) this.#watch.failed(task.event.id)
    else this.#watch.ended()
    const after = this.#watch.pause
    task.done(outcome)
    if ((before === null) === (after === null)) return
    if (after !== null) for (const entry of this.#queue.splice(0)) entry.withdraw()
    this.#parts.onPause(after)
  }
}

/** A handler that says what is to become of its event is not broken. */
const counts = (error: unknown) => !(error instanceof PermanentError || error instanceof RetryLater)

/**
 * What a batch handler has named as failed; the whole batch, when it named an event that was not in it, or when what it
 * returned cannot be read: users' objects may throw when they are looked at.
 */
function failuresOf(handler: string, entries: readonly Entry[], value: unknown): Map<string, Outcome> {
  const ids = entries.map((entry) => entry.task.event.id)
  const all = (error: unknown) => new Map<string, Outcome>(ids.map((id) => [id, { end: 'failed', error }]))
  try {
    const named = (value as BatchFailures | undefined)?.failed
    const failed = (Array.isArray(named) ? named : []).map(
      (one) => [one?.id, { end: 'failed', error: thrown(one?.error) }] as const,
    )
    if (failed.every(([id]) => ids.includes(id))) return new Map(failed)
  } catch (error) {
    return all(error)
  }
  const message = `handler "${handler}" named an event as failed that was not in its batch`
  return all(new PosthornError('ERR_HANDLER_BATCH', message))
}
