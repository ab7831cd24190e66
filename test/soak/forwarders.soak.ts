/** Forwarders, with a broker that is killed three times while it takes 50 000 events, and how fast they are without. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spreadOf } from '../../bench/harness/stats.ts'
import { handlerContext } from '../../src/testing/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { type HandedOn, handOn, type Plan } from '../forwarders/handed-on.ts'
import { KINDS, type Kind, type Site } from '../forwarders/sites.ts'
import { isInstalled } from '../support/brokers.ts'
import { add, type Figures, soak } from './scenario.ts'

const EVENTS = Number(process.env.POSTHORN_SOAK_EVENTS ?? 50_000)
const SIZE = 500
/** Of each measurement, and how often each is made. */
const [TIMED, TRIALS] = [Math.min(20_000, EVENTS), 3]

for (const [at, kind] of KINDS.entries())
  if (isInstalled(kind.program))
    soak({
      id: `B${at + 1}`,
      what: `${kind.name}: a broker that is killed while a forwarder hands events on`,
      injected: `SIGKILL three times within ${EVENTS} events, by keys and by batches of ${SIZE}; first, ${TRIALS} times by turns, ${TIMED} without: through an inbox, one batch at a time and four, by the forwarder from memory, and by the bare client from memory`,
      held: 'every event arrives at least once, in the order of its key with `orderBy`, and repeats have the id of their event',
      minutes: 4,
      rounds: 1,
      round: ({ figures }) => roundOf(kind, figures),
    })

async function roundOf(kind: Kind, figures: Figures): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-forwarders-'))
  const faults: string[] = []
  async function hand(site: Site, plan: Omit<Plan, 'path' | 'size'>) {
    const found = await handOn(site, { path: join(folder, `${randomUUID()}.db`), size: SIZE, ...plan })
    faults.push(...found.faults.map((fault) => `${plan.by}, ${plan.kills} kills: ${fault}`))
    return found
  }
  const trials: Times[] = []
  for (let trial = 0; trial < TRIALS; trial++) trials.push(await timesOf(kind, hand))
  const medianOf = (value: (times: Times) => number) => spreadOf(trials.map(value)).median
  const ratioOf = (name: 'inbox' | 'four' | 'alone') => medianOf((times) => times.bare / times[name]).toFixed(2)
  figures['events/s by batches'] = Math.round(medianOf(({ inbox }) => TIMED / inbox) * 1_000)
  figures['events/s of the bare client'] = Math.round(medianOf(({ bare }) => TIMED / bare) * 1_000)
  figures.ratio = ratioOf('inbox')
  figures['ratio with four batches at a time'] = ratioOf('four')
  figures['ratio of the forwarder from memory'] = ratioOf('alone')
  for (const by of ['keys', 'batches'] as const) {
    const found = await opened(kind, (site) => hand(site, { events: EVENTS, kills: 3, by }))
    add(figures, `repeats by ${by}`, found.repeats)
    figures[`under way by ${by}`] = found.underWay.join(', ')
  }
  rmSync(folder, { recursive: true })
  return faults
}

/** In ms, of the same events, each on a server of its own. */
interface Times {
  readonly inbox: number
  readonly four: number
  readonly alone: number
  readonly bare: number
}

type Hand = (site: Site, plan: Omit<Plan, 'path' | 'size'>) => Promise<HandedOn>

async function timesOf(kind: Kind, hand: Hand): Promise<Times> {
  const plan = { events: TIMED, kills: 0, by: 'batches' } as const
  const { ms, events } = await opened(kind, async (site) => {
    const { ms } = await hand(site, plan)
    const arrived = await site.arrived()
    return { ms, events: arrived.map(({ event }) => ({ ...event, receivedAt: new Date(event.receivedAt) })) }
  })
  const four = await opened(kind, (site) => hand(site, { ...plan, concurrency: 4 }))
  const alone = await opened(kind, (site) => timeOf(events, (some) => site.forward(some, handlerContext())))
  const bare = await opened(kind, (site) => timeOf(events, (some) => site.bare(some)))
  return { inbox: ms, four: four.ms, alone, bare }
}

async function opened<T>(kind: Kind, use: (site: Site) => Promise<T>): Promise<T> {
  const site = await kind.open()
  try {
    return await use(site)
  } finally {
    await site.close()
  }
}

/** From memory, so many at once as a batch has. */
async function timeOf(
  events: readonly AnyEvent[],
  send: (some: readonly AnyEvent[]) => Promise<unknown>,
): Promise<number> {
  const began = performance.now()
  for (let from = 0; from < events.length; from += SIZE) await send(events.slice(from, from + SIZE))
  return performance.now() - began
}
