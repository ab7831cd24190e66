/** What only a file has of handlers with an order: files of before, and what is committed together. */
import { expect, it, vi } from 'vitest'
import type { Thread } from '../../../../src/inboxes/sqlite/main/thread.ts'
import { firstPass, newDelivery, openWith, retried, row, START } from '../../inbox-kit.ts'
import { BEFORE_TURNS, inboxOn, meddle, newFile } from '../kit.ts'

const HOUR = 3_600_000
const ORDERED = [{ name: 'a', formerly: [], ordered: true }]
const KEY = { handler: 'a', key: 7 }

/** Two deliveries: a failed event of the key, and one that is parked behind it. */
async function parkedFile(): Promise<string> {
  const path = newFile()
  const { inbox, claim } = await openWith(inboxOn(path), ORDERED)
  for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
  await claim()
  await inbox.settle(firstPass(1, { rows: [row('a', START + 50, { orderKey: 7 })] }))
  await inbox.settle(firstPass(2, { rows: [row('a', START, { attempts: 0, orderKey: 7, parked: true })] }))
  await inbox.close()
  return path
}

it.each([
  ['as it was', 0],
  ['whose clock was set back while it was open', HOUR],
  ['whose clock was set back by a year', 365 * 24 * HOUR],
])('a file of before turns were a state, %s, goes on where it was', async (_what, leap) => {
  const path = await parkedFile()
  meddle(path, (db) =>
    db.exec(`${BEFORE_TURNS} UPDATE work SET due_at = due_at - ${leap} WHERE due_at > ${START + HOUR}`),
  )
  const { inbox, opened, claim, clock } = await openWith(inboxOn(path), ORDERED)
  const claimInOrder = () => claim({ ordered: [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }] })
  expect(opened.storedKeys).toEqual([KEY])
  await inbox.wake?.([KEY], 9)
  expect(await claimInOrder()).toEqual([])
  clock.advance(50)
  const [first] = await claimInOrder()
  expect(first?.delivery.seq).toBe(1)
  await inbox.settle(retried(first!))
  expect(await claimInOrder()).toEqual([])
  expect(await inbox.wake?.([KEY], 9)).toEqual([KEY])
  const [second] = await claimInOrder()
  expect(second).toMatchObject({ delivery: { seq: 2 }, rows: [{ orderKey: 7 }] })
})

it('unread rows whose claim was lost with its group are claimed again, before what comes after them', async () => {
  const path = newFile()
  const threads: Thread[] = []
  const { inbox, claim } = await openWith(inboxOn(path, { onThread: (thread) => threads.push(thread) }), ORDERED)
  for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
  await claim()
  const unread = row('a', START, { attempts: 0, orderKey: undefined })
  for (const seq of [1, 2]) await inbox.settle(firstPass(seq, { rows: [unread] }))
  // As a commit leaves it that was reported to have failed: it is in the file, and nobody was told of the claim.
  meddle(path, (db) => db.exec('UPDATE work SET claimed = 1 WHERE seq = 1'))
  await threads.at(-1)?.worker.terminate()
  await vi.waitFor(() => inbox.stats(), 10_000)
  const ask = { handlers: ['a'], ordered: [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }], maxBytes: 1e9 }
  expect(await inbox.claim({ ...ask, maxDeliveries: 0 })).toMatchObject({ unread: ['a'] })
  const { claims } = await inbox.claim({ ...ask, maxDeliveries: 1 })
  expect(claims.map(({ delivery }) => delivery.seq)).toEqual([1])
})

it('a wake that was asked for before a settlement wakes nothing of it, also where both are committed together', async () => {
  const { inbox, claim } = await openWith(inboxOn(newFile()), ORDERED)
  for (const name of ['x', 'y']) await inbox.accept(newDelivery(name))
  await claim()
  const woken = inbox.wake?.([KEY], 9)
  // Parked behind an event of the first delivery, whose pass is still under way.
  await inbox.settle(firstPass(2, { rows: [row('a', START, { attempts: 0, orderKey: 7, parked: true })] }))
  expect(await woken).toEqual([])
  expect(await claim({ ordered: [{ handler: 'a', claimBefore: Number.MAX_SAFE_INTEGER }] })).toEqual([])
})

it('a wake that finds nothing to wake writes nothing', async () => {
  let commits = 0
  const { inbox, claim } = await openWith(inboxOn(newFile(), { onCommit: () => commits++ }), ORDERED)
  await inbox.accept(newDelivery('x'))
  await claim()
  await inbox.settle(firstPass(1, { rows: [row('a', START, { attempts: 0, orderKey: 7, parked: true })] }))
  const before = commits
  const woken = [await inbox.wake?.([KEY], 9), await inbox.wake?.([KEY], 9), await inbox.wake?.([KEY], 9)]
  expect(woken).toEqual([[KEY], [KEY], [KEY]])
  expect(commits).toBe(before + 1)
})
