import { describe, expect, test } from 'vitest'
import { pathOf, segmentOf } from '../../src/http/target.ts'

describe('pathOf', () => {
  test.each([
    ['/hooks/shop', '/hooks/shop'],
    ['/hooks/shop/', '/hooks/shop'],
    ['/hooks/shop//', '/hooks/shop/'],
    ['/hooks/shop?a=/b/', '/hooks/shop'],
    ['/hooks/shop/#x', '/hooks/shop'],
    ['/', ''],
    ['', ''],
  ])('of %j is %j', (target, path) => {
    expect(pathOf(target)).toBe(path)
  })
})

describe('segmentOf', () => {
  test.each([
    ['/hooks/secret/shop', 1, 'secret'],
    ['/hooks/secret/shop/', 1, 'secret'],
    ['/hooks/secret/shop?x=/y', 1, 'secret'],
    ['/secret/shop', 1, 'secret'],
    ['/hooks/s%65cret/shop', 1, 's%65cret'],
    ['/hooks/secret', 0, 'secret'],
    ['/secret/', 0, 'secret'],
    ['//shop', 1, ''],
    ['/hooks//shop', 1, ''],
    ['/shop', 1, null],
    ['/', 1, null],
    ['/', 0, null],
    ['', 1, null],
    ['*', 1, null],
  ])('of %j, %i before the last, is %j', (target, before, segment) => {
    expect(segmentOf(target, before)).toBe(segment)
  })
})
