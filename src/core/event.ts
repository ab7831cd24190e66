/** From a provider's reading to the event a handler gets: identity and delivery are the same for every sender. */
import type { AnyEvent, Base } from '../types.ts'
import type { Reading, StoredDelivery } from './ports.ts'

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
  const occurredAt = reading.occurredAt ?? delivery.receivedAt
  const isTest = reading.isTest || delivery.isTest
  const email = reading.channel === 'email' ? reading.recipient : null
  const base: Base & Pick<AnyEvent, 'provider' | 'name' | 'type' | 'payload'> = {
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
    occurredAtFrom: reading.occurredAt === null ? 'received' : reading.occurredAtFrom,
    receivedAt,
    lateMs: delivery.receivedAt - occurredAt,
    email,
    recipient: reading.recipient,
    channel: reading.channel,
    messageId: reading.messageId,
    transmissionId: reading.transmissionId,
    tags: reading.tags,
    metadata: reading.metadata,
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
  return reading.details === null ? base : Object.assign(base, reading.details)
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
