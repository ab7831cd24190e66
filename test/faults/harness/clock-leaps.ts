/** A wall clock that is set while retries wait, by somebody or between two processes. */
import { expect, vi } from 'vitest'
import { endsWell } from './endings.ts'
import { rowsOf } from './look.ts'
import { Site } from './site.ts'

/** Long enough that a leap comes before it has passed, short enough to be waited for. */
const soon = { retry: { minMs: 3_000, maxMs: 3_000 } }
/** Not to be waited for: whoever waits for it waits for ever. */
const late = { retry: { minMs: 3_600_000, maxMs: 3_600_000 } }

const retryWaits = (site: Site) => vi.waitFor(() => expect(rowsOf(site.path, 'work')).toBe(1), 20_000)

/** The clock leaps by so much while a retry waits; new deliveries come before and after. */
export async function leapAtWork(ms: number): Promise<void> {
  const site = new Site()
  const running = await site.start(soon)
  await running.sender.deliver(site.ledger.add([{}, { do: 'fail at first' }, {}]))
  await retryWaits(site)
  await running.control(`clock?${ms}`)
  await running.sender.deliver(site.ledger.add([{}]))
  await endsWell(site, running)
  const ids = site.effects().map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
}

/** The clock was set between two processes, while a retry waits that is due soon by the old time. */
export async function leapBetween(ms: number, how: 'killed' | 'closed'): Promise<void> {
  const site = new Site()
  const first = await site.start(ms < 0 ? soon : late)
  await first.sender.deliver(site.ledger.add([{}, { do: 'fail at first' }, {}]))
  await retryWaits(site)
  if (how === 'killed') await first.kill()
  else await first.end()
  const next = await site.start({ ...soon, clockMs: ms })
  await next.sender.deliver(site.ledger.add([{}]))
  await endsWell(site, next)
}

/** There and back again, with a load all the time. */
export async function leapsUnderLoad(leaps: readonly number[]): Promise<void> {
  const site = new Site()
  const running = await site.start({ retry: { minMs: 1, maxMs: 1 } })
  const load = running.sender.load(4, () => site.ledger.add([{}, { do: 'fail at first' }]))
  for (const [i, ms] of leaps.entries()) {
    await running.sender.acknowledgements(30 * (i + 1))
    await running.control(`clock?${ms}`)
  }
  await running.sender.acknowledgements(30 * (leaps.length + 1))
  running.sender.stop()
  await load
  expect(running.sender.answers).toEqual({ 200: expect.any(Number) })
  await running.kill()
  await endsWell(site, await site.start({ retry: { minMs: 1, maxMs: 1 } }))
}
