import { expect, it } from 'vitest'
import { longestDue } from '../../../src/inboxes/rules/longest-due.ts'

it('gives each delivery once, by its first row, the longest due first, then in the order of the log', () => {
  const rows = [
    { seq: 4, dueAt: 9 },
    { seq: 3, dueAt: 5 },
    { seq: 2, dueAt: 5 },
    { seq: 4, dueAt: 1 },
    { seq: 2, dueAt: 7 },
  ]
  expect(longestDue(rows)).toEqual([
    { seq: 4, dueAt: 1 },
    { seq: 2, dueAt: 5 },
    { seq: 3, dueAt: 5 },
  ])
})
