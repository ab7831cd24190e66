/** Finding e-mail addresses in texts of strangers, in time that grows with the text alone. */

/** What stands for an address. */
export type Replace = (address: string) => string

/** RFC 5322 section 3.2.3, and letters of any script; not what texts put around addresses. */
const LOCAL = /[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]/u
const DOMAIN = /[\p{L}\p{M}\p{N}.-]/u
/** Return paths hold the address of somebody else. */
const LONGEST_LOCAL = 512
const LONGEST_DOMAIN = 255

/** `@` as it is, and as addresses of pages, markup and strings of JSON have it, however often encoded. */
const AT = /@|%(?:25)*40|&#0*64;|&#x0*40;|&commat;|\\u0040/gi

/** The text with each address replaced; the same text where there is none. */
export function replaceAddresses(text: string, replace: Replace): string {
  if (!/[@%&\\]/.test(text)) return text
  let [result, from] = ['', 0]
  for (const { 0: at, index } of text.matchAll(AT)) {
    if (index < from) continue
    const start = localStart(text, index, from, at !== '@')
    const end = domainEnd(text, index + at.length)
    if (start === index || end === index + at.length) continue
    const address = `${text.slice(start, index)}@${text.slice(index + at.length, end)}`
    const replaced = replace(address)
    result += text.slice(from, start) + (at === '@' ? replaced : replaced.replace('@', at))
    from = end
  }
  return from === 0 ? text : result + text.slice(from)
}

function localStart(text: string, at: number, from: number, isEncoded: boolean): number {
  const least = Math.max(from, at - LONGEST_LOCAL)
  if (text[at - 1] === '"') {
    const open = text.lastIndexOf('"', at - 2)
    return Math.max(open, least)
  }
  let start = at
  while (
    start > least &&
    LOCAL.test(charBefore(text, start)) &&
    !(isEncoded && /[&=?/]/.test(text[start - 1] as string))
  )
    start -= charBefore(text, start).length
  return start
}

function domainEnd(text: string, from: number): number {
  let end = from
  const most = Math.min(text.length, from + LONGEST_DOMAIN)
  if (text[from] === '[') {
    const close = text.slice(from, most).indexOf(']')
    return close > 0 ? from + close + 1 : from
  }
  while (end < most && DOMAIN.test(charAt(text, end))) end += charAt(text, end).length
  // The full stop of a sentence.
  while (end > from && /[.-]/.test(text[end - 1] as string)) end--
  return end
}

const charAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0)

function charBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1)
  const isPair = low >= 0xdc00 && low <= 0xdfff && at > 1
  return isPair ? text.slice(at - 2, at) : (text[at - 1] ?? '')
}

/** Links for tracking carry what they know of a person so. Of what is longer it is the beginning. */
const BASE64 = /[A-Za-z0-9+/_-]{12}/g

/** As `replaceAddresses`, and in what is in base64, too. */
export function replaceEverywhere(given: string, replace: Replace): string {
  const text = replaceAddresses(given, replace)
  const parts: string[] = []
  let from = 0
  BASE64.lastIndex = 0
  for (let found = BASE64.exec(text); found !== null; found = BASE64.exec(text)) {
    const end = endOfBase64(text, found.index)
    const whole = text.slice(found.index, end)
    const replaced = replaceInBase64(whole, replace)
    if (replaced !== whole) {
      parts.push(text.slice(from, found.index), replaced)
      from = end
    }
    BASE64.lastIndex = end
  }
  return from === 0 ? text : parts.join('') + text.slice(from)
}

/** By hand: a pattern runs out of its stack in an attachment of some MB. */
function endOfBase64(text: string, from: number): number {
  let end = from
  while (isBase64(text.charCodeAt(end))) end++
  for (let pad = 0; pad < 2 && text[end] === '='; pad++) end++
  return end
}

/** Letters, digits, `+`, `/`, `-`, `_`. */
const isBase64 = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 47 && code <= 57) ||
  code === 43 ||
  code === 45 ||
  code === 95

/** A slash is a digit of base64, and stands between the parts of a path. */
function replaceInBase64(found: string, replace: Replace): string {
  const whole = replaceInOne(found, replace)
  if (whole !== found || !found.includes('/')) return whole
  return found
    .split('/')
    .map((part) => replaceInOne(part, replace))
    .join('/')
}

function replaceInOne(found: string, replace: Replace): string {
  const decoded = Buffer.from(found, 'base64').toString()
  if (!decoded.includes('@') || decoded.includes('\ufffd')) return found
  const replaced = replaceAddresses(decoded, replace)
  if (replaced === decoded) return found
  const isPadded = found.endsWith('=')
  const encoded = Buffer.from(replaced).toString('base64url')
  return isPadded ? Buffer.from(replaced).toString('base64') : encoded
}

/** `j***@shop.example`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, Math.max(at, 0)).replace(/^["\\]+/, '')
  const first = local === '' ? '' : charAt(local, 0)
  return at < 0 ? '***' : `${first}***${address.slice(at)}`
}

export const maskText = (text: string): string => replaceEverywhere(text, maskAddress)
