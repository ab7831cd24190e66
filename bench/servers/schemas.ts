/** The schemas that the frameworks' peers check with: what an application would write for the fields it uses. */
import { z } from 'zod'
import type { ProviderName } from '../bodies/bodies.ts'

const text = z.string()
const mailEvent = z.looseObject({
  type: text,
  event_id: text,
  timestamp: text,
  rcpt_to: text,
  message_id: text,
  transmission_id: text,
  campaign_id: text.optional(),
  subject: text.optional(),
  rcpt_meta: z.record(text, z.unknown()).optional(),
  rcpt_tags: z.array(text).optional(),
  bounce_class: text.optional(),
  error_code: text.optional(),
  reason: text.optional(),
  ip_address: text.optional(),
  user_agent: text.optional(),
  target_link_url: text.optional(),
})

const momentum = z.array(
  z.object({
    msys: z.object({
      message_event: mailEvent.optional(),
      track_event: mailEvent.optional(),
      unsubscribe_event: mailEvent.optional(),
      gen_event: mailEvent.optional(),
    }),
  }),
)

const mailjet = z.array(
  z.looseObject({
    event: z.enum(['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub']),
    time: z.number(),
    MessageID: z.number(),
    Message_GUID: text,
    email: text,
    mj_campaign_id: z.number(),
    mj_contact_id: z.number(),
    customcampaign: text.optional(),
    CustomID: text.optional(),
    Payload: text.optional(),
    ip: text.optional(),
    agent: text.optional(),
    url: text.optional(),
    error: text.optional(),
    comment: text.optional(),
    hard_bounce: z.boolean().optional(),
  }),
)

export function zodSchema(provider: ProviderName): z.ZodType<readonly unknown[]> {
  if (provider === 'esputnik') throw new Error('no peer is measured with eSputnik bodies')
  return provider === 'momentum' ? momentum : mailjet
}

/** The same checks as JSON Schema of the draft that Fastify's ajv reads by default. */
export function jsonSchema(provider: ProviderName): object {
  const { $schema: _, ...schema } = z.toJSONSchema(zodSchema(provider), { target: 'draft-7', unrepresentable: 'any' })
  return schema
}
