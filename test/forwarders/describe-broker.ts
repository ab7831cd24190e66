/** What every forwarder to a broker does, on the real one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Forward } from '../../src/forwarders/kit/forward.ts'
import { handlerContext, sampleEvent } from '../../src/testing/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { mayRun } from '../support/brokers.ts'
import { Child } from '../support/child.ts'
import { CLOSE_MS, throughAbsence } from './away.ts'
import type { Stop } from './child.ts'
import { faultsOf, fill, handOn, ofRun } from './handed-on.ts'
import type { Arrived, Kind, Site } from './sites.ts'

const CHILD = join(import.meta.dirname, 'child.ts')

export interface Tried<C> {
  readonly site: Site<C>
  /** What has arrived of these events, in the order of the broker. */
  arrivedOf(events: readonly AnyEvent[]): Promise<Arrived[]>
}

export const event = (): AnyEvent => sampleEvent('momentum.bounce', {}, { as: 'bounced' })

export const hand = (forward: Forward<AnyEvent>, given: AnyEvent | readonly AnyEvent[]) =>
  forward(given, handlerContext())

/** `more` registers what is special to the broker; `tried` gives the site once it is open. */
export function describeBroker<C>({ name, program, open }: Kind<C>, more: (tried: () => Tried<C>) => void): void {
  describe.skipIf(!mayRun(program))(`${name}, with ${program}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-forwarders-'))
    let site: Site<C>
    // Erlang takes its time on a machine that is busy.
    beforeAll(async () => {
      site = await open()
    }, 120_000)
    afterAll(async () => {
      await site?.close()
      rmSync(folder, { recursive: true })
    }, 60_000)
    const tried = (): Tried<C> => ({
      site,
      async arrivedOf(events) {
        const ids = new Set(events.map(({ id }) => id))
        return (await site.arrived()).filter((one) => ids.has(one.event.id))
      },
    })

    it('hands an event on as its JSON under its id, and the events of a batch in their order', async () => {
      const events = Array.from({ length: 20 }, event)
      const [first, ...rest] = events
      expect(await hand(site.forward, first as AnyEvent)).toBeUndefined()
      expect(await hand(site.forward, rest)).toEqual({ failed: [] })
      expect(await hand(site.forward, [])).toEqual({ failed: [] })
      const arrived = await tried().arrivedOf(events)
      expect(arrived.map(({ id }) => id)).toEqual(events.map(({ id }) => id))
      expect(arrived.map((one) => one.event)).toEqual(JSON.parse(JSON.stringify(events)))
    })

    it('hands a replay on under an id of its own', async () => {
      const one = event()
      const again = { ...one, run: 'r_abc', isReplay: true }
      for (const each of [one, again]) await hand(site.forward, each)
      expect((await tried().arrivedOf([one])).map(({ id }) => id)).toEqual([one.id, `${one.id}.r_abc`])
    })

    it.each(['keys', 'batches'] as const)(
      'every event arrives though the broker is killed in the middle: %s',
      async (by) => {
        const plan = { path: join(folder, `${by}.db`), events: 1_000, kills: 1, by, size: 100 }
        const { faults } = await handOn(site, plan)
        expect(faults).toEqual([])
      },
      180_000,
    )

    it.each(['keys', 'batches'] as const)(
      'every event arrives though the broker was away for hours, from the start on: %s',
      async (by) => {
        const found = await throughAbsence(site, join(folder, `away-${by}.db`), by)
        expect(found).toMatchObject({
          health: { ready: true, paused: [{ handler: 'out', by: 'failures' }] },
          stats: { deadLetters: 0 },
          faults: [],
        })
        expect(found.stats.pending).toBeGreaterThan(0)
        expect(found.closedInMs).toBeLessThanOrEqual(CLOSE_MS)
      },
      180_000,
    )

    it('every event arrives though the receiver is killed, and closed, in the middle of a batch', async () => {
      const path = join(folder, 'child.db')
      await fill(path, 'child', 1_000)
      const begin = (stop: Stop) => new Child(CHILD, [name, String(site.broker.port), path, stop])
      for (const stop of ['began', 'confirmed'] as const) {
        const child = begin(stop)
        await child.line(stop)
        await child.kill()
      }
      expect(await begin('closes').exited).toMatchObject({ code: 0 })
      const last = begin('none')
      expect(await last.line('pending')).toEqual({ pending: 0 })
      await last.exited
      const arrived = ofRun(await site.arrived(), 'child')
      expect(faultsOf(arrived, 1_000, false)).toEqual([])
    }, 180_000)

    describe('and', () => more(tried))

    it('gives up with the reason of the signal while no broker answers', async () => {
      await site.broker.kill()
      const stop = new AbortController()
      const reason = new Error('stopping')
      const context = handlerContext({ signal: stop.signal })
      const calls = [event(), [event(), event()]].map((given) => site.forward(given, context))
      stop.abort(reason)
      for (const call of calls) await expect(call).rejects.toBe(reason)
      await expect(site.forward(event(), context)).rejects.toBe(reason)
    }, 60_000)
  })
}
