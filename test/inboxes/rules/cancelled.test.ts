import { expect, it } from 'vitest'
import { withoutCancelled } from '../../../src/inboxes/rules/cancelled.ts'
import { row } from '../inbox-kit.ts'

const of = (run: string) => row('a', 1, { replay: { run, name: null, unhandled: false } })
const letter = (run: string | null) => ({
  ...{ handler: 'a', index: 0, attempts: 1, errors: [], at: 1, element: new Uint8Array(0), size: 1, run },
})
const settlement = {
  firstPass: false,
  rows: [of('gone'), of('kept'), row('a', 1)],
  dead: [letter('gone'), letter('kept'), letter(null)],
}

it('leaves out what is of a replay that was cancelled, and nothing else', () => {
  const left = withoutCancelled(settlement, (run) => run === 'gone')
  expect(left.rows).toEqual([of('kept'), row('a', 1)])
  expect(left.dead).toEqual([letter('kept'), letter(null)])
})

it('looks at no replay for a first pass', () => {
  const first = { ...settlement, firstPass: true }
  const asked: string[] = []
  const isCancelled = (run: string) => asked.push(run) > 0
  expect(withoutCancelled(first, isCancelled)).toEqual(first)
  expect(asked).toEqual([])
})
