/** How a scenario ends when all is well again. */
import { expect } from 'vitest'
import type { Running, Site } from './site.ts'

/** Everything ever sent is delivered, handled and stored; the process ends in order; the file says the same. */
export async function endsWell(site: Site, running: Running): Promise<void> {
  await running.sender.load(4, () => null)
  await running.control('settled')
  expect(await running.end()).toBe(0)
  const { faults, ...counts } = await site.audit()
  expect(faults).toEqual([])
  const events = site.ledger.sent.reduce((sum, { count }) => sum + count, 0)
  const { length } = site.ledger.sent
  expect(counts).toMatchObject({ acknowledged: length, stored: length, handled: events, pending: 0, dead: 0 })
}
