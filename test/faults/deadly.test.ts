/** Handlers that take the process down with them. */
import { expect, it } from 'vitest'
import { DEADLY } from './harness/handler.ts'
import { Site } from './harness/site.ts'
import { surviveOn } from './harness/supervisor.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

it('events that kill the process are quarantined alone, after some deaths, and all others are handled', async () => {
  const site = new Site()
  const first = await site.start({ ...soon, handler: 'none' })
  const deadly = Object.keys(DEADLY)
  for (const what of deadly) {
    await first.sender.deliver(site.ledger.add([{}, {}, { do: what }, {}, {}]))
    for (let i = 0; i < 5; i++) await first.sender.deliver(site.ledger.add([{}, {}]))
  }
  await first.kill()

  const { deaths, last } = await surviveOn(site, soon, 30)
  expect(deaths).toBeGreaterThanOrEqual(2 * deadly.length)
  await last?.sender.deliver(site.ledger.add([{}]))
  await last?.control('settled')
  expect(await last?.end()).toBe(0)
  const events = site.ledger.sent.reduce((sum, { count }) => sum + count, 0)
  const { length } = deadly
  expect(await site.audit()).toMatchObject({
    faults: [],
    quarantined: length,
    handled: events - length,
    dead: 0,
    pending: 0,
  })
}, 60_000)
