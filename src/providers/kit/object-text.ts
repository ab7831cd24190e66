/** JSON that stands as text in a field of an element. Private. */

import { isCrowded } from '../../json/members.ts'
import { parseElement } from '../../json/slices.ts'
import { isObject } from '../../lib/guards.ts'

/**
 * The object that a text is, read as an element of a body is: with numbers that a double cannot hold as text, and
 * bounded in depth and in members. null for any other text.
 */
export function jsonObjectOf(text: string): Readonly<Record<string, unknown>> | null {
  if (!BEGINS_AS_OBJECT.test(text)) return null
  const bytes = Buffer.from(text)
  if (isCrowded(bytes)) return null
  try {
    const value = parseElement(bytes)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** White space of JSON (RFC 8259 section 2), and a brace. */
const BEGINS_AS_OBJECT = /^[ \t\n\r]*\{/
