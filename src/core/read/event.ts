/** From a provider's reading to the event a handler gets: identity and delivery are the same for every sender. */
import { canonicalEmail } from '../../lib/email.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import type { Reading } from '../../ports/provider.ts'
import type { AnyEvent, EventBase, EventDetails } from '../../types.ts'
import { occurredOf } from './occurred.ts'

/** What the events of one delivery share. */
export interface DeliveryFacts {
  readonly provider: string
  readonly delivery: Omit<StoredDelivery, 'body'>
  /** Number of elements. */
  readonly size: number
  readonly receivedAt: Date
}

export function deliveryFacts(provider: string, delivery: Omit<StoredDelivery, 'body'>, size: number): DeliveryFacts {
  return { provider, delivery, size, receivedAt: new Date(delivery.receivedAt) }
}

/** `run` is the replay it comes with; null: its first run. */
export function toEvent(facts: DeliveryFacts, reading: Reading, index: number, run: string | null = null): AnyEvent {
  const { delivery, receivedAt } = facts
  const [occurredAt, occurredAtFrom] = occurredOf(reading, delivery.receivedAt)
  const isTest = reading.isTest || delivery.isTest
  const email = reading.channel === 'email' ? canonicalEmail(reading.recipient ?? '') || null : null
  const base: EventBase & Pick<AnyEvent, 'provider' | 'name' | 'type' | 'payload'> = {
    id: `${delivery.id}.${index}`,
    provider: facts.provider,
    name: reading.name,
    type: reading.type,
    nativeType: reading.nativeType,
    category: reading.category,
    source: delivery.source,
    run,
    senderEventId: reading.senderEventId,
    occurredAt: new Date(occurredAt),
    occurredAtFrom,
    receivedAt,
    lateMs: delivery.receivedAt - occurredAt,
    email,
    recipient: reading.recipient,
    channel: reading.channel,
    messageId: reading.messageId,
    transmissionId: reading.transmissionId,
    tags: reading.tags,
    metadata: reading.metadata,
    metadataIssues: reading.metadataIssues ?? null,
    effect: isTest || email === null ? 'none' : reading.effect,
    delivery: {
      id: delivery.id,
      index,
      size: facts.size,
      batchId: delivery.batchId,
      senderLeft: delivery.senderLeft,
      credential: delivery.credential,
    },
    isTest,
    isReplay: run !== null,
    payload: reading.payload,
  }
  if (reading.details !== null) putDetails(base, reading)
  return base
}

type Writable<T> = { -readonly [F in keyof T]: T[F] }
type Put<T> = (event: Writable<T>, details: T) => void

const putFailure: Put<EventDetails['bounced']> = (event, { bounce, smtp }) => {
  event.bounce = bounce
  event.smtp = smtp
}

/** What opens and clicks have in common. */
type Visit = Pick<EventDetails['clicked'] & EventDetails['opened'], 'userAgent' | 'client' | 'automation' | 'automated'>

const putVisit: Put<Visit> = (event, { userAgent, client, automation, automated }) => {
  event.userAgent = userAgent
  event.client = client
  event.automation = automation
  event.automated = automated
}

/** Field by field: V8 remembers the shape of the event by the place in the code; `Object.assign` took twice the time. */
const PUT: { readonly [T in keyof EventDetails]: Put<EventDetails[T]> } = {
  delivered(event, { smtp }) {
    event.smtp = smtp
  },
  bounced: putFailure,
  deferred: putFailure,
  rejected(event, { bounce }) {
    event.bounce = bounce
  },
  clicked(event, details) {
    event.url = details.url
    event.linkName = details.linkName
    putVisit(event, details)
  },
  opened(event, details) {
    event.open = details.open
    putVisit(event, details)
  },
  unsubscribed(event, { userAgent, client }) {
    event.userAgent = userAgent
    event.client = client
  },
  preferences_changed(event, { subscriptions }) {
    event.subscriptions = subscriptions
  },
  inbound(event, { mail }) {
    event.mail = mail
  },
}

// Which of them fits is told by the type that a reading comes with.
const puts = new Map(Object.entries(PUT)) as ReadonlyMap<string, Put<never> | undefined> as ReadonlyMap<
  string,
  (event: object, details: object) => void
>

/** What the type of the event has beside what all have. */
function putDetails(event: object, { type, details }: Reading): void {
  const put = puts.get(type) ?? Object.assign
  put(event, details as object)
}

/** What stands for an element that cannot be read here and now: a dead letter of a source that is gone, quarantine. */
export const UNREAD: Omit<Reading, 'name'> = {
  nativeType: '',
  type: 'unknown',
  category: 'other',
  payload: {},
  senderEventId: null,
  occurredAt: null,
  occurredAtFrom: 'sender',
  recipient: null,
  channel: 'other',
  messageId: null,
  transmissionId: null,
  tags: [],
  metadata: {},
  effect: 'none',
  isTest: false,
  details: null,
}
