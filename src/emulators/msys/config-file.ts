/**
 * Momentum from 4.2.31 on and 5.x: webhooks in a JSON file, without an API.
 * Source: Momentum 5.3 manual, "Enabling Webhooks", June 2026
 * (github.com/SparkPost/support-docs, content/momentum/manuals/enabling-webhooks.md).
 */
import { readFileSync } from 'node:fs'
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import type { Edition } from './edition.ts'
import { parsedJson, Refusal, type Settings, settingsFrom } from './settings.ts'

/** One webhook of the file. */
export interface ConfiguredWebhook {
  readonly name?: string
  readonly events: readonly string[]
  readonly target: string
  readonly auth_token?: string
  /** Since 4.2.38. */
  readonly custom_headers?: Readonly<Record<string, string>>
}

/**
 * The settings of every webhook of the file, or of the array it would hold.
 * @throws OptionError for what is no such file
 */
export function configuredWebhooks(edition: Edition, given: unknown): Settings[] {
  const list = typeof given === 'string' ? fileContent(given) : given
  if (!Array.isArray(list))
    throw new OptionError('webhooks must be a JSON array of webhooks, or the path of such a file')
  return list.map((entry, at) => settingsOf(edition, entry, at))
}

function fileContent(path: string): unknown {
  return parsedJson(readFileSync(path, 'utf8'))
}

function settingsOf(edition: Edition, entry: unknown, at: number): Settings {
  if (!isObject(entry)) throw new OptionError(`webhooks[${at}] must be an object`)
  try {
    const settings = settingsFrom(edition, { name: `webhook ${at + 1}`, ...entry }, null)
    return { ...settings, custom_headers: headersOf(entry.custom_headers) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { message, description = '' } = error.errors[0] ?? { message: '' }
    throw new OptionError(`webhooks[${at}]: ${message} ${description}`.trimEnd())
  }
}

/** Which names are reserved, and how many there may be, is not documented for the file. */
function headersOf(given: unknown): Record<string, string> {
  if (!isObject(given)) return {}
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
}
