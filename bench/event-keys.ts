/**
 * What `dedupeEvents` costs: `node bench/event-keys.ts [keys …]`, by default at 0, 1 and 10 million keys. In one process,
 * for each number: 10 000 events through a receiver on SQLite without and with it, in turn; and of the second what the
 * thread of the file spends on looking up and on keeping, and what dropping a slice takes. Processor time of all threads,
 * smallest and median of several rounds, in ms.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { unauthenticated } from '../src/auth/index.ts'
import { createReceiver } from '../src/core/receiver.ts'
import { sliceOf, widthOf } from '../src/inboxes/rules/key-slices.ts'
import { dropExpired, findFirstSeen, keepKeys } from '../src/inboxes/sqlite/file/claims/event-keys.ts'
import { Database } from '../src/inboxes/sqlite/file/db/database.ts'
import { sqlite } from '../src/inboxes/sqlite/index.ts'
import { momentum } from '../src/providers/momentum/index.ts'

const [EVENTS, ROUNDS, WINDOW_MS] = [10_000, 7, 172_800_000]
const SLICES = 4

let next = Date.now() * 1_000
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const least = (values: readonly number[]) => sorted(values)[0] ?? 0
const median = (values: readonly number[]) => sorted(values)[values.length >> 1] ?? 0
const told = (values: readonly number[]) => `${least(values).toFixed(1)} (median ${median(values).toFixed(1)})`
const ratio = (a: readonly number[], b: readonly number[]) => (least(a) / least(b)).toFixed(2)

const counts = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'posthorn-keys-'))
try {
  for (const count of counts.length > 0 ? counts : [0, 1_000_000, 10_000_000]) await measure(count)
} finally {
  rmSync(folder, { recursive: true })
}

async function measure(count: number): Promise<void> {
  const [plain, keyed] = [join(folder, `plain-${count}.db`), join(folder, `keyed-${count}.db`)]
  const receivers = [await start(plain, false), await start(keyed, true)] as const
  await receivers[1].close()
  fill(keyed, count)
  const [off, on] = [receivers[0], await start(keyed, true)]
  const [offMs, onMs]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    offMs.push(await handle(off))
    onMs.push(await handle(on))
  }
  await Promise.all([off.close(), on.close()])
  const thread = inThread(keyed)
  console.log(`${count} keys, file ${Math.round(statSync(keyed).size / 1e6)} MB`)
  console.log(`  10 000 events without / with: ${told(offMs)} / ${told(onMs)}, ratio ${ratio(onMs, offMs)}`)
  console.log(
    `  looking up ${told(thread.find)}, keeping ${told(thread.keep)}, dropping a slice ${told([thread.dropMs])}`,
  )
}

async function start(path: string, dedupeEvents: boolean) {
  const source = momentum({ auth: unauthenticated(), dedupeEvents })
  const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: source }, logger: false })
  receiver.on('*', { name: 'all' }, () => {})
  await receiver.start()
  return receiver
}

async function handle(receiver: Awaited<ReturnType<typeof start>>): Promise<number> {
  const body = JSON.stringify(Array.from({ length: EVENTS }, event))
  const began = process.cpuUsage()
  await receiver.inject('shop', body)
  await receiver.whenIdle()
  return spentSince(began)
}

function event() {
  const id = String(next++)
  const click = {
    type: 'click',
    event_id: id,
    message_id: id,
    timestamp: '1460989507',
    rcpt_to: `jo${id}@shop.example`,
  }
  return {
    msys: { track_event: { ...click, subject: 's'.repeat(200), user_agent: 'u'.repeat(400), campaign_id: 'c' } },
  }
}

/** Keys spread evenly over the slices of a window, written in order, which is fast. */
function fill(path: string, count: number): void {
  const db = new DatabaseSync(path)
  const width = widthOf(WINDOW_MS)
  const current = sliceOf(width, Date.now())
  db.exec('PRAGMA synchronous = OFF; BEGIN')
  for (let number = current - SLICES + 1; number <= current; number++) {
    const table = `event_keys_${width}_${number % (SLICES + 2)}`
    db.exec(`CREATE TABLE ${table} (high INTEGER PRIMARY KEY, low INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT`)
    db.prepare('INSERT INTO key_slice (width, number) VALUES (?, ?)').run(width, number)
    const insert = db.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ?, 1)`)
    const step = (2 ** 53 - 1) / (count / SLICES + 1)
    for (let i = 0; i < count / SLICES; i++)
      insert.run(Math.floor((i + Math.random()) * step), Math.floor(Math.random() * 2 ** 53))
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

/** What the thread of the file does, without the rest. */
function inThread(path: string) {
  const db = new Database(path)
  db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
  const [find, keep]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Float64Array.from({ length: 2 * EVENTS }, () => Math.floor(Math.random() * 2 ** 53))
    find.push(
      timed(() => {
        for (let at = 0; at < keys.length; at += 4_096)
          findFirstSeen(db, {
            ...{ windowMs: WINDOW_MS, now: Date.now(), isSteady: true },
            keys: keys.subarray(at, at + 4_096),
          })
      }),
    )
    keep.push(
      timed(() => {
        db.exec('BEGIN IMMEDIATE')
        keepKeys(db, { windowMs: WINDOW_MS, at: Date.now(), keys }, 2, true)
        db.exec('COMMIT')
      }),
    )
    db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }
  // One slice later the oldest has expired.
  const dropMs = timed(() => {
    db.exec('BEGIN IMMEDIATE')
    dropExpired(db, Date.now() + 2 * widthOf(WINDOW_MS))
    db.exec('COMMIT')
  })
  db.close()
  return { find, keep, dropMs }
}

function timed(run: () => void): number {
  const began = process.cpuUsage()
  run()
  return spentSince(began)
}

function spentSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1_000
}
