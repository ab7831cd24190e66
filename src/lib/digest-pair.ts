/** Two numbers below 2^53 for a text, from its SHA-256: 106 bits, where taking one text for another would lose an event. */
import { hash } from 'node:crypto'

export type Pair = readonly [high: number, low: number]

export function digestPair(text: string): Pair {
  const digest = hash('sha256', text, 'buffer')
  return [first53(digest, 0), first53(digest, 8)]
}

function first53(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 21 + (bytes.readUInt32BE(at + 4) >>> 11)
}
