/** Events on their way into a batch. */
import type { Tasks } from './clock.ts'

export interface BatchRule {
  /** A batch goes out when it holds so many events … */
  readonly batchEvents: number
  /** … or so long after its first one. */
  readonly batchMs: number
}

export class Gathering<T> {
  readonly #tasks: Tasks
  readonly #rule: BatchRule
  readonly #full: (elements: readonly T[]) => void
  #elements: T[] = []
  #cancel: () => void = () => {}

  constructor(tasks: Tasks, rule: BatchRule, full: (elements: readonly T[]) => void) {
    this.#tasks = tasks
    this.#rule = rule
    this.#full = full
  }

  get size(): number {
    return this.#elements.length
  }

  add(element: T): void {
    if (this.#elements.length === 0) this.#cancel = this.#tasks.after(this.#rule.batchMs, () => this.flush())
    this.#elements.push(element)
    if (this.#elements.length >= this.#rule.batchEvents) this.flush()
  }

  flush(): void {
    this.#cancel()
    if (this.#elements.length === 0) return
    const elements = this.#elements
    this.#elements = []
    this.#full(elements)
  }
}
