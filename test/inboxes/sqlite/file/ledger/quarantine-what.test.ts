import { expect, it } from 'vitest'
import { readWhat, writeWhat } from '../../../../../src/inboxes/sqlite/file/ledger/quarantine-what.ts'

it.each(['deadly', 'more', undefined] as const)('keeps the kind of a row (%s), whatever its reason says', (kind) => {
  const what = {
    reason: 'the process died 3 times while handler "a" had the event',
    path: '$.a',
    ...(kind && { kind }),
  }
  expect(readWhat(writeWhat(what))).toEqual(what)
})

it.each([
  ['the process died 3 times while handler "a" had the event', 'deadly'],
  ['more than 10000 elements could not be read: the others are not listed', 'more'],
  ['the body is not UTF-8', undefined],
])('reads the kind of a row of earlier versions out of its reason (%s)', (reason, kind) => {
  expect(readWhat(JSON.stringify({ reason, path: null }))).toEqual({ reason, path: null, ...(kind && { kind }) })
})
