/** What tells events apart that have no `event_id`. Private. */

import { isObject } from '../../lib/guards.ts'
import type { Reading } from '../../ports/provider.ts'
import { idOf, wordOf } from './wire.ts'

type Wire = Readonly<Record<string, unknown>>

/**
 * Version 1: native type, message, recipient, time, number of tries, and for
 * clicks and opens what was followed and by whom. Momentum before 4.2.28 (Jan 2017) sends no `event_id` (changelog
 * MO-4327), and `sms_status` and `relay_message` have none in SparkPost's documents. null without message or time.
 */
export function fingerprint({ nativeType, payload }: Pick<Reading, 'nativeType' | 'payload'>): string | null {
  const wire = payload as Wire
  const fields = nativeType === 'relay_message' ? inbound(wire) : outbound(wire)
  return fields === null ? null : JSON.stringify(['momentum 1', nativeType, ...fields])
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
