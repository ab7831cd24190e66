import { describe, expect, it } from 'vitest'
import { emptiedBody, sparseBody, withoutElements } from '../../src/json/tombstone.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (body: Uint8Array | undefined) => Buffer.from(body ?? []).toString()
const without = (body: string, ...indices: number[]) => {
  const altered = withoutElements(bytes(body), indices)
  return altered && [text(altered.body), altered.erased]
}

describe('a body without some of its elements', () => {
  it('has a tombstone in the place of each, and every other byte as it was', () => {
    expect(without(' [ {"a":1} , {"b":[1,2]},\n{"c":"x,]"} ] ', 1)).toEqual([
      ' [ {"a":1} , "erased",\n{"c":"x,]"} ] ',
      1,
    ])
    expect(without('[1,2,3]', 2, 0, 2)).toEqual(['["erased",2,"erased"]', 2])
  })

  it('counts a tombstone once, and passes over what it does not have', () => {
    expect(without('[{"a":1},"erased"]', 1, 7)).toEqual(['[{"a":1},"erased"]', 0])
    expect(without('[]', 0)).toEqual(['[]', 0])
  })

  it('may be a bare object, or part of a larger buffer', () => {
    expect(without('\ufeff {"a":1} ', 0)).toEqual(['\ufeff "erased" ', 1])
    const part = bytes('....[1,2]....').subarray(4, 9)
    expect(text(withoutElements(part, [0])?.body)).toBe('["erased",2]')
  })

  it('cannot be made where no borders can be found', () => {
    expect(without('[1,2', 0)).toBeNull()
    expect(withoutElements(Uint8Array.of(0xff, 0x5b, 0x5d), [0])).toBeNull()
  })

  it('leaves bytes that are not UTF-8 in the others as they are', () => {
    const altered = withoutElements(Uint8Array.of(0x5b, 0x31, 0x2c, 0xff, 0x5d), [0])
    expect(Buffer.from(altered?.body ?? []).toString('latin1')).toBe('["erased",\u00ff]')
  })
})

describe('a sparse body', () => {
  it('has the given elements at their places', () => {
    expect(text(sparseBody(4, new Map([[2, bytes('{"c":3}')]])))).toBe('["erased","erased",{"c":3},"erased"]')
    expect(text(sparseBody(0, new Map([[1, bytes('2')]])))).toBe('["erased",2]')
    expect(text(sparseBody(0, new Map()))).toBe('[]')
    expect(text(emptiedBody())).toBe('["erased"]')
  })
})
