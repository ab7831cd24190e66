import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDateTime, wallClock } from '../../../src/providers/kit/zoned-time.ts'

const utc = (wallMs: number) => wallMs
const read = (text: string, zone?: string) => {
  const found = parseDateTime(text, zone === undefined ? utc : wallClock(zone))
  return found && { at: new Date(found.epochMs).toISOString(), zoned: found.zoned }
}

describe('parseDateTime', () => {
  it.each([
    ['2019-09-26T14:45:18', '2019-09-26T14:45:18.000Z', false],
    ['2019-09-26 14:45:18', '2019-09-26T14:45:18.000Z', false],
    ['2019-09-26T14:45:18.5', '2019-09-26T14:45:18.500Z', false],
    ['2019-09-26T14:45:18.123456789', '2019-09-26T14:45:18.123Z', false],
    ['2019-09-26T14:45:18Z', '2019-09-26T14:45:18.000Z', true],
    ['2019-09-26T14:45:18+03:00', '2019-09-26T11:45:18.000Z', true],
    ['2019-09-26T14:45:18-0530', '2019-09-26T20:15:18.000Z', true],
    ['2019-09-26T14:45:18 +03', '2019-09-26T11:45:18.000Z', true],
    ['2020-02-29T00:00:00', '2020-02-29T00:00:00.000Z', false],
  ])('reads %s', (text, at, zoned) => {
    expect(read(text)).toEqual({ at, zoned })
  })

  it('leaves a text that gives its offset alone, whatever the zone', () => {
    expect(read('2019-09-26T14:45:18Z', 'Europe/Kyiv')?.at).toBe('2019-09-26T14:45:18.000Z')
  })

  it.each([
    '',
    'now',
    '2019-09-26',
    '2019-9-26T14:45:18',
    '2019-02-29T00:00:00',
    '2019-13-01T00:00:00',
    '2019-00-10T00:00:00',
    '0000-00-00T00:00:00',
    '1969-12-31T23:59:59',
    '2019-09-26T24:00:00',
    '2019-09-26T14:60:18',
    '2019-09-26T14:45:60',
    '2019-09-26T14:45:18+99:00',
    '2019-09-26T14:45:18Zulu',
  ])('gives null for %j', (text) => {
    expect(read(text)).toBeNull()
  })
})

describe('wallClock', () => {
  it.each([
    ['2026-01-15T12:00:00', 'Europe/Kyiv', '2026-01-15T10:00:00.000Z'],
    ['2026-07-15T12:00:00', 'Europe/Kyiv', '2026-07-15T09:00:00.000Z'],
    ['2026-07-15T00:30:00', 'Asia/Kathmandu', '2026-07-14T18:45:00.000Z'],
    ['2026-07-15T23:30:00', 'Pacific/Pago_Pago', '2026-07-16T10:30:00.000Z'],
    ['2026-07-15T12:00:00', 'UTC', '2026-07-15T12:00:00.000Z'],
  ])('reads %s in %s', (text, zone, at) => {
    expect(read(text, zone)?.at).toBe(at)
  })

  // Kyiv goes from 03:00 to 04:00 on 29 March 2026.
  it.each([
    ['2026-03-29T02:59:59', '2026-03-29T00:59:59.000Z'],
    ['2026-03-29T03:00:00', '2026-03-29T01:00:00.000Z'],
    ['2026-03-29T03:30:00', '2026-03-29T01:30:00.000Z'],
    ['2026-03-29T04:00:00', '2026-03-29T01:00:00.000Z'],
    ['2026-03-29T23:59:59', '2026-03-29T20:59:59.000Z'],
  ])('reads %s, on the day the clock is put forward, as if the skipped hour were there', (text, at) => {
    expect(read(text, 'Europe/Kyiv')?.at).toBe(at)
  })

  // Kyiv goes from 04:00 back to 03:00 on 25 October 2026.
  it.each([
    ['2026-10-25T02:59:59', '2026-10-24T23:59:59.000Z'],
    ['2026-10-25T03:00:00', '2026-10-25T00:00:00.000Z'],
    ['2026-10-25T03:59:59', '2026-10-25T00:59:59.000Z'],
    ['2026-10-25T04:00:00', '2026-10-25T02:00:00.000Z'],
  ])('reads %s, on the day the clock is put back, as the first of two', (text, at) => {
    expect(read(text, 'Europe/Kyiv')?.at).toBe(at)
  })

  it('knows changes of half an hour and of a whole day', () => {
    // Lord Howe puts its clock forward by 30 minutes at 02:00; Samoa had no 30 December 2011.
    expect(read('2026-10-04T01:59:59', 'Australia/Lord_Howe')?.at).toBe('2026-10-03T15:29:59.000Z')
    expect(read('2026-10-04T02:30:00', 'Australia/Lord_Howe')?.at).toBe('2026-10-03T15:30:00.000Z')
    expect(read('2011-12-29T23:59:59', 'Pacific/Apia')?.at).toBe('2011-12-30T09:59:59.000Z')
    expect(read('2011-12-31T00:00:00', 'Pacific/Apia')?.at).toBe('2011-12-30T10:00:00.000Z')
  })

  it('gives back the instant whose wall clock it is given, in any order of days', () => {
    const zones = ['Europe/Kyiv', 'America/New_York', 'Africa/Casablanca', 'Asia/Tehran', 'Australia/Lord_Howe']
    const clocks = zones.map((zone) => [wallClock(zone), wallOf(zone)] as const)
    const instant = fc.integer({ min: 0, max: 2_000_000_000 }).map((seconds) => seconds * 1000)
    fc.assert(
      fc.property(fc.constantFrom(...clocks), instant, ([clock, wall], epochMs) => {
        const found = clock(wall(epochMs))
        // Of two instants with the same wall clock it gives the first.
        expect(wall(found)).toBe(wall(epochMs))
        expect(found).toBeLessThanOrEqual(epochMs)
      }),
      { numRuns: 2_000 },
    )
  })

  it('throws RangeError for a zone that does not exist', () => {
    expect(() => wallClock('Europe/Atlantis')).toThrow(RangeError)
  })
})

/** The wall clock of a zone by another road than the code under test takes. */
function wallOf(timeZone: string): (epochMs: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  return (epochMs) => Date.parse(`${format.format(epochMs).replace(' ', 'T')}Z`)
}
