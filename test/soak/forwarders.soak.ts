/** Forwarders, with a broker that is killed three times while it takes 50 000 events, and how fast they are without. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '../../src/types.ts'
import { handOn } from '../forwarders/handed-on.ts'
import { KINDS, type Kind, type Site } from '../forwarders/sites.ts'
import { isInstalled } from '../support/brokers.ts'
import { add, type Figures, soak } from './scenario.ts'

const EVENTS = Number(process.env.POSTHORN_SOAK_EVENTS ?? 50_000)
const SIZE = 500

for (const [at, kind] of KINDS.entries())
  if (isInstalled(kind.program))
    soak({
      id: `B${at + 1}`,
      what: `${kind.name}: a broker that is killed while a forwarder hands events on`,
      injected: `SIGKILL three times within ${EVENTS} events, by keys and by batches of ${SIZE}; first ${EVENTS} without, and the same by the bare client`,
      held: 'every event arrives at least once, in the order of its key with `orderBy`, and repeats have the id of their event',
      minutes: 4,
      rounds: 1,
      round: ({ figures }) => roundOf(kind, figures),
    })

async function roundOf(kind: Kind, figures: Figures): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-forwarders-'))
  const faults: string[] = []
  const hand = (by: 'keys' | 'batches', kills: number) =>
    opened(kind, async (site) => {
      const plan = { path: join(folder, `${by}-${kills}.db`), events: EVENTS, kills, by, size: SIZE }
      const found = await handOn(site, plan)
      faults.push(...found.faults.map((fault) => `${by}, ${kills} kills: ${fault}`))
      if (kills > 0) {
        add(figures, `repeats by ${by}`, found.repeats)
        figures[`under way by ${by}`] = found.underWay.join(', ')
      }
      return { ms: found.ms, events: (await site.arrived()).map(({ event }) => event) }
    })
  const { ms, events } = await hand('batches', 0)
  const bareMs = await opened(kind, (site) => bareTime(site, events))
  figures['events/s by batches'] = Math.round((EVENTS / ms) * 1_000)
  figures['events/s of the bare client'] = Math.round((EVENTS / bareMs) * 1_000)
  figures.ratio = Math.round((bareMs / ms) * 100) / 100
  for (const by of ['keys', 'batches'] as const) await hand(by, 3)
  rmSync(folder, { recursive: true })
  return faults
}

async function opened<T>(kind: Kind, use: (site: Site) => Promise<T>): Promise<T> {
  const site = await kind.open()
  try {
    return await use(site)
  } finally {
    await site.close()
  }
}

/** The same events from memory, so many at once as a batch has. */
async function bareTime(site: Site, events: readonly AnyEvent[]): Promise<number> {
  const began = performance.now()
  for (let from = 0; from < events.length; from += SIZE) await site.bare(events.slice(from, from + SIZE))
  return performance.now() - began
}
