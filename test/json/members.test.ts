import { describe, expect, it } from 'vitest'
import { isCrowded, MOST_KEYS, MOST_VALUES } from '../../src/json/members.ts'

const crowded = (text: string) => isCrowded(Buffer.from(text))
const keys = (count: number) => `{${Array.from({ length: count }, (_, n) => `"k${n}":1`).join(',')}}`

describe('isCrowded', () => {
  it('counts keys, wherever they stand', () => {
    expect(crowded(keys(MOST_KEYS))).toBe(false)
    expect(crowded(keys(MOST_KEYS + 1))).toBe(true)
    expect(crowded(`{"a":[${'{"b":1},'.repeat(MOST_KEYS - 1)}0]}`)).toBe(false)
    expect(crowded(`{"a":[${'{"b":1},'.repeat(MOST_KEYS)}0]}`)).toBe(true)
  })

  it('counts the members of lists', () => {
    expect(crowded(`{"a":[${'0,'.repeat(MOST_VALUES - 1)}0]}`)).toBe(false)
    expect(crowded(`{"a":[${'[],'.repeat(MOST_VALUES)}0]}`)).toBe(true)
  })

  it('passes over strings, however their quotes are escaped', () => {
    const bait = JSON.stringify(':,'.repeat(MOST_VALUES))
    expect(crowded(`{"a":${bait}}`)).toBe(false)
    expect(crowded(`{"a":${JSON.stringify(`${'\\"'.repeat(999)}\\`)},"b":${bait}}`)).toBe(false)
    expect(crowded(`{"a":"\\\\",${keys(MOST_KEYS + 1).slice(1)}`)).toBe(true)
  })

  it('ends on text that is no JSON', () => {
    expect(crowded('"'.padEnd(MOST_KEYS * 5, ':'))).toBe(false)
    expect(crowded(`"${'\\'.repeat(MOST_KEYS * 5)}`)).toBe(false)
    expect(crowded(':'.repeat(MOST_KEYS * 5))).toBe(true)
  })
})
