/** One inbox over several: what it refuses, and what goes on beside a shard that is away, hangs, joins or leaves. */
import { expect, it } from 'vitest'
import { unauthenticated } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { type ShardedOptions, sharded } from '../../../src/inboxes/sharded/index.ts'
import { homeOf, keyOf, type State } from '../../../src/inboxes/sharded/ring.ts'
import { deskDoor, port } from '../../../src/lib/symbols.ts'
import type { Inbox, InboxPort } from '../../../src/ports/inbox/index.ts'
import type { Memos } from '../../../src/ports/inbox/memos.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import type { DeskDoor } from '../../../src/public/desk.ts'
import { portWith } from '../../support/port-methods.ts'
import { everything, firstPass, handClock, keptLines, newDelivery, openWith, row, START } from '../inbox-kit.ts'
import { faulty, inboxOn, io, namesFor, passing, portOf, wrap } from './faulty.ts'

const [MINE = [], YOURS = []] = [namesFor(0, 40), namesFor(1, 40)]

it.each<[what: string, options: unknown]>([
  ['nothing', undefined],
  ['no list', { inboxes: memory() }],
  ['an empty list', { inboxes: [] }],
  ['65 inboxes', { inboxes: Array.from({ length: 65 }, () => memory()) }],
  ['what is no inbox', { inboxes: [memory(), {}] }],
  ['a hole in the list', { inboxes: [memory(), undefined] }],
  ['a promise of an inbox', { inboxes: [Promise.resolve(memory())] }],
  ['only places that are gone', { inboxes: [null, null] }],
  ['a sharded inbox', { inboxes: [sharded({ inboxes: [memory()] })] }],
  ['an inbox without memos', { inboxes: [wrap({ ...new MemoryInbox(), memos: undefined } as unknown as InboxPort)] }],
  ['a function that tells the shard', { inboxes: [memory()], by: () => 0 }],
  ['a function that throws', { inboxes: [memory()], by: () => io() }],
  ['NaN', { inboxes: [memory()], by: Number.NaN }],
  ['an unknown word', { inboxes: [memory()], by: 'handler' }],
  ['an option that nobody reads', { inboxes: [memory()], shards: 2 }],
  ['a place that is not there', { inboxes: [memory(), memory()], joining: 2 }],
  ['a place where none is', { inboxes: [memory(), null], leaving: 1 }],
  ['two that move', { inboxes: [memory(), memory(), memory()], joining: 1, leaving: 2 }],
  ['none that takes deliveries', { inboxes: [memory()], leaving: 0 }],
])('refuses %s with ERR_OPTION', (_what, options) => {
  expect(() => sharded(options as ShardedOptions)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
})

it('refuses one inbox in two places, and what is one inbox behind two', async () => {
  const twice = memory()
  expect(() => sharded({ inboxes: [twice, twice] })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  const store = new MemoryStore()
  const two = [0, 1].map(() => wrap(new MemoryInbox(store, { beside: true })))
  await expect(openWith(portOf({ inboxes: two }), ['a'])).rejects.toMatchObject({ code: 'ERR_INBOX_SHARDS' })
})

it('is an inbox with one shard too', async () => {
  const { inbox, claim } = await openWith(portOf({ inboxes: [memory()] }), ['a'])
  const { seq } = await inbox.accept(newDelivery('x'))
  expect(await claim()).toMatchObject([{ delivery: { id: 'd_x', seq } }])
  await inbox.settle(firstPass(seq))
  expect(await inbox.accept(newDelivery('x'))).toEqual({ status: 'duplicate', seq, isDone: true })
})

it('refuses what an order over several logs would be needed for, in words', async () => {
  const inboxes = () => [memory(), memory()]
  const sources = { shop: mailjet({ auth: unauthenticated() }) }
  const ordered = createReceiver({ inbox: sharded({ inboxes: inboxes() }), sources, logger: false })
  ordered.on('*', { name: 'mine', orderBy: () => 'one' }, () => {})
  await expect(ordered.start()).rejects.toMatchObject({
    code: 'ERR_OPTION',
    message: /"mine" has orderBy.* a receiver of its own/,
  })
  const deduped = { shop: mailjet({ auth: unauthenticated(), dedupeEvents: true }) }
  const byDelivery = createReceiver({ inbox: sharded({ inboxes: inboxes() }), sources: deduped, logger: false })
  await expect(byDelivery.start()).rejects.toMatchObject({
    code: 'ERR_OPTION',
    message: /"shop" has dedupeEvents.*by: 'source'/,
  })
  const bySource = createReceiver({
    inbox: sharded({ inboxes: inboxes(), by: 'source' }),
    sources: deduped,
    logger: false,
  })
  await bySource.start()
  const { [deskDoor]: desk } = bySource as unknown as { readonly [deskDoor]: DeskDoor }
  await expect(desk.nextAfter(0)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  await expect(desk.lastSeq()).rejects.toMatchObject({ code: 'ERR_OPTION' })
  await expect(bySource.inbox.backup('/nowhere/inbox.db')).rejects.toMatchObject({ code: 'ERR_OPTION' })
  await bySource.close()
})

it('spreads deliveries evenly, and moves those of a shard that joins or is gone, and no others', () => {
  const keys = Array.from({ length: 6_000 }, (_, n) => `key ${n}`)
  const placesWith = (...states: State[]) => keys.map((key) => homeOf(key, states).place)
  const [two, three] = [placesWith('takes', 'takes'), placesWith('takes', 'takes', 'takes')]
  for (const place of [0, 1, 2]) {
    expect(three.filter((one) => one === place).length).toBeGreaterThan(1_850)
    expect(three.filter((one) => one === place).length).toBeLessThan(2_150)
  }
  expect(keys.filter((_, n) => two[n] !== three[n] && three[n] !== 2)).toEqual([])
  expect(placesWith('takes', 'takes', 'joining')).toEqual(three)
  expect(placesWith('takes', 'takes', 'leaving')).toEqual(two)
  expect(placesWith('takes', 'takes', 'gone')).toEqual(two)
})

it('keeps what has one batch id together, and by source what has one source', () => {
  const [one, other] = [newDelivery('x', { id: 'd_1' }), newDelivery('x', { id: 'd_2' })]
  expect(keyOf(one, 'delivery')).toBe(keyOf(other, 'delivery'))
  expect(keyOf({ ...one, source: 'outlet' }, 'delivery')).not.toBe(keyOf(one, 'delivery'))
  expect(keyOf({ ...one, batchId: null }, 'delivery')).toBe('d_1')
  expect(keyOf(newDelivery('y'), 'source')).toBe(keyOf(one, 'source'))
})

it('refuses the deliveries of a shard that is away, and goes on with all others', async () => {
  const [well, bad] = [faulty(), faulty()]
  const { inbox, claim, logger, clock } = await openWith(portOf({ inboxes: [well.inbox, bad.inbox] }), ['a'])
  for (const name of [...MINE.slice(0, 3), ...YOURS.slice(0, 3)]) await inbox.accept(newDelivery(name))
  bad.is('away')
  for (const name of YOURS.slice(3, 6))
    await expect(inbox.accept(newDelivery(name))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  for (const name of MINE.slice(3, 6))
    expect(await inbox.accept(newDelivery(name))).toMatchObject({ status: 'accepted' })
  expect(inbox.trouble()).toBeNull()
  expect(await inbox.stats()).toMatchObject({ pending: 6, missingShards: [1] })
  const listed = await inbox.deliveries(everything)
  expect(listed.map(({ id }) => id).sort()).toEqual(
    MINE.slice(0, 6)
      .map((name) => `d_${name}`)
      .sort(),
  )
  const claims = await claim()
  expect(claims.map(({ delivery }) => delivery.id).sort()).toEqual(listed.map(({ id }) => id).sort())
  const again = await inbox.claim({ handlers: ['a'], maxDeliveries: 10, maxBytes: 1e6 })
  expect(again).toMatchObject({ claims: [], nextDueAt: clock.now() + 1_000 })
  for (const { delivery } of claims) await inbox.settle(firstPass(delivery.seq, { rows: [row('a', START + 60_000)] }))
  // Verbs on rows of the others go on; that something is nowhere is not said.
  expect(await inbox.erase([{ seq: claims[0]!.delivery.seq, indices: null }])).toEqual({ erased: 1, busy: [] })
  await expect(inbox.delivery('d_nobody')).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  await expect(inbox.pause('a', 'hand')).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  expect(logger.lines.filter(({ facts }) => 'event' in facts && facts.event === 'inbox.shard_down')).toHaveLength(1)
  bad.is('well')
  clock.advance(5_000)
  expect(await inbox.delivery('d_nobody')).toBeNull()
  expect((await claim()).map(({ delivery }) => delivery.id).sort()).toEqual(
    YOURS.slice(0, 3)
      .map((name) => `d_${name}`)
      .sort(),
  )
  expect((await inbox.stats()).missingShards).toBeUndefined()
  expect(logger.lines.filter(({ facts }) => 'event' in facts && facts.event === 'inbox.shard_up')).toHaveLength(1)
  await inbox.close()
})

it('is told once of a shard that can be read and stores nothing', async () => {
  const full = portWith(new MemoryInbox(), { accept: io })
  const { inbox, logger, clock } = await openWith(portOf({ inboxes: [wrap(full)] }), ['a'])
  for (let n = 0; n < 20; n++) {
    await expect(inbox.accept(newDelivery(`${n}`))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
    await inbox.stats()
    clock.advance(1_000)
  }
  const told = logger.lines.flatMap(({ facts }) => ('event' in facts ? [String(facts.event)] : []))
  expect(told.filter((event) => event.startsWith('inbox.shard'))).toEqual(['inbox.shard_down'])
  await inbox.close()
})

it('goes on beside a shard that hangs, and hands out later what it has claimed there', async () => {
  const [well, bad] = [faulty(), faulty()]
  const { inbox, claim, clock } = await openWith(portOf({ inboxes: [well.inbox, bad.inbox] }), ['a'])
  for (const name of [MINE[0]!, MINE[1]!, YOURS[0]!]) await inbox.accept(newDelivery(name))
  bad.is('hangs')
  const first = claim({ maxDeliveries: 10 })
  await passing(first, () => clock.advance(100))
  expect((await first).map(({ delivery }) => delivery.id).sort()).toEqual([`d_${MINE[0]}`, `d_${MINE[1]}`])
  await inbox.accept(newDelivery(MINE[2]!))
  // It is not asked again: nobody waits for it a second time.
  expect((await claim()).map(({ delivery }) => delivery.id)).toEqual([`d_${MINE[2]}`])
  const hanging = inbox.accept(newDelivery(YOURS[1]!))
  clock.advance(5_001)
  await expect(inbox.accept(newDelivery(YOURS[2]!))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  const stats = inbox.stats()
  await passing(stats, () => clock.advance(500))
  expect(await stats).toMatchObject({ missingShards: [1] })
  const told = Promise.withResolvers<void>()
  inbox.onWork(told.resolve)
  bad.is('well')
  await Promise.all([told.promise, hanging])
  const late = await claim()
  expect(late.map(({ delivery }) => delivery.id)).toContain(`d_${YOURS[0]}`)
  for (const { delivery } of late) await inbox.settle(firstPass(delivery.seq))
  await inbox.close()
})

it('takes a shard that is slow, and answers again and again, for no shard that hangs', async () => {
  const slow = new MemoryInbox()
  const answers: (() => void)[] = []
  const late = portWith(slow, {
    async accept(delivery, options) {
      await new Promise<void>((resolve) => answers.push(resolve))
      return slow.intake.accept(delivery, options)
    },
  })
  const { inbox, clock } = await openWith(portOf({ inboxes: [wrap(late)] }), ['a'])
  const accepting = [inbox.accept(newDelivery('x'))]
  for (let n = 0; n < 4; n++) {
    accepting.push(inbox.accept(newDelivery(`y${n}`)))
    await expect.poll(() => answers.length).toBe(2)
    clock.advance(2_000)
    // The first one waits all the while.
    answers.splice(1, 1)[0]?.()
    await accepting.at(-1)
  }
  answers[0]?.()
  await Promise.all(accepting)
  await inbox.close()
})

it('gives back what a shard has claimed too late for handlers that ask no more', async () => {
  const [well, bad] = [faulty(), faulty()]
  const { inbox, claim, clock } = await openWith(portOf({ inboxes: [well.inbox, bad.inbox] }), ['a', 'b'])
  const { seq } = await inbox.accept(newDelivery(YOURS[0]!))
  await claim()
  await inbox.settle(firstPass(seq, { rows: [row('a', START)] }))
  bad.is('hangs')
  const first = claim({ handlers: ['a'] })
  await passing(first, () => clock.advance(1_000))
  const told = Promise.withResolvers<void>()
  inbox.onWork(told.resolve)
  bad.is('well')
  await told.promise
  expect(await claim({ handlers: ['b'] })).toEqual([])
  expect(await claim({ handlers: ['a'] })).toMatchObject([{ delivery: { seq }, rows: [{ handler: 'a' }] }])
  await inbox.close()
})

it('waits for a shard that is slow before it says that nothing is there', async () => {
  const [well, slow] = [faulty(), faulty()]
  const { inbox, claim, clock } = await openWith(portOf({ inboxes: [well.inbox, slow.inbox] }), ['a'])
  await inbox.accept(newDelivery(YOURS[0]!))
  slow.is('hangs')
  const claiming = claim()
  await expect
    .poll(() => {
      clock.advance(100)
      return clock.now()
    })
    .toBeGreaterThan(START + 1_000)
  slow.is('well')
  expect(await claiming).toMatchObject([{ delivery: { id: `d_${YOURS[0]}` } }])
  await inbox.close()
})

it('leaves room for the others beside a shard whose claims come to no end', async () => {
  const { inbox, claim } = await openWith(portOf({ inboxes: [memory(), memory()] }), ['a'])
  const [mine, yours] = [namesFor(0, 150), namesFor(1, 150)]
  for (const name of [...mine, ...yours]) await inbox.accept(newDelivery(name))
  const claims: string[] = []
  for (let left = 100; left > 0; left = 100 - claims.length) {
    const some = await claim({ maxDeliveries: left })
    if (some.length === 0) break
    claims.push(...some.map(({ delivery }) => delivery.id))
  }
  expect(claims.filter((id) => mine.includes(id.slice(2)))).toHaveLength(50)
  expect(claims).toHaveLength(100)
})

it('has nothing beside what wants care, over all shards', async () => {
  const stores = [new MemoryStore(), new MemoryStore()]
  const inboxes = () => stores.map(inboxOn)
  const first = await openWith(portOf({ inboxes: inboxes() }), ['a'])
  const { seq } = await first.inbox.accept(newDelivery(YOURS[0]!))
  await first.claim()
  await first.inbox.note(seq, [{ index: 0, handler: 'a' }])
  // Killed: the next process finds its claim.
  const { inbox, claim } = await openWith(portOf({ inboxes: inboxes() }), ['a'])
  const seen: { id: string; careful: boolean; beside: number }[] = []
  for (let round = 0; round < 6; round++) {
    await inbox.accept(newDelivery(MINE[round]!))
    const claims = await claim()
    // Something else is there to be claimed.
    await inbox.accept(newDelivery(MINE[round + 6]!))
    const more = await claim()
    const beside = claims.length + more.length - 1
    for (const { delivery, careful } of [...claims, ...more]) seen.push({ id: delivery.id, careful, beside })
    for (const { delivery } of [...claims, ...more]) await inbox.settle(firstPass(delivery.seq))
  }
  expect(seen.map(({ id }) => id)).toHaveLength(13)
  expect(seen.filter(({ careful }) => careful)).toEqual([{ id: `d_${YOURS[0]}`, careful: true, beside: 0 }])
})

it('asks each shard alone whether its calls may begin', async () => {
  let may = false
  const doubtful = portWith(new MemoryInbox(), { mayBegin: () => may })
  const { inbox, claim } = await openWith(portOf({ inboxes: [memory(), wrap(doubtful)] }), ['a'])
  for (const name of [MINE[0]!, YOURS[0]!]) await inbox.accept(newDelivery(name))
  await claim()
  const { claims } = inbox.port
  expect([claims.mayBegin?.(), claims.mayBegin?.(`d_${MINE[0]}`), claims.mayBegin?.(`d_${YOURS[0]}`)]).toEqual([
    true,
    true,
    false,
  ])
  may = true
  expect(claims.mayBegin?.(`d_${YOURS[0]}`)).toBe(true)
})

it('gives no list to who has to come to every row while a shard is away', async () => {
  const bad = faulty()
  const { inbox } = await openWith(portOf({ inboxes: [memory(), bad.inbox] }), ['a'])
  for (const id of [...namesFor(0, 1), ...namesFor(1, 1)]) await inbox.accept(newDelivery(id))
  bad.is('away')
  const page = { before: null, limit: 10 }
  expect(await inbox.list('deliveries', page)).toHaveLength(1)
  await expect(inbox.list('deliveries', { ...page, isWhole: true })).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  bad.is('well')
  expect(await inbox.list('deliveries', { ...page, isWhole: true })).toHaveLength(2)
})

it('starts beside a shard that is away, and takes it in when it comes', async () => {
  const bad = faulty()
  const inboxes = [memory(), bad.inbox]
  const before = await openWith(portOf({ inboxes }), ['a'])
  await before.inbox.accept(newDelivery(YOURS[0]!))
  await before.inbox.close()
  bad.is('away')
  const { inbox, opened, claim, clock } = await openWith(portOf({ inboxes }), ['a'])
  expect(opened.stats).toMatchObject({ pending: 0, missingShards: [1] })
  expect(await inbox.accept(newDelivery(MINE[0]!))).toMatchObject({ status: 'accepted' })
  await expect(inbox.accept(newDelivery(YOURS[1]!))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  bad.is('well')
  clock.advance(5_000)
  await expect.poll(() => inbox.accept(newDelivery(YOURS[1]!)).catch(() => null)).toMatchObject({ status: 'accepted' })
  expect((await claim()).map(({ delivery }) => delivery.id).sort()).toEqual(
    [`d_${MINE[0]}`, `d_${YOURS[0]}`, `d_${YOURS[1]}`].sort(),
  )
  await inbox.close()
})

it('starts a new set with all of its shards, or not at all, and lets go of those that are there', async () => {
  const bad = faulty()
  const store = new MemoryStore()
  bad.is('away')
  await expect(openWith(portOf({ inboxes: [inboxOn(store), bad.inbox] }), ['a'])).rejects.toMatchObject({
    code: 'ERR_INBOX_IO',
  })
  bad.is('well')
  const one = portOf({ inboxes: [inboxOn(store), bad.inbox] })
  await openWith(one, ['a'])
  await one.close()
})

it('is closed as a whole', async () => {
  const inboxes = [memory(), memory()]
  const { inbox } = await openWith(portOf({ inboxes }), ['a'])
  await inboxes[1]![port].close()
  await expect(inbox.accept(newDelivery(YOURS[0]!))).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' })
  expect(await inbox.accept(newDelivery(MINE[0]!))).toMatchObject({ status: 'accepted' })
  await inbox.close()
  await expect(inbox.accept(newDelivery(MINE[0]!))).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' })
  await expect(inbox.stats()).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' })
})

const refused = { code: 'ERR_INBOX_SHARDS' }

async function opensAs(options: ShardedOptions): Promise<void> {
  const inbox = portOf(options)
  try {
    await openWith(inbox, ['a'], handClock(), keptLines())
  } finally {
    await inbox.close()
  }
}

it('refuses another list than that it was opened with last', async () => {
  const [a, b, c] = [memory(), memory(), memory()]
  await opensAs({ inboxes: [a, b] })
  const { inbox } = await openWith(portOf({ inboxes: [a, b] }), ['a'])
  await inbox.accept(newDelivery('x'))
  await inbox.close()
  await expect(opensAs({ inboxes: [b, a] })).rejects.toMatchObject(refused)
  await expect(opensAs({ inboxes: [a] })).rejects.toMatchObject(refused)
  await expect(opensAs({ inboxes: [a, null] })).rejects.toMatchObject(refused)
  await expect(opensAs({ inboxes: [a, b, c] })).rejects.toMatchObject(refused)
  await expect(opensAs({ inboxes: [a, b, c], joining: 2 })).rejects.toMatchObject(refused)
  await expect(opensAs({ inboxes: [a, memory()] })).rejects.toMatchObject(refused)
  await expect(opensAs({ inboxes: [a, b], by: 'source' })).rejects.toMatchObject(refused)
  const other = [memory(), memory()]
  await opensAs({ inboxes: other })
  await expect(opensAs({ inboxes: [a, other[1]!] })).rejects.toMatchObject(refused)
  await opensAs({ inboxes: [a, b] })
})

/** An inbox that a receiver of its own has filled. */
async function filledAlone(name: string): Promise<MemoryStore> {
  const store = new MemoryStore()
  const { inbox } = await openWith(portOf({ inboxes: [inboxOn(store)] }), ['a'])
  await inbox.accept(newDelivery(name))
  await inbox.close()
  store.memos.clear()
  return store
}

it('refuses inboxes that were filled each by itself, as a new set and beside one', async () => {
  const [one, two] = [await filledAlone('x'), await filledAlone('y')]
  const both = { inboxes: [inboxOn(one), inboxOn(two)] }
  await expect(opensAs(both)).rejects.toMatchObject({ ...refused, message: /place 0 .*place 1/ })
  expect([...one.memos.keys(), ...two.memos.keys()]).toEqual([])
  const set = [memory(), memory()]
  const { inbox } = await openWith(portOf({ inboxes: set }), ['a'])
  await inbox.accept(newDelivery('z'))
  await inbox.close()
  await expect(opensAs({ inboxes: [...set, inboxOn(one)], leaving: 2 })).rejects.toMatchObject(refused)
  await opensAs({ inboxes: [...set, memory()], leaving: 2 })
})

/** So many writes of memos are done, and no more: a process that dies while it tells its shards. */
function dyingAfter(writes: number, stores: readonly MemoryStore[]): Inbox[] {
  let left = writes
  return stores.map((store) => {
    const inner = new MemoryInbox(store)
    const { memos } = inner
    const write: Memos['write'] = async (...args) => (left-- > 0 ? memos.write(...args) : io())
    const mortal: Memos = { read: (name) => memos.read(name), now: () => memos.now(), write }
    const port = portWith(inner, {})
    return wrap(new Proxy(port, { get: (of, name) => (name === 'memos' ? mortal : Reflect.get(of, name)) }))
  })
}

it.each([0, 1])('starts after a start that was cut short, beside what place %i had stored alone', async (place) => {
  for (const writes of [0, 1]) {
    const filled = await filledAlone('x')
    const stores = [new MemoryStore(), new MemoryStore()].map((store, at) => (at === place ? filled : store))
    const leaving = 1 - place
    const options = (inboxes: Inbox[]) => ({ inboxes, leaving })
    await expect(opensAs(options(dyingAfter(writes, stores)))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
    await opensAs(options(stores.map(inboxOn)))
  }
})

it('is started by several processes at once, whichever of them names the set', async () => {
  const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()]
  const processes = Array.from({ length: 3 }, () =>
    portOf({ inboxes: stores.map((store) => wrap(new MemoryInbox(store, { beside: true }))) }),
  )
  await Promise.all(processes.map((inbox) => openWith(inbox, ['a'])))
  const sets = stores.map(({ memos }) => JSON.parse(memos.get('sharded.roll')!.text).set)
  expect(new Set(sets).size).toBe(1)
  for (const inbox of processes) await inbox.close()
})

it('refuses an inbox that a newer version has opened', async () => {
  const store = new MemoryStore()
  store.memos.set('sharded.roll', { text: '{"form":2}', version: 1 })
  await expect(opensAs({ inboxes: [inboxOn(store)] })).rejects.toMatchObject(refused)
})

it('grows an inbox that was alone, and shrinks again; repeats find their original at each step', async () => {
  const [one, two] = [new MemoryStore(), new MemoryStore()]
  const alone = await openWith(new MemoryInbox(one), ['a'])
  const names = Array.from({ length: 40 }, (_, n) => `n${n}`)
  for (const name of names.slice(0, 20)) await alone.inbox.accept(newDelivery(name))
  await alone.inbox.close()
  const inboxes = () => [inboxOn(one), inboxOn(two)]
  await expect(opensAs({ inboxes: inboxes() })).rejects.toMatchObject(refused)
  let stored = 20
  const steps: ShardedOptions[] = [
    { inboxes: inboxes(), leaving: 1 },
    { inboxes: inboxes(), joining: 1 },
    { inboxes: inboxes(), leaving: 1 },
  ]
  for (const options of steps) {
    const { inbox } = await openWith(portOf(options), ['a'])
    for (const name of names.slice(0, stored))
      expect(await inbox.accept(newDelivery(name))).toMatchObject({ status: 'duplicate' })
    for (const name of names.slice(stored, stored + 6))
      expect(await inbox.accept(newDelivery(name))).toMatchObject({ status: 'accepted' })
    stored += 6
    expect(await inbox.deliveries(everything)).toHaveLength(stored)
    await inbox.close()
  }
  expect(two.entries.length).toBeGreaterThan(0)
  await opensAs({ inboxes: [inboxOn(one), null] })
})

it('finds the deliveries of a process one step before it, and that one its own', async () => {
  const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()]
  const process = async (options: Omit<ShardedOptions, 'inboxes'>) => {
    const inboxes = stores.map((store) => wrap(new MemoryInbox(store, { beside: true })))
    return (await openWith(portOf({ ...options, inboxes }), ['a'])).inbox
  }
  const steps = [{ leaving: 2 }, { joining: 2 }, {}]
  for (const [at, step] of steps.slice(1).entries()) {
    const both = [await process(steps[at]!), await process(step)]
    for (let n = 0; n < 30; n++) {
      const delivery = newDelivery(`${at} ${n}`)
      const [first, second] = n % 2 === 0 ? both : both.toReversed()
      expect(await first!.accept(delivery)).toMatchObject({ status: 'accepted' })
      expect(await second!.accept(delivery)).toMatchObject({ status: 'duplicate' })
    }
    for (const inbox of both) await inbox.close()
  }
})
