import { describe, expect, it } from 'vitest'
import { Scanner } from '../../src/json/scan.ts'
import { parseElements } from '../../src/json/slices.ts'

function parse(bytes: Uint8Array): unknown {
  const scanner = new Scanner(bytes)
  while (!scanner.advance(bytes.length));
  const scan = scanner.result()
  if ('failure' in scan) throw new Error(scan.failure)
  return parseElements(bytes, scan, 0, 1)[0]
}

const LONG = 'x'.repeat(100_000)

describe('a large element', () => {
  it.each([
    ['ASCII', { text: LONG }],
    ['text beyond Latin-1', { text: `${LONG}звіт 🛒 é` }],
  ])('of %s is what it is, in an array, behind others and alone', (_, element) => {
    const text = JSON.stringify(element)
    for (const body of [`[${text}]`, `[ \n${text}\t, {}]`, text, `\ufeff ${text} `])
      expect(parse(Buffer.from(body))).toEqual(element)
  })

  it('has the numbers as text that a double cannot hold', () => {
    const body = Buffer.from(`[{"big":9007199254740993,"text":"${LONG}"}]`)
    expect(parse(body)).toEqual({ big: '9007199254740993', text: LONG })
  })

  it.each([
    ['a byte order mark before it', Buffer.from(`[\ufeff{"a":"${LONG}"}]`)],
    ['a byte that is no UTF-8', Buffer.concat([Buffer.from(`[{"a":"${LONG}`), Buffer.of(0xff), Buffer.from('"}]')])],
    ['something behind it', Buffer.from(`[{"a":"${LONG}"} {}]`)],
  ])('with %s is none', (_, body) => {
    expect(() => parse(body)).toThrow()
  })
})
