/** The types of the schemas: those of the payload interfaces, which the readers' own tests hold. Exported from `posthorn/zod`. */
import type { z } from 'zod'

/** An event or a class of events: any object goes in, the payload interface comes out. Standard Schema as every zod schema is. */
export type PayloadSchema<Payload, Id extends string> = z.ZodType<Payload, OnWire<Payload, Id>>

/** What the sender writes: identifiers may be numbers. */
export type OnWire<Payload, Id extends string> = Payload extends unknown
  ? { [Name in keyof Payload]: Name extends Id ? Payload[Name] | number : Payload[Name] }
  : never

/** The schemas of one table, by key, with a payload type that the generator knows. */
export function typedBy<Id extends string>(schemas: Readonly<Record<string, z.ZodType>>) {
  return function typed<Payload>(key: string): PayloadSchema<Payload, Id> {
    return schemas[key] as unknown as PayloadSchema<Payload, Id>
  }
}
