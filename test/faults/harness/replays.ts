/** Replays while live traffic runs, killed in the middle, of one event, of what died, and of everything twice. */
import type { ReplayFilter, ReplayReport } from '../../../src/public/inbox.ts'
import { mixed } from './bodies.ts'
import type { Ledger, Sent } from './ledger.ts'
import { between, type Random } from './random.ts'
import { type Running, Site } from './site.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

export interface Replayed {
  readonly faults: readonly string[]
  readonly replays: number
  /** Replays that were cut before they had told what they queued. */
  readonly cut: number
  readonly kills: number
  readonly events: number
  readonly quarantined: number
}

interface Asked {
  readonly run: string
  /** Numbers of the events that it is to hand out again. */
  readonly numbers: readonly number[]
}

export async function replayAndKill(
  random: Random,
  kills: number,
  isOver: () => boolean = () => false,
): Promise<Replayed> {
  const site = new Site()
  const next = withDead(site.ledger, random)
  const asked: Asked[] = []
  let [cut, killed] = [0, 0]
  const first = await site.start(soon)
  let left = 20
  await first.sender.load(4, () => (left-- > 0 ? next() : null))
  await first.control('settled')
  await first.kill()
  for (; killed < kills && !isOver(); killed++) {
    const running = await site.start(soon)
    // A replay covers what was settled, and not what a kill has left unsettled after its handler was called.
    await running.control('settled')
    const numbers = handledIn(site)
    const load = running.sender.load(2, next)
    const replaying = replay(running, { all: true })
    // Every other time in the middle of it.
    if (killed % 2 === 0) await replaying
    await running.sender.acknowledgements(between(random, 0, 10))
    await running.kill()
    const report = await replaying
    if (report === null) cut++
    else asked.push({ run: report.run, numbers })
    await load
  }
  const last = await site.start(soon)
  await last.sender.load(2, () => null)
  await last.control('settled')
  const faults = [...(await atRest(site, last))]
  const code = await last.end()
  const { faults: wrong, quarantined } = await site.audit()
  faults.push(...wrong, ...missing(site, asked, quarantined))
  if (code !== 0) faults.push(`ended with ${code}`)
  const { length } = site.effects().filter(({ run }) => run !== null)
  return { faults, replays: asked.length + 3, cut, kills: killed, events: length, quarantined }
}

/** One in four with an event that dies. */
function withDead(ledger: Ledger, random: Random): () => Sent {
  const next = mixed(ledger, random)
  return () => (random() < 0.25 ? ledger.add([{}, { do: 'permanent' }, {}]) : next())
}

const handledIn = (site: Site): number[] => [...new Set(site.effects().map(({ n }) => n))]

/** null: the process ended before it had answered. */
async function replay(running: Running, filter: ReplayFilter): Promise<ReplayReport | null> {
  try {
    return await running.control<ReplayReport>(`replay?${encodeURIComponent(JSON.stringify(filter))}`)
  } catch {
    return null
  }
}

/** Of one event, and of everything twice: nothing else is going on. */
async function atRest(site: Site, running: Running): Promise<string[]> {
  const faults: string[] = []
  const [one] = site.effects()
  const handled = new Set(site.effects().map(({ id }) => id))
  for (const { filter, expected } of [
    { filter: { ids: [one?.id ?? ''] }, expected: [one?.id ?? ''] },
    { filter: { all: true } as const, expected: [...handled] },
    { filter: { all: true } as const, expected: [...handled] },
  ]) {
    const report = await replay(running, filter)
    await running.control('settled')
    const again = site.effects().filter(({ run }) => run !== null && run === report?.run)
    const ids = new Set(again.map(({ id }) => id))
    const lacking = expected.filter((id) => !ids.has(id))
    if (lacking.length > 0) faults.push(`a replay at rest left out ${lacking.length} events, such as ${lacking[0]}`)
    if (again.length !== ids.size) faults.push('a replay at rest called a handler twice for an event')
    if (ids.size > expected.length) faults.push(`a replay at rest handed out ${ids.size - expected.length} too many`)
  }
  return faults
}

/** A replay that told what it had queued hands out every event that was handled before it was asked for. */
function missing(site: Site, asked: readonly Asked[], quarantined: number): string[] {
  const byRun = new Map<string, Set<number>>()
  for (const { run, n } of site.effects())
    if (run !== null) byRun.set(run, (byRun.get(run) ?? new Set<number>()).add(n))
  return asked.flatMap(({ run, numbers }) => {
    const lacking = numbers.filter((n) => !byRun.get(run)?.has(n))
    // An event that was under way in three deaths is in quarantine instead.
    return lacking.length <= quarantined ? [] : [`${run} left out ${lacking.length} of ${numbers.length} events`]
  })
}
