/**
 * What looking costs who stores: `node bench/look.ts [viewers]`, by default 5 viewers, each with one look a second: counts,
 * the latest deliveries, dead letters and quarantine, and the counts of the last day by hour. In one process over SQLite, in
 * turn without and with viewers: posts of one event, 32 at a time, and batches of 10 000 events. Medians of the rounds, of
 * the time that passes and of the processor time of the whole process, which a busy machine changes less.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unauthenticated } from '../src/auth/index.ts'
import { createReceiver } from '../src/core/receiver.ts'
import { sqlite } from '../src/inboxes/sqlite/index.ts'
import { momentum } from '../src/providers/momentum/index.ts'

const [ROUNDS, ROUND_MS, TOGETHER, EVENTS] = [6, 3_000, 32, 10_000]
const viewers = Number(process.argv[2] ?? 5)
const folder = mkdtempSync(join(tmpdir(), 'posthorn-look-'))
const source = momentum({ auth: unauthenticated() })
const receiver = createReceiver({
  ...{ inbox: sqlite({ path: join(folder, 'inbox.db') }), sources: { shop: source }, logger: false },
})
receiver.on('*', { name: 'all' }, () => {})
let next = Date.now() * 1_000

function event() {
  const id = String(next++)
  const click = {
    type: 'click',
    event_id: id,
    message_id: id,
    timestamp: '1460989507',
    rcpt_to: `jo${id}@shop.example`,
  }
  return { msys: { track_event: { ...click, subject: 's'.repeat(200), user_agent: 'u'.repeat(400) } } }
}

async function firstRows(rows: AsyncIterable<unknown>): Promise<void> {
  let count = 0
  for await (const _ of rows) if (++count === 100) return
}

async function look(): Promise<number> {
  const { inbox } = receiver
  const began = performance.now()
  await inbox.stats()
  await firstRows(inbox.deliveries())
  await firstRows(inbox.deadLetters())
  await firstRows(inbox.quarantine())
  for await (const _ of inbox.tallies());
  return performance.now() - began
}

/** Looks until it is told to stop; answers how long each took. */
function watch(count: number): () => Promise<number[]> {
  const took: number[] = []
  let stopped = false
  const viewer = async (offset: number) => {
    await new Promise((resolve) => setTimeout(resolve, offset))
    while (!stopped) {
      took.push(await look())
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
  const all = Promise.all(Array.from({ length: count }, (_, n) => viewer((n * 1_000) / count)))
  return async () => {
    stopped = true
    await all
    return took
  }
}

async function posts({ rates, p99s, p50s, cpu }: Found): Promise<void> {
  const [end, spent, acks] = [performance.now() + ROUND_MS, process.cpuUsage(), [] as number[]]
  let done = 0
  const sender = async () => {
    while (performance.now() < end) {
      const body = JSON.stringify([event()])
      const began = performance.now()
      await (await receiver.handle(new Request('http://localhost/shop', { method: 'POST', body }))).arrayBuffer()
      acks.push(performance.now() - began)
      done++
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, sender))
  await receiver.whenIdle()
  rates.push(done / (ROUND_MS / 1_000))
  p50s.push(at(acks, 0.5))
  p99s.push(at(acks, 0.99))
  cpu.posts.push(msOf(process.cpuUsage(spent)) / (done / 1_000))
}

async function batches({ events, cpu }: Found): Promise<void> {
  const [began, spent] = [performance.now(), process.cpuUsage()]
  const body = JSON.stringify(Array.from({ length: EVENTS }, event))
  for (let n = 0; n < 10; n++) await receiver.inject('shop', body.replace('1460989507', String(next++)))
  await receiver.whenIdle()
  events.push((10 * EVENTS) / ((performance.now() - began) / 1_000))
  cpu.events.push(msOf(process.cpuUsage(spent)) / 10)
}

/** Processor time of one look, in ms, while nothing else is done. */
async function alone(): Promise<number> {
  for (let n = 0; n < 20; n++) await look()
  const spent = process.cpuUsage()
  for (let n = 0; n < 100; n++) await look()
  return msOf(process.cpuUsage(spent)) / 100
}

const msOf = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1_000
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const at = (values: readonly number[], share: number) => sorted(values)[Math.floor(values.length * share)] ?? 0
const median = (values: readonly number[]) => at(values, 0.5)
const told = (value: number) => value.toFixed(value < 100 ? 1 : 0)

try {
  await receiver.start()
  await posts(newFound())
  const [without, beside] = [newFound(), newFound()]
  for (let round = 0; round < ROUNDS; round++)
    for (const [found, count] of [
      [without, 0],
      [beside, viewers],
    ] as const) {
      const stop = watch(count)
      await posts(found)
      await batches(found)
      found.looks.push(...(await stop()))
    }
  for (const [what, { rates, p50s, p99s, events, looks, cpu }] of [
    ['without', without],
    [`${viewers} viewers`, beside],
  ] as const)
    console.log(
      `${what}: posts/s ${told(median(rates))}, ack p50 ${told(median(p50s))} ms, p99 ${told(median(p99s))} ms, ` +
        `events/s ${told(median(events))}; processor ms for 1 000 posts ${told(median(cpu.posts))}, ` +
        `for 10 000 events ${told(median(cpu.events))}; looks ${looks.length}, of ${told(median(looks))} ms, p99 ${told(at(looks, 0.99))} ms`,
    )
  const ratio = (of: (found: Found) => readonly number[]) => (median(of(beside)) / median(of(without))).toFixed(3)
  console.log(
    `ratios: posts/s ${ratio(({ rates }) => rates)}, ack p99 ${ratio(({ p99s }) => p99s)}, ` +
      `events/s ${ratio(({ events }) => events)}; processor for posts ${ratio(({ cpu }) => cpu.posts)}, ` +
      `for events ${ratio(({ cpu }) => cpu.events)}`,
  )
  console.log(`one look alone: ${told(await alone())} ms of processor time`)
} finally {
  await receiver.close()
  rmSync(folder, { recursive: true })
}

interface Found {
  readonly rates: number[]
  readonly p50s: number[]
  readonly p99s: number[]
  readonly events: number[]
  readonly looks: number[]
  /** In ms: of 1 000 posts, and of 10 000 events. */
  readonly cpu: { readonly posts: number[]; readonly events: number[] }
}

function newFound(): Found {
  return { rates: [], p50s: [], p99s: [], events: [], looks: [], cpu: { posts: [], events: [] } }
}
