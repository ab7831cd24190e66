/** What core asks of an inbox that several processes work on: two receivers over one store in memory. */
import { describe, expect, it } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { HandlerContext } from '../../../src/public/handlers.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { around } from '../../faults/harness/around.ts'
import { send } from '../../support/neutral.ts'
import { useProcesses } from '../../support/processes.ts'
import { pings, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const processes = useProcesses()

const newInbox = (): Inbox => ({ kind: 'memory', [port]: new MemoryInbox(processes.store, { beside: true }) })

type Handle = (event: AnyEvent, context: HandlerContext) => void | Promise<void>

function newProcess(inbox: Inbox, handle: Handle, options: object = {}) {
  const receiver = receiverIn(processes.clock, { inbox, ...options })
  receiver.on('toy.ping', { name: 'a', concurrency: 1 }, handle)
  processes.open.push(receiver)
  return receiver
}

describe('a process that may lose its claims soon', () => {
  it('begins no call, gives back what it has, and goes on when it may', async () => {
    let may = true
    const inner = newInbox()
    const inbox = around(inner, () => ({ mayBegin: () => may }))
    const begun: number[] = []
    const receiver = newProcess(inbox, ({ delivery: { index } }) => {
      begun.push(index)
      if (index === 1) may = false
    })
    await send(receiver, { body: pings(5) })
    await receiver.whenIdle()
    expect(begun).toEqual([0, 1])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 1, deadLetters: 0 })
    await processes.clock.advance(60_000)
    expect(begun).toEqual([0, 1])
    may = true
    // As an inbox does that has got its lease again.
    inner[port].claims.release([])
    await receiver.whenIdle()
    expect(begun).toEqual([0, 1, 2, 3, 4])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })
})

describe('two processes that get the same events at the same time, with dedupeEvents', () => {
  const sources = { shop: toy({ dedupeWindowMs: 3_600_000 }) }
  const body = (batch: string) => JSON.stringify([1, 2].map((n) => ({ type: 'ping', id: `e${n}`, batch })))

  /** Both have claimed one of two deliveries with the same events before either hands anything on. */
  async function both(inboxes: readonly [Inbox, Inbox]) {
    const seen: string[] = []
    const receiving = receiverIn(processes.clock, { inbox: newInbox(), sources, role: 'receive' })
    processes.open.push(receiving)
    for (const batch of ['x', 'y']) await send(receiving, { body: body(batch) })
    const claimed = inboxes.map(() => Promise.withResolvers<void>())
    const receivers = inboxes.map((inbox, i) => {
      const one = around(inbox, (inner) => ({
        async claim(request) {
          const answer = await inner.claim({ ...request, maxDeliveries: Math.min(1, request.maxDeliveries) })
          claimed[i]?.resolve()
          await Promise.all(claimed.map(({ promise }) => promise))
          return answer
        },
      }))
      return newProcess(one, (event) => void seen.push(`${event.senderEventId}`), { sources })
    })
    await Promise.all(receivers.map((receiver) => receiver.start()))
    await Promise.all(receivers.map((receiver) => receiver.whenIdle()))
    return { seen, stats: await receivers[0]!.inbox.stats() }
  }

  it('hand each of them on once', async () => {
    const { seen, stats } = await both([newInbox(), newInbox()])
    expect(seen.sort()).toEqual(['e1', 'e2'])
    expect(stats).toMatchObject({ pending: 0, duplicateEvents: { shop: 2 } })
  })
})
