/** RFC 4648 base32 in lower case without padding: safe in paths, file names and mails. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** Of the first `count` bytes. Two digits at a time: each piece that is added makes a new text. */
export function toBase32(bytes: Uint8Array, count: number = bytes.length): string {
  pairs ??= pairsOfDigits()
  let [text, value, bits] = ['', 0, 0]
  for (let at = 0; at < count; at++) {
    value = ((value & 0x3ff) << 8) | (bytes[at] as number)
    bits += 8
    if (bits < 10) continue
    bits -= 10
    text += pairs[(value >>> bits) & 0x3ff]
  }
  const rest = pairs[(value << (10 - bits)) & 0x3ff] as string
  return text + rest.slice(0, Math.ceil(bits / 5))
}

/** Made when they are asked for, not on import. */
let pairs: readonly string[] | undefined

function pairsOfDigits(): string[] {
  return [...ALPHABET].flatMap((first) => [...ALPHABET].map((second) => first + second))
}
