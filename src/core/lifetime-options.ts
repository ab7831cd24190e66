/** The options of `close` and `drain`. */
import { OptionError } from '../errors.ts'
import { keysOf, kindOf, knownKeys, shown } from '../lib/options.ts'

export interface CloseOptions {
  readonly timeoutMs?: number
}

export interface DrainOptions {
  readonly limitMs?: number
  readonly signal?: AbortSignal
}

const CLOSE = keysOf<CloseOptions>({ timeoutMs: true })
const DRAIN = keysOf<DrainOptions>({ limitMs: true, signal: true })

/** @throws OptionError */
export function closeTimeout(options: CloseOptions): number {
  knownKeys('close', options, CLOSE)
  return milliseconds('close: timeoutMs', options.timeoutMs, 10_000)
}

/** @throws OptionError */
export function drainOptions(options: DrainOptions): { limitMs: number; signal: AbortSignal | undefined } {
  knownKeys('drain', options, DRAIN)
  const { limitMs, signal } = options
  if (signal !== undefined && typeof signal?.aborted !== 'boolean')
    throw new OptionError(`drain: signal must be an AbortSignal, got ${kindOf(signal)}`)
  return { limitMs: milliseconds('drain: limitMs', limitMs, Number.POSITIVE_INFINITY), signal }
}

/** Infinity is for ever. */
function milliseconds(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= 0) return value
  throw new OptionError(`${name} must be a number of milliseconds ≥ 0, got ${shown(value)}`)
}
