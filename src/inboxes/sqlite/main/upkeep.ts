/** Retention in the background: rounds of short portions, with pauses in which the thread of the file is free for others. */
import type { InboxOpening } from '../../../ports/inbox/opening.ts'
import type { Pruned } from '../../../ports/inbox/operations.ts'

/** Between two portions; with the length of one (prune.ts) that is a quarter of the thread at most. */
const PAUSE_MS = 25

export class Upkeep {
  readonly #opening: InboxOpening
  readonly #prune: (at: number) => Promise<Pruned>
  #running = false
  #over = false
  #cancel: (() => void) | null = null

  constructor(opening: InboxOpening, prune: (at: number) => Promise<Pruned>) {
    this.#opening = opening
    this.#prune = prune
  }

  /** One round, unless one is under way; never rejects. */
  async round(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      for (let at = 0; ; await this.#pause()) {
        const pruned = await this.#prune(at)
        if (!this.#running || pruned.next === null) return this.#tell(pruned)
        at = pruned.next
      }
    } catch {
      // An inbox in trouble says so itself; the next round finds what this one has left.
    } finally {
      this.#running = false
    }
  }

  stop(): void {
    this.#running = false
    this.#cancel?.()
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#opening.clock.after(PAUSE_MS, resolve)
      this.#cancel = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Once, until it is below again. */
  #tell({ over }: Pruned): void {
    if (over && !this.#over)
      this.#opening.logger.warn(
        { maxBytes: this.#opening.retention?.maxBytes },
        'the inbox is larger than retention.maxBytes: what is left is unfinished, in quarantine or too young to forget; see receiver.inbox.stats()',
      )
    this.#over = over
  }
}
