/** The wire of Momentum and SparkPost: one schema for each native type. */
import type { z } from 'zod'
import type { Fields, WireKit } from '../kit/wire-schema.ts'
import { fieldsOf } from './events-fields.ts'
import { relayMessageOf } from './events-relay.ts'
import { DOCUMENTED, UNDOCUMENTED } from './events-sets.ts'
import { TYPES } from './events-types.ts'
import { RAW_NAMES } from './raw-names.ts'

/**
 * The fields that the provider reads; with this list, checks run over slots: Momentum changes the order of keys from
 * event to event (captures of java-sparkpost, 2017).
 */
export const reads =
  `bounce_class content delv_method device_token error_code event_id friendly_from geo_ip initial_pixel ip_address
  message_id msg_from protocol raw_rcpt_to raw_reason rcpt_meta rcpt_tags rcpt_to reason sms_dst target_link_name
  target_link_url timestamp to transmission_id user_agent user_agent_parsed`.split(/\s+/)

/** The field whose word tells what an event of a class is. */
export const WORD = 'type'

/** The schemas, by class and type. */
export function schemasOf(kit: WireKit): Record<string, z.ZodObject> & { readonly relay_message: z.ZodObject } {
  const fields: Fields = fieldsOf(kit)

  function schemaOf(key: string): z.ZodObject {
    const meta = TYPES[key]
    if (meta === undefined) throw new Error(`events-types.ts says nothing about ${key}`)
    const word = kit.word('Type of the event.', wordsOf(key))
    const names = new Set([...(DOCUMENTED[key] ?? []), ...(UNDOCUMENTED[key] ?? [])])
    const shape = [...names].sort().map((name) => [name, name === WORD ? word : fieldOf(name)])
    return kit.wire(meta, Object.fromEntries(shape))
  }

  function fieldOf(name: string): z.ZodType {
    const field = fields[name]
    if (field === undefined) throw new Error(`events-fields.ts has no field ${name}`)
    return field
  }

  const typed = Object.fromEntries(Object.keys(DOCUMENTED).map((key) => [key, schemaOf(key)]))
  return { ...typed, relay_message: relayMessageOf(kit) }
}

/** The type, and its names in Momentum's own event stream. */
function wordsOf(key: string): string[] {
  const type = key.slice(key.indexOf('.') + 1)
  return [type, ...Object.keys(RAW_NAMES).filter((raw) => RAW_NAMES[raw] === type)]
}
