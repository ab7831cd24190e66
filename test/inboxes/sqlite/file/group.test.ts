import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import type { Thread } from '../../../../src/inboxes/sqlite/main/thread.ts'
import { firstPass, newDelivery, openWith, row, START, seqsOf } from '../../inbox-kit.ts'
import { inboxOn, newFile } from '../kit.ts'

/** An inbox whose commits are counted. */
async function counted(path = newFile()) {
  let commits = 0
  const opened = await openWith(inboxOn(path, { onCommit: () => commits++ }), ['a'])
  const during = async (run: () => Promise<unknown>) => {
    const before = commits
    await run()
    return commits - before
  }
  return { ...opened, during }
}

/** Bytes that do not shrink. */
function noise(bytes: number, seed = 1): Uint8Array {
  const body = new Uint8Array(bytes)
  let state = seed
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    body[i] = state >>> 24
  }
  return body
}

/** A group that waits for its posts has left by then: they are gathered for four turns of the event loop at most. */
async function hasLeft(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
}

it('commits what arrives together, together', async () => {
  const { inbox, claim, during } = await counted()
  const accepts = () => Promise.all(Array.from({ length: 100 }, (_, n) => inbox.accept(newDelivery(`n${n}`))))
  expect(await during(accepts)).toBe(1)
  const claims = await claim()
  expect(await during(() => Promise.all(claims.map(({ delivery }) => inbox.settle(firstPass(delivery.seq)))))).toBe(1)
})

it('commits what arrives during a commit in the next one', async () => {
  const { inbox, during } = await counted()
  const accepts: Promise<unknown>[] = []
  const commits = await during(async () => {
    accepts.push(inbox.accept(newDelivery('first')))
    await hasLeft()
    for (let n = 0; n < 50; n++) accepts.push(inbox.accept(newDelivery(`n${n}`)))
    await Promise.all(accepts)
  })
  expect(commits).toBe(2)
})

it('commits a body above 1 MB alone, with settlements riding along', async () => {
  const { inbox, claim, during } = await counted()
  await inbox.accept(newDelivery('x'))
  await claim()
  const large = newDelivery('large', { body: new Uint8Array(1024 * 1024 + 1) })
  const order: string[] = []
  const accept = (delivery: typeof large) => inbox.accept(delivery).then(() => order.push(delivery.id))
  const commits = await during(() =>
    Promise.all([
      accept(newDelivery('p')),
      accept(newDelivery('q')),
      accept(large),
      inbox.settle(firstPass(1)),
      accept(newDelivery('r')),
    ]),
  )
  expect(commits).toBe(3)
  expect(order).toEqual(['d_p', 'd_q', 'd_large', 'd_r'])
})

it('moves a large body that it was given, with all of its memory, and copies one that it was not', async () => {
  const { inbox, claim } = await counted()
  const given = newDelivery('given', { body: noise(300_000) })
  const part = newDelivery('part', { body: noise(400_000, 2).subarray(1, 399_990) })
  const kept = newDelivery('kept', { body: noise(400_000, 3).subarray(1) })
  await Promise.all([inbox.accept(given, true), inbox.accept(part, true), inbox.accept(kept)])
  expect([given, part, kept].map(({ body }) => body.byteLength)).toEqual([0, 0, 399_999])
  const bodies = (await claim()).map(({ delivery }) => Buffer.from(delivery.body))
  expect(bodies[0]?.equals(noise(300_000))).toBe(true)
  expect(bodies[1]?.equals(noise(400_000, 2).subarray(1, 399_990))).toBe(true)
  expect(bodies[2]?.equals(kept.body)).toBe(true)
})

it('needs no commit for a claim that finds nothing', async () => {
  const { inbox, claim, during } = await counted()
  expect(await during(() => claim())).toBe(0)
  await inbox.accept(newDelivery('x'))
  expect(await during(() => claim())).toBe(1)
  await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
  expect(await during(() => claim())).toBe(1)
  expect(await during(() => claim())).toBe(0)
})

it('claims in one group what is settled and accepted in it', async () => {
  const { inbox, claim, during } = await counted()
  await inbox.accept(newDelivery('x'))
  await claim()
  let seqs: number[] = []
  const commits = await during(async () => {
    const settled = inbox.settle(firstPass(1, { rows: [row('a', START)] }))
    const claims = claim()
    const accepted = inbox.accept(newDelivery('y'))
    await Promise.all([settled, accepted])
    seqs = seqsOf(await claims)
  })
  expect(commits).toBe(1)
  expect(seqs.sort()).toEqual([1, 2])
})

it('refuses a settlement that breaks a rule of the store alone, and undoes all of it', async () => {
  const { inbox, claim } = await counted()
  for (const name of ['p', 'q']) await inbox.accept(newDelivery(name))
  await claim()
  const letter = {
    handler: 'a',
    index: 0,
    attempts: 1,
    errors: [],
    at: START,
    element: new Uint8Array(1),
    size: 1,
    run: null,
  }
  const broken = firstPass(1, { rows: [row('a', START), row('a', START, { first: 2, last: 1 })], dead: [letter] })
  const [first, second, third] = await Promise.allSettled([
    inbox.settle(broken),
    inbox.settle(firstPass(2)),
    inbox.accept(newDelivery('r')),
  ])
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ERR_INBOX_IO' } })
  expect([second.status, third.status]).toEqual(['fulfilled', 'fulfilled'])
  expect(await inbox.stats()).toMatchObject({ pending: 2, deadLetters: 0 })
  expect(seqsOf(await claim())).toEqual([3])
  await inbox.settle(firstPass(1))
  expect(await inbox.stats()).toMatchObject({ pending: 1 })
})

it('fails the whole group when the file is full, and works on when there is room', async () => {
  const path = newFile()
  // Room for what the probe writes, not for what is refused.
  const { inbox, claim } = await openWith(inboxOn(path, { maxPages: 500 }), ['a'])
  await inbox.accept(newDelivery('x'))
  await claim()
  const [accepted, settled] = await Promise.allSettled([
    inbox.accept(newDelivery('large', { body: noise(2_200_000) })),
    inbox.settle(firstPass(1, { rows: [row('a', START)] })),
  ])
  const full = { status: 'rejected', reason: { code: 'ERR_INBOX_FULL' } }
  expect(accepted).toMatchObject(full)
  expect(settled).toMatchObject(full)
  expect(inbox.trouble()).not.toBeNull()
  // The claim is still held, and the settlement can be made again.
  expect(await claim()).toEqual([])
  await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
  expect(seqsOf(await claim())).toEqual([1])
  expect(await inbox.accept(newDelivery('y'))).toMatchObject({ status: 'accepted', seq: 2 })
  await expect.poll(() => inbox.trouble(), { timeout: 10_000 }).toBeNull()
  await inbox.close()
  expect((await openWith(inboxOn(path), ['a'])).opened.stats.pending).toBe(2)
})

it('refuses new deliveries while the disk is short, absorbs repeats and settles', async () => {
  const path = newFile()
  const first = await openWith(inboxOn(path), ['a'])
  await first.inbox.accept(newDelivery('x'))
  await first.inbox.close()
  const { inbox, claim } = await openWith(inboxOn(path, { minFreeBytes: Number.MAX_SAFE_INTEGER }), ['a'])
  expect(inbox.trouble()).toContain('minFreeBytes')
  await expect(inbox.accept(newDelivery('y'))).rejects.toMatchObject({ code: 'ERR_INBOX_FULL' })
  expect(await inbox.accept(newDelivery('x'))).toMatchObject({ status: 'duplicate', seq: 1 })
  expect(seqsOf(await claim())).toEqual([1])
  await inbox.settle(firstPass(1))
  expect((await inbox.stats()).pending).toBe(0)
})

/** An inbox whose thread can be killed. */
async function killable(path: string) {
  const threads: Thread[] = []
  const opened = await openWith(inboxOn(path, { onThread: (thread) => threads.push(thread) }), ['a'])
  const back = async () => {
    await expect.poll(() => opened.inbox.trouble(), { timeout: 20_000 }).toBeNull()
  }
  return { ...opened, kill: () => threads.at(-1)!.worker.terminate(), back, threads }
}

it('rejects every waiter when its thread dies, and starts it again', async () => {
  const path = newFile()
  const { inbox, claim, kill, back, threads, logger } = await killable(path)
  for (const name of ['p', 'q', 'r']) await inbox.accept(newDelivery(name))
  expect(seqsOf(await claim({ maxDeliveries: 2 }))).toEqual([1, 2])
  let told = 0
  inbox.onWork(() => void told++)
  // The thread waits for this lock, so that it dies before it answers.
  const blocker = new DatabaseSync(path)
  blocker.exec('BEGIN IMMEDIATE')
  const group = [inbox.accept(newDelivery('s')), inbox.settle(firstPass(1)), claim()]
  await hasLeft()
  const waiting = Promise.allSettled([...group, inbox.stats()])
  await kill()
  blocker.close()
  for (const result of await waiting)
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_INBOX_IO' } })
  expect(inbox.trouble()).not.toBeNull()
  await expect(inbox.accept(newDelivery('early'))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
  await back()
  expect(threads).toHaveLength(2)
  expect(told).toBeGreaterThan(0)
  expect(logger.lines.filter((line) => line.level === 'error')).toHaveLength(1)
  // What this process works on is still its own.
  expect(seqsOf(await claim())).toEqual([3])
  await inbox.settle(firstPass(1))
  inbox.release([2])
  expect(seqsOf(await claim())).toEqual([2])
  expect(await inbox.accept(newDelivery('s'))).toMatchObject({ status: 'accepted', seq: 4 })
})
