/** The schema of the normalised event: what handlers get, as an object or as its JSON text was parsed. */
import { z } from 'zod'
import { CATEGORIES, type NormalisedType } from '../providers/kit/catalogue.ts'
import type { EventBase, EventDetails, InboundMail, TypedEvent } from '../types.ts'

/** Any event, whatever its sender: told apart by `type`. The payload is the sender's own. */
export type NormalisedEvent = { [T in NormalisedType]: TypedEvent<string, string, T, unknown> }[NormalisedType]

const text = z.string()
const textOrNull = text.nullable()
const flagOrNull = z.boolean().nullable()
const count = z.int().min(0)
const types = Object.keys(CATEGORIES) as NormalisedType[]
const categories = [...new Set(Object.values(CATEGORIES))]

/** A Date, or the text that JSON has of one. */
const instant = z.preprocess(
  (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value),
  text
    .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/)
    .refine((value) => !Number.isNaN(Date.parse(value)))
    .transform((value) => new Date(value)),
)

const smtp = z.object({ code: z.int().nullable(), enhanced: textOrNull, text: textOrNull }).nullable()
const bounce = z.object({
  kind: z.enum(['hard', 'soft', 'block', 'admin', 'undetermined']),
  class: textOrNull,
  reason: textOrNull,
  alreadySuppressed: flagOrNull,
})
const client = z.object({ ip: textOrNull, country: textOrNull, region: textOrNull, city: textOrNull })
const automation = z.object({ prefetched: flagOrNull, proxied: flagOrNull })
const visit = { userAgent: textOrNull, client, automation, automated: flagOrNull }
const open = z.object({ pixel: z.enum(['top', 'bottom']), amp: z.boolean(), counts: z.boolean() })

const details: { readonly [T in keyof EventDetails]: Shape<EventDetails[T]> } = {
  delivered: { smtp },
  bounced: { bounce, smtp },
  deferred: { bounce, smtp },
  rejected: { bounce },
  clicked: { url: textOrNull, linkName: textOrNull, ...visit },
  opened: { open, ...visit },
  unsubscribed: { userAgent: textOrNull, client },
  preferences_changed: { subscriptions: z.array(text) },
  // A mail has methods, of which JSON has nothing.
  inbound: {
    mail: z
      .unknown()
      .meta({ description: 'The mail that came in, or null.' }) as unknown as z.ZodType<InboundMail | null>,
  },
}

const base: Shape<EventBase> = {
  id: text.meta({ description: 'The idempotency key: the id of the delivery, a dot, the index of the element.' }),
  run: textOrNull.meta({ description: 'The id of the replay that the event came with; null on the first run.' }),
  senderEventId: textOrNull.meta({ description: "The sender's own id of the event; null where it has none." }),
  source: text.meta({ description: 'The name of the source that received it.' }),
  nativeType: text.meta({ description: "The sender's own words: `track_event.click`, `open`, `DELIVERED`." }),
  category: z.enum(categories).meta({ description: 'Coarse grouping of `type`.' }),
  occurredAt: instant.meta({ description: 'When it happened.' }),
  occurredAtFrom: z.enum(['sender', 'sender-without-zone', 'received']).meta({ description: 'Whose clock said so.' }),
  receivedAt: instant.meta({ description: 'When the delivery came in.' }),
  lateMs: z.int().meta({ description: '`receivedAt` − `occurredAt` in milliseconds.' }),
  email: textOrNull.meta({ description: '`recipient` where `channel` is `email`, else null.' }),
  recipient: textOrNull.meta({ description: 'The address as sent: mail address, phone number, push token.' }),
  channel: z.enum(['email', 'sms', 'viber', 'push', 'web', 'other']).meta({ description: 'How it was sent.' }),
  messageId: textOrNull.meta({ description: 'The copy that one recipient got.' }),
  transmissionId: textOrNull.meta({ description: 'The call or campaign that sent it.' }),
  tags: z.array(text).meta({ description: 'What the application tagged the message with.' }),
  metadata: z.record(text, z.unknown()).meta({ description: 'What the application gave the sender with the message.' }),
  metadataIssues: z
    .array(z.object({ path: text, message: text }))
    .nullable()
    .meta({ description: 'What does not fit the `metadata` schema of the source; null where it fits.' }),
  effect: z.enum(['suppress', 'unsubscribe', 'none']).meta({ description: 'What to do about the address.' }),
  delivery: z
    .object({
      id: text,
      index: count,
      size: count,
      batchId: textOrNull,
      senderLeft: z.boolean(),
      credential: textOrNull,
    })
    .meta({ description: 'The request that it came in.' }),
  isTest: z.boolean().meta({ description: 'Test traffic of the sender.' }),
  isReplay: z.boolean().meta({ description: 'Handed on once more by a replay.' }),
}

const own = {
  provider: text.meta({ description: 'The sender, as in the first word of `name`.' }),
  name: text.meta({ description: 'The native event: `momentum.click`.' }),
  payload: z.unknown().meta({ description: "The sender's own object, identifiers as text." }),
}

const eventOf = (type: NormalisedType) =>
  z.object({ ...own, type: z.literal(type), ...base, ...(type in details ? details[type as keyof EventDetails] : {}) })

type Options = [ReturnType<typeof eventOf>, ...ReturnType<typeof eventOf>[]]

// The casts: the fields of each type are looked up by a name, which is more than the compiler follows; `Shape` holds them.
/**
 * The normalised event: what a handler gets, or its JSON text parsed, with its instants as dates on the way out. Fields
 * that are not listed are left out.
 */
export const normalisedEvent = z.discriminatedUnion('type', types.map(eventOf) as Options).meta({
  title: 'Normalised event',
  description: 'What a handler gets, whatever the sender. Instants are ISO 8601 in UTC.',
}) as unknown as z.ZodType<NormalisedEvent>

/** A schema for each field, of its very type: a field that types.ts gets and nothing here checks does not compile. */
type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> }
