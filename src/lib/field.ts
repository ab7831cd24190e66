import { OptionError } from '../errors.ts'

/**
 * The field `name` of a payload, whether or not its interface lists it: senders add fields before anybody documents
 * them. Only the payload's own fields are seen; undefined when there is none.
 * @example field(event.payload, 'a_new_field')
 * @throws OptionError when `payload` is not an object
 */
export function field(payload: object, name: string): unknown {
  if (typeof payload !== 'object' || payload === null)
    throw new OptionError('field takes the payload of an event, and the name of a field')
  return Object.hasOwn(payload, name) ? (payload as Readonly<Record<string, unknown>>)[name] : undefined
}
