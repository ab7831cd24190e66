/** Ten million keys of events, for sources that have copies absorbed. */
import { statSync } from 'node:fs'
import { keepKeys } from '../../src/inboxes/sqlite/file/claims/event-keys.ts'
import { Database } from '../../src/inboxes/sqlite/file/db/database.ts'
import { between, type Random } from '../faults/harness/random.ts'
import { type Running, Site } from '../faults/harness/site.ts'
import { type Round, soak } from './scenario.ts'

const KEYS = 10_000_000
const AT_ONCE = 500_000
const WINDOW_MS = 48 * 3_600_000
const MIB = 1 << 20
const SLACK_MS = 3
const plan = { handler: 'idle', dedupeWindowMs: WINDOW_MS } as const

soak({
  id: 'F33',
  what: 'ten million keys of events',
  injected:
    'keys of the last 48 h in the file, as `dedupeEvents` keeps them (fewer where the time is over first); then deliveries of 10 000 events, their copies, and a clock three days on, so that all of it is dropped at once',
  held: 'an accept takes no longer than twice that on an empty file; copies are absorbed; letting go of the keys refuses nobody',
  minutes: 2.5,
  rounds: 1,
  async round(round) {
    const empty = await measure(new Site())
    const site = new Site()
    const keys = await fill(site, round)
    const full = await measure(site)
    const { figures } = round
    Object.assign(figures, {
      keys,
      'file, MiB': Math.round(statSync(site.path).size / MIB),
      'median accept, ms (no keys)': `${full.acceptMs} (${empty.acceptMs})`,
      '10 000 events handled, ms (no keys)': `${full.handledMs} (${empty.handledMs})`,
      '10 000 copies absorbed, ms (no keys)': `${full.absorbedMs} (${empty.absorbedMs})`,
      'longest accept while the keys are dropped, ms (no keys)': `${full.droppedMs} (${empty.droppedMs})`,
    })
    return [
      ...empty.faults,
      ...full.faults,
      ...(full.acceptMs < 2 * empty.acceptMs + SLACK_MS ? [] : [`an accept took ${full.acceptMs} ms`]),
    ]
  },
})

/** Straight into the file, while nobody has it, in order of time; answers how many there was time for. */
async function fill(site: Site, { random, isOver }: Round): Promise<number> {
  const first = await site.start(plan)
  await first.sender.deliver(site.ledger.add([{ id: 'first' }]))
  await first.control('settled')
  await first.end()
  const db = new Database(site.path)
  let kept = 0
  for (; kept < KEYS && !isOver(); kept += AT_ONCE) {
    const at = Date.now() - WINDOW_MS * (1 - kept / KEYS)
    db.exec('BEGIN IMMEDIATE')
    keepKeys(db, { windowMs: WINDOW_MS, at, keys: randomKeys(random) }, 1, true)
    db.exec('COMMIT')
  }
  db.close()
  return kept
}

/** As digests are: anything, in pairs. */
function randomKeys(random: Random): Float64Array {
  return Float64Array.from({ length: 2 * AT_ONCE }, () => between(random, 0, 2 ** 48))
}

interface Measured {
  readonly acceptMs: number
  readonly handledMs: number
  readonly absorbedMs: number
  readonly droppedMs: number
  readonly faults: readonly string[]
}

async function measure(site: Site): Promise<Measured> {
  const running = await site.start(plan)
  const [acceptMs = 0] = (await accepts(site, running, 200)).sort((a, b) => a - b).slice(100)
  const ids = Array.from({ length: 10_000 }, (_, i) => `e${i}`)
  const handledMs = await timed(() => handled(site, running, ids))
  const absorbedMs = await timed(() => handled(site, running, ids))
  const { duplicateEvents } = await running.control<{ duplicateEvents: Record<string, number> }>('stats')
  const absorbed = duplicateEvents.shop ?? 0
  const faults = absorbed === ids.length ? [] : [`${absorbed} of ${ids.length} copies were absorbed`]
  // A new slice of time is begun, and those that are over go.
  await running.control(`pass?${3 * 86_400_000}`)
  const [, during] = await Promise.all([handled(site, running, ['after']), accepts(site, running, 300)])
  const droppedMs = Math.round(Math.max(...during))
  const { answers } = running.sender
  if (Object.keys(answers).some((status) => status !== '200')) faults.push(`answers: ${JSON.stringify(answers)}`)
  if ((await running.end()) !== 0) faults.push('did not end in order')
  return { acceptMs: round(acceptMs), handledMs: round(handledMs), absorbedMs: round(absorbedMs), droppedMs, faults }
}

const round = (ms: number) => Math.round(ms * 100) / 100

async function accepts(site: Site, running: Running, count: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const sent = site.ledger.add([{}])
    times.push(await timed(() => running.sender.deliver(sent)))
  }
  return times
}

async function handled(site: Site, running: Running, ids: readonly string[]): Promise<void> {
  await running.sender.deliver(site.ledger.add(ids.map((id) => ({ id }))))
  await running.control('settled')
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}
