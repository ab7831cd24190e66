/** Shards that can be taken away, or stopped, and brought back. */
import { expect } from 'vitest'
import { PosthornError } from '../../../src/errors.ts'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { type ShardedOptions, sharded } from '../../../src/inboxes/sharded/index.ts'
import { homeOf, keyOf, type State } from '../../../src/inboxes/sharded/ring.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { ClaimToken } from '../../../src/ports/inbox/claim-ref.ts'
import type { Inbox, InboxListener, InboxPort } from '../../../src/ports/inbox/index.ts'
import { portWith } from '../../support/port-methods.ts'
import { newDelivery } from '../inbox-kit.ts'
import { TestInbox } from '../test-inbox.ts'

export const io = () => Promise.reject(new PosthornError('ERR_INBOX_IO', 'It is away.'))
export const inboxOn = (store: MemoryStore): Inbox => ({ kind: 'memory', [port]: new MemoryInbox(store) })
export const wrap = (inner: InboxPort): Inbox => ({ kind: 'memory', [port]: inner })
export const portOf = (options: ShardedOptions) => new TestInbox(sharded(options)[port])

/** A shard that can be taken away, or stopped, and brought back. */
export function faulty(store = new MemoryStore()) {
  const inner = new MemoryInbox(store)
  let mode: 'well' | 'away' | 'hangs' = 'well'
  let waiting: (() => void)[] = []
  const released: number[] = []
  const listeners: InboxListener[] = []
  const around =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (mode === 'away') return io()
      const answer = call(...args)
      if (mode === 'hangs') await new Promise<void>((resolve) => waiting.push(resolve))
      return answer
    }
  const { intake, claims, records, memos } = inner
  const shard = portWith(inner, {
    open: around((opening) => inner.open(opening)),
    accept: around((delivery, options) => intake.accept(delivery, options)),
    claim: around((request) => claims.claim(request)),
    noteCalls: around((claim, calls) => claims.noteCalls(claim, calls)),
    settle: around((settlement) => claims.settle(settlement)),
    release(given) {
      released.push(...given.map(({ seq }) => seq))
      claims.release(given)
    },
    on(listener) {
      listeners.push(listener)
      inner.on(listener)
    },
    stats: around(() => records.stats()),
    list: around((kind, page) => records.list(kind, page)) as typeof records.list,
    history: around((page) => records.history(page)),
    delivery: around((id) => records.delivery(id)),
    carryOut: around((command) => inner.carryOut(command)) as typeof inner.carryOut,
  })
  const inbox = wrap(
    new Proxy(shard, { get: (target, name) => (name === 'memos' ? memos : Reflect.get(target, name)) }),
  )
  return {
    inbox,
    /** Numbers of deliveries that were given back to it. */
    released,
    /** As an inbox tells whose lease has run out. */
    loses(tokens: readonly ClaimToken[]) {
      for (const listener of listeners) listener.lost?.(tokens)
    },
    is(next: typeof mode) {
      mode = next
      for (const go of waiting.splice(0)) go()
      waiting = []
    },
  }
}

/** Names of deliveries that belong to each of two places. */
export function namesFor(place: number, count: number, states: readonly State[] = ['takes', 'takes']): string[] {
  const names: string[] = []
  for (let n = 0; names.length < count; n++)
    if (homeOf(keyOf(newDelivery(`n${n}`), 'delivery'), states).place === place) names.push(`n${n}`)
  return names
}

/** Lets time pass until it has ended. */
export async function passing(ending: Promise<unknown>, pass: () => void): Promise<void> {
  let isOver = false
  const end = () => {
    isOver = true
  }
  ending.then(end, end)
  await expect
    .poll(() => {
      pass()
      return isOver
    })
    .toBe(true)
}
