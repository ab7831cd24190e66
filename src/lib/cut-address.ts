/** Takes an e-mail address out of texts that were not made of the person's own events. */
import { canonicalEmail, LONGER_AFTER, LONGER_BEFORE, writingsOf } from './email.ts'

/** No address is longer (RFC 5321 section 4.5.3.1), with every character of it escaped. */
const LONGEST = 512

/**
 * Returns the value with `erased` in the place of the address of `canonicalEmail`: in any case, in each of its writings,
 * plain or percent-encoded.
 */
export function createCut(email: string): <T>(value: T) => T {
  const writings = writingsOf(email)
  const pattern = patternOf(writings)
  const word = wordOf(email)
  const cutText = (text: string): string => {
    if (!text.includes('\\') && !text.toLowerCase().includes(word)) return text
    if (text.length <= LONGEST && text.includes('@') && canonicalEmail(text) === email) return ERASED
    const nfc = text.normalize('NFC')
    const left = withoutBegun(nfc.replaceAll(pattern, erased), writings)
    return left === nfc ? text : left
  }
  const cut = (value: unknown): unknown => {
    if (typeof value === 'string') return cutText(value)
    if (Array.isArray(value)) return value.map(cut)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cut(inner)]))
  }
  return <T>(value: T) => cut(value) as T // the same shape
}

const ERASED = 'erased'

/** What each writing of the address has in it as it is, save one with backslashes; nearly all texts do not. */
function wordOf(email: string): string {
  const words = email.slice(0, email.lastIndexOf('@')).match(/[a-z0-9._-]+/g) ?? ['']
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest))
}

/** Not by the pattern: it would look back at each character of the text. What is escaped before it is no part of it. */
function erased(found: string, at: number, text: string): string {
  const before = text.slice(Math.max(0, at - 4), at)
  return GOES_ON_BEFORE.test(before) && !ESCAPE_BEFORE.test(before) ? found : ERASED
}

const GOES_ON_BEFORE = new RegExp(`${LONGER_BEFORE}$`, 'u')
const ESCAPE_BEFORE = /%[0-9a-f]{2}$/i

function patternOf(writings: readonly string[]): RegExp {
  const forms = writings.flatMap((one) => [one, one.replace('@', '%40'), encodeURIComponent(one.toWellFormed())])
  const either = [...new Set(forms)].map((form) => form.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|')
  return new RegExp(`(?:${either})(?!${LONGER_AFTER})`, 'giu')
}

/** Stored texts are cut at a length: what is left of an address at the end goes too, once it says whose it is. */
function withoutBegun(text: string, writings: readonly string[]): string {
  const lower = text.toLowerCase()
  for (const writing of writings)
    for (let length = writing.length - 1; length > writing.lastIndexOf('@'); length--)
      if (lower.endsWith(writing.slice(0, length))) return `${text.slice(0, -length)}${ERASED}`
  return text
}
