/** The lines of one handler, one for each key: what is under way there, and whether rows are stored under the key. */
import type { Empty } from './key.ts'
import type { Place, Seat } from './seats.ts'

/** Events of one key in memory, and so many parked rows are woken at once. */
export const MOST_IN_LINE = 32

export interface Line {
  /** The first one is with the handler. */
  readonly places: Place[]
  /** Rows are stored under the key, or will be. */
  hasRows: boolean
  /** Passes whose settlement may change what is stored under the key. */
  seats: number
  /** Grows with every event that comes or ends: an answer of the inbox that was asked for before is out of date. */
  changes: number
  /** Rows have been stored under the key since before the start, or since unread ones were stored that may be before. */
  isCarried: boolean
}

export class Lines {
  readonly #lines = new Map<number, Line>()

  /** `storedKeys`: the keys that rows are stored under. */
  constructor(storedKeys: readonly number[]) {
    for (const key of storedKeys) {
      const line = this.of(key)
      line.hasRows = true
      line.isCarried = true
    }
  }

  /** A new one where there is none. */
  of(key: number): Line {
    const known = this.#lines.get(key)
    if (known !== undefined) return known
    const line = { places: [], hasRows: false, seats: 0, changes: 0, isCarried: false }
    this.#lines.set(key, line)
    return line
  }

  hasRows(key: number): boolean {
    return this.#lines.get(key)?.hasRows === true
  }

  /** The pass of the seat has rows of the key, or leaves some. */
  keepRows(key: number, seat: Seat): void {
    const line = this.of(key)
    line.hasRows = true
    line.changes++
    if (seat.keys.has(key)) return
    seat.keys.add(key)
    line.seats++
  }

  /** Takes the place out, wherever it stands. */
  leave(place: Place): void {
    const places = this.#lines.get(place.key)?.places
    if (places === undefined) return
    const at = places.indexOf(place)
    if (at !== -1) places.splice(at, 1)
  }

  /** Forgets a line that has become empty, unless rows are stored under its key. */
  end(key: number, { hasRows, seats }: Line): void {
    if (!hasRows && seats === 0) this.#lines.delete(key)
  }

  /** Returns the keys of the seat that no other pass knows and whose lines are empty; `carriedWait`: no carried ones. */
  settled(seat: Seat, carriedWait: boolean): Empty[] {
    for (const key of seat.keys) this.of(key).seats--
    return [...seat.keys].flatMap((key) => this.idle(key, carriedWait))
  }

  /** The carried keys that no pass under way knows; a pass that knows a key has it woken when it settles. */
  carried(): Empty[] {
    const carried: Empty[] = []
    for (const [key, { isCarried, seats, places, changes }] of this.#lines)
      if (isCarried && seats === 0 && places.length === 0) carried.push({ key, changes })
    return carried
  }

  /** No pass has come to know the key since, and nothing is in its line. */
  isIdle({ key, changes }: Empty): boolean {
    const line = this.#lines.get(key)
    return line === undefined || (line.seats === 0 && line.places.length === 0 && line.changes === changes)
  }

  /** The key, where only stored rows are left of its line, so that they may be woken; `carriedWait`: not a carried one. */
  idle(key: number, carriedWait: boolean): Empty[] {
    const line = this.#lines.get(key)
    if (line === undefined || line.seats > 0 || line.places.length > 0) return []
    if (line.isCarried && carriedWait) return []
    return [{ key, changes: line.changes }]
  }

  /** The inbox was asked to wake `asked`; `left` are the keys that have rows. Forgets the others, unless changed since. */
  woken(asked: readonly Empty[], left: ReadonlySet<number>): void {
    for (const { key, changes } of asked)
      if (!left.has(key) && this.#lines.get(key)?.changes === changes) this.#lines.delete(key)
  }
}
