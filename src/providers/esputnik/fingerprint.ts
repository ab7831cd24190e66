/** What tells activities apart: `iid` names the message to one contact, not the activity. Private. */

import { textOf } from '../../lib/guards.ts'
import type { Reading } from '../../ports/provider.ts'

type Wire = Readonly<Record<string, unknown>>

const NONE: readonly string[] = Object.freeze([])

/**
 * Version 1: status, message, contact, time, and what was followed or chosen. READ and CLICKED can repeat for one
 * message; `activityDateTime` has seconds (docs.yespo.io "Webhooks for Tracking Activity", June 2025). Empty
 * without message or time. The contact stands for the address.
 */
export function fingerprints({ nativeType, payload }: Pick<Reading, 'nativeType' | 'payload'>): readonly string[] {
  const wire = payload as Wire
  const [iid, time] = [textOf(wire.iid)?.toLowerCase() ?? null, textOf(wire.activityDateTime)]
  if (iid === null || time === null) return NONE
  const rest = [wire.contactId, wire.clickEventLink, wire.statusDescription, wire.statusData].map(
    (value) => value ?? null,
  )
  return [JSON.stringify(['esputnik 1', nativeType, iid, time, ...rest])]
}
