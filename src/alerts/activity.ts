/** When each source had deliveries: which minutes of the last day, and the last of them. */
const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** With fewer active minutes nobody can say what is usual. */
const LEAST_MINUTES = 24
/** A source that nobody has is forgotten then. */
const FORGOTTEN_MS = 30 * 86_400_000

interface Active {
  readonly minutes: Set<number>
  /** When it was watched first. */
  since: number
  /** null: there was no delivery. */
  lastAt: number | null
}

export class Activity {
  readonly #sources = new Map<string, Active>()

  add(source: string, now: number): void {
    const known = this.#of(source, now)
    known.lastAt = now
    known.minutes.add(Math.floor(now / MINUTE_MS))
    if (known.minutes.size > DAY_MINUTES) forget(known)
  }

  /** From now on, where it was not watched before. */
  watch(source: string, now: number): void {
    this.#of(source, now)
  }

  /** A minute of before. */
  addMinute(source: string, at: number): void {
    const known = this.#of(source, at)
    known.since = Math.min(known.since, at)
    known.lastAt = Math.max(known.lastAt ?? at, at)
    known.minutes.add(Math.floor(at / MINUTE_MS))
  }

  lastAt(source: string): number | null {
    return this.#sources.get(source)?.lastAt ?? null
  }

  since(source: string): number | null {
    return this.#sources.get(source)?.since ?? null
  }

  /** The usual gap between minutes with a delivery, in ms, a silence that goes on left out; null: there are too few to say. */
  usualGapMs(source: string): number | null {
    const size = this.#sources.get(source)?.minutes.size ?? 0
    return size < LEAST_MINUTES ? null : (DAY_MINUTES / size) * MINUTE_MS
  }

  /** With what another has seen. */
  merge(other: Activity): void {
    for (const [source, { minutes, since, lastAt }] of other.#sources) {
      const known = this.#of(source, since)
      known.since = Math.min(known.since, since)
      if (lastAt !== null) known.lastAt = Math.max(known.lastAt ?? lastAt, lastAt)
      for (const minute of minutes) known.minutes.add(minute)
    }
  }

  /** The clock was set. */
  shift(ms: number): void {
    for (const [source, { minutes, since, lastAt }] of this.#sources) {
      const shifted = [...minutes].map((minute) => minute + Math.round(ms / MINUTE_MS))
      this.#sources.set(source, {
        minutes: new Set(shifted),
        since: since + ms,
        lastAt: lastAt === null ? null : lastAt + ms,
      })
    }
  }

  /** What is later than now, by a clock that was wrong, is of now. */
  tidy(now: number): void {
    for (const active of this.#sources.values()) {
      active.since = Math.min(active.since, now)
      if (active.lastAt !== null) active.lastAt = Math.min(active.lastAt, now)
      forget(active)
    }
  }

  /** But for those of the other, sources that had nothing for long. */
  forgetAllBut(other: Activity, now: number): void {
    for (const [source, { since, lastAt }] of this.#sources)
      if (!other.#sources.has(source) && now - (lastAt ?? since) > FORGOTTEN_MS) this.#sources.delete(source)
  }

  /** As JSON. */
  save(): Record<string, object> {
    return Object.fromEntries(
      [...this.#sources].map(([name, { minutes, since, lastAt }]) => [name, { since, lastAt, ...packed(minutes) }]),
    )
  }

  restore(saved: unknown): void {
    for (const [source, one] of Object.entries(Object(saved))) {
      const { since, lastAt, from, bits } = Object(one) as Record<string, unknown>
      if (!isTime(since) || !(lastAt === null || isTime(lastAt))) continue
      const minutes = isTime(from) && typeof bits === 'string' ? unpacked(from, bits) : []
      this.#sources.set(source, { since, lastAt, minutes: new Set(minutes) })
    }
  }

  #of(source: string, now: number): Active {
    const known = this.#sources.get(source) ?? { minutes: new Set<number>(), since: now, lastAt: null }
    this.#sources.set(source, known)
    return known
  }
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** A bit for each minute from the first on: 240 letters, however many there are. */
function packed(minutes: ReadonlySet<number>): { readonly from: number; readonly bits: string } {
  const last = Math.max(0, ...minutes)
  const from = Math.max(0, last - DAY_MINUTES + 1)
  const bits = new Uint8Array(DAY_MINUTES / 8)
  for (const minute of minutes) {
    const at = minute - from
    if (at >= 0) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7))
  }
  return { from, bits: Buffer.from(bits).toString('base64') }
}

function unpacked(from: number, text: string): number[] {
  const bits = Buffer.from(text, 'base64').subarray(0, DAY_MINUTES / 8)
  return Array.from({ length: bits.length * 8 }, (_, at) => at)
    .filter((at) => ((bits[at >> 3] ?? 0) >> (at & 7)) & 1)
    .map((at) => from + at)
}

/** Minutes that are not of the day before its last delivery; one later is of a clock that was set back by less. */
function forget({ minutes, lastAt }: Active): void {
  const last = Math.floor((lastAt ?? 0) / MINUTE_MS)
  for (const minute of minutes) if (minute <= last - DAY_MINUTES || minute > last + 1) minutes.delete(minute)
}
