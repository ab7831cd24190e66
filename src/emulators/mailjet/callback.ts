/** Records of `eventcallbackurl`: one for an event type and backup flag (metadata of the resource, June 2021). */
import { EVENT_TYPES, SILENT_TYPES } from './event-types.ts'

export interface Callback {
  readonly EventType: string
  readonly IsBackup: boolean
  readonly Status: 'alive' | 'dead'
  readonly APIKeyID: number
  readonly ID: number
  readonly Version: 1 | 2
  /** With user and password, if they are in it. */
  readonly Url: string
}

/** An answer other than success: thrown inside the API. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type Fields = Readonly<Record<string, unknown>>

const KNOWN = ['EventType', 'IsBackup', 'Status', 'Url', 'Version'] as const

export type Settings = Pick<Callback, (typeof KNOWN)[number]>

/** The settings after a request that gives some of them. @throws Refused 400 for what is missing, wrong or unknown */
export function settingsFrom(body: Fields, before: Settings | null): Settings {
  const unknown = Object.keys(body).find((name) => !KNOWN.some((known) => known === name))
  if (unknown !== undefined) throw new Refused(400, `MJ08 Property ${unknown} is invalid: it is not known`)
  const all: Fields = { IsBackup: false, Status: 'alive', Version: 1, ...before, ...body }
  return {
    EventType: checked(all, 'EventType', (value) => [...EVENT_TYPES, ...SILENT_TYPES].find((type) => type === value)),
    IsBackup: checked(all, 'IsBackup', (value) => (typeof value === 'boolean' ? value : undefined)),
    Status: checked(all, 'Status', (value) => (value === 'alive' || value === 'dead' ? value : undefined)),
    Url: checked(all, 'Url', webAddress),
    Version: checked(all, 'Version', versionOf),
  }
}

function checked<T>(all: Fields, name: string, read: (value: unknown) => T | undefined): T {
  const value = read(all[name])
  if (value !== undefined) return value
  throw new Refused(
    400,
    all[name] === undefined ? `MJ08 Property ${name} is missing` : `MJ08 Property ${name} is invalid`,
  )
}

export function webAddress(value: unknown): string | undefined {
  const isAddress = typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
  return isAddress ? value : undefined
}

/** Texts work, too: official samples have them. */
function versionOf(value: unknown): 1 | 2 | undefined {
  if (value === 1 || value === '1') return 1
  if (value === 2 || value === '2') return 2
  return undefined
}
