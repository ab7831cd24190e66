/** From a body of the Parse API to a reading. Private. */
import { isObject, textOf } from '../../lib/guards.ts'
import type { Reading, Unreadable } from '../../ports/provider.ts'
import { CATEGORIES, type NormalisedType } from '../kit/catalogue.ts'
import { Mail } from '../kit/inbound-mail.ts'
import { jsonObjectOf } from '../kit/object-text.ts'
import { attachmentsIn, headersOf } from './parse-attachments.ts'

type Wire = Readonly<Record<string, unknown>>

const TEXTS = ['Sender', 'Recipient', 'Date', 'From', 'Subject', 'Text-part', 'Html-part', 'CustomID', 'Payload']
/** One of these tells a mail: nothing else that Mailjet posts has any of them. */
const TELLING = ['Recipient', 'Headers', 'Parts']
const NOTHING: readonly string[] = Object.freeze([])
const NO_METADATA = Object.freeze({})

/** Never throws. */
export function readParsed(element: unknown): Reading | Unreadable {
  if (!isObject(element)) return { unreadable: 'expected object', path: '' }
  if (!TELLING.some((name) => Object.hasOwn(element, name)))
    return toReading(element, { name: 'mailjet.unknown', type: 'unknown', details: null })
  return (
    problemIn(element) ?? toReading(element, { name: 'mailjet.parse', type: 'inbound', details: detailsOf(element) })
  )
}

function problemIn(wire: Wire): Unreadable | null {
  for (const name of TEXTS) {
    const value = wire[name] ?? ''
    if (typeof value !== 'string') return { unreadable: 'expected string', path: `/${name}` }
  }
  if (!isObject(wire.Headers ?? {})) return { unreadable: 'expected object', path: '/Headers' }
  return Array.isArray(wire.Parts ?? []) ? null : { unreadable: 'expected array', path: '/Parts' }
}

interface Told {
  readonly name: string
  readonly type: NormalisedType
  readonly details: object | null
}

function toReading(wire: Wire, { name, type, details }: Told): Reading {
  const custom = textOf(wire.CustomID)
  return {
    name,
    nativeType: type === 'unknown' ? (textOf(wire.event) ?? 'unknown') : 'parse',
    type,
    category: CATEGORIES[type],
    payload: wire,
    senderEventId: null,
    // Its Date is that of the header, which whoever wrote the mail has chosen; there is no time of receipt.
    occurredAt: null,
    occurredAtFrom: 'sender',
    recipient: textOf(wire.Recipient),
    channel: 'email',
    messageId: null,
    transmissionId: null,
    tags: custom === null ? NOTHING : [custom],
    metadata: (typeof wire.Payload === 'string' ? jsonObjectOf(wire.Payload) : null) ?? NO_METADATA,
    effect: 'none',
    isTest: false,
    details,
  }
}

function detailsOf(wire: Wire): { readonly mail: Mail } {
  const to = textOf(wire.Recipient)
  const fields = {
    from: textOf(wire.From),
    envelopeFrom: textOf(wire.Sender),
    envelopeTo: to === null ? [] : [to],
    subject: textOf(wire.Subject),
    text: textOf(wire['Text-part']),
    html: textOf(wire['Html-part']),
    headers: headersOf(wire.Headers),
  }
  return { mail: new Mail(fields, { raw: () => null, attachments: () => attachmentsIn(wire) }) }
}

/**
 * Version 1: envelope and headers, which every server on its way adds to. Empty without headers: the Parse API has no id.
 */
export function fingerprints({ payload }: Pick<Reading, 'payload'>): readonly string[] {
  const { Sender = null, Recipient = null, Headers } = payload as Wire
  if (!isObject(Headers) || Object.keys(Headers).length === 0) return NOTHING
  return [JSON.stringify(['mailjet.parse 1', Sender, Recipient, Headers])]
}
