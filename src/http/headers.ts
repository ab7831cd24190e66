/** Reading a raw header list: name and value in turn, as received, duplicates kept. */

/**
 * The value of a header that must occur once; null when it is missing or repeated. What a framework makes of a repeat
 * (the first of them, or all joined) lets two readers of one request see two values, so a repeat is no value.
 */
export function singleHeader(rawHeaders: readonly string[], lowerName: string): string | null {
  const at = nextNamed(rawHeaders, lowerName, 0)
  if (at < 0 || nextNamed(rawHeaders, lowerName, at + 2) >= 0) return null
  return rawHeaders[at + 1]!
}

/** The value of a header, of the first where it is repeated; null when it is missing. */
export function firstHeader(rawHeaders: readonly string[], lowerName: string): string | null {
  const at = nextNamed(rawHeaders, lowerName, 0)
  return at < 0 ? null : rawHeaders[at + 1]!
}

/** Where the next header of this name stands, from a place on; -1 where there is none. */
function nextNamed(rawHeaders: readonly string[], lowerName: string, from: number): number {
  for (let at = from; at + 1 < rawHeaders.length; at += 2) if (isNamed(rawHeaders[at]!, lowerName)) return at
  return -1
}

/** Names in lower case, with their values as they were sent. */
export type Headers = ReadonlyArray<readonly [lowerName: string, value: string]>

/** The headers of these names, and of one more, in the order they came in: one walk for whoever asks for several. */
export function pickHeaders(
  rawHeaders: readonly string[],
  lowerNames: readonly string[],
  oneMore: string | null,
): Headers {
  const picked: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    const found = nameOf(name, lowerNames) ?? (oneMore !== null && isNamed(name, oneMore) ? oneMore : null)
    if (found !== null) picked.push([found, rawHeaders[index + 1]!])
  }
  return picked
}

/** A loop, not `find`: this runs for each header of each request. */
function nameOf(name: string, lowerNames: readonly string[]): string | null {
  for (const lowerName of lowerNames) if (isNamed(name, lowerName)) return lowerName
  return null
}

/** The length is compared first, then the name as it is: nearly every header falls there, without a new string. */
function isNamed(name: string, lowerName: string): boolean {
  return name.length === lowerName.length && (name === lowerName || name.toLowerCase() === lowerName)
}
