/** Retention at work under load, and kills in the middle of it. */
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { mixed } from './bodies.ts'
import type { Ledger, Sent } from './ledger.ts'
import { between, type Random } from './random.ts'
import { type Running, Site } from './site.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const plan = { retry: { minMs: 1, maxMs: 200 }, retention: { bodies: 0, keys: 2 * DAY } }

export interface Upkept {
  readonly faults: readonly string[]
  readonly kills: number
  readonly rounds: number
  readonly events: number
  /** What was stored altogether, and the file at the end. */
  readonly bytes: number
  readonly fileBytes: number
}

/** Everything finished goes at once, its rows three days later: each start is three days after the last, and believes it an hour later. */
export async function pruneAndKill(
  random: Random,
  kills: number,
  isOver: () => boolean = () => false,
): Promise<Upkept> {
  const site = new Site()
  const next = withFailures(site.ledger, random)
  let [killed, rounds] = [0, 0]
  for (; killed < kills && !isOver(); killed++) {
    const running = await site.start({ ...plan, clockMs: 3 * DAY * killed })
    await running.control(`pass?${HOUR}`)
    const load = running.sender.load(4, next)
    const pruning = pruneAgainAndAgain(running)
    await running.sender.acknowledgements(between(random, 5, 60))
    await new Promise((resolve) => setTimeout(resolve, between(random, 0, 12)))
    await running.kill()
    await load
    rounds += await pruning
  }
  const last = await site.start({ ...plan, clockMs: 3 * DAY * killed })
  await last.sender.load(4, () => null)
  await last.control(`pass?${HOUR}`)
  await last.control('settled')
  await last.control('prune')
  await last.control(`pass?${3 * DAY}`)
  await last.control('prune')
  const code = await last.end()
  const bytes = site.ledger.sent.reduce((sum, sent) => sum + sent.bytes, 0)
  const events = site.ledger.sent.reduce((sum, { count }) => sum + count, 0)
  const faults = [...(code === 0 ? [] : [`ended with ${code}`]), ...lost(site), ...left(site.path)]
  return { faults, kills: killed, rounds, events, bytes, fileBytes: statSync(site.path).size }
}

/** One in three with an event that waits for its second attempt while others are finished and go. */
function withFailures(ledger: Ledger, random: Random): () => Sent {
  const next = mixed(ledger, random)
  return () => (random() < 0.3 ? ledger.add([{}, { do: 'fail at first' }, {}]) : next())
}

/** Until the process is gone; how often it went through. */
async function pruneAgainAndAgain(running: Running): Promise<number> {
  for (let times = 0; ; times++)
    try {
      await running.control('prune')
    } catch {
      return times
    }
}

/** Events of acknowledged deliveries that no handler has had. */
function lost(site: Site): string[] {
  const handled = new Set(site.effects().map(({ n }) => n))
  const missing: number[] = []
  for (const { first, count } of site.ledger.acknowledged)
    for (let n = first; n < first + count; n++) if (!handled.has(n)) missing.push(n)
  const deadly = deadlyEvents(site.path)
  return missing.length <= deadly.length
    ? []
    : [`let go of before they were handled: ${missing.join()}; deadly: ${deadly.join('; ')}`]
}

/** A kill may hit an event three times: it is in quarantine then, and no handler has had it. */
function deadlyEvents(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true })
  const rows = db.prepare('SELECT seq, element_index, what FROM quarantine').all()
  db.close()
  return rows.map((row) => JSON.stringify(row)).filter((row) => row.includes('process'))
}

/** What should be gone from the file, or is wrong with it. */
function left(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    // What is in quarantine, for three deaths in its handler, keeps its delivery for longer.
    const finished = 'SELECT count(*) AS count FROM known WHERE seq NOT IN (SELECT seq FROM quarantine)'
    const deliveries = Number(db.prepare(finished).get()?.count)
    const check = String(Object.values(db.prepare('PRAGMA integrity_check').get() ?? {})[0])
    return [
      ...(deliveries > 0 ? [`${deliveries} finished deliveries are left`] : []),
      ...(check === 'ok' ? [] : [`integrity: ${check}`]),
    ]
  } finally {
    db.close()
  }
}
