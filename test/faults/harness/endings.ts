/** How a scenario ends when all is well again. */
import { expect } from 'vitest'
import type { Running, Site } from './site.ts'

/**
 * Everything ever sent is delivered, handled and stored; the process ends in order; the file says the same. After three
 * kills that all fell on one event it is in quarantine, since nobody can tell it from one that kills. From its second
 * death on an event is alone, so kills leave at most half as many of these.
 */
export async function endsWell(site: Site, running: Running, kills = 0): Promise<void> {
  await running.sender.load(4, () => null)
  await running.control('settled')
  expect(await running.end()).toBe(0)
  const { faults, ...counts } = await site.audit()
  expect(faults).toEqual([])
  const events = site.ledger.sent.reduce((sum, { count }) => sum + count, 0)
  const { length } = site.ledger.sent
  const { handled, quarantined, suspected } = counts
  expect(counts).toMatchObject({ acknowledged: length, stored: length, pending: 0, dead: 0 })
  expect(suspected).toBeLessThanOrEqual(kills / 2)
  expect(quarantined).toBe(suspected)
  expect(handled).toBeGreaterThanOrEqual(events - suspected)
}
