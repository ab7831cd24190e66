import { describe, expect, it } from 'vitest'
import { Person } from '../../../src/core/operate/person.ts'

const jo = new Person(' Jo@Shop.example ')
const bytes = (text: string) => new TextEncoder().encode(text)

describe('a person', () => {
  it.each([
    'jo@shop.example',
    'JO@SHOP.EXAMPLE',
    '550 5.1.1 <jo@shop.example>: unknown',
    'mailto:jo@shop.example?subject=x',
    "'jo@shop.example'",
    'to=jo@shop.example,',
    'write to jo@shop.example.',
    'bobjo@shop.example jo@shop.example',
    '"jo"@shop.example',
    '"J\\o"@shop.example',
    'RCPT TO:<"Jo"@shop.example>',
    'jo@ｓｈｏｐ.example',
  ])('is in %s', (text) => {
    expect(jo.isIn(text)).toBe(true)
  })

  it.each([
    'bobjo@shop.example',
    'bob.jo@shop.example',
    'bob+jo@shop.example',
    "o'jo@shop.example",
    'éjo@shop.example',
    'jo@shop.example.com',
    'jo@shop.examples',
    'jo@shop.example-2.com',
    'jo@shop',
    'shop.example',
    '',
  ])('is not in %s', (text) => {
    expect(jo.isIn(text)).toBe(false)
  })

  it('is found in texts and keys at any depth, save under the keys that are left out', () => {
    expect(jo.isNamedIn({ a: [1, null, { b: 'jo@shop.example' }] })).toBe(true)
    expect(jo.isNamedIn({ a: { 'jo@shop.example': 1 } })).toBe(true)
    expect(jo.isNamedIn({ a: { from: 'jo@shop.example' }, from: ['jo@shop.example'] }, ['from'])).toBe(false)
    expect(jo.isNamedIn({ a: 1, b: true, c: null })).toBe(false)
  })

  it('is found in bytes, escaped or not, and told cheaply from bytes that cannot hold it', () => {
    expect(jo.isInBytes(bytes('{"to":"jo\\u0040shop.example'))).toBe(true)
    expect(jo.isInBytes(Uint8Array.of(0xff, ...bytes('Jo@shop.example'), 0xfe))).toBe(true)
    expect(jo.isInBytes(bytes('{"to":"bob@shop.example'))).toBe(false)
    expect(jo.mayBeIn(bytes('["JO@shop.example"]'))).toBe(true)
    expect(jo.mayBeIn(bytes('["\\u004ao@shop.example"]'))).toBe(true)
    expect(jo.mayBeIn(bytes('["bob@shop.example"]'))).toBe(false)
    expect(new Person('jö@shop.example').mayBeIn(bytes('["bob@shop.example"]'))).toBe(true)
    expect(new Person('j/o@shop.example').mayBeIn(bytes('["j\\/o@shop.example"]'))).toBe(true)
  })

  it('is told from another by characters that patterns give a meaning to', () => {
    expect(new Person('j.o+x@shop.example').mayBeIn(bytes('j.o+x@shop.example'))).toBe(true)
    expect(new Person('j.o@shop.example').mayBeIn(bytes('jxo@shop.example'))).toBe(false)
  })

  it.each([
    ['jo@münchen.example', 'to jo@xn--mnchen-3ya.example, please'],
    ['jo@xn--mnchen-3ya.example', '<Jo@MÜNCHEN.example>'],
    ['jo@xn--mnchen-3ya.example', 'jo@mu\u0308nchen.example'],
    ['é@shop.example', 'for e\u0301@shop.example'],
    ['"jo doe"@shop.example', '<"Jo Doe"@shop.example>'],
    ['"a@b"@shop.example', '"a@b"@shop.example'],
    ['\u212aim@shop.example', 'kim@shop.example'],
    ['kim@shop.example', '\u212aIM@shop.example'],
  ])('%j is in %j, and so in the bytes of its JSON, escaped or not', (email, text) => {
    const person = new Person(email)
    expect(person.isIn(text)).toBe(true)
    const plain = JSON.stringify({ to: text })
    const ascii = plain.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    for (const written of [plain, ascii]) {
      expect(person.mayBeIn(bytes(written))).toBe(true)
      expect(person.isInBytes(bytes(written))).toBe(true)
    }
  })

  it.each([
    ['jo@münchen.example', 'jo@xn--mnchen-3yb.example'],
    ['"jo doe"@shop.example', 'jo doe@shop.example'],
    ['jo+a@shop.example', 'jo@shop.example'],
    ['jo@shop.example', 'j.o@shop.example'],
  ])('%j is not in %j', (email, text) => {
    expect(new Person(email).isIn(text)).toBe(false)
  })

  it('is found in bytes that are no UTF-8 as Latin-1', () => {
    const person = new Person('jö@shop.example')
    expect(person.isInBytes(Uint8Array.of(0xff, 0x20, 0x6a, 0xf6, ...bytes('@shop.example')))).toBe(true)
    expect(person.isInBytes(Uint8Array.of(0xff, 0x20, 0x6a, 0xe4, ...bytes('@shop.example')))).toBe(false)
  })

  it.each([undefined, null, 7, '', 'jo', '@', 'jo@', 'a b@c', 'a@b@c'])('needs an address: %j', (email) => {
    expect(() => new Person(email)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
