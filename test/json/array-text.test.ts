import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { arrayText } from '../../src/json/array-text.ts'

const utf8 = new TextEncoder()

interface Piece {
  readonly text: string
  readonly quoted: boolean
}

const run = (unit: fc.Arbitrary<string>) => fc.string({ unit, maxLength: 120 })
const one = fc.constantFrom('é', 'ÿ', 'Ā', 'Спасибі', '–', '🛒', '￿', '𐀀', '\u0000', '\u0080', '߿', 'ࠀ')
const words = fc.oneof(run(fc.constantFrom('a', ' ', '"')), run(fc.constantFrom('a', 'é', 'ü')), one)
const piece: fc.Arbitrary<Piece> = fc.oneof(
  { arbitrary: words.map((text) => ({ text, quoted: false })), weight: 4 },
  { arbitrary: run(fc.constantFrom('1', '9')).map((text) => ({ text, quoted: true })), weight: 1 },
)

/** The pieces as bytes of a body that begins with `before`, and the borders of those to be quoted. */
function bodyOf(before: string, pieces: readonly Piece[]) {
  const borders: number[] = []
  let bytes = utf8.encode(before)
  for (const { text, quoted } of pieces) {
    const start = bytes.length
    bytes = Buffer.concat([bytes, utf8.encode(text)])
    if (quoted) borders.push(start, bytes.length)
  }
  return { bytes, numbers: Int32Array.from(borders), start: Buffer.byteLength(before), end: bytes.length }
}

const textOf = (pieces: readonly Piece[]) =>
  `[${pieces.map(({ text, quoted }) => (quoted ? `"${text}"` : text)).join('')}]`

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('the text of an array', () => {
  const made = (make: typeof arrayText, pieces: readonly Piece[]) => {
    const { bytes, numbers, start, end } = bodyOf('[é,', pieces)
    return make(Buffer.concat([bytes, utf8.encode(', "ü"]')]), start, end, numbers, 0, numbers.length)
  }
  const pieces = fc.array(piece, { maxLength: 200, size: 'max' })

  it('is what stands in the body, with quotes around the numbers', () => {
    fc.assert(
      fc.property(pieces, (all) => {
        expect(made(arrayText, all)).toBe(textOf(all))
      }),
      { numRuns: 500 },
    )
  })

  it('is the same where WebAssembly may not run', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    vi.resetModules()
    const { arrayText: fresh } = await import('../../src/json/array-text.ts')
    fc.assert(
      fc.property(pieces, (all) => {
        expect(made(fresh, all)).toBe(textOf(all))
      }),
      { numRuns: 200 },
    )
  })

  it.each([65_519, 65_520, 65_521, 200_000])('is made of %i bytes too', (length) => {
    for (const letter of ['a', 'é', 'Ж', '🛒']) {
      const text = letter.repeat(Math.floor(length / Buffer.byteLength(letter)))
      expect(made(arrayText, [{ text, quoted: false }])).toBe(`[${text}]`)
    }
  })

  it('has room for as many quotes as a chunk can ask for, beside characters of two bytes', () => {
    const numbers = Array.from({ length: 10_900 }, () => [
      { text: '1e999', quoted: true },
      { text: ',', quoted: false },
    ]).flat()
    const all = [{ text: '"Ж",', quoted: false }, ...numbers]
    expect(made(arrayText, all)).toBe(textOf(all))
  })
})
