import { expect, it } from 'vitest'
import { warningsAbout } from '../../../src/inboxes/sqlite/connect.ts'
import { pack } from '../../../src/inboxes/sqlite/packing.ts'
import type { GroupRequest } from '../../../src/inboxes/sqlite/protocol.ts'
import { Store } from '../../../src/inboxes/sqlite/store.ts'
import { firstPass, newDelivery, row, START } from '../inbox-kit.ts'
import { later, newFile } from './kit.ts'

/** The store without its thread: what a thread knows that was started again after another had died. */
function openStore(path: string, held: readonly number[]): Store {
  const store = new Store({ path, minFreeBytes: 0, maxPages: null })
  store.open({ handlers: [{ name: 'a', formerly: [] }], held, identity: null })
  later(() => store.close())
  return store
}

const nothing: GroupRequest = {
  releases: [],
  settlements: [],
  condemned: [],
  sendersLeft: [],
  claims: [],
  ...pack([]),
}

const claims = [{ handlers: ['a'], maxDeliveries: 10, maxBytes: 1e9, now: START }]
const letter = { handler: 'a', index: 0, attempts: 1, errors: [], at: START, element: new Uint8Array(1), size: 1 }

it('carries a settlement out once when it comes again after a commit nobody heard of', () => {
  const path = newFile()
  const first = openStore(path, [])
  first.group({ ...nothing, ...pack([newDelivery('x')]), claims })
  const one = firstPass(1, { events: 3, dead: [letter], unhandled: { click: 2 }, rows: [row('a', START)] })
  first.group({ ...nothing, settlements: [one] })
  first.close()

  const second = openStore(path, [1])
  expect(second.group({ ...nothing, settlements: [one] })).toMatchObject({ settlements: [{ value: true }] })
  const counts = { pending: 1, deadLetters: 1, unhandled: { click: 2 } }
  const opened = second.group({ ...nothing, claims })
  const id = opened.lost === null ? opened.claims[0]?.claims[0]?.rows?.[0]?.id : undefined
  const again = { ...firstPass(1), firstPass: false, endedRows: [id!], dead: [letter], rows: [row('a', START + 5)] }
  second.group({ ...nothing, settlements: [again] })
  second.close()

  const third = new Store({ path, minFreeBytes: 0, maxPages: null })
  later(() => third.close())
  const answer = third.open({ handlers: [], held: [1], identity: null })
  expect(answer).toMatchObject({ opened: { stats: { ...counts, deadLetters: 2 } } })
  expect(third.group({ ...nothing, settlements: [again] })).toMatchObject({ settlements: [{ value: true }] })
  third.close()
  const fourth = new Store({ path, minFreeBytes: 0, maxPages: null })
  later(() => fourth.close())
  expect(fourth.open({ handlers: [], held: [], identity: null })).toMatchObject({
    opened: { stats: { ...counts, deadLetters: 2 } },
  })
})

it('does not go on with another file in the place of the one it had', () => {
  const path = newFile()
  const store = openStore(path, [])
  store.close()
  const again = new Store({ path, minFreeBytes: 0, maxPages: null })
  later(() => again.close())
  expect(() => again.open({ handlers: [], held: [], identity: 'another' })).toThrow(/deleted or replaced/)
})

it.each([
  ['3.51.2', 1],
  ['3.51.3', 0],
  ['3.53.4', 0],
  ['3.9.0', 1],
  ['4.0.0', 0],
])('warns about the SQLite that can damage a file: %s', (version, warnings) => {
  expect(warningsAbout(version)).toHaveLength(warnings)
})
