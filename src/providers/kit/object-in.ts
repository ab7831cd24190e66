/** JSON inside a text of an event. Private. */

import { isCrowded } from '../../json/members.ts'
import { parseElement } from '../../json/slices.ts'
import { isObject } from '../../lib/guards.ts'

/**
 * The object that the text is, in JSON; null for any other text, and for what would be quarantined as an element of a
 * body: nested too deeply, too many members. Integers beyond 2^53 arrive as strings, digit for digit.
 */
export function objectIn(text: string): Record<string, unknown> | null {
  if (!/^\s*\{/.test(text)) return null
  const bytes = Buffer.from(text)
  if (isCrowded(bytes)) return null
  try {
    const value = parseElement(bytes)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
