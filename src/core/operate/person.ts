/** Whether something names a person, by e-mail address: in whole, in any writing, wherever it stands. */
import { isUtf8 } from 'node:buffer'
import { OptionError } from '../../errors.ts'
import { canonicalEmail, foldCase, isAddress, LONGER_AFTER, LONGER_BEFORE, writingsOf } from '../../lib/email.ts'

const GOES_ON_BEFORE = new RegExp(`${LONGER_BEFORE}$`, 'u')
const GOES_ON_AFTER = new RegExp(`^${LONGER_AFTER}`, 'u')
/** Characters that JSON writes in one way, or escaped. */
const PLAIN = /^[a-z0-9.@_+\-=~!#$%&'*?^`{|}]+$/
/** Where one of these is, an address may be written in a way of which its plain writing has no byte. */
const OTHER_WRITING = /[\x80-\xff]|\\[u"]/
/** No address is longer (RFC 5321 section 4.5.3.1), with every character of it escaped. */
const LONGEST = 512

export class Person {
  /** As `canonicalEmail` writes it. */
  readonly email: string
  readonly #writings: readonly string[]
  /** For bytes; null where the address can be written in too many ways. */
  readonly #pattern: RegExp | null

  /** @throws ERR_OPTION */
  constructor(email: unknown) {
    this.email = typeof email === 'string' ? canonicalEmail(email) : ''
    if (!isAddress(this.email))
      throw new OptionError('a person is named by an e-mail address: { email: "jo@shop.example" }')
    this.#writings = writingsOf(this.email)
    const escaped = this.email.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
    this.#pattern = PLAIN.test(this.email) ? new RegExp(escaped, 'i') : null
  }

  isIn(string: string): boolean {
    // Folding makes no @ of anything else; a mail in base64 is a text of megabytes.
    if (!string.includes('@')) return false
    if (string.length <= LONGEST && canonicalEmail(string) === this.email) return true
    const text = foldCase(string)
    return this.#writings.some((writing) => isWholeIn(text, writing))
  }

  /** In a text or key anywhere in the value, save in what stands under the keys of `except`. */
  isNamedIn(value: unknown, except: readonly string[] = []): boolean {
    if (typeof value === 'string') return this.isIn(value)
    if (typeof value !== 'object' || value === null) return false
    if (Array.isArray(value)) return value.some((one) => this.isNamedIn(one, except))
    return Object.entries(value).some(
      ([key, inner]) => !except.includes(key) && (this.isIn(key) || this.isNamedIn(inner, except)),
    )
  }

  /** Bytes of which no parser makes anything: as UTF-8, and as Latin-1 where they are none. */
  isInBytes(bytes: Uint8Array): boolean {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const texts = isUtf8(bytes) ? [buffer.toString()] : [buffer.toString(), buffer.toString('latin1')]
    return texts.some((written) => this.isIn(written) || this.isIn(unescaped(written)))
  }

  /** Cheap: false when JSON in these bytes cannot name the person. */
  mayBeIn(bytes: Uint8Array): boolean {
    if (this.#pattern === null) return true
    const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    return this.#pattern.test(written) || OTHER_WRITING.test(written)
  }
}

function isWholeIn(text: string, writing: string): boolean {
  for (let at = text.indexOf(writing); at !== -1; at = text.indexOf(writing, at + 1)) {
    const before = text.slice(Math.max(0, at - 4), at)
    const end = at + writing.length
    if (!GOES_ON_BEFORE.test(before) && !GOES_ON_AFTER.test(text.slice(end, end + 4))) return true
  }
  return false
}

/** The text that JSON (RFC 8259 section 7) writes so. */
function unescaped(written: string): string {
  return written.replaceAll(/\\(?:u([0-9a-f]{4})|(["\\/]))/gi, (_, hex, char) =>
    hex === undefined ? char : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
