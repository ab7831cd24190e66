/**
 * What somebody may see who may not see people. The one place where that is done: views are given a receiver whose events,
 * errors and texts are masked already, so that none of their forms can tell what it was never told.
 */
import type {
  AnyEvent,
  DeadLetter,
  Delivery,
  DeliverySummary,
  ErrorRecord,
  InboundMail,
  Quarantined,
} from '../types.ts'
import { maskAddress, maskText } from './addresses.ts'
import type { LookControl } from './types.ts'

/** Told of each event that is masked, with the address that it had. */
export type Noted = (masked: AnyEvent, email: string | null) => void

export function maskedControl(control: LookControl, noted: Noted): LookControl {
  const event = (one: AnyEvent): AnyEvent => {
    const masked = maskEvent(one)
    noted(masked, one.email)
    return masked
  }
  return {
    ...control,
    deliveries: (filter, options) => each(control.deliveries(filter, options), maskSummary),
    async delivery(id) {
      const found = await control.delivery(id)
      return found === null ? null : maskDelivery(found)
    },
    deadLetters: (filter, options) => each(control.deadLetters(filter, options), (letter) => maskLetter(letter, event)),
    quarantine: (filter, options) => each(control.quarantine(filter, options), maskQuarantined),
    differences: (filter, options) =>
      each(control.differences(filter, options), ({ unreadable, ...difference }) => ({
        ...difference,
        unreadable: unreadable.map((one) => ({ ...one, reason: maskText(one.reason), path: text(one.path) })),
      })),
    events: (filter, options) => each(control.events(filter, options), event),
    async message(messageId, filter, options) {
      const found = await control.message(messageId, filter, options)
      return found === null ? null : { messageId: maskText(found.messageId), events: found.events.map(event) }
    },
    person: (address, filter, options) => each(control.person(address, filter, options), event),
    async event(id) {
      const found = await control.event(id)
      return found === null ? null : { ...found, event: event(found.event) }
    },
    async actions() {
      const actions = await control.actions()
      return actions.map((one) => ({ ...one, who: text(one.who), filter: maskTexts(one.filter) as typeof one.filter }))
    },
  }
}

async function* each<T>(rows: AsyncIterable<T>, mask: (row: T) => T): AsyncGenerator<T> {
  for await (const row of rows) yield mask(row)
}

const text = (value: string | null): string | null => (value === null ? null : maskText(value))

/** Keys and types stay, so that one can see what came. */
export function maskValues(value: unknown, depth = 0): unknown {
  if (value === null) return null
  if (typeof value !== 'object') return `(${typeof value === 'string' ? 'text' : typeof value})`
  // Deeper than any sender's; the walk must end for what was made deep on purpose.
  if (depth > 64) return '(deep)'
  if (Array.isArray(value)) return value.map((one) => maskValues(one, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [maskText(key), maskValues(one, depth + 1)]))
}

/** Each text in it for itself: an address in the JSON of them could take a quote with it. */
function maskTexts(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(maskTexts)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, maskTexts(one)]))
}

/** What types add to an event (`EventDetails`): what is not named here is masked as a payload is. */
const DETAILS: Readonly<Record<string, (value: never) => unknown>> = {
  smtp: (smtp: { text: string | null } | null) => smtp && { ...smtp, text: text(smtp.text) },
  bounce: (bounce: { class: string | null; reason: string | null }) => ({
    ...bounce,
    class: text(bounce.class),
    reason: text(bounce.reason),
  }),
  url: (url: string | null) => url && maskUrl(url),
  linkName: text,
  userAgent: text,
  client: (client: object) => ({ ...client, ip: (client as { ip: unknown }).ip === null ? null : '***', city: null }),
  automation: (value: unknown) => value,
  automated: (value: unknown) => value,
  open: (value: unknown) => value,
  subscriptions: (names: readonly string[]) => names.map(maskText),
  mail: (mail: InboundMail | null) => mail && maskMail(mail),
}

const BASE = [
  ...['id', 'run', 'source', 'nativeType', 'category', 'occurredAt', 'occurredAtFrom', 'receivedAt', 'lateMs'],
  ...['channel', 'effect', 'delivery', 'isTest', 'isReplay', 'provider', 'name', 'type'],
]

export function maskEvent(event: AnyEvent): AnyEvent {
  const own: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(event)) {
    if (BASE.includes(key)) own[key] = value
    else own[key] = Object.hasOwn(DETAILS, key) ? DETAILS[key]?.(value as never) : maskValues(value)
  }
  const { email, recipient, channel } = event
  return {
    ...(own as unknown as AnyEvent), // the same fields
    nativeType: maskText(event.nativeType),
    name: maskText(event.name),
    delivery: { ...event.delivery, batchId: text(event.delivery.batchId) },
    email: email === null ? null : maskAddress(email),
    recipient: recipient === null ? null : channel === 'email' ? maskAddress(recipient) : '***',
    messageId: text(event.messageId),
    transmissionId: text(event.transmissionId),
    senderEventId: text(event.senderEventId),
    tags: event.tags.map(maskText),
    metadataIssues: event.metadataIssues?.map(({ path }) => ({ path: maskText(path), message: '(text)' })) ?? null,
  }
}

/** What stands behind the `?` is a person's as often as not. */
function maskUrl(url: string): string {
  const end = url.search(/[?#]/)
  const masked = maskText(end < 0 ? url : url.slice(0, end))
  return end < 0 ? masked : `${masked}?***`
}

const maskMail = (mail: InboundMail): InboundMail => ({
  from: mail.from === null ? null : maskFrom(mail.from),
  envelopeFrom: mail.envelopeFrom === null ? null : maskAddress(mail.envelopeFrom),
  envelopeTo: mail.envelopeTo.map(maskAddress),
  subject: mail.subject === null ? null : '(text)',
  text: mail.text === null ? null : '(text)',
  html: mail.html === null ? null : '(text)',
  headers: mail.headers.map(([name]) => [maskText(name), '(text)']),
  attachments: async () => [],
  raw: () => null,
})

/** A name stands before the address. */
function maskFrom(from: string): string {
  const address = from.match(/<([^<>]{1,400})>/)?.[1] ?? from
  return address.includes('@') ? maskAddress(address.trim()) : '***'
}

const maskSummary = <T extends DeliverySummary>(summary: T): T => ({ ...summary, batchId: text(summary.batchId) })

function maskDelivery(delivery: Delivery): Delivery {
  const headers = delivery.headers.map(([name, value]) => [name, maskText(value)] as const)
  return { ...maskSummary(delivery), headers, body: () => delivery.body() }
}

const maskQuarantined = (item: Quarantined): Quarantined => ({
  ...item,
  reason: maskText(item.reason),
  path: text(item.path),
})

/** Of what a handler threw nothing is known but that it is somebody's: its name, its code and its words without addresses. */
function maskError<E extends ErrorRecord>({ stack: _, cause, errors, ...error }: E): ErrorRecord {
  return {
    ...error,
    name: maskText(error.name),
    code: text(error.code),
    message: maskText(error.message),
    ...(cause === undefined ? {} : { cause: maskError(cause) }),
    ...(errors === undefined ? {} : { errors: errors.map(maskError) }),
  }
}

const maskLetter = (letter: DeadLetter, event: (one: AnyEvent) => AnyEvent): DeadLetter => ({
  ...letter,
  event: event(letter.event),
  errors: letter.errors.map((error) => ({ ...error, stack: undefined, ...maskError(error) }) as typeof error),
})
