/** A time in windows that the list of activities answers for. */

const DAY_MS = 86_400_000
/** Three months at most; the shortest three have 89 days. */
const WINDOW_DAYS = 89

export interface DayWindow {
  /** `2026-01-31`; both days count whole. */
  readonly dateFrom: string
  readonly dateTo: string
}

/** No day twice, none left out; none where the time ends before it begins. */
export function windowsOf(since: Date, until: Date): DayWindow[] {
  const [first, last] = [since, until].map((at) => Math.floor(at.getTime() / DAY_MS)) as [number, number]
  const windows: DayWindow[] = []
  for (let day = first; day <= last; day += WINDOW_DAYS)
    windows.push({ dateFrom: dateOf(day), dateTo: dateOf(Math.min(day + WINDOW_DAYS - 1, last)) })
  return windows
}

const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
