/**
 * The field `name` of a payload, whether or not its interface lists it: senders add fields before anybody documents
 * them. Only the payload's own fields are seen; undefined where there is none.
 */
export function field(payload: object, name: string): unknown {
  return Object.hasOwn(payload, name) ? (payload as Readonly<Record<string, unknown>>)[name] : undefined
}
