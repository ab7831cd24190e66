/** Reading the query of a request target, in one pass. */
import { textOfWire } from './wire-text.ts'

/**
 * The bytes of a parameter that must occur once, percent-decoded once; null when it is missing, repeated or badly
 * encoded. Names are compared decoded, so `%6Bey` repeats `key`. `+` is a plus: the query of an address that was
 * typed in is no form.
 */
export function singleParameter(target: string, name: string): Uint8Array | null {
  const wanted = Buffer.from(name)
  let found: string | null = null
  for (const [key, value] of parameters(target)) {
    if (!percentDecode(key)?.equals(wanted)) continue
    if (found !== null) return null
    found = value
  }
  return found === null ? null : percentDecode(found)
}

/**
 * All parameters in their order, read as they were meant by an address that was put together without escaping: `+` is a
 * plus, a `%` that escapes nothing is a per cent sign, and what is not UTF-8 is Latin-1. Pairs without a name are left out.
 */
export function looseParameters(target: string): [name: string, value: string][] {
  const [address = ''] = target.split('#', 1)
  const pairs = Array.from(parameters(address), ([key, value]): [string, string] => [loosely(key), loosely(value)])
  return pairs.filter(([name]) => name !== '')
}

function loosely(text: string): string {
  return textOfWire(percentDecode(text.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')) ?? Buffer.from(text, 'latin1'))
}

function* parameters(target: string): Generator<[key: string, value: string]> {
  let start = target.indexOf('?') + 1
  while (start > 0 && start <= target.length) {
    const ampersand = target.indexOf('&', start)
    const end = ampersand === -1 ? target.length : ampersand
    const pair = target.slice(start, end)
    const equals = pair.indexOf('=')
    yield equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
    start = end + 1
  }
}

/** null when a `%` is not followed by two hexadecimal digits. Node hands bytes of a target as latin-1. */
function percentDecode(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'latin1')
  let length = 0
  for (let index = 0; index < bytes.length; index++, length++) {
    const byte = bytes[index]!
    if (byte !== PERCENT) {
      bytes[length] = byte
      continue
    }
    const high = hexDigit(bytes[index + 1])
    const low = hexDigit(bytes[index + 2])
    if (high < 0 || low < 0) return null
    bytes[length] = high * 16 + low
    index += 2
  }
  return bytes.subarray(0, length)
}

const PERCENT = 0x25

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1
}
