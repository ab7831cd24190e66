/** Spans of time on the command line. */
import { OptionError } from '../../errors.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `90s`, `5m`, `2h`, `7d` in ms. @throws OptionError (from what it returns) for another text, or less than `leastMs`; without the text, which may be a secret */
export const spanOf =
  (name: string, leastMs = 0) =>
  (text: string) => {
    const [, amount, unit = ''] = /^(\d{1,9})(ms|[smhd])$/.exec(text) ?? []
    const per = UNITS[unit]
    const ms = Number(amount) * (per ?? Number.NaN)
    if (ms >= leastMs) return ms
    if (ms < leastMs) throw new OptionError(`${name} must be at least ${leastMs}ms`)
    throw new OptionError(`${name} must be a time such as 90s, 5m, 2h or 7d`)
  }
