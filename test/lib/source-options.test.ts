import { describe, expect, it } from 'vitest'
import { OptionError } from '../../src/errors.ts'
import { checkSourceOptions } from '../../src/lib/source-options.ts'
import { port } from '../../src/lib/symbols.ts'

const auth = { [port]: {} }
const check = (options: unknown) => checkSourceOptions('sender', options as never)

describe('checkSourceOptions', () => {
  it('gives the body limit, or null for none', () => {
    expect(check({ auth, limits: { bodyBytes: 1024 } })).toBe(1024)
    expect(check({ auth, limits: {} })).toBeNull()
    expect(check({ auth })).toBeNull()
  })

  it.each([undefined, null, 'secret', {}, { auth: 'secret' }, { auth: {} }, { auth: null }])(
    'refuses %j for options with an auth kind, without repeating it',
    (options) => {
      expect(() => check(options)).toThrow(OptionError)
      expect(() => check(options)).toThrow(/^sender: /)
      expect(() => check(options)).not.toThrow(/secret/)
    },
  )

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1024', null])('refuses %s bytes', (bodyBytes) => {
    expect(() => check({ auth, limits: { bodyBytes } })).toThrow('limits.bodyBytes')
  })

  it('refuses limits that are none', () => {
    expect(() => check({ auth, limits: 1024 })).toThrow(OptionError)
  })
})
