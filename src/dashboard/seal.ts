/**
 * What stands for an address where none may stand. All of it hangs on the key of the inbox, so that every process says
 * the same, and nobody without the inbox can tell whose it is.
 */
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { toBase32 } from '../lib/base32.ts'
import { canonicalEmail, isAddress } from '../lib/email.ts'

const SIV_BYTES = 16
/** Begins what is no address: none begins so. */
const TEXT = '\0'
/** Lengths of addresses are told in steps of this. */
const BLOCK = 16
/** RFC 5321 section 4.5.3.1, with room for domains that are not ASCII. */
const LONGEST = 1_024

export class Seals {
  readonly #mac: Uint8Array
  readonly #cipher: Uint8Array
  readonly #standIn: Uint8Array
  /** What tokens are signed with. */
  readonly signing: Uint8Array

  constructor(key: Uint8Array) {
    const derived = (use: string) => createHmac('sha256', key).update(`posthorn dashboard ${use}`).digest()
    this.#mac = derived('person mac')
    this.#cipher = derived('person cipher')
    this.#standIn = derived('stand-in')
    this.signing = derived('token')
  }

  /**
   * The address in URLs: sealed, the same each time (synthetic IV, RFC 5297). A hash would do for comparing; this one a
   * process can open, so that the look-up of a person needs no index of hashes and no memory of earlier searches. null: it is
   * no address, or longer than any, or cannot be opened again as what it was.
   */
  keyOrNull(address: string): string | null {
    const email = canonicalEmail(address)
    const text = Buffer.from(email)
    const opens = text.length <= LONGEST && email.isWellFormed() && !email.startsWith(TEXT)
    return opens && isAddress(email) ? this.#sealed(text) : null
  }

  #sealed(text: Buffer): string {
    const plain = Buffer.alloc(2 + Math.ceil((text.length + 2) / BLOCK) * BLOCK)
    plain.writeUInt16BE(text.length)
    text.copy(plain, 2)
    const iv = this.#ivOf(plain)
    const cipher = createCipheriv('aes-256-ctr', this.#cipher, iv)
    return Buffer.concat([iv, cipher.update(plain), cipher.final()]).toString('base64url')
  }

  /** The same for another text that may hold an address, such as the id of a message: its letters stay as they are. */
  textKey(text: string): string | null {
    const bytes = Buffer.from(TEXT + text)
    return bytes.length > LONGEST || !text.isWellFormed() ? null : this.#sealed(bytes)
  }

  /** null: it is no key of a text of this inbox. */
  text(key: string): string | null {
    const opened = this.#opened(key)
    return opened?.startsWith(TEXT) ? opened.slice(TEXT.length) : null
  }

  /** null: it was not made by a process of this inbox. */
  address(key: string): string | null {
    const opened = this.#opened(key)
    return opened?.startsWith(TEXT) ? null : opened
  }

  #opened(key: string): string | null {
    if (!/^[\w-]{40,2000}$/.test(key)) return null
    const bytes = Buffer.from(key, 'base64url')
    const [iv, sealed] = [bytes.subarray(0, SIV_BYTES), bytes.subarray(SIV_BYTES)]
    if (sealed.length > LONGEST + BLOCK + 2) return null
    const cipher = createDecipheriv('aes-256-ctr', this.#cipher, iv)
    const plain = Buffer.concat([cipher.update(sealed), cipher.final()])
    if (!timingSafeEqual(this.#ivOf(plain), iv)) return null
    return plain.subarray(2, 2 + plain.readUInt16BE()).toString()
  }

  /** `u-7kq2mzt4ab@example.invalid`: the same person, the same stand-in; no mail can be sent to it (RFC 2606). */
  standIn(address: string): string {
    const digest = createHmac('sha256', this.#standIn).update(canonicalEmail(address)).digest()
    return `u-${toBase32(digest, 7).slice(0, 10)}@example.invalid`
  }

  #ivOf(plain: Uint8Array): Buffer {
    return createHmac('sha256', this.#mac).update(plain).digest().subarray(0, SIV_BYTES)
  }
}
