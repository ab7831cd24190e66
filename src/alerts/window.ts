/** Counts of the last hour, minute by minute: what happened in a span before now. */
const MINUTE_MS = 60_000
const MINUTES = 60

export class Window {
  readonly #minutes = new Map<number, Map<string, number>>()

  add(key: string, by: number, now: number): void {
    const minute = Math.floor(now / MINUTE_MS)
    const counts = this.#minutes.get(minute) ?? this.#begin(minute)
    counts.set(key, (counts.get(key) ?? 0) + by)
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

  #begin(minute: number): Map<string, number> {
    for (const old of this.#minutes.keys()) if (old <= minute - MINUTES || old > minute) this.#minutes.delete(old)
    const counts = new Map<string, number>()
    this.#minutes.set(minute, counts)
    return counts
  }

  #since(minutes: number, now: number): Map<string, number>[] {
    const last = Math.floor(now / MINUTE_MS)
    return [...this.#minutes].filter(([at]) => at > last - minutes && at <= last).map(([, counts]) => counts)
  }
}
