/** The option `retention`: how long what is finished is kept. */
import { OptionError } from '../errors.ts'
import { keysOf, knownKeys, wholeNumber } from '../lib/options.ts'
import type { Retention } from '../ports/inbox/opening.ts'
import type { RetentionDuration, RetentionOptions } from '../public/options.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DAY_MS = 86_400_000
const KEYS = keysOf<RetentionOptions>({ bodies: true, keys: true, deadLetters: true, quarantine: true, maxBytes: true })

/**
 * Twice the longest time that a sender repeats for: Mailjet stops 24 h after the first failure (documentation.mailjet.com,
 * "Event Tracking API", read November 2026).
 */
const LEAST_KEYS_MS = 48 * 3_600_000

/** @throws ERR_OPTION naming the option, the expectation and the value */
export function retentionOf(options: RetentionOptions): Retention {
  knownKeys('retention', options, KEYS)
  const { maxBytes } = options
  const keysMs = durationOf('retention.keys', options.keys, 7 * DAY_MS)
  if (keysMs < LEAST_KEYS_MS)
    throw new OptionError(
      'retention.keys must be at least 48h: a sender that repeats a delivery we have forgotten has it handled again',
    )
  return {
    bodiesMs: durationOf('retention.bodies', options.bodies, 7 * DAY_MS),
    keysMs,
    deadLettersMs: durationOf('retention.deadLetters', options.deadLetters, 90 * DAY_MS),
    quarantineMs: durationOf('retention.quarantine', options.quarantine, 90 * DAY_MS),
    maxBytes: maxBytes === undefined ? null : wholeNumber('retention.maxBytes', maxBytes, 0, 1 << 20),
  }
}

function durationOf(name: string, value: RetentionDuration | undefined, fallback: number): number {
  if (value === 'forever') return Number.POSITIVE_INFINITY
  const [, amount, unit = ''] = typeof value === 'string' ? (/^(\d{1,9})([smhd])$/.exec(value) ?? []) : []
  const perUnit = UNITS[unit]
  if (amount !== undefined && perUnit !== undefined) return Number(amount) * perUnit
  if (typeof value !== 'string') return wholeNumber(name, value, fallback, 0)
  throw new OptionError(
    `${name} must be a time like '7d', '48h', '30m' or '90s', a number of ms, or 'forever', got ${JSON.stringify(value.slice(0, 40))}`,
  )
}
