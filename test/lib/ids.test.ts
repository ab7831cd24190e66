import { expect, it } from 'vitest'
import { idsToStrings } from '../../src/lib/ids.ts'

it('turns the named numbers into strings and leaves all else as it is', () => {
  const wire = { id: 7, other: 7, text: '94012642276192743', flag: true, empty: null }
  idsToStrings(wire, ['id', 'text', 'flag', 'empty', 'absent'])
  expect(wire).toEqual({ id: '7', other: 7, text: '94012642276192743', flag: true, empty: null })
  expect(Object.keys(wire)).not.toContain('absent')
})
