/** Attempts that failed before a crash, and were saved: the counts of the settlement have them. */
import { expect, it } from 'vitest'
import { Resumed } from '../../../src/core/process/resumed.ts'
import { row, START } from '../../inboxes/inbox-kit.ts'

const error = (at: number) => ({ name: 'Error', message: 'no', at, attempt: 1, code: null })
const progress = (id: number | null, rows: readonly object[]) =>
  ({
    row: id,
    next: 9,
    parts: 1,
    over: {},
    at: START,
    rows,
    dead: [],
    quarantined: [],
    unhandled: {},
    copies: [],
  }) as never

it('counts what failed in a first pass, and nothing that only waits', () => {
  const failed = row('a', START, { first: 3, last: 3, errors: [error(5)] })
  const later = row('a', START, { first: 4, last: 4, attempts: 0, errors: [error(6)] })
  const waits = row('b', START, { last: 7, attempts: 0 })
  expect([...new Resumed([progress(null, [failed, later, waits])]).failures([])]).toEqual([['a', 2]])
})

it('counts of a row what failed since it was stored, RetryLater too', () => {
  const stored = { id: 7, ...row('a', START, { last: 4, errors: [error(5)] }) }
  const again = { ...stored, attempts: 2, errors: [error(5), error(9)] }
  const later = { ...stored, errors: [error(5), error(9)] }
  const parked = { ...stored, parked: true }
  const resumed = new Resumed([progress(7, [again, later, parked])])
  expect([...resumed.failures([stored as never])]).toEqual([['a', 2]])
})
