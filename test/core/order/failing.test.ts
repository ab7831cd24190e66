/** A handler with `orderBy` over an inbox that fails for one delivery: those after it do not overtake it. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { handClock, newDelivery, openWith } from '../../inboxes/inbox-kit.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'
import { troubled } from '../../support/troubled.ts'

const READING = ['noteCalls', 'firstSeen'] as const
type Call = (typeof READING)[number] | 'settle'

const FIRST = [0, 1, 2]
const SECOND = [3, 4]

let store: MemoryStore
let clock: FakeClock
let seen: number[]
let failures: number
/** Failures there are to be in all. */
let most: number
let open: { close(options?: object): Promise<unknown> }[]

beforeEach(() => {
  store = new MemoryStore()
  clock = new FakeClock()
  seen = []
  failures = 0
  open = []
})

afterEach(async () => {
  for (const receiver of open) await receiver.close({ timeoutMs: 0 })
})

/** Two deliveries that a process claimed, and died over. */
async function dieOverTwo() {
  const { inbox, claim } = await openWith(
    new MemoryInbox(store),
    [{ name: 'a', formerly: [], ordered: true }],
    handClock(),
  )
  for (const numbers of [FIRST, SECOND]) {
    const body = JSON.stringify(numbers.map((n) => ({ type: 'ping', id: `e${n}`, n, key: 'one' })))
    await inbox.accept(newDelivery(`d${numbers[0]}`, { body: Buffer.from(body) }))
  }
  await claim()
}

/** It fails for the delivery that it is first called for then; for others it works. */
function failing(name: Call): Inbox {
  let first: string | null = null
  return troubled({ kind: 'memory', [port]: new MemoryInbox(store) }, [name], (_, args) => {
    if (failures >= most) return false
    first ??= JSON.stringify(args)
    if (JSON.stringify(args) !== first) return false
    failures++
    return true
  })
}

interface Ping {
  readonly n: number
  readonly key?: string
}

/** The next process. `meet`: what becomes of an event, if it is not handled at once. */
async function start(name: Call, times: number, meet: (n: number) => unknown = () => {}) {
  most = times
  const receiver = receiverIn(clock, { inbox: failing(name), sources: { shop: toy({ dedupeWindowMs: 3_600_000 }) } })
  const orderBy = ({ payload }: AnyEvent) => (payload as unknown as Ping).key ?? null
  const retry = { minMs: 60_000, maxMs: 60_000 }
  receiver.on('toy.ping', { name: 'a', orderBy, retry, concurrency: 4 }, async ({ payload }) => {
    const { n } = payload as Ping
    await meet(n)
    seen.push(n)
  })
  await receiver.start()
  await settled()
  open.push(receiver)
  return receiver
}

it.each(READING)('waits while %s fails for the delivery before it', async (name) => {
  await dieOverTwo()
  const receiver = await start(name, 2)
  expect([seen, failures]).toEqual([[], 1])
  await clock.advance(2_500)
  await receiver.whenIdle()
  expect(seen).toEqual([...FIRST, ...SECOND])
})

it.each(READING)('goes back with the delivery before it where %s fails until the receiver is closed', async (name) => {
  await dieOverTwo()
  const receiver = await start(name, 100)
  const closed = receiver.close({ timeoutMs: 10_000 })
  await clock.advance(2_000)
  await closed
  expect([seen, failures]).toEqual([[], 2])
  const next = await start(name, 2)
  await next.whenIdle()
  expect(seen).toEqual([...FIRST, ...SECOND])
})

it('waits parked behind the delivery before it where that could not be settled until the receiver was closed', async () => {
  const post = async (receiver: Awaited<ReturnType<typeof start>>, ...pings: Ping[]) => {
    await send(receiver, { body: JSON.stringify(pings.map((ping) => ({ type: 'ping', ...ping }))) })
    await settled()
  }
  const slow = new Map([1, 4].map((n) => [n, Promise.withResolvers<void>()]))
  let isBroken = true
  const meet = (n: number) => {
    if (n === 0 && isBroken) throw new Error('not now')
    return slow.get(n)?.promise
  }
  const receiver = await start('settle', 0, meet)
  await post(receiver, { n: 0, key: 'one' }, { n: 1 })
  await post(receiver, { n: 2, key: 'one' })
  await post(receiver, { n: 3, key: 'one' }, { n: 4 })
  most = 100
  slow.get(1)!.resolve()
  await settled()
  const closed = receiver.close({ timeoutMs: 10_000 })
  await clock.advance(2_000)
  slow.get(4)!.resolve()
  await closed
  expect(seen).toEqual([1, 4])
  slow.set(1, Promise.withResolvers())
  const next = await start('settle', 0, meet)
  await clock.advance(30_000)
  expect(seen).toEqual([1, 4])
  isBroken = false
  slow.get(1)!.resolve()
  await clock.advance(60_000)
  await next.whenIdle()
  expect(seen.filter((n) => n !== 1 && n !== 4)).toEqual([0, 2, 3])
})
