/**
 * Carried keys of one handler: rows are stored under them, and an unread row may be before those in the log. A key is
 * carried when its rows were stored before this process started, since after a crash earlier deliveries are passed again,
 * or when a pass stores rows of it while unread rows wait, since nobody knows the keys of unread rows. Its rows are woken
 * only when nothing unread is left; a pass that settles rows of the key does not wake them before that. An event of the
 * key that comes meanwhile is parked, and the pass that parks it wakes the key.
 */
import type { Empty } from './key.ts'
import type { Lines } from './lines.ts'
import type { Seat, Seats } from './seats.ts'

export class Carried {
  readonly #lines: Lines
  readonly #seats: Seats
  #isWaiting: boolean
  /** Passes under way that may still leave unread rows before the carried ones; null: more such passes may come. */
  #before: Set<Seat> | null = null

  constructor(lines: Lines, seats: Seats) {
    this.#lines = lines
    this.#seats = seats
    this.#isWaiting = lines.carried().length > 0
  }

  /** Some carried keys have not been returned as ready to be woken yet. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Called when the inbox has nothing unread any more. Returns the keys that may be woken now. */
  keysParkedBefore(): readonly Empty[] {
    if (!this.#isWaiting) return []
    this.#before ??= new Set(this.#seats.all())
    return this.#free()
  }

  /** Makes these keys carried: rows may be stored under them, and an unread row may be before those. */
  take(keys: Iterable<number>): void {
    for (const key of keys) this.#lines.of(key).isCarried = this.#isWaiting = true
  }

  /** A pass has left unread rows that may be before the carried ones. */
  mayComeBefore(): void {
    this.#before = null
  }

  /** As `keysParkedBefore`, when the pass of the seat has settled. */
  settled(seat: Seat): readonly Empty[] {
    return this.#before?.delete(seat) ? this.#free() : []
  }

  #free(): readonly Empty[] {
    if (this.#before === null || this.#before.size > 0) return []
    this.#isWaiting = false
    return this.#lines.carried()
  }
}
