/** The near-empty bodies that the test button of Mailjet's web interface posts, as captured in 2018 and 2022. */
import type { EventType } from './event-types.ts'

const OWN: Readonly<Record<EventType, readonly string[]>> = {
  sent: ['mj_message_id', 'smtp_reply'],
  open: ['ip', 'geo', 'agent'],
  click: ['ip', 'geo', 'agent', 'url'],
  bounce: ['blocked', 'hard_bounce', 'error_related_to', 'error'],
  blocked: ['error_related_to', 'error'],
  spam: ['source'],
  unsub: ['mj_list_id', 'ip', 'geo', 'agent'],
}

/** Booleans and the id of a list are empty texts; there is no `Message_GUID`. */
export function testBody(type: EventType, nowMs: number): string {
  const empty = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '']))
  return JSON.stringify({
    event: type,
    time: Math.floor(nowMs / 1_000),
    MessageID: 0,
    email: '',
    mj_campaign_id: 0,
    mj_contact_id: 0,
    ...empty(['customcampaign', 'CustomID', 'Payload']),
    ...empty(OWN[type]),
  })
}
