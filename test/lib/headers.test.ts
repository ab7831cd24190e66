import { expect, test } from 'vitest'
import { headerValues, pickHeaders, singleHeader } from '../../src/lib/headers.ts'

const RAW = ['Host', 'localhost', 'X-Key', 'one', 'x-KEY', 'two, three', 'X-Keys', 'four', 'X-Key']

test('headerValues gives every value as it was sent, whatever the case of the name', () => {
  expect(headerValues(RAW, 'x-key')).toEqual(['one', 'two, three'])
  expect(headerValues(RAW, 'x-none')).toEqual([])
})

test('headerValues tells a value from a name', () => {
  expect(headerValues(['A', 'x-key', 'x-key', 'good'], 'x-key')).toEqual(['good'])
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
