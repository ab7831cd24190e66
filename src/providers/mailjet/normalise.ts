/** From a Mailjet event on the wire to the event that handlers get. Reads any object; never throws. Private. */
import { textOf } from '../../lib/guards.ts'
import type { Reading } from '../../ports/provider.ts'
import type { Automation, EventClient } from '../../types.ts'
import { CATEGORIES } from '../kit/catalogue.ts'
import type { Meaning } from '../kit/meaning.ts'
import { jsonObjectOf } from '../kit/object-text.ts'
import { fromSeconds } from '../kit/seconds.ts'
import { smtpReply } from '../kit/smtp-reply.ts'
import type { EventWord } from './catalogue.ts'
import { readBlocked, readBounce } from './failures.ts'

type Wire = Readonly<Record<string, unknown>>

const NOTHING: readonly never[] = Object.freeze([])
const NO_METADATA = Object.freeze({})
// Mailjet says nothing about machines; image proxies show in the user agent only.
const AUTOMATION: Automation = Object.freeze({ prefetched: null, proxied: null })
// One pixel, fetched once per display.
const OPEN = Object.freeze({ pixel: 'bottom', amp: false, counts: true } as const)
const COMPLAINED: Meaning = { type: 'complained', effect: 'suppress', details: null }
const UNKNOWN: Meaning = { type: 'unknown', effect: 'none', details: null }

export type Reader = (wire: Wire) => Meaning

/** How to read each of the events we know, by the word in `event`. */
export const READERS: Readonly<Record<EventWord, Reader>> = {
  sent: readSent,
  open: readOpen,
  click: readClick,
  bounce: readBounce,
  blocked: readBlocked,
  spam: () => COMPLAINED,
  unsub: readUnsub,
}

/** Reads any other object, as far as its fields are those that all events have. */
export function normaliseUnknown(wire: Wire): Reading {
  return normalise('mailjet.unknown', textOf(wire.event) ?? 'unknown', UNKNOWN, wire)
}

/** Reads `wire`, whose ids are strings by now, as the event of that name. */
export function normalise(name: string, nativeType: string, meaning: Meaning, wire: Wire): Reading {
  return {
    name,
    nativeType,
    type: meaning.type,
    category: CATEGORIES[meaning.type],
    payload: wire,
    senderEventId: null,
    occurredAt: instantOf(wire.time),
    occurredAtFrom: 'sender',
    recipient: textOf(wire.email),
    channel: 'email',
    messageId: messageIdOf(wire),
    transmissionId: null,
    tags: tagsOf(wire),
    metadata: metadataOf(wire.Payload),
    effect: meaning.effect,
    // The test button sends MessageID 0 and an empty address (captures of 2018 and 2022).
    isTest: wire.MessageID === '0' && wire.email === '',
    details: meaning.details,
  }
}

/** `Payload` is any text; applications put JSON into it (Mailjet Event API guide, EventPayload, March 2023). */
function metadataOf(payload: unknown): Readonly<Record<string, unknown>> {
  return typeof payload === 'string' ? (jsonObjectOf(payload) ?? NO_METADATA) : NO_METADATA
}

function readSent(wire: Wire): Meaning {
  return { type: 'delivered', effect: 'none', details: { smtp: smtpReply(unwrapped(textOf(wire.smtp_reply))) } }
}

function readOpen(wire: Wire): Meaning {
  const userAgent = textOf(wire.agent)
  const details = { open: OPEN, userAgent, client: clientOf(wire), automation: AUTOMATION, automated: null }
  return { type: 'opened', effect: 'none', details }
}

function readClick(wire: Wire): Meaning {
  const details = {
    url: textOf(wire.url),
    linkName: null,
    userAgent: textOf(wire.agent),
    client: clientOf(wire),
    automation: AUTOMATION,
    automated: null,
  }
  return { type: 'clicked', effect: 'none', details }
}

function readUnsub(wire: Wire): Meaning {
  const details = { userAgent: textOf(wire.agent), client: clientOf(wire) }
  return { type: 'unsubscribed', effect: 'unsubscribe', details }
}

function clientOf(wire: Wire): EventClient {
  return { ip: textOf(wire.ip), country: textOf(wire.geo), region: null, city: null }
}

/** Grouped `sent` events of 2015 have `mj_message_id` only; the 0 of the test button names no message. */
export function messageIdOf(wire: Wire): string | null {
  const id = textOf(wire.MessageID)
  return id === null || id === '0' ? textOf(wire.mj_message_id) : id
}

/** Campaign first: django-anymail has it as the tag, Symfony the custom id. Most messages have neither. */
function tagsOf(wire: Wire): readonly string[] {
  const [campaign, customId] = [textOf(wire.customcampaign), textOf(wire.CustomID)]
  if (campaign === null) return customId === null ? NOTHING : [customId]
  return customId === null ? [campaign] : [campaign, customId]
}

/** Unix seconds, as a number or as its digits. */
function instantOf(time: unknown): number | null {
  const seconds = typeof time === 'string' && /^\d{1,13}$/.test(time) ? Number(time) : time
  return typeof seconds === 'number' ? fromSeconds(seconds) : null
}

/** The reply inside the `sent (…)` of older events. */
function unwrapped(reply: string | null): string | null {
  return reply?.startsWith('sent (') && reply.endsWith(')') ? reply.slice(6, -1) : reply
}
