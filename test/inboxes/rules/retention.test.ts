import { expect, it } from 'vitest'
import { cutoffsAt, isForgotten, losesBody } from '../../../src/inboxes/rules/retention.ts'

const retention = {
  bodiesMs: 10,
  keysMs: 30,
  deadLettersMs: 50,
  quarantineMs: Number.POSITIVE_INFINITY,
  maxBytes: null,
}
const cutoffs = cutoffsAt(retention, 100, true)
const finished = { receivedAt: 90, hasBody: true, isQuarantined: false }
const never = (): boolean => false
const always = (): boolean => true

it('keeps what repeats are told by at least as long as the body', () => {
  expect(cutoffs).toEqual({ bodies: 90, keys: 70, deadLetters: 50, quarantined: Number.NEGATIVE_INFINITY })
  expect(cutoffsAt({ ...retention, keysMs: 5 }, 100, true).keys).toBe(90)
})

it('finds nothing old while the clock may not be believed', () => {
  const unbelieved = cutoffsAt(retention, 100, false)
  expect(losesBody({ ...finished, receivedAt: 1 }, unbelieved, never)).toBe(false)
  expect(isForgotten({ ...finished, receivedAt: 1, hasBody: false }, false, unbelieved)).toBe(false)
})

it.each([
  ['its time has come', {}, never, true],
  ['it is younger', { receivedAt: 91 }, never, false],
  ['it is younger and the store is too large', { receivedAt: 91 }, always, true],
  ['it is in quarantine, in a store that is too large', { isQuarantined: true }, always, false],
  ['it has none', { hasBody: false }, always, false],
] as const)('decides about the body when %s', (_, change, isOver, loses) => {
  expect(losesBody({ ...finished, ...change }, cutoffs, isOver)).toBe(loses)
})

it.each([
  ['its time has come', { receivedAt: 70 }, false, true],
  ['it is younger', { receivedAt: 71 }, false, false],
  ['a dead letter stands', { receivedAt: 70 }, true, false],
  ['it is in quarantine', { receivedAt: 70, isQuarantined: true }, false, false],
  ['it has its body', { receivedAt: 70, hasBody: true }, false, false],
] as const)('decides about the whole delivery when %s', (_, change, isDead, forgotten) => {
  expect(isForgotten({ ...finished, hasBody: false, ...change }, isDead, cutoffs)).toBe(forgotten)
})
