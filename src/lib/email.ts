/** One writing for every way in which an e-mail address can be written. */
import { domainToASCII, domainToUnicode } from 'node:url'
import { OptionError } from '../errors.ts'

/** Printable ASCII without space, quote and backslash: nearly all addresses. */
const PLAIN = /^[!#-[\]-~]+$/

/**
 * The address in the one writing that all ways to write it share, so that two texts are one address when they are equal:
 * `event.email` is made by it, and the keys of your own tables should be. White space around it is dropped; letters are
 * lower case, in Unicode's form NFC; a domain beyond ASCII is in its ASCII form (`xn--…`), which the DNS has and which is
 * one, where two Unicode texts may be one domain; the local part has quotes only where it needs them. What is behind a
 * `+`, and dots, stay: whether they count is up to the mailbox. A text without `@` is treated as a local part that nobody
 * has quoted.
 *
 * @example
 * canonicalEmail(' Jo+News@MÜNCHEN.example') // 'jo+news@xn--mnchen-3ya.example'
 * canonicalEmail('"Jo.Doe"@Shop.example') // 'jo.doe@shop.example'
 * @throws OptionError ERR_OPTION when it is no text.
 */
export function canonicalEmail(address: string): string {
  if (typeof address !== 'string') throw new OptionError(`canonicalEmail takes a text, got ${typeof address}`)
  if (PLAIN.test(address)) return address.toLowerCase()
  const text = foldCase(address.trim())
  const at = text.lastIndexOf('@')
  return at < 0 ? text : `${bare(text.slice(0, at))}@${asciiDomain(text.slice(at + 1))}`
}

const ADDRESS = /^(?:[^\s@]+|".+")@[^\s@]+$/s

/** Of what `canonicalEmail` has written: whether it names a mailbox, as far as its form tells. */
export const isAddress = (email: string): boolean => ADDRESS.test(email)

/** NFC and lower case; again NFC, which lower case can undo. */
export function foldCase(text: string): string {
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}

/** In a pattern: what goes on to the left of an address makes it another one; a letter before an apostrophe, too (o'brien@). */
export const LONGER_BEFORE = "(?:[\\p{L}\\p{N}._%+-]|[\\p{L}\\p{N}]')"
export const LONGER_AFTER = '(?:[\\p{L}\\p{N}-]|\\.[\\p{L}\\p{N}])'

/** How the address of `canonicalEmail` may stand in a text that was folded: it, with quotes, with its domain in Unicode. */
export function writingsOf(email: string): readonly string[] {
  const at = email.lastIndexOf('@')
  const [local, domain] = [email.slice(0, at), email.slice(at + 1)]
  const locals = local.startsWith('"') ? [local] : [local, `"${local}"`]
  return [domain, ...unicodeOf(domain)].flatMap((one) => locals.map((each) => `${each}@${one}`))
}

/** The domain in Unicode, where that is another text for the same. */
function unicodeOf(domain: string): string[] {
  if (!domain.includes('xn--') || !DOMAIN.test(domain)) return []
  const unicode = foldCase(domainToUnicode(domain))
  return unicode !== domain && asciiDomain(unicode) === domain ? [unicode] : []
}

/** Letters, marks, digits and what separates labels (UTS 46 section 2.3): `domainToASCII` stops at `/`, undoes `%41`. */
const DOMAIN = /^[\p{L}\p{M}\p{N}._\-\u3002\uff0e\uff61]+$/u
/** It would read this as an IPv4 address. */
const NUMERIC = /^[\p{N}.\u3002\uff0e\uff61]+$/u
const ASCII = /^[!-~]*$/
/** In the DNS it has at most 253 characters (RFC 1035 section 3.1). What `domainToASCII` takes grows with their square. */
const LONGEST_DOMAIN = 253

function asciiDomain(domain: string): string {
  if (domain.length > LONGEST_DOMAIN || ASCII.test(domain) || NUMERIC.test(domain) || !DOMAIN.test(domain))
    return domain
  return domainToASCII(domain) || domain
}

/** RFC 5322 section 3.2.3: with one of these, or a dot that separates nothing, it must be quoted. */
const NEEDS_QUOTES = /[\s\p{Cc}"(),:;<>@[\\\]]|^\.|\.\.|\.$/u
const ESCAPED = /\\([\s\S])/g

/** The local part without quotes that it does not need, and with no character escaped that need not be. */
function bare(local: string): string {
  const isQuoted = local.length > 2 && local.startsWith('"') && local.endsWith('"')
  const inside = local.slice(1, -1)
  // An open quote or escape: whatever it is, it is no quoted local part.
  if (!isQuoted || /["\\]/.test(inside.replace(ESCAPED, ''))) return local
  const content = inside.replace(ESCAPED, '$1')
  return NEEDS_QUOTES.test(content) ? `"${content.replace(/["\\]/g, '\\$&')}"` : content
}
