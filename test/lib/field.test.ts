import { expect, it } from 'vitest'
import { field } from '../../src/lib/field.ts'

it('reads a field that no interface lists', () => {
  expect(field({ listed: 1, 'not listed': 2 }, 'not listed')).toBe(2)
})

it('sees nothing of the prototype', () => {
  expect(field({}, 'constructor')).toBeUndefined()
  expect(field(JSON.parse('{"__proto__":{"a":1}}'), 'a')).toBeUndefined()
})
