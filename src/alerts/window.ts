/** Counts of the last hour, minute by minute: what happened in a span before now. */
const MINUTE_MS = 60_000
const MINUTES = 60
/** A clock that is kept right may be set back by less than a minute: what was counted before that is of the next one. */
const AHEAD = 1

export class Window {
  readonly #minutes = new Map<number, Map<string, number>>()

  add(key: string, by: number, now: number): void {
    this.#addTo(Math.floor(now / MINUTE_MS), key, by)
  }

  /** As if it had been counted then: minutes of before, which forget nothing. */
  put(key: string, by: number, at: number): void {
    const minute = Math.floor(at / MINUTE_MS)
    const counts = this.#minutes.get(minute) ?? new Map<string, number>()
    this.#minutes.set(minute, counts)
    counts.set(key, (counts.get(key) ?? 0) + by)
  }

  /** In the last so many minutes, that of now included. */
  sum(key: string, minutes: number, now: number): number {
    return this.#since(minutes, now).reduce((sum, counts) => sum + (counts.get(key) ?? 0), 0)
  }

  /** The rest of each key that begins so and was counted in the last so many minutes. */
  keys(start: string, minutes: number, now: number): string[] {
    const found = this.#since(minutes, now).flatMap((counts) => [...counts.keys()])
    return [...new Set(found)].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length))
  }

  /** With the counts of another. */
  merge(other: Window): void {
    for (const [minute, counts] of other.#minutes) for (const [key, by] of counts) this.#addTo(minute, key, by)
  }

  /** Where another has counted more of the same, so much: both are of one whole, and neither has all of it. */
  raise(other: Window): void {
    for (const [minute, counts] of other.#minutes)
      for (const [key, by] of counts) {
        const own = this.#minutes.get(minute)?.get(key) ?? 0
        if (by > own) this.put(key, by - own, minute * MINUTE_MS)
      }
  }

  /** The clock was set. */
  shift(ms: number): void {
    const before = [...this.#minutes]
    this.#minutes.clear()
    for (const [minute, counts] of before) this.#minutes.set(minute + Math.round(ms / MINUTE_MS), counts)
  }

  /** Without what is too old, or of a clock that was wrong. */
  tidy(now: number): void {
    const last = Math.floor(now / MINUTE_MS)
    for (const minute of this.#minutes.keys())
      if (minute <= last - MINUTES || minute > last + AHEAD) this.#minutes.delete(minute)
  }

  /** As JSON. */
  save(): readonly unknown[] {
    return [...this.#minutes].map(([minute, counts]) => [minute, Object.fromEntries(counts)])
  }

  restore(saved: unknown): void {
    for (const one of Array.isArray(saved) ? saved : []) {
      const [minute, counts] = Array.isArray(one) ? one : []
      if (!Number.isSafeInteger(minute)) continue
      for (const [key, by] of Object.entries(Object(counts)))
        if (Number.isSafeInteger(by)) this.#addTo(minute, key, by as number)
    }
  }

  #addTo(minute: number, key: string, by: number): void {
    const counts = this.#minutes.get(minute) ?? this.#begin(minute)
    counts.set(key, (counts.get(key) ?? 0) + by)
  }

  #begin(minute: number): Map<string, number> {
    const counts = new Map<string, number>()
    this.#minutes.set(minute, counts)
    for (const old of this.#minutes.keys()) if (old <= minute - MINUTES) this.#minutes.delete(old)
    return counts
  }

  #since(minutes: number, now: number): Map<string, number>[] {
    const last = Math.floor(now / MINUTE_MS)
    return [...this.#minutes].filter(([at]) => at > last - minutes && at <= last + AHEAD).map(([, counts]) => counts)
  }
}
