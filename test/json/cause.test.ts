import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { likelyCause } from '../../src/json/cause.ts'
import { findFault } from '../../src/json/fault.ts'

const look = (text: string) => {
  const bytes = Buffer.from(text)
  return likelyCause(bytes, 0, bytes.length)
}

describe('likelyCause', () => {
  /** The mark `^` stands before the byte that is named. */
  it.each([
    ['{"a":1^,}', 'a trailing comma'],
    ['{"a":[1^, ]}', 'a trailing comma'],
    ['{"a":1,^,"b":2}', 'a comma too many'],
    ['{"a":[^,1]}', 'a comma too many'],
    ['{"a":1 ^"b":2}', 'a missing comma'],
    ['{"a":"x"\n^"b":2}', 'a missing comma'],
    ['[{} ^{}]', 'a missing comma'],
    ['{^“a”:1}', 'typographic quotation marks in the place of "'],
    ['{"a":^«b»}', 'typographic quotation marks in the place of "'],
    ['{"a":^‘b’}', 'typographic quotation marks in the place of "'],
    ["{^'a':1}", 'single quotation marks in the place of double ones'],
    ['{^a:1}', 'a name without quotation marks'],
    ['{"a":^two words}', 'text without quotation marks'],
    ['{"a":^NaN}', 'a literal of another language than JSON'],
    ['{"a":^None}', 'a literal of another language than JSON'],
    ['{"a":^01}', 'a number as JSON has none'],
    ['{"a":^.5}', 'a number as JSON has none'],
    ['{"a":^}', 'a missing value'],
    ['{"a" ^"b"}', 'a missing colon'],
    ['{"a":"x^\ny"}', 'a line break or another control character inside a text'],
    ['{"a":"^\\x"}', 'a backslash that escapes nothing'],
    ['{"a":"^\\u12g4"}', 'a backslash that escapes nothing'],
    ['{"a":"say "^hi""}', 'a quotation mark inside a text that is not escaped'],
    ['{"a":1^]', 'a bracket that is missing, or of the wrong kind'],
    ['{"a":^/*x*/1}', 'a comment'],
    ['{"a":1,^...}', 'an ellipsis in the place of what was left out'],
    ['{"a":1,^…}', 'an ellipsis in the place of what was left out'],
    ['{^\u00a0"a":1}', 'an invisible character, as in text that was copied from a page'],
    ['{^&quot;a&quot;:1}', 'HTML entities'],
    ['{"a":^$email}', 'a template that was not filled in'],
    ['{"a":1^', 'a body that was cut off'],
    ['{"a":"x^', 'a quotation mark that is missing, or a body that was cut off'],
    ['{"a":^@}', null],
  ])('of %j', (marked, cause) => {
    const at = Buffer.from(marked).indexOf('^')
    expect(look(marked.replace('^', ''))).toEqual({ at, cause })
  })

  it('is nothing for what is JSON, and for what lies behind the first 256 KiB', () => {
    expect(look('{"a":[1,{"b":"\\u00e9\\n"}],"c":-1.5e3}')).toBeNull()
    expect(look(`{"a":"${'x'.repeat(256 << 10)}",}`)).toBeNull()
  })
})

describe('findFault', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }

  it('agrees with JSON.parse on any text with a byte changed', () => {
    const swap = fc.constantFrom(...'"\\[]{},:0e+-. \n\u0001tné')
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.nat(), swap, (text, place, other) => {
        const at = place % text.length
        const changed = text.slice(0, at) + other + text.slice(at + 1)
        const bytes = Buffer.from(changed)
        expect(findFault(bytes, 0, bytes.length) === null).toBe(isJson(changed))
      }),
      { numRuns: 3_000 },
    )
  })

  it('gives up where a text is nested too deeply', () => {
    const bytes = Buffer.from('['.repeat(1_000_000))
    expect(findFault(bytes, 0, bytes.length)).toBeNull()
  })
})
