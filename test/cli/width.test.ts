import { describe, expect, it } from 'vitest'
import { cut, padded, widthOf, wrapped } from '../../src/cli/out/width.ts'

const FAMILY = '👨‍👩‍👧‍👦'
const E_ACUTE = 'é'

describe('the width of a text on a terminal', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['größe', 5],
    [`caf${E_ACUTE}`, 4],
    ['日本語', 6],
    ['ﾊﾝｶｸ', 4],
    ['한국어', 6],
    ['👍🏽', 2],
    [FAMILY, 2],
    ['🇩🇪', 2],
    ['a​b', 2],
    ['\u0301', 0],
  ])('%j is %i', (text, width) => {
    expect(widthOf(text)).toBe(width)
    expect(widthOf(padded(text, 10))).toBe(10)
  })

  it('is kept by what is cut, which breaks no sign', () => {
    expect(cut('日本語のエラー', 6)).toBe('日本…')
    expect(cut(`ab${FAMILY}cd`, 4)).toBe('ab…')
    expect(cut('short', 5)).toBe('short')
  })

  it('is kept by lines, which have all of the text', () => {
    expect(wrapped('connect ECONNREFUSED 127.0.0.1:5432', 20)).toEqual(['connect ECONNREFUSED', '127.0.0.1:5432'])
    expect(wrapped('', 5)).toEqual([''])
    const text = `名前 ${FAMILY}${FAMILY} ${'x'.repeat(50)} ${'語'.repeat(30)} ${E_ACUTE.repeat(9)} end`
    for (const width of [1, 2, 3, 7, 20, 200]) {
      const lines = wrapped(text, width)
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(Math.max(2, width))
    }
  })

  it('is found of a very long word', () => {
    expect(wrapped('é'.repeat(200_000), 80)).toHaveLength(2_500)
  })
})
