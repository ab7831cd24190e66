import { describe, expect, it } from 'vitest'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { auth, reading } from '../support.ts'

function read(activityDateTime: unknown, timeZone?: string) {
  const source = esputnik({ auth, ...(timeZone === undefined ? {} : { timeZone }) })
  const text = JSON.stringify({ activityStatus: 'READ', activityDateTime })
  const { occurredAt, occurredAtFrom } = reading(source, text)
  return [occurredAt === null ? null : new Date(occurredAt).toISOString(), occurredAtFrom]
}

describe('activityDateTime', () => {
  it('is on the clock of the zone given', () => {
    expect(read('2026-01-15T12:00:00', 'Europe/Kyiv')).toEqual(['2026-01-15T10:00:00.000Z', 'sender-without-zone'])
    expect(read('2026-07-15T12:00:00', 'Europe/Kyiv')).toEqual(['2026-07-15T09:00:00.000Z', 'sender-without-zone'])
  })

  it('is UTC when no zone is given', () => {
    expect(read('2026-07-15T12:00:00')).toEqual(['2026-07-15T12:00:00.000Z', 'sender-without-zone'])
  })

  it('wins over the zone when it has one of its own', () => {
    expect(read('2026-07-15T12:00:00Z', 'Europe/Kyiv')).toEqual(['2026-07-15T12:00:00.000Z', 'sender'])
    expect(read('2026-07-15T12:00:00+05:00', 'Europe/Kyiv')).toEqual(['2026-07-15T07:00:00.000Z', 'sender'])
  })

  it('that the clock skips is read as if it had not been put forward', () => {
    expect(read('2026-03-29T03:30:00', 'Europe/Kyiv')[0]).toBe('2026-03-29T01:30:00.000Z')
  })

  it('that the clock shows twice is the first of the two', () => {
    expect(read('2026-10-25T03:30:00', 'Europe/Kyiv')[0]).toBe('2026-10-25T00:30:00.000Z')
  })

  it.each([undefined, '', 'yesterday', '0000-00-00T00:00:00', 1780000000, null, true])(
    'is left open by %j',
    (value) => {
      expect(read(value, 'Europe/Kyiv')[0]).toBeNull()
    },
  )
})
