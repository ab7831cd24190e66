/** What tells Mailjet's events apart: they have no id of their own. Private. */

import { textOf } from '../../lib/guards.ts'
import type { Reading } from '../../ports/provider.ts'
import { messageIdOf } from './normalise.ts'

type Wire = Readonly<Record<string, unknown>>

/**
 * Version 1: event, message, time, recipient, and what was followed, by whom, or which list was left. Opens, clicks and
 * a second `unsub` of one message are events of their own, told by `time`, which has seconds (Mailjet Event API guide,
 * March 2023). null without message or time.
 */
export function fingerprint({ nativeType, payload }: Pick<Reading, 'nativeType' | 'payload'>): string | null {
  const wire = payload as Wire
  const [message, time] = [messageIdOf(wire), textOf(wire.time)]
  if (message === null || time === null) return null
  const rest = [wire.email, wire.url, wire.ip, wire.agent, wire.mj_list_id].map((value) => value ?? null)
  return JSON.stringify(['mailjet 1', nativeType, message, time, ...rest])
}
