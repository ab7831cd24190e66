/** How options of the command line are read. */
import { KEYS } from '../core/filter/keys.ts'
import { OptionError } from '../errors.ts'

/** For options that may be repeated. */
export const listOf = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** `--basic`, as it is. @throws OptionError without a colon; it may be a secret, so the message does not repeat it */
export function basicOf(text: string): string {
  if (text.includes(':')) return text
  throw new OptionError('--basic must be user:password')
}

/** `--header 'name: value'`, once or more. @throws OptionError for a line that is none, which may be a secret */
export function headersOf(line: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, key, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
  if (key === undefined || value === undefined) throw new OptionError("--header must be 'name: value'")
  return { ...before, [key.toLowerCase()]: value }
}

/**
 * @throws OptionError (from what it returns) for text that is no whole number within the bounds; without the text, which may
 * be a secret in the wrong place
 */
export const wholeNumberOf = (name: string, min: number, max: number) => (text: string) => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new OptionError(`${name} must be a whole number from ${min} to ${max}`)
}

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

/** `--url`, of a dashboard. Without the text: what stands in it may be a password. */
export function dashboardAddressOf(text: string): string {
  const address = webAddressOf('--url', 'https://ops.example/ops')(text)
  const { username, password } = new URL(address)
  if (username === '' && password === '') return address
  throw new OptionError(
    '--url has no user and no password in it, as others see a command line: POSTHORN_DASHBOARD_BASIC=user:password in the environment',
  )
}

/**
 * The address of a person. A filter in its place would match nobody, and an erasure that did nothing would end well.
 * @throws OptionError; without the text, which may hold an address
 */
export function personOf(text: string): string {
  const key = text.split(':')[0] ?? ''
  if (!text.includes(':') || !['email', ...KEYS].includes(key)) return text
  throw new OptionError(
    `what comes first is an address alone, such as jo@shop.example, and no filter: leave out "${key}:"`,
  )
}
