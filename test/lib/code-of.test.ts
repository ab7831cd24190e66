import { expect, it } from 'vitest'
import { codeOf } from '../../src/lib/code-of.ts'

it.each([
  ['its code', Object.assign(new Error('text'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  ['its name', new TypeError('jo@shop.example'), 'TypeError'],
  ['a number', { code: 11 }, '11'],
  ['the kind of a text', 'jo@shop.example', 'string'],
  ['nothing', undefined, 'undefined'],
])('gives %s', (_what, error, name) => {
  expect(codeOf(error)).toBe(name)
})

it.each([
  ['an address as a code', () => ({ code: 'jo@shop.example' })],
  ['a sentence as a name', () => ({ name: 'no such recipient: jo' })],
  ['a text without end', () => ({ name: 'x'.repeat(65) })],
  ['a second line', () => ({ code: 'E\nposthorn error: forged' })],
  ['a symbol', () => ({ code: Object.create(null) })],
  ['what throws when it is looked at', () => Object.defineProperty({}, 'code', { get: () => expect.fail() })],
])('shows nothing of %s', (_what, make) => {
  expect(codeOf(make())).toBe('unknown')
})
