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

/** The length is compared first: nearly every header of a request falls there, without a new string. */
function isNamed(name: string, lowerName: string): boolean {
  return name.length === lowerName.length && name.toLowerCase() === lowerName
}
