/** The wire of Momentum and SparkPost: one schema for each native type. Not shipped; `npm run generate` reads it. */
import { wire, type z } from '../kit/wire-schema.ts'
import { fields } from './events-fields.ts'
import { relayMessage } from './events-relay.ts'
import { DOCUMENTED, UNDOCUMENTED } from './events-sets.ts'
import { TYPES } from './events-types.ts'

const shapes: Readonly<z.ZodRawShape> = fields

/**
 * The fields that the provider reads; with this list, checks run over slots: Momentum changes the order of keys from
 * event to event (captures of java-sparkpost, 2017).
 */
export const reads =
  `bounce_class delv_method device_token error_code event_id geo_ip initial_pixel ip_address message_id
  protocol raw_rcpt_to raw_reason rcpt_meta rcpt_tags rcpt_to reason sms_dst target_link_name target_link_url timestamp to
  transmission_id user_agent user_agent_parsed`.split(/\s+/)

/** The schemas, by class and type. */
export const schemas: Record<string, z.ZodType> = {
  ...Object.fromEntries(Object.keys(DOCUMENTED).map((key) => [key, schemaOf(key)])),
  relay_message: relayMessage,
}

function schemaOf(key: string): z.ZodType {
  const meta = TYPES[key]
  if (meta === undefined) throw new Error(`events-types.ts says nothing about ${key}`)
  const names = new Set([...(DOCUMENTED[key] ?? []), ...(UNDOCUMENTED[key] ?? [])])
  return wire(meta, Object.fromEntries([...names].sort().map((name) => [name, shapeOf(name)])))
}

function shapeOf(name: string) {
  const shape = shapes[name]
  if (shape === undefined) throw new Error(`events-fields.ts has no field ${name}`)
  return shape
}
