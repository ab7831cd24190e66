/** Millions of events that wait, and what they cost those that come. */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { port } from '../../src/lib/symbols.ts'
import type { InboxPort } from '../../src/ports/inbox/index.ts'
import type { NewDelivery } from '../../src/ports/inbox/intake.ts'
import { noise } from '../faults/harness/bodies.ts'
import type { Random } from '../faults/harness/random.ts'
import { type Running, Site } from '../faults/harness/site.ts'
import { type Round, soak } from './scenario.ts'

const EVENTS = 10_000_000
const MIB = 1 << 20
const START_MS = 5_000
/** Beside a slow machine: what two medians may differ by on their own. */
const SLACK_MS = 3

const shapes = [
  { deliveries: 1_000, injected: '10 million events in 1 000 deliveries' },
  { deliveries: 1_000_000, injected: '10 million events in 1 000 000 deliveries' },
]

for (const { deliveries, injected } of shapes)
  soak({
    id: 'F32',
    what: `a backlog of ${deliveries.toLocaleString('en').replaceAll(',', ' ')} deliveries`,
    injected: `${injected}, stored while no handler runs (fewer where the time is over first); then a new process`,
    held: 'start below 5 s, an accept within 2 × of one into an empty file, memory of the new process bounded, and the backlog is worked off',
    minutes: 2.5,
    rounds: 1,
    round: (round) => backlog(round, deliveries),
  })

async function backlog({ random, figures, isOver }: Round, deliveries: number): Promise<string[]> {
  const empty = new Site()
  const before = await measure(empty)
  const site = new Site()
  const events = EVENTS / deliveries
  const stored = await fill(site.path, random, deliveries, events, isOver)
  const after = await measure(site)
  const drained = await drain(site, events)
  Object.assign(figures, {
    'deliveries stored': stored,
    'events stored': stored * events,
    'file, MiB': Math.round(statSync(site.path).size / MIB),
    'start, ms (empty file)': `${after.startMs} (${before.startMs})`,
    'median accept, ms (empty file)': `${after.acceptMs} (${before.acceptMs})`,
    'resident memory after it, MiB (empty file)': `${after.rssMiB} (${before.rssMiB})`,
    'events handled per second, first and last third': drained.rates.join(', '),
    'resident memory while it is worked off, MiB': drained.rssMiB,
  })
  return [
    ...(after.startMs < START_MS ? [] : [`a start took ${after.startMs} ms`]),
    ...(after.acceptMs < 2 * before.acceptMs + SLACK_MS ? [] : [`an accept took ${after.acceptMs} ms`]),
    ...(after.rssMiB < before.rssMiB + 256 ? [] : [`${after.rssMiB} MiB after the start`]),
    ...(drained.events > 0 ? [] : ['nothing was worked off']),
  ]
}

interface Measured {
  readonly startMs: number
  readonly acceptMs: number
  readonly rssMiB: number
}

async function measure(site: Site): Promise<Measured> {
  const running = await site.launch({ handler: 'none' })
  const began = performance.now()
  await running.child.line('open')
  const startMs = Math.round(performance.now() - began)
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const sent = site.ledger.add([{}])
    const start = performance.now()
    await running.sender.deliver(sent)
    times.push(performance.now() - start)
  }
  const rssMiB = await memory(running)
  await running.kill()
  const [median = 0] = times.sort((a, b) => a - b).slice(150)
  return { startMs, acceptMs: Math.round(median * 100) / 100, rssMiB }
}

async function memory(running: Running): Promise<number> {
  const { rss } = await running.control<{ rss: number }>('memory')
  return Math.round(rss / MIB)
}

/** Through the port of the inbox, as the receive half does; answers how many there was time for. */
async function fill(
  path: string,
  random: Random,
  deliveries: number,
  events: number,
  isOver: () => boolean,
): Promise<number> {
  const inbox = sqlite({ path, minFreeBytes: 0 })[port]
  const silent = { info() {}, warn() {}, error() {} }
  const clock = { now: () => Date.now(), steady: () => performance.now(), after: () => () => {} }
  const handlers = [{ name: 'work', formerly: [] }]
  await inbox.open({ handlers, logger: silent, clock, role: 'owner', onRedelivery: 'record' })
  try {
    return await fillInto(inbox, maker(random, events), deliveries, isOver)
  } finally {
    await inbox.close()
  }
}

async function fillInto(
  inbox: InboxPort,
  make: (n: number) => NewDelivery,
  deliveries: number,
  isOver: () => boolean,
): Promise<number> {
  const atOnce = deliveries > 10_000 ? 1_000 : 4
  let stored = 0
  while (stored < deliveries && !isOver()) {
    await Promise.all(Array.from({ length: atOnce }, (_, i) => inbox.intake.accept(make(stored + i))))
    stored += atOnce
  }
  return stored
}

/** Of about 1 150 bytes an event where they are many, as a Momentum event has. */
function maker(random: Random, events: number): (n: number) => NewDelivery {
  const pad = events > 100 ? noise(random, 300).padEnd(1_100, 'lorem ipsum ') : ''
  const rest = `,${Array.from({ length: events - 1 }, (_, i) => `{"type":"ping","n":${i},"pad":"${pad}"}`).join(',')}]`
  return (n) => {
    const body = Buffer.from(`[{"type":"ping","n":${n}}${rest}`)
    const sha256 = createHash('sha256').update(body).digest()
    const facts = { source: 'shop', batchId: `f${n}`, receivedAt: Date.now(), headers: [], credential: null }
    return { ...facts, id: `d_f${n}`, sha256, body, isTest: false, origin: 'wire', undecoded: null, traceparent: null }
  }
}

const DRAIN_MS = 20_000

/** Works on it for a while; the events per second in the first and the last third of that. */
async function drain(site: Site, events: number) {
  const running = await site.start({ handler: 'idle' })
  const counts: number[] = []
  for (let third = 0; third < 3; third++) {
    const before = settledIn(site.path)
    await sleep(DRAIN_MS / 3)
    counts.push((settledIn(site.path) - before) * events)
  }
  const rssMiB = await memory(running)
  await running.kill()
  const perSecond = counts.map((count) => Math.round(count / (DRAIN_MS / 3_000)))
  return { events: counts.reduce((sum, count) => sum + count), rates: [perSecond[0], perSecond[2]], rssMiB }
}

function settledIn(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    return Number(db.prepare('SELECT settled FROM progress').get()?.settled)
  } finally {
    db.close()
  }
}
