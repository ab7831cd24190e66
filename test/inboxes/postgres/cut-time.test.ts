import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Cut } from '../../../src/inboxes/postgres/db/cut.ts'

it('a time that no timer can wait for does not cut at once', async () => {
  const cut = new Cut()
  cut.within(2 ** 31 + 2_000)
  await setTimeout(2)
  expect(cut.isOver).toBe(false)
  cut.within(0)
  await new Promise<void>((over) => void cut.on(over))
  expect(cut.isOver).toBe(true)
})
