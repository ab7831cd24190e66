/** Instants as elements: UTC on the server, in the zone of the reader where a script runs. */
import { html, type Markup } from './html.ts'
import type { See, TimeMode } from './see.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number) => String(n).padStart(2, '0')

interface Fields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly time: string
}

function fieldsOf(ms: number, isLocal: boolean): Fields {
  const at = new Date(isLocal ? ms - new Date(ms).getTimezoneOffset() * 60_000 : ms)
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
  return { year: at.getUTCFullYear(), month: at.getUTCMonth(), day: at.getUTCDate(), time }
}

/** `+05:45`; `UTC` where that is meant. */
export function zoneText(ms: number, times: TimeMode): string {
  const minutes = times === 'utc' ? 0 : -new Date(ms).getTimezoneOffset()
  if (times === 'utc') return 'UTC'
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** `03:12:04`, of another day `27 Nov 03:12:04`, of another year with it. */
export function clockText(ms: number, now: number, times: TimeMode): string {
  const isLocal = times !== 'utc'
  const [at, today] = [fieldsOf(ms, isLocal), fieldsOf(now, isLocal)]
  const isToday = at.year === today.year && at.month === today.month && at.day === today.day
  if (isToday) return at.time
  const day = `${at.day} ${MONTHS[at.month]}`
  return at.year === today.year ? `${day} ${at.time}` : `${day} ${at.year} ${at.time.slice(0, 5)}`
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/** `3 min`, `2 h`: the largest unit of which there are two, or the smallest. */
export function spanText(ms: number): string {
  const size = Math.abs(ms)
  if (size < 1_000) return `${Math.round(size)} ms`
  const [unit, name] = UNITS.find(([length]) => size >= 2 * length) ?? UNITS[3]
  return `${Math.round(size / unit)} ${name}`
}

const utcText = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC')

/** Both writings stand in its title. */
export function when(iso: string | null | undefined, { now, times }: See): Markup {
  if (iso === null || iso === undefined) return html`<span class="none">–</span>`
  const ms = Date.parse(iso)
  const written =
    times === 'relative' ? `${spanText(now - ms)}${ms > now ? ' ahead' : ' ago'}` : clockText(ms, now, times)
  return html`<time dateTime=${iso} title=${utcText(ms)}>${written}</time>`
}

/** How long ago, whatever the reader has chosen. */
export function ago(iso: string, { now }: See): Markup {
  const ms = Date.parse(iso)
  return html`<time dateTime=${iso} title=${utcText(ms)}>${now - ms < 1_000 ? 'just now' : `${spanText(now - ms)} ago`}</time>`
}
