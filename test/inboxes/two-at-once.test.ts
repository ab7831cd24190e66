/** The contract of inboxes with several processes, on two ports over one store in memory, and what it must notice. */
import { expect, it } from 'vitest'
import { MemoryInbox } from '../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../src/inboxes/memory/store.ts'
import type { InboxPort } from '../../src/ports/inbox/index.ts'
import { describeTwoAtOnce, failuresOf, type SharedStore } from '../contracts/inbox-two-at-once.ts'
import { portWith } from '../support/port-methods.ts'
import { SOURCES } from './test-inbox.ts'

/** `mutate` puts a fault into a port. */
function sharedStore(
  store: MemoryStore,
  newPort = () => new MemoryInbox(store, { beside: true }),
  mutate = (inner: MemoryInbox): InboxPort => inner,
): SharedStore {
  const inboxes = new Map<InboxPort, MemoryInbox>()
  return {
    port() {
      const inner = newPort()
      const port = mutate(inner)
      inboxes.set(port, inner)
      return port
    },
    async lose(port) {
      inboxes.get(port)?.lose()
      await Promise.resolve()
    },
    remove: async () => {},
  }
}

describeTwoAtOnce('memory', () => sharedStore(new MemoryStore()))

it('notices an inbox that takes claims for held which were lost', async () => {
  class Trusting extends MemoryStore {
    override isHeld(seq: number): boolean {
      return this.held.has(seq)
    }
  }
  const failed = await failuresOf(() => sharedStore(new Trusting()))
  expect(failed).toContain('refuses the settlement of a claim that was lost, and stores nothing of it')
  expect(failed).toContain('passes over the release of a claim that was lost')
})

it('notices an inbox that takes whoever else has it open for dead', async () => {
  const store = () => {
    const kept = new MemoryStore()
    return sharedStore(kept, () => new MemoryInbox(kept))
  }
  expect(await failuresOf(store)).toContain(
    'leaves the claims of one alone when another opens, and when another closes',
  )
})

it('notices an inbox that does not look at what another has claimed', async () => {
  const store = () => {
    const kept = new MemoryStore()
    const forgetful = (inner: MemoryInbox) =>
      portWith(inner, {
        claim(request) {
          kept.held.clear()
          return inner.claims.claim(request)
        },
      })
    return sharedStore(kept, undefined, forgetful)
  }
  expect(await failuresOf(store)).toContain('gives each delivery to one of them, whoever asks')
})

it('notices an inbox that gives deliveries of sources that were not asked for', async () => {
  const all = (inner: MemoryInbox) =>
    portWith(inner, { claim: (request) => inner.claims.claim({ ...request, sources: SOURCES }) })
  expect(await failuresOf(() => sharedStore(new MemoryStore(), undefined, all))).toEqual([
    'has one be careful with what it can have, and then another with the rest',
    'leaves the deliveries of a source to the process that asks for it',
  ])
})
