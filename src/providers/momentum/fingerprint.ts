/** What tells events apart that have no `event_id`. Private. */
import { canonicalEmail } from '../../lib/email.ts'
import { isObject } from '../../lib/guards.ts'
import type { Reading } from '../../ports/provider.ts'
import { idOf, wordOf } from './wire.ts'

type Wire = Readonly<Record<string, unknown>>

const NONE: readonly string[] = Object.freeze([])

/**
 * Version 2: native type, message, recipient in its canonical writing, time, number of tries, and for clicks and opens
 * what was followed and by whom. Version 1 had the recipient as sent. Momentum before 4.2.28 (Jan 2017) sends no
 * `event_id` (changelog MO-4327), and `sms_status` and `relay_message` have none in SparkPost's documents. Empty without
 * message or time.
 */
export function fingerprints({ nativeType, payload }: Pick<Reading, 'nativeType' | 'payload'>): readonly string[] {
  const sent = payload as Wire
  const { rcpt_to } = sent
  const now = typeof rcpt_to === 'string' ? { ...sent, rcpt_to: canonicalEmail(rcpt_to) } : sent
  const [fields, earlier] = [now, sent].map(nativeType === 'relay_message' ? inbound : outbound)
  if (!fields || !earlier) return NONE
  return [JSON.stringify(['momentum 2', nativeType, ...fields]), JSON.stringify(['momentum 1', nativeType, ...earlier])]
}

function outbound(wire: Wire): readonly unknown[] | null {
  const message =
    idOf(wire.message_id) ?? (wire.sms_remoteids === undefined ? null : JSON.stringify(wire.sms_remoteids))
  if (message === null || wordOf(wire.timestamp) === null) return null
  const { rcpt_to, sms_dst, timestamp, num_retries, stat_type, stat_state } = wire
  const visit = [wire.target_link_url, wire.ip_address, wire.user_agent]
  return [message, rcpt_to, sms_dst, timestamp, num_retries, stat_type, stat_state, ...visit].map(orNull)
}

/**
 * A mail is told by its headers, which every server on its way adds to; a short message by its text and date (SparkPost
 * relay webhooks; SparkPost Enterprise, Oct 2016).
 */
function inbound({ webhook_id, rcpt_to, msg_from, content, to, from, date, text }: Wire): readonly unknown[] | null {
  const headers = isObject(content) ? content.headers : undefined
  if (Array.isArray(headers) && headers.length > 0) return [webhook_id, rcpt_to, msg_from, headers].map(orNull)
  return wordOf(date) === null ? null : [webhook_id, to, from, date, text].map(orNull)
}

const orNull = (value: unknown) => value ?? null
