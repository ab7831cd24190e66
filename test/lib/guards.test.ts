import { describe, expect, it } from 'vitest'
import { flagOf, isObject, textOf } from '../../src/lib/guards.ts'

describe('isObject', () => {
  it('takes objects and neither lists nor null', () => {
    expect([{}, Object.create(null)].map(isObject)).toEqual([true, true])
    expect([[], null, undefined, 'a', 1, true].map(isObject)).toEqual([false, false, false, false, false, false])
  })
})

describe('textOf', () => {
  it('gives text and numbers as text, and null for what says nothing', () => {
    expect(['a', ' ', 0, 380671234567].map(textOf)).toEqual(['a', ' ', '0', '380671234567'])
    expect(['', null, undefined, true, [], {}].map(textOf)).toEqual([null, null, null, null, null, null])
  })
})

describe('flagOf', () => {
  it('reads flags in any scalar form and null from anything else', () => {
    expect([true, 1, '1', 'true'].map(flagOf)).toEqual([true, true, true, true])
    expect([false, 0, '0', 'false'].map(flagOf)).toEqual([false, false, false, false])
    expect(['', null, undefined, 'yes', 2, []].map(flagOf)).toEqual([null, null, null, null, null, null])
  })
})
