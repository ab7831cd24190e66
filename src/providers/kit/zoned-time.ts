/** Reads dates and times that may lack a zone. Private. */

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SPACE = 0x20
const HYPHEN = 0x2d
const COLON = 0x3a
const LETTER_T = 0x54
const REST = /^(?:\.(\d{1,3})\d*)? ?(?:(Z)|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)?$/i

/** Turns a wall clock reading, written as if it were UTC, into the instant; both in epoch milliseconds. */
export type WallClock = (wallMs: number) => number

export interface DateTime {
  readonly epochMs: number
  /** Whether the text itself says its offset from UTC. */
  readonly zoned: boolean
}

/** Reads `2019-09-26T14:45:18`, with or without fraction and offset; null for what is no date of 1970 or later. */
export function parseDateTime(text: string, clock: WallClock): DateTime | null {
  const wallMs = wallOf(text)
  if (wallMs === null) return null
  if (text.length === 19) return { epochMs: clock(wallMs), zoned: false }
  const rest = REST.exec(text.slice(19))
  if (rest === null) return null
  const exactMs = wallMs + Number((rest[1] ?? '').padEnd(3, '0'))
  const offsetMs = offsetOf(rest)
  return offsetMs === null ? { epochMs: clock(exactMs), zoned: false } : { epochMs: exactMs - offsetMs, zoned: true }
}

// By character codes: an expression with groups and a Date to check it took 1.5 µs, half of reading an event.
function wallOf(text: string): number | null {
  const year = digits(text, 0, 4)
  const [month, day] = [digits(text, 5, 2), digits(text, 8, 2)]
  const [hour, minute, second] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)]
  if (!hasSeparators(text) || year < 1970 || hour < 0 || hour > 23) return null
  if (minute < 0 || minute > 59 || second < 0 || second > 59) return null
  if (month < 1 || month > 12 || day < 1 || (day > 28 && day > daysIn(year, month))) return null
  return startOf(year, month) + ((day - 1) * 24 + hour) * HOUR + minute * 60_000 + second * 1_000
}

/** `2019-09-26T14:45:18`, or a space in the place of the T. */
function hasSeparators(text: string): boolean {
  const between = text.charCodeAt(10)
  return (
    text.charCodeAt(4) === HYPHEN &&
    text.charCodeAt(7) === HYPHEN &&
    (between === LETTER_T || between === SPACE) &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON
  )
}

/** The number they make; -1 where one is no digit. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48
    // Past the end it is NaN.
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}

// The times of a body lie in one month, or in two.
let [knownMonth, knownStart] = [-1, 0]

/** The first instant of a month on a clock without offsets. */
function startOf(year: number, month: number): number {
  const key = year * 12 + month
  if (key === knownMonth) return knownStart
  ;[knownMonth, knownStart] = [key, Date.UTC(year, month - 1, 1)]
  return knownStart
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

function offsetOf(rest: RegExpExecArray): number | null {
  if (rest[2] !== undefined) return 0
  if (rest[3] === undefined) return null
  const minutes = Number(rest[4]) * 60 + Number(rest[5] ?? 0)
  return (rest[3] === '-' ? -minutes : minutes) * 60_000
}

/** The offsets from UTC around one day of the wall clock. */
interface DayOffsets {
  readonly before: number
  readonly after: number
  /** The instant at which `before` ends; of no meaning when both are equal. */
  readonly changesAt: number
}

/**
 * The clock on the wall of a zone. A time that the clock shows twice is taken as the first, and one that it skips as
 * if the clock had not been put forward yet (`compatible` in Temporal's words). Asks Intl about a day once.
 * @throws RangeError for a zone that Intl does not know.
 */
export function wallClock(timeZone: string): WallClock {
  const offsetAt = offsets(timeZone)
  const days = new Map<number, DayOffsets>()
  return function zonedWallClock(wallMs) {
    const day = Math.floor(wallMs / DAY)
    const known = days.get(day) ?? remember(days, day, offsetsAround(day, offsetAt))
    const { before, after, changesAt } = known
    return before === after || wallMs - before < changesAt || wallMs - after < changesAt
      ? wallMs - before
      : wallMs - after
  }
}

// The days of a body are few. A body with a date of its own in every event costs two questions each, not memory.
function remember(days: Map<number, DayOffsets>, day: number, known: DayOffsets): DayOffsets {
  if (days.size >= 1_000) days.clear()
  days.set(day, known)
  return known
}

// Offsets lie within a day of UTC, so the day before and the day after enclose every instant the wall can mean.
// More than one change within the three days has not happened since 1970.
function offsetsAround(day: number, offsetAt: (epochMs: number) => number): DayOffsets {
  let low = (day - 1) * DAY
  let high = (day + 2) * DAY
  const [before, after] = [offsetAt(low), offsetAt(high)]
  while (before !== after && high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle) === before) low = middle
    else high = middle
  }
  return { before, after, changesAt: high }
}

function offsets(timeZone: string): (epochMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return function offsetAt(epochMs) {
    const part = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]))
    const wall = Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second)
    return wall - Math.floor(epochMs / 1000) * 1000
  }
}
