/** What tells Mailjet's events apart: they have no id of their own. Private. */
import { canonicalEmail } from '../../lib/email.ts'
import { textOf } from '../../lib/guards.ts'
import type { Reading } from '../../ports/provider.ts'
import { messageIdOf } from './normalise.ts'

type Wire = Readonly<Record<string, unknown>>

const NONE: readonly string[] = Object.freeze([])

/**
 * Version 2: event, message, time, recipient in its canonical writing (version 1 had it as sent), and what was followed, by whom, or which list was left. Opens, clicks and
 * a second `unsub` of one message are events of their own, told by `time`, which has seconds (Mailjet Event API guide,
 * March 2023). Empty without message or time.
 */
export function fingerprints({ nativeType, payload }: Pick<Reading, 'nativeType' | 'payload'>): readonly string[] {
  const wire = payload as Wire
  const [message, time] = [messageIdOf(wire), textOf(wire.time)]
  if (message === null || time === null) return NONE
  const rest = [wire.url, wire.ip, wire.agent, wire.mj_list_id].map((value) => value ?? null)
  const recipe = (version: number, email: unknown) =>
    JSON.stringify([`mailjet ${version}`, nativeType, message, time, email ?? null, ...rest])
  const { email } = wire
  return [recipe(2, typeof email === 'string' ? canonicalEmail(email) : email), recipe(1, email)]
}
