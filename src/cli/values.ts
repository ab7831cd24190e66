/** How options of the command line are read. */
import { OptionError } from '../errors.ts'
import { wholeNumber } from '../lib/options.ts'

/** For options that may be repeated. */
export const listOf = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** @throws OptionError (from what it returns) for text that is no whole number within the bounds */
export const wholeNumberOf = (name: string, min: number, max: number) => (text: string) =>
  wholeNumber(name, text.trim() === '' ? Number.NaN : Number(text), min, min, max)

/** @throws OptionError for text that is no number within the bounds */
export function numberOf(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= min && value <= max) return value
  throw new OptionError(`${name} must be a number from ${min} to ${max}`)
}

/** @throws OptionError (from what it returns) for anything but a web address; `such as` shows one */
export const webAddressOf = (name: string, suchAs: string) => (text: string) => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new OptionError(`${name} must be an http or https address, such as ${suchAs}`)
}
