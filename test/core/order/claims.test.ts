/** A handler with `orderBy` whose inbox answers a claim late, or gives little at a time. */
import { expect, it } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { around } from '../../faults/harness/around.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'
import { troubled } from '../../support/troubled.ts'

/** Calls wait while it is shut. */
class Gate {
  #gate: PromiseWithResolvers<void> | null = null

  shut(): void {
    this.#gate = Promise.withResolvers()
  }

  async open(): Promise<void> {
    this.#gate?.resolve()
    this.#gate = null
    await settled()
  }

  pass(): Promise<void> | undefined {
    return this.#gate?.promise
  }
}

const byKey = ({ payload }: AnyEvent) => (payload as { key?: string }).key ?? null

it('nothing that a claim gives begins before what was left while the claim was under way', async () => {
  const [answers, settlements] = [new Gate(), new Gate()]
  const inbox = around(memory(), (inner) => ({
    async claim(request) {
      const answer = await inner.claim(request)
      if (answer.claims.some(({ delivery, rows }) => delivery.seq === 2 && rows !== null)) await answers.pass()
      return answer
    },
    async settle(settlement) {
      await settlements.pass()
      return inner.settle(settlement)
    },
  }))
  const receiver = receiverIn(new FakeClock(), { inbox })
  const seen: number[] = []
  const first = Promise.withResolvers<void>()
  receiver.on('toy.ping', { name: 'kept', orderBy: byKey }, async ({ payload: { n } }) => {
    seen.push(n as number)
    if (n === 0) await first.promise
  })
  await receiver.start()
  const post = async (...numbers: number[]) => {
    await send(receiver, { body: JSON.stringify(numbers.map((n) => ({ type: 'ping', n, key: 'a' }))) })
    await settled()
  }
  await receiver.inbox.pause('kept')
  await post(0, 1)
  settlements.shut()
  await post(2)
  // The first delivery is under way, and the second is left unread after that.
  await receiver.inbox.resume('kept')
  await settled()
  expect(seen).toEqual([0])
  answers.shut()
  await settlements.open()
  await receiver.inbox.pause('kept')
  await settled()
  first.resolve()
  await settled()
  await receiver.inbox.resume('kept')
  await settled()
  await answers.open()
  await receiver.whenIdle()
  expect(seen).toEqual([0, 1, 2])
  await receiver.close({ timeoutMs: 0 })
})

it('what an earlier process left parked waits for each first pass that it gave back', async () => {
  const clock = new FakeClock()
  const store = new MemoryStore()
  const inMemory = (): Inbox => ({ kind: 'memory', [port]: new MemoryInbox(store) })
  let isDiskFull = false
  const first = receiverIn(clock, { inbox: troubled(inMemory(), ['settle'], () => isDiskFull) })
  const order = { name: 'kept', orderBy: byKey, concurrency: 4 }
  const head = Promise.withResolvers<void>()
  first.on('toy.ping', order, ({ payload: { n } }) => (n === 0 ? head.promise : new Promise(() => {})))
  await first.start()
  const post = async (...pings: object[]) => {
    await send(first, { body: JSON.stringify(pings.map((ping) => ({ type: 'ping', ...ping }))) })
    await settled()
  }
  await post({ n: 0, key: 'a' }, { n: 8 })
  await post({ n: 9 }, { n: 1, key: 'a' })
  await post({ n: 2, key: 'a' })
  await clock.advance(1_100)
  head.resolve()
  await clock.advance(1_000)
  isDiskFull = true
  const closed = first.close({ timeoutMs: 10 })
  await clock.advance(2_000)
  await closed

  const gate = new Gate()
  const inbox = around(inMemory(), (inner) => ({
    async claim(request) {
      const answer = await inner.claim({ ...request, maxDeliveries: 1 })
      if (answer.claims.some(({ delivery }) => delivery.seq === 2)) await gate.pass()
      return answer
    },
  }))
  const second = receiverIn(clock, { inbox })
  const seen: number[] = []
  const slow = Promise.withResolvers<void>()
  second.on('toy.ping', order, async ({ payload: { n } }) => {
    if (n === 9) await slow.promise
    seen.push(n as number)
  })
  gate.shut()
  await second.start()
  await settled()
  expect(seen).toEqual([8])
  await gate.open()
  await settled()
  slow.resolve()
  await second.whenIdle()
  expect(seen).toEqual([8, 9, 1, 2])
  await second.close({ timeoutMs: 0 })
})

it('what a claim sets apart is left for whoever runs the handler, and handed out in its turn once that is this process', async () => {
  let runs: 'another' | 'taken' | 'this' = 'another'
  const inbox = around(memory(), (inner) => ({
    async claim(request) {
      if (runs === 'this') return inner.claim(request)
      const handlers = request.handlers.filter((name) => name !== 'kept')
      const answer = await inner.claim({ ...request, handlers, ordered: [] })
      const taken = runs === 'taken' ? [{ handler: 'kept', held: [] }] : []
      if (runs === 'taken') runs = 'this'
      const claims = answer.claims.map((claim) => ({ ...claim, apart: ['kept'] }))
      return { ...answer, claims, unread: ['kept'], taken }
    },
  }))
  const receiver = receiverIn(new FakeClock(), { inbox })
  const seen: Record<'kept' | 'plain', unknown[]> = { kept: [], plain: [] }
  receiver.on('toy.ping', { name: 'kept', orderBy: byKey }, ({ payload: { n } }) => void seen.kept.push(n))
  receiver.on('toy.ping', { name: 'plain' }, ({ payload: { n } }) => void seen.plain.push(n))
  await receiver.start()
  const post = async (...numbers: number[]) => {
    await send(receiver, { body: JSON.stringify(numbers.map((n) => ({ type: 'ping', n, key: 'a' }))) })
    await settled()
  }
  await post(0, 1)
  await post(2)
  expect(seen).toEqual({ kept: [], plain: [0, 1, 2] })
  expect((await receiver.inbox.stats()).pending).toBe(2)
  runs = 'taken'
  await post(3)
  await post(4)
  expect(seen).toEqual({ kept: [0, 1, 2, 3, 4], plain: [0, 1, 2, 3, 4] })
  expect((await receiver.inbox.stats()).pending).toBe(0)
  await receiver.close()
})
