import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clause } from '../../../src/core/filter/clause.ts'
import { NUMBER_KEYS, WORD_KEYS } from '../../../src/core/filter/keys.ts'
import { eventFacts, matches } from '../../../src/core/filter/matches.ts'
import { parseFilter } from '../../../src/core/filter/parse.ts'
import { printFilter } from '../../../src/core/filter/print.ts'
import { FilterError } from '../../../src/errors.ts'
import { sampleEvent } from '../../../src/testing/index.ts'

const ZONE = process.env.TZ
afterEach(() => {
  if (ZONE === undefined) delete process.env.TZ
  else process.env.TZ = ZONE
})

const NOW = Date.UTC(2026, 10, 29, 2, 30)
const read = (text: string, utc = true) => parseFilter(text, { now: NOW, at: 'filter', utc })
const bare = (clauses: readonly Clause[]) => clauses.map(({ start: _, end: __, ...clause }) => clause)
const instants = (text: string) =>
  read(text).map((clause) => (clause.kind === 'time' ? new Date(clause.at).toISOString() : null))

function refusal(text: string): FilterError {
  try {
    read(text)
  } catch (thrown) {
    if (thrown instanceof FilterError) return thrown
    throw thrown
  }
  throw new Error(`${text} was read`)
}

const word = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'binary' }))
const clauses = fc
  .record({
    words: fc.uniqueArray(
      fc.constantFrom(...Object.entries(WORD_KEYS)).chain(([key, words]) =>
        fc.record({
          kind: fc.constant('words' as const),
          key: fc.constant(key as keyof typeof WORD_KEYS),
          not: fc.boolean(),
          values: fc.array(words === null ? word : fc.constantFrom(...words), { minLength: 1, maxLength: 4 }),
        }),
      ),
      { selector: ({ key }) => key, maxLength: 6 },
    ),
    numbers: fc.array(
      fc.record({
        kind: fc.constant('numbers' as const),
        key: fc.constantFrom(...(Object.keys(NUMBER_KEYS) as (keyof typeof NUMBER_KEYS)[])),
        not: fc.boolean(),
        values: fc.array(
          fc.record({ is: fc.constantFrom('=', '>', '>=', '<', '<=' as const), value: fc.nat(2 ** 31 - 1) }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { maxLength: 3 },
    ),
    times: fc.array(fc.integer({ min: 0, max: 253_402_300_799_999 }), { maxLength: 2 }),
    ids: fc.array(fc.stringMatching(/^d_[a-z2-7]{1,20}(\.\d{1,7})?$/), { maxLength: 3 }),
  })
  .map(({ words, numbers, times, ids }): Clause[] => {
    const keys = ['since', 'until'] as const
    const time = times.map((at, n) => ({ kind: 'time' as const, key: keys[n] ?? 'since', at }))
    const id = ids.length === 0 ? [] : [{ kind: 'ids' as const, key: 'ids' as const, ids }]
    return [...words, ...numbers, ...time, ...id].map((clause) => ({ ...clause, start: 0, end: 0 }) as Clause)
  })

describe('the filter language', () => {
  it.each(['UTC', 'Asia/Tokyo', 'Europe/Berlin', 'America/St_Johns'])(
    'reads what it writes as the same, in %s',
    (zone) => {
      process.env.TZ = zone
      expect(Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone)
      fc.assert(
        fc.property(clauses, fc.boolean(), (filter, utc) => {
          expect(bare(read(printFilter(filter, { utc }), utc))).toEqual(bare(filter))
        }),
        { numRuns: 150 },
      )
    },
  )

  it('refuses any other text with a place inside it, and nothing else', () => {
    const pieces = fc.constantFrom(
      'type:',
      'since:',
      '-',
      ',',
      '"',
      '\\',
      ' ',
      'x',
      '..',
      '>',
      '5',
      'd_a',
      'test:yes',
      'jo@x',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            read(text)
          } catch (thrown) {
            if (!(thrown instanceof FilterError)) throw thrown
            expect(thrown).toMatchObject({ code: 'ERR_FILTER', name: 'FilterError' })
            expect(thrown.start).toBeGreaterThanOrEqual(0)
            expect(thrown.end).toBeGreaterThanOrEqual(thrown.start)
            expect(thrown.end).toBeLessThanOrEqual(text.length)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('has clauses of words, numbers, times and ids', () => {
    expect(bare(read('source:shop type:bounced,complained -bounce:soft attempts:>5 d_abc.3'))).toEqual([
      { kind: 'words', key: 'source', not: false, values: ['shop'] },
      { kind: 'words', key: 'type', not: false, values: ['bounced', 'complained'] },
      { kind: 'words', key: 'bounce', not: true, values: ['soft'] },
      { kind: 'numbers', key: 'attempts', not: false, values: [{ is: '>', value: 5 }] },
      { kind: 'ids', key: 'ids', ids: ['d_abc.3'] },
    ])
    expect(read('  ')).toEqual([])
  })

  it('takes units, and quotes around what has blanks, commas or quotes', () => {
    expect(read('late:>=1.5h size:<10MB,2KiB class:"a \\"b\\", c"')).toMatchObject([
      { values: [{ is: '>=', value: 5_400_000 }] },
      {
        values: [
          { is: '<', value: 10_000_000 },
          { is: '=', value: 2_048 },
        ],
      },
      { values: ['a "b", c'] },
    ])
  })

  it.each([
    ['since:6h', '2026-11-28T20:30:00.000Z'],
    ['since:now', '2026-11-29T02:30:00.000Z'],
    ['since:02:00', '2026-11-29T02:00:00.000Z'],
    ['since:3:00', '2026-11-28T03:00:00.000Z'],
    ['since:2026-11-28', '2026-11-28T00:00:00.000Z'],
    ['since:2026-11-28T03:00+02:00', '2026-11-28T01:00:00.000Z'],
    ['until:2026-11-28T03:00:07.5Z', '2026-11-28T03:00:07.500Z'],
  ])('reads %s as %s', (text, at) => {
    expect(instants(text)).toEqual([at])
  })

  it('reads times without a zone in that of the process, also in the night in which its clocks go back', () => {
    process.env.TZ = 'Europe/Helsinki'
    const local = (text: string, now: string) =>
      parseFilter(text, { now: Date.parse(now), at: 'filter' }).map(
        (clause) => 'at' in clause && new Date(clause.at).toISOString(),
      )
    expect(local('since:03:00', '2026-11-29T02:30:00Z')).toEqual(['2026-11-29T01:00:00.000Z'])
    expect(local('since:23:30', '2026-10-25T21:00:00Z')).toEqual(['2026-10-24T20:30:00.000Z'])
    expect(local('at:2026-10-25', '2026-11-29T00:00:00Z')).toEqual([
      '2026-10-24T21:00:00.000Z',
      '2026-10-25T22:00:00.000Z',
    ])
    const clauses = parseFilter('since:2026-11-28T03:00', { now: NOW, at: 'filter' })
    expect(printFilter(clauses)).toBe('since:2026-11-28T03:00+02:00')
  })

  it.each([
    ['at:02:00..03:30', '2026-11-29T02:00:00.000Z', '2026-11-29T03:30:00.000Z'],
    ['at:23:00..01:00', '2026-11-28T23:00:00.000Z', '2026-11-29T01:00:00.000Z'],
    ['at:2026-02-28', '2026-02-28T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['at:02:15', '2026-11-29T02:15:00.000Z', '2026-11-29T02:16:00.000Z'],
    ['at:2h..1h', '2026-11-29T00:30:00.000Z', '2026-11-29T01:30:00.000Z'],
  ])('reads %s as the time from %s to %s', (text, from, to) => {
    expect(instants(text)).toEqual([from, to])
  })

  it.each([
    ['source:shop tpye:bounced', 12, 16, 'type'],
    ['Type:bounced', 0, 4, 'type'],
    ['source:shop effect:supress', 19, 26, 'suppress'],
    ['bounce:hard,sfot', 12, 16, 'soft'],
    ['soft', 0, 4, 'bounce:soft'],
    ['type', 0, 4, 'type:…'],
    ['type:', 5, 5, null],
    ['type:a,', 7, 7, null],
    ['type:"a', 5, 7, null],
    ['type:"a"b', 8, 9, null],
    ['since:yesterday', 6, 15, null],
    ['since:2026-02-30', 6, 16, null],
    ['since:25:00', 6, 11, null],
    ['since:1h,2h', 9, 11, null],
    ['-since:1h', 0, 9, null],
    ['at:1h..2h', 3, 9, null],
    ['at:1h..2h..3h', 3, 13, null],
    ['attempts:>many', 9, 14, null],
    ['late:5', 5, 6, null],
    ['late:5x', 5, 7, null],
    ['-d_abc', 0, 6, null],
    ['since:1h since:2h', 9, 17, null],
    ['since:1h at:2h', 9, 14, null],
    ['type:a type:b', 7, 13, null],
  ])('refuses %s with its place and what was meant', (text, start, end, near) => {
    expect(refusal(text)).toMatchObject({ code: 'ERR_FILTER', start, end, nearest: near })
  })

  it('repeats no address in a message', () => {
    for (const text of ['jo@shop.example', 'effect:jo@shop.example', 'since:jo@shop.example', 'late:jo@shop.example'])
      expect(refusal(text).message).not.toContain('shop.example')
  })
})

describe('an event', () => {
  const bounce = sampleEvent('momentum.bounce', { rcpt_to: 'Jo@Shop.example' }, { as: 'bounced', source: 'shop' })
  const meets = (text: string) => matches(read(text), eventFacts(bounce))

  it.each([
    ['source:shop', true],
    ['-source:shop', false],
    ['source:outlet,shop', true],
    ['provider:momentum name:momentum.bounce type:bounced category:delivery', true],
    [`bounce:${bounce.bounce.kind}`, true],
    [`-bounce:${bounce.bounce.kind}`, false],
    ['to:jo@shop.example', true],
    ['to:JO@SHOP.example', true],
    ['to:j@shop.example', false],
    ['test:no', true],
    ['-test:yes', true],
    ['test:yes', false],
    ['late:<0s,>=0s', true],
    ['late:<0s late:>=0s', false],
    ['handler:any', false],
    ['-handler:any', true],
  ])('is compared with %s', (text, isMet) => {
    expect(meets(text)).toBe(isMet)
  })
})
