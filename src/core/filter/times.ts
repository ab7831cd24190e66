/** Times in a filter: ages, times of day, dates. Without a zone they are of the process, or with `utc` of UTC. */
import { AGES } from './keys.ts'

export interface TimeSettings {
  /** Epoch milliseconds. */
  readonly now: number
  /** Default false. */
  readonly utc?: boolean | undefined
}

/** From `from`, not including `to`. A time of day has the length of what it leaves out: `03:00` is a minute. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

const AGE = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d|w)$/
const TIME_OF_DAY = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:\d\d)?)?$/
const [MINUTE, DAY] = [60_000, 86_400_000]
/** The year 10000, which has one digit too many to be written back. */
const END = 253_402_300_800_000

/** null: no time. A time of day is the last one that is over, or with `after` the first one later than that. */
export function timeOf(text: string, settings: TimeSettings, after?: number): Stretch | null {
  const found = ageOf(text, settings) ?? timeOfDay(text, settings, after) ?? dateOf(text, settings)
  return found !== null && found.from >= 0 && found.from < END && found.to <= END ? found : null
}

function ageOf(text: string, { now }: TimeSettings): Stretch | null {
  if (text === 'now') return { from: now, to: now }
  const [, count, unit = ''] = AGE.exec(text) ?? []
  if (count === undefined) return null
  const from = now - Math.round(Number(count) * (AGES[unit] ?? 0))
  return { from, to: from }
}

function timeOfDay(text: string, { now, utc = false }: TimeSettings, after: number | undefined): Stretch | null {
  const [, hour, minute, second, fraction] = TIME_OF_DAY.exec(text) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return null
  const clock = [Number(hour), Number(minute), Number(second ?? 0), millis(fraction)]
  const near = [-2, -1, 0, 1, 2].map((days) => onDay((after ?? now) + days * DAY, clock, utc))
  const from = after === undefined ? near.findLast((time) => time <= now) : near.find((time) => time > after)
  return from === undefined ? null : { from, to: from + lengthOf(second, fraction) }
}

function onDay(day: number, [hour = 0, minute = 0, second = 0, ms = 0]: readonly number[], utc: boolean): number {
  const date = new Date(day)
  return utc ? date.setUTCHours(hour, minute, second, ms) : date.setHours(hour, minute, second, ms)
}

function dateOf(text: string, { utc = false }: TimeSettings): Stretch | null {
  const [, year, month, day, hour, minute, second, fraction, zone] = DATE.exec(text) ?? []
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return null
  if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return null
  const [y, m, d] = [Number(year), Number(month) - 1, Number(day)]
  const clock = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), millis(fraction)] as const
  const at = (plus: number) => (utc || zone !== undefined ? Date.UTC : local)(y, m, d + plus, ...clock) - offsetOf(zone)
  return { from: at(0), to: hour === undefined ? at(1) : at(0) + lengthOf(second, fraction) }
}

const local = (...parts: [number, number, number, number, number, number, number]) => new Date(...parts).getTime()

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))
  return (zone.startsWith('-') ? -minutes : minutes) * MINUTE
}

const millis = (fraction = '0') => Number(fraction.padEnd(3, '0'))

function lengthOf(second: string | undefined, fraction: string | undefined): number {
  if (second === undefined) return MINUTE
  return fraction === undefined ? 1_000 : 1
}

/** With its offset, as exact as it is. */
export function timeText(at: number, utc = false): string {
  const iso = new Date(at).toISOString()
  const minutes = utc ? 0 : -new Date(at).getTimezoneOffset()
  const written = `${new Date(at + minutes * MINUTE).toISOString().slice(0, -1)}${zoneText(minutes)}`
  // An offset of old with seconds has no writing here, nor has the year 10000.
  return minutes === 0 || written.startsWith('+') || Date.parse(written) !== at ? short(iso) : short(written)
}

function zoneText(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

const short = (text: string) => text.replace(/(?::00)?\.000(?=Z|[+-]\d\d:\d\d$)/, '')
