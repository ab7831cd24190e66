import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  fromBriefAnswer,
  fromBriefRequest,
  isBareEnd,
  toBriefAnswer,
  toBriefRequest,
} from '../../../../src/inboxes/sqlite/wire/compact.ts'
import { nothing } from '../../../../src/inboxes/sqlite/wire/packing.ts'
import type {
  ClaimPlan,
  Ending,
  GroupAnswer,
  ItemAnswer,
  PlannedClaim,
  Settled,
  StoredAnswer,
} from '../../../../src/inboxes/sqlite/wire/protocol.ts'

const seq = fc.integer({ min: 1, max: 2 ** 52 })
const failure = fc.constant({ failure: { code: 'ERR_INBOX_IO', message: 'no' } } as const)
const row = { handler: 'h', first: 0, last: 1, attempts: 1, dueAt: 5, errors: [], replay: null, orderKey: null }
const letter = {
  handler: 'h',
  index: 0,
  attempts: 1,
  errors: [],
  at: 1,
  element: new Uint8Array(1),
  size: 1,
  run: null,
}
const some = <T>(one: T) => fc.constantFrom<readonly T[]>([], [], [one])

const settlement: fc.Arbitrary<Ending> = fc.record(
  {
    seq,
    firstPass: fc.boolean(),
    events: fc.option(fc.nat()),
    endedRows: some(7),
    rows: some(row),
    dead: some(letter),
    quarantined: some({ index: 0, reason: 'r', path: null, at: 1 }),
    unhandled: fc.constantFrom<Record<string, number>>({}, {}, { ping: 1 }),
    duplicateEvents: fc.constantFrom(0, 0, 3),
    keys: fc.constantFrom(null, undefined, { windowMs: 1, keys: new Float64Array(1), at: 1 }),
    forgotten: fc.constantFrom(null, undefined, { windowMs: 1, keys: new Float64Array(1) }),
  },
  { requiredKeys: ['seq', 'firstPass', 'events', 'endedRows', 'rows', 'dead', 'quarantined', 'unhandled'] },
)

const claim: fc.Arbitrary<PlannedClaim> = fc.record({
  seq,
  bytes: fc.nat(),
  handlers: fc.constantFrom<readonly string[]>(['a'], ['a', 'b']),
  rows: fc.constantFrom(null, null, []),
  careful: fc.constantFrom(false, false, true),
  deaths: some({ index: 0, handler: 'a', times: 1 }),
  quarantined: some(3),
  progress: some({
    ...{ row: null, next: 3, over: { a: [[0, 1]] as const }, parts: 0, rows: [], at: 1 },
    ...{ dead: [], quarantined: [], unhandled: {}, copies: [] },
  }),
  notes: fc.record({
    senderLeft: fc.constantFrom(false, false, true),
    duplicates: fc.constantFrom(0, 0, 2),
    events: fc.constantFrom(null, null, 4),
  }),
})

const plan: fc.Arbitrary<ClaimPlan> = fc.record({
  claims: fc.array(claim),
  nextDueAt: fc.option(fc.nat()),
  unread: some('a'),
  returned: fc.boolean(),
  more: fc.boolean(),
  unknownSources: some('y'),
})

const stored: fc.Arbitrary<ItemAnswer<StoredAnswer>> = fc.oneof(
  failure,
  fc.record({ value: fc.record({ status: fc.constant('accepted'), seq, isDone: fc.constant(false) }) }),
  fc.record({ value: fc.record({ status: fc.constant('duplicate'), seq, isDone: fc.boolean() }) }),
  seq.map((one) => ({ value: { status: 'accepted', seq: one, isDone: false, body: new Uint8Array([1, 2]) } }) as const),
)

const settled: fc.Arbitrary<ItemAnswer<Settled>> = fc.oneof(
  failure,
  fc.record({ value: fc.record({ workIsLeft: fc.boolean(), conflictsWith: fc.constantFrom(null, null, 'd_x') }) }),
)

const facts = { lost: null, committed: true, shortage: null, pendingBytes: 3, pauses: null, moreWork: false } as const
const others = { ...facts, underWay: [], progress: [], commands: [], wakes: [], freed: [], purging: false, altered: [] }

it('says every answer so that it is understood as it was meant', () => {
  const parts = fc.record({ accepts: fc.array(stored), settlements: fc.array(settled), claims: fc.array(plan) })
  fc.assert(
    fc.property(parts, (part) => {
      const answer: GroupAnswer = { ...others, ...part }
      expect(fromBriefAnswer(structuredClone(toBriefAnswer(answer)))).toEqual(answer)
    }),
  )
  const lost: GroupAnswer = { lost: { code: 'ERR_INBOX_IO', message: 'no' } }
  expect(fromBriefAnswer(toBriefAnswer(lost))).toEqual(lost)
})

/** A bare end may leave out what it has nothing of. */
const full = (one: Ending) => (isBareEnd(one) ? { ...one, duplicateEvents: 0, keys: null, forgotten: null } : one)

it('says every settlement so that it is understood as it was meant', () => {
  fc.assert(
    fc.property(fc.array(settlement), (settlements) => {
      const request = { ...nothing, now: 1, settlements }
      const understood = fromBriefRequest(structuredClone(toBriefRequest(request)))
      expect(understood.settlements.map(full)).toEqual(settlements.map(full))
      expect({ ...understood, settlements: [] }).toEqual({ ...request, settlements: [] })
    }),
  )
})

it('needs no object for what is ordinary', () => {
  const bare = { seq: 4, firstPass: true, events: 1, endedRows: [], rows: [], dead: [], quarantined: [], unhandled: {} }
  expect(toBriefRequest({ ...nothing, now: 1, settlements: [bare] }).settlements).toEqual([[4, 1]])
  const tally = { words: ['ev:a/b', 'lag:0'], numbers: [1, 5, 1, 2], received: 1 }
  const counted = toBriefRequest({
    ...nothing,
    now: 1,
    settlements: [
      { ...bare, tally },
      { ...bare, seq: 5, tally },
    ],
  })
  expect(counted.settlements).toEqual([
    [4, 1, 1, 0, 1, 5, 1, 1, 2],
    [5, 1, 1, 0, 1, 5, 1, 1, 2],
  ])
  expect(counted.words).toEqual(tally.words)
  expect(fromBriefRequest(counted).settlements.map((one) => one.tally)).toEqual([tally, tally])
  const notes = { senderLeft: false, duplicates: 0, events: null }
  const handlers = ['a']
  const fresh = { handlers, rows: null, careful: false, deaths: [], quarantined: [], progress: [], notes }
  const claims = [8, 9].map((seq) => ({ ...fresh, seq, bytes: 10 * seq }))
  const answer = toBriefAnswer({
    ...others,
    accepts: [{ value: { status: 'accepted', seq: 7, isDone: false } }],
    settlements: [{ value: { workIsLeft: false, conflictsWith: null } }],
    claims: [{ claims, nextDueAt: null, unread: [], returned: false, more: false, unknownSources: [] }],
  })
  const brief = {
    handlers,
    firsts: [8, 80, 9, 90],
    others: [],
    nextDueAt: null,
    unread: [],
    more: false,
    unknownSources: [],
  }
  expect(answer).toMatchObject({ accepts: [7], settlements: [null], claims: [brief] })
})
