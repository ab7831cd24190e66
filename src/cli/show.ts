/** Output of the demo. Addresses are redacted: even a demo's output ends up in tickets. */
import { escapeControls } from '../core/base/logger.ts'
import type { ReadResult } from '../read/index.ts'
import type { AnyEvent } from '../types.ts'
import type { HandledEvent } from './demo-process.ts'
import { redacted, whoText } from './out/format.ts'
import { say } from './out/streams.ts'

export function showEvent(event: HandledEvent): void {
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

function lineOf(event: AnyEvent): string {
  const { name, type, nativeType, occurredAt, occurredAtFrom } = event
  const what = type === 'unknown' ? `${name} (${nativeType})` : name
  const when = occurredAtFrom === 'received' ? 'no time' : occurredAt.toISOString()
  return `${what.padEnd(30)} ${type.padEnd(20)} ${when.padEnd(25)} ${whoText(event)}`.trimEnd()
}
