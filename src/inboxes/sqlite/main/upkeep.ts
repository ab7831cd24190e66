/** Retention in the background: rounds of short portions, with pauses in which the thread of the file is free for others. */

import type { InboxOpening } from '../../../ports/inbox/opening.ts'
import type { Cursor, Pruned } from '../../../ports/inbox/operations.ts'
import { OVER_MAX } from '../../rules/upkeep.ts'

/** Between two portions; with the length of one (prune.ts) that is less than a tenth of the thread, and some 4 000 bodies a second. */
const PAUSE_MS = 25

export class Upkeep {
  readonly #opening: InboxOpening
  readonly #prune: (from: Cursor | null) => Promise<Pruned>
  #running = false
  #over = false
  #cancel: (() => void) | null = null

  constructor(opening: InboxOpening, prune: (from: Cursor | null) => Promise<Pruned>) {
    this.#opening = opening
    this.#prune = prune
  }

  /** One round, unless one is under way; never rejects. */
  async round(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      for (let from: Cursor | null = null; ; await this.#pause()) {
        const pruned = await this.#prune(from)
        if (!this.#running || pruned.next === null) return this.#tell(pruned)
        from = pruned.next
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
        { event: 'inbox.over_max', inbox: 'sqlite', maxBytes: this.#opening.retention?.maxBytes },
        OVER_MAX,
      )
    this.#over = over
  }
}
