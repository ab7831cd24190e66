/** The options of `alerts`, checked. */
import { OptionError } from '../errors.ts'
import { keysOf, kindOf, knownKeys } from '../lib/options.ts'
import { FINDINGS, type FindingId, type Limits } from './rules.ts'
import type { Finding } from './told.ts'

/** A number of ms, or a text such as `'90s'`, `'30m'`, `'48h'`. */
export type AlertDuration = number | `${number}${'s' | 'm' | 'h' | 'd'}`

export interface AlertRules {
  /** By source: how long it may be silent. Default: what its last day says. */
  readonly silence?: Readonly<Record<string, AlertDuration>>
  /** How old the oldest delivery with work left may be. Default 15m. */
  readonly backlog?: AlertDuration
  /** The share of the disk that is to be free. Default 0.1. */
  readonly diskFree?: number
  /** Findings that are not looked for. */
  readonly off?: readonly FindingId[]
}

/** A place of your own for what was told: a file, a row of your database, a key of Redis. For one process. */
export interface AlertState {
  /** The text that was written last; null: none was. */
  read(): string | null | Promise<string | null>
  /** Some kB for each source. */
  write(text: string): unknown
}

export interface AlertsOptions {
  /**
   * Called for each finding that begins, grows worse, ends, and each hour. Where it throws, rejects, or has not settled
   * after 30 s, it is called again at the next look.
   */
  notify(finding: Finding): unknown
  /** How often findings are looked for. Default 1m. */
  readonly every?: AlertDuration
  readonly rules?: AlertRules
  /** Default: the inbox keeps it. */
  readonly state?: AlertState
  /** One for each `notify` of a receiver, where it has several; the same in every process. Default `'all'`. */
  readonly name?: string
}

export interface AlertsSettings {
  readonly everyMs: number
  readonly limits: Limits
  readonly state: AlertState | null
  readonly name: string
  notify(finding: Finding): unknown
}

const KEYS = keysOf<AlertsOptions>({ notify: true, every: true, rules: true, state: true, name: true })
const RULES = keysOf<AlertRules>({ silence: true, backlog: true, diskFree: true, off: true })

const LONGEST_NAME = 64

/** @throws OptionError */
export function settingsOf(options: AlertsOptions, sources: ReadonlyMap<string, unknown>): AlertsSettings {
  knownKeys('alerts', options, KEYS)
  const { rules = {}, state, name = 'all' } = options
  required('notify', options.notify)
  knownKeys('alerts: rules', rules, RULES)
  if (state !== undefined) {
    required('state.read', Object(state).read)
    required('state.write', Object(state).write)
  }
  if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME)
    throw new OptionError(`alerts: name must be a text of at most ${LONGEST_NAME} characters, got ${kindOf(name)}`)
  return {
    name,
    notify: (finding) => options.notify(finding),
    everyMs: Math.max(1_000, durationOf('every', options.every, 60_000)),
    limits: limitsOf(rules, sources),
    state: state ?? null,
  }
}

function limitsOf(
  { silence = {}, backlog, diskFree = 0.1, off = [] }: AlertRules,
  sources: ReadonlyMap<string, unknown>,
) {
  const names = Object.keys(Object(silence)).filter((name) => silence[name] !== undefined)
  for (const name of names)
    if (!sources.has(name)) throw new OptionError(`alerts: rules.silence names "${name}", which is no source`)
  if (typeof diskFree !== 'number' || !(diskFree >= 0 && diskFree <= 1))
    throw new OptionError(`alerts: rules.diskFree must be a share from 0 to 1, got ${kindOf(diskFree)}`)
  if (!Array.isArray(off) || off.some((id) => !FINDINGS.includes(id)))
    throw new OptionError(`alerts: rules.off takes a list of ${FINDINGS.join(', ')}`)
  return {
    silence: new Map(names.map((name) => [name, durationOf(`rules.silence.${name}`, silence[name], 0)])),
    backlogMs: durationOf('rules.backlog', backlog, 900_000),
    diskFree,
    off: new Set<FindingId>(off),
  }
}

function required(name: string, given: unknown): void {
  if (typeof given !== 'function') throw new OptionError(`alerts: ${name} must be a function, got ${kindOf(given)}`)
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationOf(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  const [, amount, unit = ''] = typeof value === 'string' ? (/^(\d{1,6})([smhd])$/.exec(value) ?? []) : []
  const ms = Number(amount) * (UNITS[unit] ?? Number.NaN)
  if (ms > 0) return ms
  throw new OptionError(`alerts: ${name} must be a time like '30m' or a number of ms, got ${kindOf(value)}`)
}
