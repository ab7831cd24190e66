/** From an eSputnik activity on the wire to the event that handlers get. Reads any object; never throws. Private. */

import { textOf } from '../../lib/guards.ts'
import type { Reading } from '../../ports/provider.ts'
import type { Automation, Channel, EventClient } from '../../types.ts'
import { CATEGORIES } from '../kit/catalogue.ts'
import type { Meaning } from '../kit/meaning.ts'
import { parseDateTime, type WallClock } from '../kit/zoned-time.ts'
import type { Status } from './catalogue.ts'
import { mediumOf } from './channels.ts'
import { readUndelivered } from './failures.ts'
import { subscriptionsOf } from './subscriptions.ts'

type Wire = Readonly<Record<string, unknown>>

const NO_TAGS: readonly string[] = Object.freeze([])
const NO_METADATA = Object.freeze({})
// The activities carry neither user agent nor address of the client, and say nothing about machines.
const CLIENT: EventClient = Object.freeze({ ip: null, country: null, region: null, city: null })
const AUTOMATION: Automation = Object.freeze({ prefetched: null, proxied: null })
const OPEN = Object.freeze({ pixel: 'bottom', amp: false, counts: true } as const)
const VISIT = Object.freeze({ userAgent: null, client: CLIENT, automation: AUTOMATION, automated: null })

const SENT: Meaning = { type: 'sent', effect: 'none', details: null }
const DELIVERED: Meaning = { type: 'delivered', effect: 'none', details: Object.freeze({ smtp: null }) }
const OPENED: Meaning = {
  type: 'opened',
  effect: 'none',
  details: Object.freeze({ open: OPEN, ...VISIT }),
}
const COMPLAINED: Meaning = { type: 'complained', effect: 'suppress', details: null }
const UNSUBSCRIBED: Meaning = {
  type: 'unsubscribed',
  effect: 'unsubscribe',
  details: Object.freeze({ userAgent: null, client: CLIENT }),
}
const UNKNOWN: Meaning = { type: 'unknown', effect: 'none', details: null }

export type Reader = (wire: Wire, channel: Channel) => Meaning

/** How to read each of the activities we know, by the word in `activityStatus`. */
export const READERS: Readonly<Record<Status, Reader>> = {
  SENT: () => SENT,
  DELIVERED: () => DELIVERED,
  UNDELIVERED: readUndelivered,
  READ: () => OPENED,
  CLICKED: readClicked,
  UNSUBSCRIBED: () => UNSUBSCRIBED,
  SPAM: () => COMPLAINED,
  SUBSCRIPTION_CHANGED: readSubscriptionChanged,
}

/** Reads any other object, as far as its fields are those that all activities have. */
export function normaliseUnknown(wire: Wire, clock: WallClock): Reading {
  return normalise('esputnik.unknown', textOf(wire.activityStatus) ?? 'unknown', () => UNKNOWN, wire, clock)
}

/** Reads `wire`, whose ids are strings by now, as the event of that name. */
export function normalise(name: string, nativeType: string, read: Reader, wire: Wire, clock: WallClock): Reading {
  const medium = mediumOf(wire)
  const meaning = read(wire, medium.channel)
  const occurred = parseDateTime(textOf(wire.activityDateTime) ?? '', clock)
  return {
    name,
    nativeType,
    type: meaning.type,
    category: CATEGORIES[meaning.type],
    payload: wire,
    // `iid` names the message to one contact, not the event.
    senderEventId: null,
    occurredAt: occurred?.epochMs ?? null,
    occurredAtFrom: occurred?.zoned ? 'sender' : 'sender-without-zone',
    recipient: medium.addressIn(wire),
    channel: medium.channel,
    // Both cases occur for the same message.
    messageId: textOf(wire.iid)?.toLowerCase() ?? null,
    // One message of a campaign, the same for all its recipients.
    transmissionId: textOf(wire.messageInstanceId),
    tags: tagsOf(wire),
    metadata: NO_METADATA,
    effect: meaning.effect,
    // Test mails carry no mark but an empty `messageName`, and what happens to them is real.
    isTest: false,
    details: meaning.details,
  }
}

function readClicked(wire: Wire): Meaning {
  const url = textOf(wire.clickEventLink)
  return { type: 'clicked', effect: 'none', details: { url, linkName: null, ...VISIT } }
}

function readSubscriptionChanged(wire: Wire): Meaning {
  return { type: 'preferences_changed', effect: 'none', details: { subscriptions: subscriptionsOf(wire) } }
}

// All copies of a message have the same tags.
let [knownText, knownTags] = ['', NO_TAGS]

/** `tag2,tag,test`: one text, split at its commas. */
function tagsOf(wire: Wire): readonly string[] {
  const text = textOf(wire.messageTag)
  if (text === null) return NO_TAGS
  if (text === knownText) return knownTags
  const tags = text.split(',').map((tag) => tag.trim())
  ;[knownText, knownTags] = [text, Object.freeze(tags.filter((tag) => tag !== ''))]
  return knownTags
}
