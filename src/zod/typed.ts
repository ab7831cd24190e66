/** The types of the schemas, by the payload interfaces. Exported from `posthorn/zod`. */
import type { z } from 'zod'

/** The schema of an event or of a class: what the sender writes goes in, the payload interface comes out. */
export type PayloadSchema<Payload, Id extends string> = z.ZodType<Payload, OnWire<Payload, Id>>

/**
 * What the sender writes, where it writes as documented: the payload with identifiers that may be numbers.
 *
 * @example
 * const fixture: OnWire<MailjetOpen, 'MessageID'> = { event: 'open', MessageID: 19421777396190490 }
 */
export type OnWire<Payload, Id extends string> = Payload extends unknown
  ? { [Name in keyof Payload]: Name extends Id ? Payload[Name] | number : Payload[Name] }
  : never

/** Gives schemas of a table by key, with the payload type that the generator knows each to have. */
export function typedBy<Id extends string>(schemas: Readonly<Record<string, z.ZodType>>) {
  return function typed<Payload>(key: string): PayloadSchema<Payload, Id> {
    return schemas[key] as unknown as PayloadSchema<Payload, Id>
  }
}
