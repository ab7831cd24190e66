import { expect, test } from 'vitest'
import { firstHeader, pickHeaders, singleHeader } from '../../src/http/headers.ts'

const RAW = ['Host', 'localhost', 'X-Key', 'one', 'x-KEY', 'two, three', 'X-Keys', 'four', 'X-Key']

test('firstHeader gives the first value as it was sent, whatever the case of the name', () => {
  expect(firstHeader(RAW, 'x-key')).toBe('one')
  expect(firstHeader(RAW.slice(4), 'x-key')).toBe('two, three')
  expect(firstHeader(['A', ''], 'a')).toBe('')
  expect(firstHeader(RAW, 'x-none')).toBeNull()
})

test('firstHeader tells a value from a name, and a name without a value from a header', () => {
  expect(firstHeader(['A', 'x-key', 'x-key', 'good'], 'x-key')).toBe('good')
  expect(firstHeader(['A', 'x', 'x-key'], 'x-key')).toBeNull()
})

test('pickHeaders gives the headers of several names in their order, repeats too', () => {
  expect(pickHeaders(RAW, ['x-key', 'host'], null)).toEqual([
    ['host', 'localhost'],
    ['x-key', 'one'],
    ['x-key', 'two, three'],
  ])
  expect(pickHeaders(RAW, ['host'], 'x-keys')).toEqual([
    ['host', 'localhost'],
    ['x-keys', 'four'],
  ])
  expect(pickHeaders(RAW, ['x-none'], 'x-ke')).toEqual([])
})

test('singleHeader gives a value that occurs once, also an empty one', () => {
  expect(singleHeader(RAW, 'host')).toBe('localhost')
  expect(singleHeader(['A', ''], 'a')).toBe('')
})

test('singleHeader gives null for what is missing or repeated', () => {
  expect(singleHeader(RAW, 'x-none')).toBeNull()
  expect(singleHeader(RAW, 'x-key')).toBeNull()
  expect(singleHeader(['A', 'same', 'a', 'same'], 'a')).toBeNull()
})

test.each(['__proto__', 'constructor', 'tostring'])('a header named %s is like any other', (name) => {
  expect(singleHeader([], name)).toBeNull()
  expect(singleHeader([name, 'x'], name)).toBe('x')
})
