import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteBareWords } from '../../src/json/bare-words.ts'

describe('quoteBareWords', () => {
  it.each([
    ['{"a": email}', '{"a": "email"}'],
    ['{"a":web-push ,"b":In_App.2}', '{"a":"web-push" ,"b":"In_App.2"}'],
    ['{"a":[male,US, "x"]}', '{"a":["male","US", "x"]}'],
    ['{"a":"b: c","d":e}', '{"a":"b: c","d":"e"}'],
    ['{"a":"\\\\","b":c}', '{"a":"\\\\","b":"c"}'],
    ['{"a":"\\"","b":c}', '{"a":"\\"","b":"c"}'],
    ['{"a":b,"c":true}', '{"a":"b","c":true}'],
  ])('makes text of the bare words of %s', (text, quoted) => {
    expect(quoteBareWords(text)).toBe(quoted)
    expect(() => JSON.parse(quoted)).not.toThrow()
  })

  it.each([
    '{"a":": email,"}',
    '{"a":"x\\": email,"}',
    '{"a":true,"b":false,"c":null,"d":1e5,"e":-1}',
    '{a:1}',
    '{"a":b:"c"}',
    '{"a":two words}',
    '{"a":1x}',
    '{"a":$email}',
    '{"a":{{email}}}',
    '{"a":NaN,"b":None,"c":True,"d":undefined}',
    '{"a":open',
    '{"a":"never closed: x}',
  ])('finds none in %s', (text) => expect(quoteBareWords(text)).toBeNull())

  it('changes nothing of what is JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => quoteBareWords(text) === null))
  })

  it('gives back the text of every word that lost its quotation marks', () => {
    const word = fc
      .stringMatching(/^[a-z_][a-z0-9_-]{0,12}$/)
      .filter((text) => !/^(true|false|null|none|nil)$/.test(text))
    const value = fc.oneof(word, fc.string(), fc.integer(), fc.constant(null))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), value), { minLength: 1 }), (members) => {
        const bare = (one: unknown) =>
          typeof one === 'string' && /^[a-z_][a-z0-9_-]*$/.test(one) ? one : JSON.stringify(one)
        const text = `{${members.map(([key, one]) => `${JSON.stringify(key)}: ${bare(one)}`).join(',')}}`
        const whole = `{${members.map(([key, one]) => `${JSON.stringify(key)}: ${JSON.stringify(one)}`).join(',')}}`
        const literals = members.some(
          ([, one]) => typeof one === 'string' && /^(true|false|null|undefined|nil)$/.test(one),
        )
        fc.pre(!literals)
        expect(JSON.parse(quoteBareWords(text) ?? text)).toEqual(JSON.parse(whole))
      }),
    )
  })
})
