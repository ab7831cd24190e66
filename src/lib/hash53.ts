/**
 * A number for a text, spread evenly over 53 bits, so that it is exact as a number and as an integer of a database. Two
 * multiplicative hashes side by side: not for secrets, nor where a collision would lose anything. Private.
 */
export function hash53(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 2_654_435_761)
    low = Math.imul(low ^ code, 1_597_334_677)
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909)
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0)
}
