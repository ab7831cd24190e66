/** The raw header list of a request of Node, or of what stands in for one. */
import type { IncomingMessage } from 'node:http'

/**
 * Name and value in turn, all of them text. Adapters that make a request of an event, as those of AWS Lambda do, leave
 * `rawHeaders` empty (serverless-http 4) or put numbers and lists in it (serverless-express 5): what they know is in
 * `headers` then. A value that was joined of several is one value, which no credential equals.
 */
export function rawHeadersOf({ rawHeaders, headers }: IncomingMessage): readonly string[] {
  const given: unknown = rawHeaders
  if (!Array.isArray(given) || given.length === 0) return flatOf(Object.entries(headers ?? {}))
  return given.every(isText) ? given : flatOf(pairsOf(given))
}

const isText = (item: unknown): item is string => typeof item === 'string'

function pairsOf(list: readonly unknown[]): [string, unknown][] {
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]]] : []))
}

/** A list is a header that came so many times. */
function flatOf(pairs: readonly (readonly [name: string, value: unknown])[]): string[] {
  return pairs.flatMap(([name, value]) => valuesOf(value).flatMap((one) => [name, one]))
}

function valuesOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.filter((one) => isText(one) || typeof one === 'number').map(String)
}
