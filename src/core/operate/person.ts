/** Whether something names a person, by e-mail address: in whole, in any case, wherever it stands. */
import { OptionError } from '../../errors.ts'

/** What goes on to the left of an address makes it another one; so does a letter before an apostrophe (o'brien@). */
const LONGER_BEFORE = /[\p{L}\p{N}._%+-]$|[\p{L}\p{N}]'$/u
const LONGER_AFTER = /^(?:[\p{L}\p{N}-]|\.[\p{L}\p{N}])/u
/** Characters that JSON writes in one way, or as `\u00xx`. */
const PLAIN = /^[a-z0-9.@_+\-=~!#$%&'*?^`{|}]+$/

const text = new TextDecoder()

export class Person {
  readonly #address: string
  /** For bytes; null where the address can be written in too many ways. */
  readonly #pattern: RegExp | null

  /** @throws ERR_OPTION */
  constructor(email: unknown) {
    if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email.trim()))
      throw new OptionError('a person is named by an e-mail address: { email: "jo@shop.example" }')
    this.#address = email.trim().toLowerCase()
    const escaped = this.#address.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
    this.#pattern = PLAIN.test(this.#address) ? new RegExp(escaped, 'i') : null
  }

  isIn(string: string): boolean {
    const lower = string.toLowerCase()
    for (let at = lower.indexOf(this.#address); at !== -1; at = lower.indexOf(this.#address, at + 1)) {
      const before = lower.slice(Math.max(0, at - 4), at)
      const end = at + this.#address.length
      if (!LONGER_BEFORE.test(before) && !LONGER_AFTER.test(lower.slice(end, end + 4))) return true
    }
    return false
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

  /** Bytes of which no parser makes anything. */
  isInBytes(bytes: Uint8Array): boolean {
    const written = text.decode(bytes)
    if (this.isIn(written)) return true
    return this.isIn(
      written.replaceAll(/\\u00([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    )
  }

  /** Cheap: false when JSON in these bytes cannot name the person. */
  mayBeIn(bytes: Uint8Array): boolean {
    if (this.#pattern === null) return true
    const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    return this.#pattern.test(written) || written.includes('\\u00')
  }
}
