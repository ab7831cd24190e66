/** Lengths of time as people write them. Private; the type is exported from `posthorn/emulators`. */
import { OptionError } from '../../errors.ts'
import { shown } from '../../lib/options.ts'

/** A length of time: milliseconds, or text such as `'500ms'`, `'30s'`, `'10m'`, `'4h'`, `'2d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNIT_MS: ReadonlyMap<string | undefined, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/**
 * The duration in milliseconds. `name` is the option it belongs to, for the error.
 * @throws OptionError for anything else, and for negative or infinite times
 */
export function toMs(name: string, duration: unknown): number {
  const ms = typeof duration === 'number' ? duration : parsedMs(duration)
  if (Number.isFinite(ms) && ms >= 0) return ms
  throw new OptionError(
    `${name} must be milliseconds ≥ 0, or text such as '30s', '10m' or '4h', got ${shown(duration)}`,
  )
}

function parsedMs(text: unknown): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(typeof text === 'string' ? text : '') ?? []
  return Number(count) * (UNIT_MS.get(unit) ?? Number.NaN)
}
