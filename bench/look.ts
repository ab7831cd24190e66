/**
 * What looking costs who stores: `node bench/look.ts [viewers]`, by default 5 viewers, each with one look a second: counts,
 * the latest deliveries, dead letters and quarantine, and the counts of the last day by hour. In one process over SQLite, in
 * turn without and with viewers: posts of one event, 32 at a time, and batches of 10 000 events.
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

async function posts(acks: number[]): Promise<number> {
  const end = performance.now() + ROUND_MS
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
  return done / (ROUND_MS / 1_000)
}

async function batches(): Promise<number> {
  const began = performance.now()
  const body = JSON.stringify(Array.from({ length: EVENTS }, event))
  for (let n = 0; n < 10; n++) await receiver.inject('shop', body.replace('1460989507', String(next++)))
  await receiver.whenIdle()
  return (10 * EVENTS) / ((performance.now() - began) / 1_000)
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const at = (values: readonly number[], share: number) => sorted(values)[Math.floor(values.length * share)] ?? 0
const told = (value: number) => value.toFixed(value < 100 ? 1 : 0)

try {
  await receiver.start()
  await posts([])
  const [without, beside] = [of(), of()]
  for (let round = 0; round < ROUNDS; round++)
    for (const [found, count] of [
      [without, 0],
      [beside, viewers],
    ] as const) {
      const stop = watch(count)
      found.posts.push(await posts(found.acks))
      found.events.push(await batches())
      found.looks.push(...(await stop()))
    }
  for (const [what, { posts: rates, acks, events, looks }] of [
    ['without', without],
    [`${viewers} viewers`, beside],
  ] as const)
    console.log(
      `${what}: posts/s ${told(at(rates, 0.5))}, ack p50 ${told(at(acks, 0.5))} ms, p99 ${told(at(acks, 0.99))} ms, ` +
        `events/s ${told(at(events, 0.5))}, looks ${looks.length}, of ${told(at(looks, 0.5))} ms, p99 ${told(at(looks, 0.99))} ms`,
    )
  const ratio = (a: number, b: number) => (a / b).toFixed(3)
  console.log(
    `ratios: posts/s ${ratio(at(beside.posts, 0.5), at(without.posts, 0.5))}, ` +
      `ack p99 ${ratio(at(beside.acks, 0.99), at(without.acks, 0.99))}, events/s ${ratio(at(beside.events, 0.5), at(without.events, 0.5))}`,
  )
} finally {
  await receiver.close()
  rmSync(folder, { recursive: true })
}

function of(): {
  readonly posts: number[]
  readonly acks: number[]
  readonly events: number[]
  readonly looks: number[]
} {
  return { posts: [], acks: [], events: [], looks: [] }
}
