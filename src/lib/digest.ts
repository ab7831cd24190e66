/** SHA-256 without the buffer that Node makes for each digest: that costs three times what hashing a small body does. */
import { createHash, hash } from 'node:crypto'

const DIGEST_BYTES = 32

/** The digest as a text of one character a byte. */
export function digestText(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'binary')
}

/** The digest as 32 bytes, in V8's own heap. */
export function digestBytes(bytes: Uint8Array): Uint8Array {
  const text = digestText(bytes)
  const digest = new Uint8Array(DIGEST_BYTES)
  for (let at = 0; at < DIGEST_BYTES; at++) digest[at] = text.charCodeAt(at)
  return digest
}

/** Of bytes that are at hand, in portions that leave the event loop free where they are many. */
export function sha256(bytes: Uint8Array, breathe: () => Promise<void>): Uint8Array | Promise<Uint8Array> {
  return bytes.length <= PORTION ? digestBytes(bytes) : inPortions(bytes, breathe)
}

async function inPortions(bytes: Uint8Array, breathe: () => Promise<void>): Promise<Uint8Array> {
  const whole = createHash('sha256')
  for (let at = 0; at < bytes.length; at += PORTION) {
    if (at > 0) await breathe()
    whole.update(bytes.subarray(at, at + PORTION))
  }
  return whole.digest()
}

const PORTION = 4 << 20
