import { expect, it } from 'vitest'
import { renamesOf } from '../../../src/inboxes/rules/renames.ts'

it('maps every former name to the name of today', () => {
  const renames = renamesOf([
    { name: 'mail', formerly: ['post', 'letters'] },
    { name: 'sms', formerly: [] },
  ])
  expect([...renames]).toEqual([
    ['post', 'mail'],
    ['letters', 'mail'],
  ])
})

it('leaves a name alone that is in use', () => {
  const renames = renamesOf([
    { name: 'new', formerly: ['old'] },
    { name: 'old', formerly: [] },
  ])
  expect(renames.size).toBe(0)
})
