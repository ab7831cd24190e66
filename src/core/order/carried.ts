/**
 * Keys of one handler with rows that something unread may be before: those of before this process started, since after a
 * crash first passes come again, and those of passes that settle while unread rows are stored, since nobody knows the keys
 * of those. They are woken when nothing of that is left, and not before by a pass that settles rows of the key. Events
 * that come meanwhile are parked as long as rows are stored under their key, and whoever parks also wakes.
 */
import type { Empty } from './key.ts'
import type { Lines } from './lines.ts'
import type { Seat, Seats } from './seats.ts'

export class Carried {
  readonly #lines: Lines
  readonly #seats: Seats
  #isWaiting: boolean
  /** Passes that may still leave something that is before it; null: such passes may come. */
  #before: Set<Seat> | null = null

  constructor(lines: Lines, seats: Seats) {
    this.#lines = lines
    this.#seats = seats
    this.#isWaiting = lines.carried().length > 0
  }

  /** Nobody has been told of all its keys yet. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Nothing that is before it is in the inbox any more. Answers the keys that may be woken now. */
  keysParkedBefore(): readonly Empty[] {
    if (!this.#isWaiting) return []
    this.#before ??= new Set(this.#seats.all())
    return this.#free()
  }

  /** Rows of these keys may be stored, and what is unread may be before them. */
  take(keys: Iterable<number>): void {
    for (const key of keys) this.#lines.of(key).isCarried = this.#isWaiting = true
  }

  /** Something was left that may be before it. */
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
