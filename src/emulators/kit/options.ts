/** Checks of the options that emulators share. Private. */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { type EmulatorClock, virtualClock } from './clock.ts'
import { toMs } from './duration.ts'
import type { Fault } from './wire.ts'

/** Default: a virtual clock of its own. */
export function clockOption(name: string, clock: unknown): EmulatorClock {
  if (clock === undefined) return virtualClock()
  if (isObject(clock) && ['now', 'after', 'advance'].every((method) => typeof clock[method] === 'function'))
    return clock as unknown as EmulatorClock
  throw new OptionError(`${name} must be a clock: virtualClock() or realClock()`)
}

export function faultsOption(name: string, faults: unknown): readonly Fault[] {
  if (faults === undefined) return []
  if (Array.isArray(faults) && faults.every((fault) => typeof fault === 'function')) return faults
  throw new OptionError(`${name} must be a list of functions that take a wire and return one`)
}

/** Text that says something, or the default. */
export function textOption(name: string, value: unknown, fallback: string): string {
  if (value === undefined) return fallback
  if (typeof value === 'string' && value !== '') return value
  throw new OptionError(`${name} must be text that is not empty`)
}

export function flagOption(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw new OptionError(`${name} must be true or false`)
}

/** A list of texts; null where it is not given. */
export function textsOption(name: string, value: unknown): readonly string[] | null {
  if (value === undefined) return null
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new OptionError(`${name} must be a list of texts`)
}

/** A list of durations, in milliseconds. */
export function delaysOption(name: string, delays: unknown): number[] {
  if (!Array.isArray(delays)) throw new OptionError(`${name} must be a list of durations`)
  return delays.map((one) => toMs(name, one))
}
