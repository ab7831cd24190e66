/** Headers as hosts and queues keep them, made a raw list: name and value in turn. Private. */
import { OptionError } from '../errors.ts'
import { kindOf } from '../lib/options.ts'

/**
 * `Headers` of fetch, a `Map` or other pairs of name and value, an object as `req.headers` of Node, or a raw list as
 * `req.rawHeaders`: name and value in turn. Values have one character for each byte of the wire, as all of these have.
 */
export type HeadersLike =
  | Iterable<readonly [name: string, value: string]>
  | readonly string[]
  | Readonly<Record<string, string | readonly string[] | null | undefined>>

/** Names and values in turn, duplicates kept. @throws OptionError for anything else; it repeats no value */
export function toRawHeaders(headers: HeadersLike): readonly string[] {
  if (typeof headers !== 'object' || headers === null)
    throw new OptionError(`headers must be Headers, an object or a list, got ${kindOf(headers)}`)
  return isIterable(headers) ? fromList([...headers]) : Object.entries(headers).flatMap(fromEntry)
}

const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value
const isText = (value: unknown): value is string => typeof value === 'string'

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every(isText)
}

function fromList(list: readonly unknown[]): readonly string[] {
  if (list.every(isPair)) return list.flat()
  if (list.every(isText) && list.length % 2 === 0) return list
  throw new OptionError('a list of headers must be pairs of a name and a value, or names and values in turn')
}

/** A value that occurs several times is a list; one that is absent is no header. */
function fromEntry([name, value]: readonly [string, unknown]): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value ?? []].flat()
  if (values.every(isText)) return values.flatMap((one) => [name, one])
  throw new OptionError(`header ${JSON.stringify(name)} must be a text or a list of texts`)
}
