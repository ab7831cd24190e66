/** When each source had deliveries: which minutes of the last day, and the last of them. */
const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** With fewer active minutes nobody can say what is usual. */
const LEAST_MINUTES = 24

export class Activity {
  readonly #sources = new Map<string, { readonly minutes: Set<number>; lastAt: number }>()

  add(source: string, now: number): void {
    const known = this.#sources.get(source) ?? { minutes: new Set<number>(), lastAt: now }
    this.#sources.set(source, known)
    known.lastAt = now
    known.minutes.add(Math.floor(now / MINUTE_MS))
    if (known.minutes.size > DAY_MINUTES) forget(known.minutes, now)
  }

  /** A minute of before. */
  addMinute(source: string, at: number): void {
    const known = this.#sources.get(source) ?? { minutes: new Set<number>(), lastAt: at }
    this.#sources.set(source, known)
    known.lastAt = Math.max(known.lastAt, at)
    known.minutes.add(Math.floor(at / MINUTE_MS))
  }

  lastAt(source: string): number | null {
    return this.#sources.get(source)?.lastAt ?? null
  }

  /** The usual gap between minutes with a delivery, in ms; null: there are too few to say. */
  usualGapMs(source: string, now: number): number | null {
    const minutes = this.#sources.get(source)?.minutes ?? new Set<number>()
    forget(minutes, now)
    return minutes.size < LEAST_MINUTES ? null : (DAY_MINUTES / minutes.size) * MINUTE_MS
  }

  /** As JSON. */
  save(): Record<string, { readonly lastAt: number; readonly minutes: readonly number[] }> {
    return Object.fromEntries(
      [...this.#sources].map(([name, { lastAt, minutes }]) => [name, { lastAt, minutes: [...minutes] }]),
    )
  }

  restore(saved: unknown): void {
    for (const [source, one] of Object.entries(Object(saved))) {
      const { lastAt, minutes } = Object(one) as { lastAt?: unknown; minutes?: unknown }
      if (typeof lastAt !== 'number' || !Array.isArray(minutes)) continue
      const known = minutes.filter((minute) => Number.isInteger(minute)).slice(-DAY_MINUTES)
      this.#sources.set(source, { lastAt, minutes: new Set(known) })
    }
  }
}

function forget(minutes: Set<number>, now: number): void {
  const oldest = Math.floor(now / MINUTE_MS) - DAY_MINUTES
  for (const minute of minutes) if (minute <= oldest) minutes.delete(minute)
}
