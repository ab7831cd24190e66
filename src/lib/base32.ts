/** RFC 4648 base32 in lower case without padding: safe in paths, file names and mails. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** Of the first `count` bytes. */
export function toBase32(bytes: Uint8Array, count: number = bytes.length): string {
  let [text, value, bits] = ['', 0, 0]
  for (let at = 0; at < count; at++) {
    value = ((value & 0xff) << 8) | (bytes[at] as number)
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31]
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text
}
