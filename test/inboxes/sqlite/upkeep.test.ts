/** Retention and erasure as they show in the files. */
import { hash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import * as listSql from '../../../src/inboxes/sqlite/file/db/list-sql.ts'
import * as allSql from '../../../src/inboxes/sqlite/file/db/sql.ts'
import * as upkeepSql from '../../../src/inboxes/sqlite/file/db/upkeep-sql.ts'
import type { Retention } from '../../../src/ports/inbox/opening.ts'
import type { Pruned } from '../../../src/ports/inbox/operations.ts'
import type { NewDeadLetter } from '../../../src/ports/inbox/rows.ts'
import {
  everything,
  failure,
  firstPass,
  type HandClock,
  handClock,
  keptLines,
  newDelivery,
  openWith,
  retried,
  row,
  START,
} from '../inbox-kit.ts'
import type { Cursor, TestInbox } from '../test-inbox.ts'
import { BEFORE_TURNS, inboxOn, later, meddle, newFile } from './kit.ts'

const MARK = 'jo@shop.example'
const DAY = 86_400_000
const days: Retention = {
  ...{ bodiesMs: DAY, keysMs: 2 * DAY, deadLettersMs: 5 * DAY, quarantineMs: 5 * DAY },
  maxBytes: null,
}
const bytes = (text: string) => new TextEncoder().encode(text)

/** The machine's time, twenty times as fast. */
const fastClock = (): HandClock => ({
  now: Date.now,
  steady: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms / 20)
    return () => clearTimeout(timer)
  },
  advance() {},
})

/** Bytes that zstd makes no smaller, different for each seed. */
function noise(length: number, seed: number): Buffer {
  const body = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    body[i] = state >>> 16
  }
  return body
}

/** An element of any size about somebody. */
const element = (n: number, to: string, size = 200) =>
  JSON.stringify({ n, to, text: noise(size, n + 1).toString('base64') })

/** Every byte that a copy of the folder would have. */
function files(path: string): Buffer {
  const parts = ['', '-wal', '-shm'].filter((suffix) => existsSync(path + suffix))
  return Buffer.concat(parts.map((suffix) => readFileSync(path + suffix)))
}

const holds = (path: string, what: string | Buffer) => files(path).includes(what)

async function purge(inbox: TestInbox): Promise<void> {
  for (let at: Cursor | null = 0; at !== null; ) at = await inbox.purge(at)
}

async function prune(inbox: TestInbox): Promise<Pruned[]> {
  const portions: Pruned[] = []
  for (let at: Cursor | null = 0; at !== null; ) {
    portions.push(await inbox.prune(at))
    at = portions.at(-1)!.next
  }
  return portions
}

const sum = (portions: readonly Pruned[], name: 'bodies' | 'deliveries' | 'deadLetters') =>
  portions.reduce((total, portion) => total + portion[name], 0)

it('leaves nothing of what was erased in the file or its log, wherever it was', async () => {
  const path = newFile()
  const { inbox, claim } = await openWith(inboxOn(path), ['a', 'b'])
  // Small bodies in pages of their neighbours, and large ones in pages of their own.
  for (let n = 0; n < 60; n++) {
    const elements = [element(n, 'bob@shop.example'), element(n, MARK, n % 3 === 0 ? 9_000 : 50)]
    await inbox.accept(newDelivery(`${n}`, { body: bytes(`[${elements}]`) }))
  }
  const letter = (index: number): NewDeadLetter => ({
    ...{ handler: 'b', index, attempts: 1, errors: [failure(`no ${MARK}`)], at: START, size: 2, run: null },
    element: bytes(element(index, MARK, 6_000)),
  })
  for (const { delivery } of await claim()) {
    const rows = [row('a', START, { first: 1, last: 1, errors: [failure(`not for ${MARK}`)] })]
    const quarantined = [{ index: 1, reason: 'why', path: `/${MARK}`, at: START }]
    await inbox.settle(firstPass(delivery.seq, { events: 2, rows, dead: [letter(1)], quarantined }))
  }
  // What was done since has left copies behind.
  for (const { delivery, rows } of (await claim()).slice(0, 20))
    await inbox.settle(retried({ rows, delivery } as never, { dead: [letter(1)] }))
  await inbox.revive({
    dead: (await inbox.deadLetters({ ...everything, limit: 10 })).map(({ id }) => id),
    quarantined: [],
  })
  inbox.release(Array.from({ length: 60 }, (_, n) => n + 1))
  expect(holds(path, MARK)).toBe(true)
  const all = Array.from({ length: 60 }, (_, n) => ({ seq: n + 1, indices: [1] }))
  expect(await inbox.erase(all)).toEqual({ erased: 60, busy: [] })
  await purge(inbox)
  expect(holds(path, MARK)).toBe(false)
  expect(holds(path, 'bob@shop.example')).toBe(true)
  expect(await inbox.stats()).toMatchObject({ deadLetters: 0, quarantined: 0, pending: 0, erased: 60 })
  expect(meddle(path, (db) => db.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' })
})

it('leaves nothing of a compressed body either', async () => {
  const path = newFile()
  const { inbox } = await openWith(inboxOn(path), ['a'])
  const elements = Array.from({ length: 400 }, (_, n) => element(n, n === 7 ? MARK : `p${n}@shop.example`, 400))
  await inbox.accept(newDelivery('x', { body: bytes(`[${elements}]`) }))
  const stored = () => {
    const { body, coding } = meddle(path, (db) => db.prepare('SELECT coding, body FROM delivery').get())!
    expect(coding).toBe('zstd')
    return Buffer.from(body as Uint8Array)
  }
  const before = stored()
  // Some place in the middle of each page the body has.
  const samples = Array.from({ length: Math.floor(before.byteLength / 4_096) }, (_, page) =>
    before.subarray(page * 4_096 + 2_000, page * 4_096 + 2_032),
  )
  expect(samples.every((sample) => holds(path, sample))).toBe(true)
  await inbox.erase([{ seq: 1, indices: [7] }])
  await purge(inbox)
  const left = Buffer.from((await inbox.read(1))!.body)
  expect([MARK, 'p399@shop.example'].map((address) => left.includes(address))).toEqual([false, true])
  // What others have behind the first block may be compressed to the same bytes again.
  const after = stored()
  const gone = samples.filter((sample) => !after.includes(sample))
  expect(gone.slice(0, 5)).toEqual(samples.slice(0, 5))
  expect(gone.filter((sample) => holds(path, sample))).toEqual([])
})

it('takes it out of the bodies at hand as well', async () => {
  const { inbox, claim } = await openWith(inboxOn(newFile()), ['a'])
  await inbox.accept(newDelivery('x', { body: bytes(`[{"to":"${MARK}"},1]`) }))
  await inbox.erase([{ seq: 1, indices: [0] }])
  expect(Buffer.from((await claim())[0]!.delivery.body).toString()).toBe('["erased",1]')
})

it('waits with the purge until nobody reads an earlier state', async () => {
  const path = newFile()
  const { inbox } = await openWith(inboxOn(path), ['a'])
  await inbox.accept(newDelivery('x', { body: bytes(`[{"to":"${MARK}"},1]`) }))
  const portions: (Cursor | null)[] = []
  const reader = new DatabaseSync(path)
  later(() => reader.close())
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM delivery').get()
  await inbox.erase([{ seq: 1, indices: [0] }])
  for (let at: Cursor | null = 0; at !== null && portions.length < 4; portions.push(at)) at = await inbox.purge(at)
  expect(portions).toEqual([1, 1, 1, 1])
  expect(holds(path, MARK)).toBe(true)
  reader.exec('COMMIT')
  await purge(inbox)
  expect(holds(path, MARK)).toBe(false)
})

it('erases and prunes beside the owner, and where there is none', async () => {
  const path = newFile()
  const owner = await openWith(inboxOn(path), ['a'], fastClock(), keptLines(), { retention: days })
  const old = { receivedAt: owner.clock.now() - 10 * DAY }
  for (const name of ['x', 'y', 'z'])
    await owner.inbox.accept(newDelivery(name, { body: bytes(`[{"to":"${MARK}"}]`), ...old }))
  const { inbox } = await openWith(inboxOn(path), [], fastClock(), keptLines(), { role: 'control', retention: days })
  expect(await inbox.erase([{ seq: 2, indices: [0] }])).toEqual({ erased: 1, busy: [] })
  const bodies = (await owner.claim({ maxDeliveries: 2 })).map(({ delivery }) => Buffer.from(delivery.body).toString())
  expect(bodies).toEqual([`[{"to":"${MARK}"}]`, '["erased"]'])
  expect(await inbox.erase([1, 3].map((seq) => ({ seq, indices: [0] })))).toEqual({ erased: 1, busy: [1] })
  await owner.inbox.settle(firstPass(1))
  expect(sum(await prune(inbox), 'deliveries')).toBe(1)
  await owner.inbox.settle(firstPass(2))
  await owner.inbox.close()
  expect(sum(await prune(inbox), 'deliveries')).toBe(1)
  await purge(inbox)
  expect((await inbox.deliveries(everything)).map(({ seq, kept }) => [seq, kept])).toEqual([[3, 'some']])
  expect(holds(path, MARK)).toBe(false)
})

it('leaves no address in a wish', async () => {
  const path = newFile()
  const owner = await openWith(inboxOn(path), ['a'], handClock())
  await owner.inbox.accept(newDelivery('x', { body: bytes(`[{"to":"${MARK}"}]`) }))
  const { inbox } = await openWith(inboxOn(path), [], fastClock(), keptLines(), { role: 'control' })
  const erased = inbox.erase([{ seq: 1, indices: [0] }])
  const wishes = () => meddle(path, (db) => db.prepare('SELECT kind, arguments FROM wish').all())
  await expect.poll(wishes).toHaveLength(1)
  expect(wishes()).toEqual([{ kind: 'erase', arguments: '{"erasures":[{"seq":1,"indices":[0]}]}' }])
  owner.clock.advance(1_000)
  expect(await erased).toEqual({ erased: 1, busy: [] })
})

it('goes through a long log in short portions, between which deliveries are accepted', async () => {
  const path = newFile()
  const { inbox, claim, clock } = await openWith(inboxOn(path), ['a'], handClock(), keptLines(), { retention: days })
  const some = Array.from({ length: 1_300 }, (_, n) => n)
  await Promise.all(some.map((n) => inbox.accept(newDelivery(`n${n}`, { receivedAt: START - 3 * DAY }))))
  for (const { delivery } of [...(await claim()), ...(await claim())]) await inbox.settle(firstPass(delivery.seq))
  const order: string[] = []
  let at: Cursor | null = 0
  let pruned = 0
  for (let turn = 0; at !== null; turn++) {
    const portion: Promise<Pruned> = inbox.prune(at).then((done) => {
      order.push('portion')
      return done
    })
    await inbox.accept(newDelivery(`late ${turn}`, { receivedAt: clock.now() })).then(() => order.push('accepted'))
    const { next, deliveries }: Pruned = await portion
    expect(deliveries).toBeLessThanOrEqual(500)
    pruned += deliveries
    at = next
  }
  expect(pruned).toBe(1_300)
  // No accept has waited for more than the portion it was committed with.
  expect(order.slice(0, 4).sort()).toEqual(['accepted', 'accepted', 'portion', 'portion'])
  expect(await inbox.stats()).toMatchObject({ pending: order.length / 2 })
})

it('makes the file smaller', async () => {
  const path = newFile()
  const { inbox, claim } = await openWith(inboxOn(path), ['a'], handClock(), keptLines(), { retention: days })
  for (let n = 0; n < 12; n++)
    await inbox.accept(newDelivery(`n${n}`, { body: noise(1_000_000, n + 1), receivedAt: START - DAY }))
  for (const { delivery } of await claim()) await inbox.settle(firstPass(delivery.seq))
  expect(sum(await prune(inbox), 'bodies')).toBe(12)
  await inbox.close()
  // Four megabytes of free pages are left for what comes.
  expect(statSync(path).size).toBeLessThan(5_000_000)
  expect(meddle(path, (db) => db.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' })
})

it('leaves at most 250 bytes of a forgotten body, by the size of the file', async () => {
  const path = newFile()
  const { inbox, claim } = await openWith(inboxOn(path), ['a'], handClock(), keptLines(), { retention: days })
  await purge(inbox)
  const used = () => meddle(path, (db) => Object.values(db.prepare('PRAGMA page_count').get()!)[0] as number) * 4_096
  const empty = used()
  const headers = [['content-type', 'application/json'] as const, ['user-agent', 'x'.repeat(200)] as const]
  const some = Array.from({ length: 5_000 }, (_, n) => n)
  const store = async (n: number) => {
    // Ids and batch ids as long as those of the senders are.
    const id = `d_${hash('sha256', `${n}`).slice(0, 26)}`
    const facts = { id, batchId: randomUUID(), headers, receivedAt: START - DAY }
    await inbox.accept(newDelivery(`${n}`, { ...facts, body: noise(3_000, n + 1) }))
  }
  await Promise.all(some.map(store))
  for (let claims = await claim(); claims.length > 0; claims = await claim())
    await Promise.all(claims.map(({ delivery }) => inbox.settle(firstPass(delivery.seq))))
  expect(used()).toBeGreaterThan(5_000 * 3_000)
  expect(sum(await prune(inbox), 'bodies')).toBe(5_000)
  await purge(inbox)
  expect((used() - empty) / 5_000).toBeLessThanOrEqual(250)
  await inbox.close()
  expect((statSync(path).size - empty) / 5_000).toBeLessThanOrEqual(250)
  const again = await openWith(inboxOn(path), ['a'])
  const [first] = await again.inbox.deliveries({ ...everything, limit: 1 })
  expect(first).toMatchObject({ seq: 5_000, kept: 'none', bytes: 3_000, headers: [] })
})

it('finds what is known without going through all of it', async () => {
  const path = newFile()
  await (await openWith(inboxOn(path), ['a'])).inbox.close()
  const statements = Object.entries({ ...allSql, ...listSql, ...upkeepSql }).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && /\bknown\b/.test(entry[1]),
  )
  expect(statements.length).toBeGreaterThan(10)
  const plans = meddle(path, (db) =>
    statements.flatMap(([name, text]) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .all()
        .map(({ detail }) => `${name}: ${detail}`),
    ),
  )
  expect(plans.filter((line) => /SCAN (delivery|forgotten|known|d)\b|MATERIALIZE|CO-ROUTINE/.test(line))).toEqual([])
})

it('lets the oldest bodies go before their time above maxBytes, and warns once when that is not enough', async () => {
  const path = newFile()
  const retention = { ...days, maxBytes: 5_000_000 }
  const { inbox, claim, clock, logger } = await openWith(inboxOn(path), ['a'], handClock(), keptLines(), { retention })
  for (let n = 0; n < 8; n++) await inbox.accept(newDelivery(`n${n}`, { body: noise(1_000_000, n + 1) }))
  for (const { delivery } of await claim({ maxDeliveries: 6 }))
    await inbox.settle(firstPass(delivery.seq, delivery.seq === 2 ? { rows: [row('a', START + DAY)] } : {}))
  expect((await prune(inbox)).at(-1)).toMatchObject({ over: false })
  const kept = async () =>
    (await inbox.deliveries(everything)).map(({ seq, kept }) => `${seq} ${kept ?? 'all'}`).reverse()
  // The second has work left; the last two were never handled.
  expect(await kept()).toEqual(['1 none', '2 all', '3 none', '4 none', '5 none', '6 all', '7 all', '8 all'])
  for (let n = 8; n < 12; n++) await inbox.accept(newDelivery(`n${n}`, { body: noise(1_000_000, n + 1) }))
  const warnings = () => logger.lines.filter(({ message }) => message.includes('maxBytes'))
  const round = () => {
    clock.advance(300_000)
    return warnings()
  }
  await expect.poll(round).toHaveLength(1)
  expect((await prune(inbox)).at(-1)).toMatchObject({ over: true, bodies: 0 })
  expect((await kept()).slice(5)).toEqual(['6 none', ...[7, 8, 9, 10, 11, 12].map((seq) => `${seq} all`)])
  round()
  await inbox.stats()
  expect(warnings()).toMatchObject([{ level: 'warn', facts: { maxBytes: 5_000_000 } }])
})

it('keeps to what an owner asks, not to what somebody beside it would', async () => {
  const path = newFile()
  const owner = await openWith(inboxOn(path), ['a'], fastClock())
  await owner.inbox.accept(newDelivery('x', { receivedAt: START - 100 * DAY }))
  await owner.claim()
  await owner.inbox.settle(firstPass(1))
  const { inbox } = await openWith(inboxOn(path), [], fastClock(), keptLines(), { role: 'control', retention: days })
  expect(sum(await prune(inbox), 'bodies')).toBe(0)
})

it('removes copies of damaged logs when they are as old as bodies may be, and no file of anybody else', async () => {
  const path = newFile()
  const { inbox, clock } = await openWith(inboxOn(path), ['a'], handClock(), keptLines(), { retention: days })
  const copies = [START - DAY, START - DAY + 1].map((at) => `${path}-wal-damaged-${at}`)
  const others = [`${path}-wal-damaged-`, `${path}-wal-damaged-mine`, `${path}-2-wal-damaged-1`]
  for (const file of [...copies, ...others]) writeFileSync(file, 'x')
  expect(await inbox.copies?.(false)).toEqual(copies)
  await prune(inbox)
  expect(await inbox.copies?.(false)).toEqual([copies[1]])
  clock.advance(1)
  await prune(inbox)
  expect(await inbox.copies?.(false)).toEqual([])
  expect(others.filter((file) => existsSync(file))).toEqual(others)
})

it('moves what was forgotten before to where it takes less room, and finds it there', async () => {
  const path = newFile()
  const first = await openWith(inboxOn(path), ['a'])
  const body = bytes('[{"n":0},{"n":1}]')
  await first.inbox.accept(newDelivery('x', { body, credential: 'key-2' }))
  await first.claim()
  const element = bytes('{"n":1}')
  const letter = { handler: 'a', index: 1, attempts: 1, errors: [], at: START, size: 2, run: null, element }
  await first.inbox.settle(firstPass(1, { events: 2, dead: [letter] }))
  await first.inbox.close()
  meddle(path, (db) => {
    db.exec(BEFORE_TURNS)
    db.exec("UPDATE delivery SET body = x''; INSERT INTO altered VALUES (1, (SELECT sha256 FROM delivery), 0, 1)")
  })
  const { inbox, claim } = await openWith(inboxOn(path), ['a'])
  const facts = { seq: 1, id: 'd_x', kept: 'none', bytes: body.byteLength, credential: 'key-2', headers: [] }
  expect(await inbox.deliveries(everything)).toMatchObject([facts])
  expect(await inbox.accept(newDelivery('x', { body }))).toMatchObject({ status: 'duplicate', seq: 1 })
  const [dead] = await inbox.deadLetters(everything)
  expect(dead).toMatchObject({ delivery: facts })
  await inbox.revive({ dead: [dead!.id], quarantined: [] })
  expect(Buffer.from((await claim())[0]!.delivery.body).toString()).toBe('["erased",{"n":1}]')
})

it('opens a file of the first schema and goes on with it', async () => {
  const path = newFile()
  const first = await openWith(inboxOn(path), ['a'])
  await first.inbox.accept(newDelivery('x'))
  await first.inbox.close()
  meddle(path, (db) =>
    db.exec(`${BEFORE_TURNS}
             DROP TABLE altered; DROP TABLE later; DROP TABLE upkeep; DROP INDEX dead_letter_by_time;
             DROP INDEX quarantine_by_time; PRAGMA user_version = 1`),
  )
  const { inbox, claim } = await openWith(inboxOn(path), ['a'], handClock(), keptLines(), { retention: days })
  expect(await claim()).toHaveLength(1)
  await inbox.settle(firstPass(1))
  expect(await inbox.stats()).toMatchObject({ pending: 0, expired: 0, erased: 0 })
})
