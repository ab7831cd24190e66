/** The time an emulator lives in. `virtualClock` and `realClock` are exported from `posthorn/emulators`. */
import { OptionError } from '../../errors.ts'
import { keysOf, knownKeys, shown } from '../../lib/options.ts'
import { Agenda } from './agenda.ts'
import { type Duration, toMs } from './duration.ts'

/** Work that is due at a time. A promise it returns is waited for before `advance` goes on. */
export type Task = () => void | Promise<void>

export interface EmulatorClock {
  /** Epoch milliseconds. */
  now(): number
  /** Runs the task once, `ms` from now at the earliest; the function it returns cancels that. */
  after(ms: number, run: Task): () => void
  /**
   * Lets that much time pass. Resolves when everything that was due in it has been done: each delivery posted, and
   * answered or given up. Calls wait for each other, so their durations add up. Not for use inside a task.
   * @throws OptionError for what is no duration; what a task throws
   */
  advance(duration: Duration): Promise<void>
}

export interface VirtualClockOptions {
  /** When it starts: epoch milliseconds, a Date, or ISO 8601. Default `2026-01-01T00:00:00Z`. */
  readonly at?: number | string | Date
}

const VIRTUAL = keysOf<VirtualClockOptions>({ at: true })

/**
 * A clock that stands still until `advance` moves it from one due task to the next: hours of retries take a moment.
 * Tasks of the same instant run together; time goes on when all of them have ended. Real HTTP takes no virtual time.
 *
 * @example
 * const clock = virtualClock({ at: '2026-01-01T00:00:00Z' })
 * await clock.advance('4h')
 * @throws OptionError when `at` is no time
 */
export function virtualClock(options: VirtualClockOptions = {}): EmulatorClock {
  knownKeys('virtualClock', options, VIRTUAL)
  const { at = '2026-01-01T00:00:00Z' } = options
  const agenda = new Agenda()
  let now = timeOf(at)
  let moving: Promise<void> = Promise.resolve()
  const moveTo = async (end: number): Promise<void> => {
    for (let due = agenda.takeNext(end); due.length > 0; due = agenda.takeNext(end)) {
      now = Math.max(now, due[0]?.at ?? now)
      await allDone(due.map(({ run }) => started(run)))
    }
    now = end
  }
  return {
    now: () => now,
    after(ms, run) {
      const entry = agenda.add(now + Math.max(0, ms), run)
      return () => {
        entry.cancelled = true
      }
    },
    async advance(duration) {
      const ms = toMs('advance', duration)
      const moved = moving.then(() => moveTo(now + ms))
      moving = moved.catch(() => {})
      return moved
    },
  }
}

export interface RealClockOptions {
  /** Clock seconds in a real second, above 0. Default 1. */
  readonly speed?: number
  /** When it starts. Default now. */
  readonly at?: number | string | Date
}

const REAL = keysOf<RealClockOptions>({ speed: true, at: true })

/** The longest `setTimeout` can wait. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * A clock that runs by itself, `speed` times as fast as the machine's: for demos. `advance` waits. Its timers do not
 * keep the process alive; a listening emulator does.
 *
 * @example
 * const clock = realClock({ speed: 60 })   // a minute a second
 * @throws OptionError when `speed` is not above 0, or `at` is no time
 */
export function realClock(options: RealClockOptions = {}): EmulatorClock {
  knownKeys('realClock', options, REAL)
  const { speed = 1, at = Date.now() } = options
  if (!Number.isFinite(speed) || speed <= 0)
    throw new OptionError(`realClock: speed must be above 0, got ${shown(speed)}`)
  const start = timeOf(at)
  const began = performance.now()
  const now = () => start + (performance.now() - began) * speed
  const running = new Set<Promise<void>>()
  let failures: unknown[] = []
  const begin = (run: Task) => {
    const done = started(run)
      .catch((error) => void failures.push(error))
      .finally(() => running.delete(done))
    running.add(done)
  }
  const wait = (until: number, then: () => void): (() => void) => {
    let timer: NodeJS.Timeout
    const arm = () => {
      const ms = (until - now()) / speed
      timer = setTimeout(() => (now() >= until ? then() : arm()), Math.min(Math.max(0, Math.ceil(ms)), LONGEST_MS))
      timer.unref()
    }
    arm()
    return () => clearTimeout(timer)
  }
  return {
    now,
    after: (ms, run) => wait(now() + Math.max(0, ms), () => begin(run)),
    async advance(duration) {
      const until = now() + toMs('advance', duration)
      await new Promise<void>((resolve) => {
        const keepAlive = setInterval(() => {}, LONGEST_MS)
        wait(until, () => {
          clearInterval(keepAlive)
          resolve()
        })
      })
      while (running.size > 0) await Promise.all(running)
      const [first] = failures
      failures = []
      if (first !== undefined) throw first
    },
  }
}

function timeOf(at: number | string | Date): number {
  const ms =
    typeof at === 'number' || typeof at === 'string' || at instanceof Date ? new Date(at).getTime() : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw new OptionError(`expected a time, as epoch milliseconds, a Date or ISO 8601, got ${shown(at)}`)
}

/** Waits for all, then throws what the first of them threw. */
async function allDone(running: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(running)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function started(run: () => unknown): Promise<void> {
  await run()
}

/** The tasks of one emulator on a clock that others may share: cancelled together when the emulator closes. */
export class Tasks {
  readonly clock: EmulatorClock
  readonly #cancels = new Set<() => void>()
  #closed = false

  constructor(clock: EmulatorClock) {
    this.clock = clock
  }

  get closed(): boolean {
    return this.#closed
  }

  now(): number {
    return this.clock.now()
  }

  /** As the clock's; after `close` it does nothing. */
  after(ms: number, run: Task): () => void {
    if (this.#closed) return () => {}
    const cancelTask = this.clock.after(ms, () => {
      this.#cancels.delete(cancel)
      return run()
    })
    const cancel = () => {
      this.#cancels.delete(cancel)
      cancelTask()
    }
    this.#cancels.add(cancel)
    return cancel
  }

  close(): void {
    this.#closed = true
    for (const cancel of [...this.#cancels]) cancel()
  }
}
