import { describe, expect, test } from 'vitest'
import { singleParameter } from '../../src/http/query.ts'

const readParameter = (target: string, name = 'key') => {
  const bytes = singleParameter(target, name)
  return bytes === null ? null : Buffer.from(bytes).toString()
}

describe('singleParameter', () => {
  test.each([
    ['/x?key=a', 'a'],
    ['/x?a=b&key=c%20d&e', 'c d'],
    ['/x?key', ''],
    ['/x?key=', ''],
    ['/x?key=a=b?c', 'a=b?c'],
    ['/x?key=a+b', 'a+b'],
    ['/x?key=%25%32%30', '%20'],
    ['/x?key=%E2%82%ac', '€'],
    ['?key=a', 'a'],
  ])('finds in %s', (target, value) => {
    expect(readParameter(target)).toBe(value)
  })

  test.each(['/x', '/x?', '/x?a=key', '/key=a', '/x?KEY=a', '/x?%zzkey=a', '/x?key=a&key=a', '/x?key&%6bey'])(
    'finds nothing in %s',
    (target) => {
      expect(readParameter(target)).toBeNull()
    },
  )

  test.each(['%', '%2', '%2g', '%g2', '%%20', 'a%'])('refuses the broken encoding %s', (value) => {
    expect(readParameter(`/x?key=${value}`)).toBeNull()
  })

  test('compares names as bytes, so that two ways to write one are one', () => {
    expect(readParameter('/x?schl%C3%BCssel=a', 'schlüssel')).toBe('a')
  })

  test('gives bytes that are no text as they are', () => {
    expect(singleParameter('/x?key=%ff%00', 'key')).toEqual(Buffer.from([0xff, 0]))
  })
})
