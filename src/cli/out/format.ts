/** How values look in text. In JSON they are whole. */

/** `2026-11-29 03:10:04+02:00`: the time of this machine, with its offset, or UTC. */
export function timeText(at: Date, utc = false): string {
  const offset = utc ? 0 : -at.getTimezoneOffset()
  const shifted = new Date(at.getTime() + offset * 60_000).toISOString()
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 19)}${offset === 0 ? 'Z' : offsetText(offset)}`
}

function offsetText(minutes: number): string {
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
}

/** `3.4 MB`. */
export function bytesText(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return unit === 0 ? `${bytes} B` : `${(bytes / 1_000 ** unit).toFixed(1)} ${UNITS[unit]}`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** `5 min`, `3 h`, `2 d`: one unit, rounded down. */
export function spanText(ms: number): string {
  const [unit, per] = SPANS.find(([, size]) => ms >= size) ?? (['s', 1_000] as const)
  return `${Math.max(0, Math.floor(ms / per))} ${unit}`
}

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const

/** `1 event`, `12 events`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** `j***@example.com`: enough to tell two apart, too little to write to. */
export function redacted(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, 1)}***${at < 0 ? '' : address.slice(at)}`
}

/** An address, a telephone number or a token of a device, redacted; empty where there is none. */
export function whoText({
  recipient,
  channel,
}: {
  readonly recipient: string | null
  readonly channel: string
}): string {
  if (recipient === null) return ''
  return channel === 'email' ? redacted(recipient) : `${recipient.slice(0, 2)}***`
}

const MOST_OF_ID = 200

/** An id that its sender gave, or somebody typed: none that is honest is longer. */
export const idText = (id: string): string => (id.length <= MOST_OF_ID ? id : `${id.slice(0, MOST_OF_ID)}…`)

/** As a shell reads it. */
export const quoted = (word: string): string =>
  /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
