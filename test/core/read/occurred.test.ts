import { describe, expect, it } from 'vitest'
import { deliveryFacts, toEvent } from '../../../src/core/read/event.ts'
import { occurredOf } from '../../../src/core/read/occurred.ts'
import type { StoredDelivery } from '../../../src/ports/inbox/rows.ts'
import type { Source } from '../../../src/ports/provider.ts'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { auth, reading } from '../../providers/support.ts'

const RECEIVED_AT = Date.UTC(2026, 5, 1, 12)
const DAY = 86_400_000

const SOURCES: Readonly<Record<string, readonly [Source<AnyEvent>, (time: unknown) => object]>> = {
  momentum: [momentum({ auth }), (timestamp) => ({ type: 'open', timestamp })],
  mailjet: [mailjet({ auth }), (time) => ({ event: 'open', time })],
  esputnik: [esputnik({ auth, timeZone: 'UTC' }), (time) => ({ activityStatus: 'READ', activityDateTime: time })],
}

function occurred(name: string, time: unknown): [string, string] {
  const [source, element] = SOURCES[name]!
  const delivery = { id: 'd', receivedAt: RECEIVED_AT } as StoredDelivery
  const facts = deliveryFacts(name, delivery, 1)
  const { occurredAt, occurredAtFrom, lateMs } = toEvent(facts, reading(source, JSON.stringify(element(time))), 0)
  expect(lateMs).toBe(RECEIVED_AT - occurredAt.getTime())
  return [occurredAt.toISOString(), occurredAtFrom]
}

const RECEIVED = [new Date(RECEIVED_AT).toISOString(), 'received']

describe.each(['momentum', 'mailjet'])('a number as the time of %s', (name) => {
  it.each([
    [1780000000, '2026-05-28T20:26:40.000Z', 'sender'],
    ['1780000000', '2026-05-28T20:26:40.000Z', 'sender'],
    [1780000000123, '2026-05-28T20:26:40.123Z', 'sender-milliseconds'],
    ['1780000000123', '2026-05-28T20:26:40.123Z', 'sender-milliseconds'],
    [946684800, '2000-01-01T00:00:00.000Z', 'sender'],
    [946684800000, '2000-01-01T00:00:00.000Z', 'sender-milliseconds'],
  ])('%j is %s, from %s', (time, at, from) => {
    expect(occurred(name, time)).toEqual([at, from])
  })

  it.each([
    946684799,
    946684799999,
    (RECEIVED_AT + 367 * DAY) / 1_000,
    RECEIVED_AT + 367 * DAY,
    1.78e15,
    1.78e18,
    1,
    0,
    -1780000000,
    '-1780000000',
  ])('%j is none', (time) => {
    expect(occurred(name, time)).toEqual(RECEIVED)
  })
})

describe('a date', () => {
  it.each([
    ['momentum', '2026-05-28T20:26:40Z', 'sender'],
    ['esputnik', '2026-05-28T20:26:40+00:00', 'sender'],
    ['esputnik', '2026-05-28T20:26:40', 'sender-without-zone'],
  ])('of %s, %s, is from %s', (name, time, from) => {
    expect(occurred(name, time)).toEqual(['2026-05-28T20:26:40.000Z', from])
  })

  it.each(['1970-01-01T00:00:00', '9999-12-31T23:59:59', '1999-12-31T23:59:59', '1780000000', 1780000000])(
    'of esputnik, %s, is none',
    (time) => {
      expect(occurred('esputnik', time)).toEqual(RECEIVED)
    },
  )
})

it('what is a time depends on the receipt, not on the day on which it is read', () => {
  const next = { occurredAt: Date.UTC(2028, 0, 1), occurredAtFrom: 'sender' } as never
  expect(occurredOf(next, Date.UTC(2027, 1, 1))).toEqual([Date.UTC(2028, 0, 1), 'sender'])
  expect(occurredOf(next, Date.UTC(2026, 1, 1))).toEqual([Date.UTC(2026, 1, 1), 'received'])
})
