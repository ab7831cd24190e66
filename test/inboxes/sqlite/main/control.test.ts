import { existsSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { StoredPause } from '../../../../src/ports/inbox/records.ts'
import type { NewDeadLetter } from '../../../../src/ports/inbox/rows.ts'
import {
  everything,
  firstPass,
  handClock,
  keptLines,
  newDelivery,
  type Opened,
  openWith,
  START,
} from '../../inbox-kit.ts'
import { inboxOn, killedAtWork, meddle, newFile, startChild } from '../kit.ts'

/** The machine's time, twenty times as fast, so that nobody waits for a second. */
const fastClock = (): Opened['clock'] => ({
  now: Date.now,
  steady: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms / 20)
    return () => clearTimeout(timer)
  },
  advance() {},
})

const control = (path: string, clock: Opened['clock'] = fastClock()) =>
  openWith(inboxOn(path), [], clock, keptLines(), { role: 'control' })

const letter = (index: number): NewDeadLetter => ({
  ...{ handler: 'a', index, attempts: 3, errors: [], at: START, size: 2, run: null },
  element: new TextEncoder().encode('{}'),
})

/** A file with two dead letters and one item in quarantine, and its owner. */
async function owned(clock: Opened['clock'] = fastClock()) {
  const path = newFile()
  const owner = await openWith(inboxOn(path), ['a'], clock)
  for (const name of ['x', 'y']) await owner.inbox.accept(newDelivery(name))
  await owner.claim({ maxDeliveries: 1 })
  const quarantined = [{ index: 1, reason: 'why', path: null, at: START }]
  await owner.inbox.settle(firstPass(1, { events: 2, dead: [letter(0), letter(1)], quarantined }))
  return { path, ...owner }
}

const idsOf = async ({ inbox }: Opened) => ({
  dead: (await inbox.deadLetters(everything)).map(({ id }) => id),
  quarantined: (await inbox.quarantine(everything)).map(({ id }) => id),
})

it('reads beside the owner, what is there now', async () => {
  const { path, inbox: owner } = await owned()
  const { inbox, opened } = await control(path)
  expect(opened).toMatchObject({ newHandlers: [], stats: { pending: 1, deadLetters: 2, quarantined: 1 } })
  expect(await inbox.deadLetters(everything)).toHaveLength(2)
  expect(await inbox.quarantine(everything)).toHaveLength(1)
  expect(Buffer.from((await inbox.delivery('d_x'))!.body).toString()).toBe('[{"name":"x"}]')
  await owner.accept(newDelivery('z'))
  expect((await inbox.deliveries(everything)).map(({ id }) => id)).toEqual(['d_z', 'd_y', 'd_x'])
  expect(await inbox.stats()).toEqual(await owner.stats())
})

it('neither accepts nor claims', async () => {
  const { path } = await owned()
  const { inbox, claim } = await control(path)
  const closed = { code: 'ERR_INBOX_CLOSED' }
  await expect(inbox.accept(newDelivery('z'))).rejects.toMatchObject(closed)
  await expect(claim()).rejects.toMatchObject(closed)
  await expect(inbox.settle(firstPass(2))).rejects.toMatchObject(closed)
  await expect(inbox.note(2, [{ index: 0, handler: 'a' }])).rejects.toMatchObject(closed)
  inbox.noteSenderLeft(2)
  inbox.release([1, 2])
  expect(inbox.trouble()).not.toBeNull()
  expect(inbox.backlogBytes()).toBe(newDelivery('y').body.byteLength)
})

it('has its wishes carried out by the owner', async () => {
  const { path, inbox: owner, claim } = await owned()
  const lists: (readonly StoredPause[])[] = []
  let told = 0
  owner.onPause((paused) => void lists.push(paused))
  const opened = await control(path)
  const { dead, quarantined } = await idsOf(opened)
  owner.onWork(() => void told++)
  expect(await opened.inbox.revive({ dead: dead.slice(0, 1), quarantined: [] })).toBe(1)
  expect(await opened.inbox.drop({ dead, quarantined })).toBe(2)
  await opened.inbox.pause('a', 'hand')
  expect(told).toBeGreaterThan(0)
  expect(await owner.stats()).toMatchObject({ deadLetters: 0, quarantined: 0, cancelled: 2 })
  expect((await claim({ seq: 1 }))[0]?.rows).toMatchObject([{ handler: 'a', attempts: 0 }])
  expect(lists).toMatchObject([[{ handler: 'a', by: 'hand' }]])
  await opened.inbox.pause('a', null)
  expect(lists.at(-1)).toEqual([])
  expect(meddle(path, (db) => db.prepare('SELECT count(*) AS n FROM wish').get())).toEqual({ n: 0 })
})

it('writes what is remembered beside deliveries, with an owner and without', async () => {
  const { path, inbox: owner } = await owned()
  const { memos, look } = (await control(path)).inbox.port
  const action = { at: START, who: 'jo', verb: 'drop', filter: '{}', matched: 1, queued: 1 }
  expect(await memos?.write('x', 'one', null)).toBe(1)
  expect(await memos?.write('x', 'other', null)).toBeNull()
  await look?.noteAction(action)
  expect(await owner.port.memos?.read('x')).toEqual({ text: 'one', version: 1 })
  expect(await owner.port.look?.actions(9)).toMatchObject([action])
  await owner.close()
  expect(await memos?.write('x', 'two', 1)).toBe(2)
  expect(await memos?.read('x')).toEqual({ text: 'two', version: 2 })
})

it('works from another process', async () => {
  const { path, inbox: owner } = await owned()
  const child = startChild('control', path)
  expect(await child.ended).toEqual({ code: 0, signal: null })
  expect(child.lines).toEqual(['open', 'dropped 3'])
  expect(await owner.stats()).toMatchObject({ deadLetters: 0, quarantined: 0, cancelled: 3 })
})

it('is carried out by itself where nobody owns the file, which is free again afterwards', async () => {
  const { path, inbox: owner } = await owned()
  await owner.close()
  const opened = await control(path)
  expect(await opened.inbox.revive({ ...(await idsOf(opened)), quarantined: [] })).toBe(2)
  await opened.inbox.pause('a', 'hand')
  expect((await opened.inbox.stats()).paused).toMatchObject([{ handler: 'a', by: 'hand' }])
  const again = await openWith(inboxOn(path), ['a'])
  expect(again.opened.stats).toMatchObject({ pending: 2, deadLetters: 0, quarantined: 1 })
  expect(again.opened.newHandlers).toEqual([])
})

it('reads and changes what a killed owner has left, without hiding that it was killed', async () => {
  const path = await killedAtWork()
  const { inbox, opened } = await control(path)
  expect(opened.stats.pending).toBe(2)
  await inbox.pause('a', 'hand')
  await inbox.close()
  const { claim } = await openWith(inboxOn(path), ['a'])
  expect(await claim()).toMatchObject([
    { delivery: { seq: 1 }, careful: true, deaths: [{ index: 3, handler: 'a', times: 1 }] },
  ])
})

it('carries its wish out itself when the owner ends meanwhile', async () => {
  const clock = handClock()
  const { path, inbox: owner } = await owned(clock)
  const { inbox } = await control(path)
  // This owner's clock stands, so it never looks.
  const paused = inbox.pause('a', 'hand')
  await expect.poll(() => meddle(path, (db) => db.prepare('SELECT kind FROM wish').all())).toEqual([{ kind: 'pause' }])
  await owner.close()
  await paused
  expect((await inbox.stats()).paused).toHaveLength(1)
})

it('takes its wish back when the owner does not answer', async () => {
  const clock = handClock()
  const { path, inbox: owner } = await owned(handClock())
  const { inbox } = await control(path, clock)
  const ends: unknown[] = []
  void inbox.pause('a', 'hand').catch((error: unknown) => void ends.push(error))
  const wait = () => {
    clock.advance(10_000)
    return ends
  }
  await expect.poll(wait, { timeout: 20_000 }).toMatchObject([{ code: 'ERR_INBOX_IO' }])
  expect((await owner.stats()).paused).toEqual([])
  expect(meddle(path, (db) => db.prepare('SELECT count(*) AS n FROM wish').get())).toEqual({ n: 0 })
})

it('has wishes that are too old forgotten, and younger ones carried out, when an owner opens', async () => {
  const { path, inbox: owner } = await owned(handClock())
  await owner.close()
  meddle(path, (db) => {
    const insert = db.prepare('INSERT INTO wish (made_at, kind, arguments) VALUES (?, ?, ?)')
    insert.run(START - 300_001, 'pause', '{"handler":"old","by":"hand"}')
    insert.run(START - 1_000, 'pause', '{"handler":"new","by":"hand"}')
  })
  const { opened } = await openWith(inboxOn(path), ['a'], handClock())
  expect(opened.stats.paused).toMatchObject([{ handler: 'new' }])
})

it('is told when the owner does not understand it, and the owner goes on', async () => {
  const { path, inbox: owner, clock } = await owned(handClock())
  const wish = (kind: string, text: string) =>
    meddle(path, (db) =>
      db.prepare('INSERT INTO wish (made_at, kind, arguments) VALUES (?, ?, ?)').run(START, kind, text),
    )
  wish('erase', '{}')
  wish('revive', 'not JSON')
  wish('revive', '{"ids":{}}')
  wish('pause', '{"handler":"a","by":"hand"}')
  clock.advance(1_000)
  await expect.poll(async () => (await owner.stats()).paused).toHaveLength(1)
  const results = meddle(path, (db) => db.prepare('SELECT result FROM wish ORDER BY id').all())
  expect(results.map(({ result }) => Object.keys(JSON.parse(String(result)))[0])).toEqual([
    'failure',
    'failure',
    'failure',
    'value',
  ])
  expect(await owner.accept(newDelivery('z'))).toMatchObject({ status: 'accepted' })
})

it('refuses a file that is missing, empty or somebody else’s, and makes none', async () => {
  const path = newFile()
  await expect(control(path)).rejects.toMatchObject({ code: 'ERR_INBOX_IO', message: expect.stringContaining(path) })
  expect(existsSync(path)).toBe(false)
  writeFileSync(path, '')
  await expect(control(path)).rejects.toMatchObject({ code: 'ERR_INBOX_FOREIGN' })
  meddle(path, (db) => db.exec('CREATE TABLE theirs (x)'))
  await expect(control(path)).rejects.toMatchObject({ code: 'ERR_INBOX_FOREIGN' })
})

it('leaves the log of SQLite to the owner', async () => {
  const { path, inbox: owner } = await owned()
  const opened = await control(path)
  await opened.inbox.pause('a', 'hand')
  await opened.inbox.close()
  expect(existsSync(`${path}-wal`)).toBe(true)
  expect(await owner.accept(newDelivery('z'))).toMatchObject({ status: 'accepted' })
})
