/** Small readers of the Momentum wire. Private. */
import { textOf } from '../../lib/guards.ts'
import { fromSeconds } from '../kit/seconds.ts'
import { parseDateTime } from '../kit/zoned-time.ts'

/** Text or number as text; null where it is empty: Momentum before 4.2.40 wrote `0` for that (changelog MO-7454). */
export const wordOf = (value: unknown): string | null => (value === 0 ? null : textOf(value))

/** As `wordOf`, for identifiers, which are text by now: no id is 0. */
export const idOf = (value: unknown): string | null => (value === '0' ? null : wordOf(value))

/**
 * The instant in epoch milliseconds; null for anything else. Unix seconds as text, with a fraction in Momentum 4, as a
 * number in samples before 29 Apr 2016 (SparkPost changelog); ISO 8601 with a zone, as in the vendor's Events API.
 */
export function instantOf(value: unknown): number | null {
  if (typeof value === 'number') return fromSeconds(value)
  if (typeof value !== 'string') return null
  const whole = digitsOf(value)
  if (whole !== null) return fromSeconds(whole)
  if (FRACTION.test(value)) return fromSeconds(Number(value))
  const dateTime = parseDateTime(value, UTC)
  return dateTime?.zoned === true ? dateTime.epochMs : null
}

const FRACTION = /^\d{1,13}\.\d{1,9}$/
const UTC = (wallMs: number): number => wallMs

// By hand: the common case, in a fifth of the time of an expression and Number.
function digitsOf(text: string): number | null {
  if (text.length === 0 || text.length > 13) return null
  let value = 0
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return null
    value = value * 10 + digit
  }
  return value
}
