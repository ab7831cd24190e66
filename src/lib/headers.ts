/** Reading a raw header list: name and value in turn, as received, duplicates kept. */

/** All values of a header, in order, each as it was sent: never joined, never split. `lowerName` in lower case. */
export function headerValues(rawHeaders: readonly string[], lowerName: string): readonly string[] {
  const values: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (isNamed(rawHeaders[index]!, lowerName)) values.push(rawHeaders[index + 1]!)
  }
  return values
}

/**
 * The value of a header that must occur once; null when it is missing or repeated. What a framework makes of a repeat
 * (the first of them, or all joined) lets two readers of one request see two values, so a repeat is no value.
 */
export function singleHeader(rawHeaders: readonly string[], lowerName: string): string | null {
  const values = headerValues(rawHeaders, lowerName)
  return values.length === 1 ? values[0]! : null
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
    const found = lowerNames.find((lowerName) => isNamed(name, lowerName))
    if (found !== undefined) picked.push([found, rawHeaders[index + 1]!])
    else if (oneMore !== null && isNamed(name, oneMore)) picked.push([oneMore, rawHeaders[index + 1]!])
  }
  return picked
}

/** The length is compared first: nearly every header of a request falls there, without a new string. */
function isNamed(name: string, lowerName: string): boolean {
  return name.length === lowerName.length && name.toLowerCase() === lowerName
}
