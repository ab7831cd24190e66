/** The wire of Momentum and SparkPost: one schema for each native type. Not shipped; `npm run generate` reads it. */
import { wire, type z } from '../../lib/wire-schema.ts'
import { fields } from './events-fields.ts'
import { relayMessage } from './events-relay.ts'
import { DOCUMENTED, UNDOCUMENTED } from './events-sets.ts'
import { TYPES } from './events-types.ts'

const shapes: Readonly<z.ZodRawShape> = fields

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
