import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalEmail, foldCase, writingsOf } from '../../src/lib/email.ts'

describe('the canonical writing of an address', () => {
  it.each([
    ['jo@shop.example', 'jo@shop.example', 'as it is'],
    ['Jo@SHOP.example', 'jo@shop.example', 'lower case'],
    [' jo@shop.example\r\n', 'jo@shop.example', 'trimmed'],
    ['jo+News@shop.example', 'jo+news@shop.example', 'the part behind + stays'],
    ['j.o@shop.example', 'j.o@shop.example', 'dots stay'],
    ['jo@münchen.example', 'jo@xn--mnchen-3ya.example', 'a domain in ASCII'],
    ['jo@MU\u0308NCHEN.example', 'jo@xn--mnchen-3ya.example', 'of every writing'],
    ['jo@XN--MNCHEN-3YA.example', 'jo@xn--mnchen-3ya.example', 'also of the one in ASCII'],
    ['jo@ｓｈｏｐ。example', 'jo@shop.example', 'wide letters and dots of a domain'],
    ['jo@faß.example', 'jo@xn--fa-hia.example', 'ß is not ss'],
    ['e\u0301@shop.example', 'é@shop.example', 'NFC'],
    ['É@shop.example', 'é@shop.example', 'lower case beyond ASCII'],
    ['"jo"@shop.example', 'jo@shop.example', 'no quotes where none are needed'],
    ['"J\\o"@shop.example', 'jo@shop.example', 'no escapes'],
    ['"jo doe"@Shop.example', '"jo doe"@shop.example', 'quotes where they are needed'],
    ['"jo.@x"@shop.example', '"jo.@x"@shop.example', 'an @ in quotes'],
    ['"jo\\"\\\\\\x"@shop.example', '"jo\\"\\\\x"@shop.example', 'escapes where they are needed'],
    ['".jo"@shop.example', '".jo"@shop.example', 'a dot that separates nothing'],
    ['"jo"x"@shop.example', '"jo"x"@shop.example', 'no quoted local part'],
    ['"jo\\"@shop.example', '"jo\\"@shop.example', 'an open escape'],
    ['""@shop.example', '""@shop.example', 'nothing in quotes'],
    ['jo@[127.0.0.1]', 'jo@[127.0.0.1]', 'a literal'],
    ['jo@sh_öp.example', 'jo@xn--sh_p-7qa.example', 'an underscore'],
    ['jo@ä.example/b', 'jo@ä.example/b', 'what is no domain stays'],
    ['jo@%41ä.example', 'jo@%41ä.example', 'nothing is decoded'],
    ['jo@１.2.3', 'jo@１.2.3', 'no number becomes an address of a host'],
    ['a＠shop.example', 'a＠shop.example', 'a wide @ is none'],
    ['ı@shop.example', 'ı@shop.example', 'a dotless i is no i'],
    ['Postmaster', 'postmaster', 'no address at all'],
    ['', '', 'nothing'],
  ])('of %j is %j: %s', (address, canonical) => {
    expect(canonicalEmail(address)).toBe(canonical)
  })

  it('leaves a domain as it is that the DNS cannot have: one more character makes it too long', () => {
    const domain = (length: number) => `${'ä.'.repeat(60)}${'b'.repeat(length - 120)}`
    expect(canonicalEmail(`jo@${domain(253)}`)).toMatch(/^jo@xn--4ca\./)
    expect(canonicalEmail(`jo@${domain(254)}`)).toBe(`jo@${domain(254)}`)
  })

  it.each([undefined, null, 7, {}])('of %j is none: it must be a text', (address) => {
    expect(() => canonicalEmail(address as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })

  const part = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom('"', '\\', '.', '@', ' ', 'ß', 'İ', 'Σ', '\u212a', 'ｓ', '。', 'xn--', 'É', 'e\u0301', '\ud800'),
  )
  const address = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''))

  it('is that of itself, of any text', () => {
    fc.assert(
      fc.property(address, fc.domain(), (left, right) => {
        const canonical = canonicalEmail(`${left}@${right}`)
        expect(canonicalEmail(canonical)).toBe(canonical)
      }),
      { numRuns: 2_000 },
    )
  })

  it('does not depend on case, white space around it, or the form of Unicode, for addresses there can be', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (email) => {
        const canonical = canonicalEmail(email)
        expect(canonicalEmail(` ${email.toUpperCase()} `)).toBe(canonical)
        expect(canonicalEmail(email.normalize('NFD'))).toBe(canonical)
      }),
    )
  })

  it('is among the ways it may be written in a text', () => {
    expect(writingsOf('jo@xn--mnchen-3ya.example')).toEqual([
      'jo@xn--mnchen-3ya.example',
      '"jo"@xn--mnchen-3ya.example',
      'jo@münchen.example',
      '"jo"@münchen.example',
    ])
    expect(writingsOf('"jo doe"@shop.example')).toEqual(['"jo doe"@shop.example'])
    for (const domain of [
      '1.2.3',
      'shop.example/b',
      'xn--a.example',
      'xn--mnchen-3ya.example/b',
      '[127.0.0.1]',
      '%41.example',
    ])
      expect(writingsOf(`jo@${domain}`)).toEqual([`jo@${domain}`, `"jo"@${domain}`])
    for (const writing of writingsOf('jo@xn--mnchen-3ya.example'))
      expect([canonicalEmail(writing), foldCase(writing)]).toEqual(['jo@xn--mnchen-3ya.example', writing])
  })
})
