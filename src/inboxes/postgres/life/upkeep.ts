/** Runs the tasks that an open inbox repeats by itself. */

/** Calls `run` once after `ms`; the returned function cancels. */
export type After = (ms: number, run: () => void) => () => void

interface Task {
  readonly after: After
  readonly everyMs: number
  /** A failure is ignored: the task runs again the next time. */
  readonly run: () => Promise<void>
}

/** Timers that do not keep the process alive. */
export const realAfter: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

export class Upkeep {
  readonly #cancels = new Map<Task, () => void>()
  readonly #running = new Set<Promise<void>>()
  #isOver = false

  every(after: After, everyMs: number, run: () => Promise<void>): void {
    this.#plan({ after, everyMs, run })
  }

  async end(): Promise<void> {
    this.#isOver = true
    for (const cancel of this.#cancels.values()) cancel()
    await Promise.allSettled([...this.#running])
  }

  #plan(task: Task): void {
    if (this.#isOver) return
    this.#cancels.set(
      task,
      task.after(task.everyMs, () => this.#start(task)),
    )
  }

  #start(task: Task): void {
    // Timers of one leap of the clock come before what they begin.
    const running = Promise.resolve()
      .then(task.run)
      .catch(() => {})
      .then(() => {
        this.#running.delete(running)
        this.#plan(task)
      })
    this.#running.add(running)
  }
}
