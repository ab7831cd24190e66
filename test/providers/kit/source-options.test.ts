import { describe, expect, it } from 'vitest'
import { OptionError } from '../../../src/errors.ts'
import { port } from '../../../src/lib/symbols.ts'
import { checkSourceOptions } from '../../../src/providers/kit/source-options.ts'

const auth = { [port]: {} }
const check = (options: unknown) => checkSourceOptions('sender', options as never)

describe('checkSourceOptions', () => {
  it('gives the body limit, or null for none', () => {
    expect(check({ auth, limits: { bodyBytes: 1024 } })).toEqual({
      bodyBytes: 1024,
      bodyMs: null,
      ackWithinMs: null,
      dedupeWindowMs: null,
    })
    const none = { bodyBytes: null, bodyMs: null, ackWithinMs: null, dedupeWindowMs: null }
    expect(check({ auth, ackWithinMs: 2_000 })).toEqual({ ...none, ackWithinMs: 2_000 })
    expect(check({ auth, limits: { bodyMs: 60_000 } })).toEqual({ ...none, bodyMs: 60_000 })
    expect(check({ auth, limits: {} })).toEqual(none)
    expect(check({ auth })).toEqual(none)
  })

  it.each([undefined, null, 'secret', {}, { auth: 'secret' }, { auth: {} }, { auth: null }])(
    'refuses %j for options with an auth kind, without repeating it',
    (options) => {
      expect(() => check(options)).toThrow(OptionError)
      expect(() => check(options)).toThrow(/^sender[: ]/)
      expect(() => check(options)).not.toThrow(/secret/)
    },
  )

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1024', null])('refuses %s bytes', (bodyBytes) => {
    expect(() => check({ auth, limits: { bodyBytes } })).toThrow('limits.bodyBytes')
  })

  it('refuses options that nobody reads, misspelt ones first of all', () => {
    expect(() => check({ auth, limit: { bodyBytes: 1 } })).toThrow('sender has no option "limit"')
    expect(() => check({ auth, limits: { bodybytes: 1 } })).toThrow('sender: limits has no option "bodybytes"')
  })

  it("takes the options that are the factory's own", () => {
    const options = { auth, timeZone: 'UTC' }
    expect(() => checkSourceOptions('sender', options)).toThrow(OptionError)
    expect(checkSourceOptions('sender', options, ['timeZone'])).toEqual({
      bodyBytes: null,
      bodyMs: null,
      ackWithinMs: null,
      dedupeWindowMs: null,
    })
  })

  it('gives the window in which copies of events are absorbed: 48 hours, or null for none', () => {
    expect(check({ auth, dedupeEvents: false }).dedupeWindowMs).toBeNull()
    expect(check({ auth, dedupeEvents: true }).dedupeWindowMs).toBe(172_800_000)
    expect(check({ auth, dedupeEvents: {} }).dedupeWindowMs).toBe(172_800_000)
    expect(check({ auth, dedupeEvents: { windowMs: 60_000 } }).dedupeWindowMs).toBe(60_000)
  })

  it.each([1, 'yes', null, { windowMs: 59_999 }, { windowMs: Number.NaN }, { windowMs: '1h' }, { window: 60_000 }])(
    'refuses %j for a window',
    (dedupeEvents) => {
      expect(() => check({ auth, dedupeEvents })).toThrow(/^sender: dedupeEvents/)
      expect(() => check({ auth, dedupeEvents })).toThrow(OptionError)
    },
  )

  it('refuses limits that are none', () => {
    expect(() => check({ auth, limits: 1024 })).toThrow(OptionError)
  })
})
