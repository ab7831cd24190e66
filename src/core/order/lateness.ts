/** Which events are handed `outOfOrder`: after one of their key that happened later, as far back as is remembered. */
import type { AnyEvent } from '../../types.ts'

/** Keys whose latest event is remembered. */
const MOST_REMEMBERED = 10_000

export class Lateness {
  /** When the latest event of a key happened, in epoch ms; the key that was handed longest ago comes first. */
  readonly #latest = new Map<number, number>()

  /** Whether an event of its key that happened later was handed before it; the event is being handed. */
  isLate(key: number, event: AnyEvent): boolean {
    if (event.occurredAtFrom === 'received') return false
    const at = event.occurredAt.getTime()
    const latest = this.#latest.get(key) ?? Number.NEGATIVE_INFINITY
    this.#latest.delete(key)
    this.#latest.set(key, Math.max(at, latest))
    if (this.#latest.size > MOST_REMEMBERED) this.#forgetOldest()
    return at < latest
  }

  #forgetOldest(): void {
    for (const oldest of this.#latest.keys()) {
      this.#latest.delete(oldest)
      return
    }
  }
}
