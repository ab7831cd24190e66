/** Output of the demo. Addresses are redacted: even a demo's output ends up in tickets. */
import { escapeControls } from '../core/base/logger.ts'
import type { ReadResult } from '../read/index.ts'
import type { AnyEvent } from '../types.ts'
import type { Posted } from './post.ts'

export const say = (text: string): void => void process.stdout.write(`${text}\n`)

export interface ShownPost extends Posted {
  readonly what: string
  readonly bytes: number
}

export function showPosts(posts: readonly ShownPost[]): void {
  say(`${'delivery'.padEnd(36)}${'size'.padStart(10)}  ${'answer'.padEnd(22)}${'acknowledged after'.padStart(18)}`)
  for (const { what, bytes, status, body, ackMs } of posts)
    say(
      `${what.padEnd(36)}${size(bytes).padStart(10)}  ${`${status} ${word(body)}`.padEnd(22)}${`${ackMs.toFixed(1)} ms`.padStart(18)}`,
    )
}

const size = (bytes: number) =>
  bytes < 10_000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

function word(body: string): string {
  const answer: { status?: string; error?: string } = JSON.parse(body || '{}')
  return answer.status ?? answer.error ?? ''
}

export function showCounts(counts: ReadonlyMap<string, number>): void {
  for (const [key, count] of [...counts].sort(([a], [b]) => a.localeCompare(b)))
    say(`  ${key.padEnd(34)}${String(count).padStart(8)}`)
}

export function showEvent(event: AnyEvent): void {
  const { id, name, type, source, occurredAt, email, messageId, effect } = event
  const shown = { id, name, type, source, occurredAt, email: email && redacted(email), messageId, effect }
  say(`\nAn event of ${event.provider}, as a handler gets it (without its payload):\n${JSON.stringify(shown, null, 2)}`)
}

/** A line for each event, and one for each element that is unreadable. */
export function showReading({ events, unreadable }: ReadResult<AnyEvent>): void {
  for (const event of events) say(escapeControls(lineOf(event)))
  for (const { index, reason, at } of unreadable) {
    const what = index === null ? 'the body' : `element ${index}`
    say(escapeControls(`${what} is unreadable: ${reason}${at ? ` at ${at}` : ''}`))
  }
  say(`${events.length} events, ${unreadable.length} unreadable`)
}

function lineOf({ name, type, nativeType, occurredAt, occurredAtFrom, recipient, channel }: AnyEvent): string {
  const what = type === 'unknown' ? `${name} (${nativeType})` : name
  const when = occurredAtFrom === 'received' ? 'no time' : occurredAt.toISOString()
  const who = recipient === null ? '' : channel === 'email' ? redacted(recipient) : `${recipient.slice(0, 2)}***`
  return `${what.padEnd(30)} ${type.padEnd(20)} ${when.padEnd(25)} ${who}`.trimEnd()
}

/** `j***@example.com`: enough to tell two apart, too little to write to. */
function redacted(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, 1)}***${at < 0 ? '' : address.slice(at)}`
}
