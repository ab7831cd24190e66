/** Claims over all shards: what comes late, what wants care, and what a shard that is away may not stop. */
import { expect, it } from 'vitest'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import type { Claim } from '../../../src/ports/inbox/claims.ts'
import { firstPass, newDelivery, openWith } from '../inbox-kit.ts'
import { faulty, namesFor, passing, portOf } from './faulty.ts'

const [MINE = [], YOURS = []] = [namesFor(0, 40), namesFor(1, 40)]
const idsOf = (claims: readonly Claim[]) => claims.map(({ delivery }) => delivery.id)

/** Two shards, of which the second has answered a claim too late: its claims wait to be asked for. */
async function withLate(handlers: readonly string[] = ['a']) {
  const [well, bad] = [faulty(), faulty()]
  const opened = await openWith(portOf({ inboxes: [well.inbox, bad.inbox] }), ['a', 'b'])
  const { inbox, claim, clock } = opened
  for (const name of [MINE[0]!, YOURS[0]!, YOURS[1]!]) await inbox.accept(newDelivery(name))
  bad.is('hangs')
  const first = claim({ handlers, maxDeliveries: 10 })
  await passing(first, () => clock.advance(100))
  expect(idsOf(await first)).toEqual([`d_${MINE[0]}`])
  const told = Promise.withResolvers<void>()
  inbox.onWork(told.resolve)
  bad.is('well')
  await told.promise
  return { ...opened, bad }
}

it('gives back what came late, and nobody asked for within a second', async () => {
  const { inbox, bad, clock } = await withLate()
  expect(bad.released).toEqual([])
  clock.advance(1_000)
  expect(bad.released).toEqual([1, 2])
  await inbox.close()
})

it('gives back what came late to a claim that has no room for its shard', async () => {
  const { inbox, claim, bad } = await withLate()
  // What came late is handed out first, as much of it as is asked for.
  expect(idsOf(await claim({ handlers: ['a'], maxDeliveries: 1 }))).toEqual([`d_${YOURS[0]}`])
  expect(bad.released).toEqual([2])
  await inbox.close()
})

it('keeps what came late for its handlers while a claim for others goes by', async () => {
  const { inbox, claim, bad } = await withLate(['a', 'b'])
  expect(await claim({ handlers: ['b'], maxDeliveries: 1 })).toEqual([])
  expect(bad.released).toEqual([])
  expect(idsOf(await claim({ handlers: ['a', 'b'] }))).toEqual([`d_${YOURS[0]}`, `d_${YOURS[1]}`])
  await inbox.close()
})

it('says that nothing is there only when what came late for other handlers is back', async () => {
  const { inbox, claim } = await withLate(['a', 'b'])
  await inbox.settle(firstPass((await inbox.delivery(`d_${MINE[0]}`))!.seq))
  expect(idsOf(await claim({ handlers: ['b'] }))).toEqual([`d_${YOURS[0]}`, `d_${YOURS[1]}`])
  await inbox.close()
})

it('hands out nothing that was lost before anybody asked for it', async () => {
  const [well, bad] = [faulty(), faulty()]
  const { inbox, claim, clock } = await openWith(portOf({ inboxes: [well.inbox, bad.inbox] }), ['a'])
  await inbox.accept(newDelivery(YOURS[0]!))
  const [before] = await claim()
  const [, token] = String(before?.token).split(':')
  await inbox.settle(firstPass(before!.delivery.seq))
  for (const name of [MINE[0]!, YOURS[1]!, YOURS[2]!]) await inbox.accept(newDelivery(name))
  bad.is('hangs')
  const first = claim()
  await passing(first, () => clock.advance(100))
  const told = Promise.withResolvers<void>()
  inbox.onWork(told.resolve)
  bad.is('well')
  await told.promise
  bad.loses([Number(token) + 1])
  expect(idsOf(await claim())).toEqual([`d_${YOURS[2]}`])
  await inbox.close()
})

/** Shards whose process was killed while it worked on these deliveries, noted as under way. */
async function afterDeathOver(shards: readonly ReturnType<typeof faulty>[], names: readonly string[]) {
  const first = await openWith(portOf({ inboxes: shards.map(({ inbox }) => inbox) }), ['a'])
  for (const name of names) {
    const { seq } = await first.inbox.accept(newDelivery(name))
    await first.claim()
    await first.inbox.note(seq, [{ index: 0, handler: 'a' }])
  }
  // Nothing is closed: the next process finds its claims.
}

async function suspicious(count: number, names: readonly string[]) {
  const stores = Array.from({ length: count }, () => new MemoryStore())
  await afterDeathOver(
    stores.map((store) => faulty(store)),
    names,
  )
  const shards = stores.map((store) => faulty(store))
  const inbox = portOf({ inboxes: shards.map((shard) => shard.inbox) })
  return { shards, ...(await openWith(inbox, ['a'])) }
}

it('goes on with others while the note of a delivery that wants care cannot be stored, and handles it later', async () => {
  const { inbox, claim, shards } = await suspicious(2, [YOURS[0]!])
  const [careful] = await claim()
  expect(careful).toMatchObject({ careful: true, delivery: { id: `d_${YOURS[0]}` } })
  const { seq } = careful!.delivery
  const { seq: mine } = await inbox.accept(newDelivery(MINE[0]!))
  expect(await claim()).toEqual([])
  shards[1]!.is('away')
  const note = () => inbox.note(seq, [{ index: 0, handler: 'a' }])
  await expect(note()).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  expect(idsOf(await claim())).toEqual([`d_${MINE[0]}`])
  shards[1]!.is('well')
  // Another is under way now.
  await expect(note()).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
  expect(await claim()).toEqual([])
  await inbox.settle(firstPass(mine))
  const [again] = await claim()
  expect(again).toMatchObject({ careful: true, delivery: { id: `d_${YOURS[0]}` } })
  await note()
  await inbox.settle(firstPass(seq))
  await inbox.close()
})

it('makes a note again where nothing else has begun meanwhile', async () => {
  const { inbox, claim, shards } = await suspicious(2, [YOURS[0]!])
  const [careful] = await claim()
  const note = () => inbox.note(careful!.delivery.seq, [{ index: 0, handler: 'a' }])
  shards[1]!.is('away')
  await expect(note()).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  shards[1]!.is('well')
  await note()
  await inbox.accept(newDelivery(MINE[0]!))
  expect(await claim()).toEqual([])
  await inbox.close()
})

it('goes on with others while the end of a delivery that wants care cannot be stored', async () => {
  const { inbox, claim, shards } = await suspicious(2, [YOURS[0]!])
  const [careful] = await claim()
  const { seq } = careful!.delivery
  await inbox.accept(newDelivery(MINE[0]!))
  shards[1]!.is('away')
  await expect(inbox.settle(firstPass(seq))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  expect(idsOf(await claim())).toEqual([`d_${MINE[0]}`])
  shards[1]!.is('well')
  await inbox.settle(firstPass(seq))
  await inbox.close()
})

it('is careful in one shard while ends in another that is away cannot be stored', async () => {
  const states = ['takes', 'takes', 'takes'] as const
  const [mine, yours, other] = [0, 1, 2].map((place) => namesFor(place, 1, states)[0]!)
  const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()]
  await afterDeathOver(
    stores.map((store) => faulty(store)),
    [other!],
  )
  const shards = stores.map((store) => faulty(store))
  // The one that wants care comes later than the first claim.
  shards[2]!.is('away')
  const { inbox, claim, clock } = await openWith(portOf({ inboxes: shards.map((shard) => shard.inbox) }), ['a'])
  const { seq } = await inbox.accept(newDelivery(yours!))
  expect(idsOf(await claim())).toEqual([`d_${yours}`])
  shards[1]!.is('away')
  await expect(inbox.settle(firstPass(seq))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  shards[2]!.is('well')
  clock.advance(5_000)
  await expect.poll(async () => idsOf(await claim()), { timeout: 20_000 }).toEqual([`d_${other}`])
  await inbox.accept(newDelivery(mine!))
  expect(await claim()).toEqual([])
  await inbox.close()
})
