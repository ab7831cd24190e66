/** The store of a test of the contract: opened, left in order or not, and opened again. */
import { afterEach, beforeEach } from 'vitest'
import type { InboxOpening } from '../../src/ports/inbox/opening.ts'
import { handClock, keptLines, type Opened, openWith } from '../inboxes/inbox-kit.ts'
import type { TestInbox } from '../inboxes/test-inbox.ts'

/** One store, opened again and again. */
export interface Store {
  /** A port on the store; the one before is closed, or lost by `crash`. */
  next(): TestInbox
  /** The next port finds the store as a process leaves it that is killed now. Ends the port before. */
  crash(): Promise<void>
  /** Called after the test, when every port is closed. */
  remove(): Promise<void>
  /** By the name of a test that does not hold for it: why. */
  readonly excused?: Readonly<Record<string, string>>
}

export interface StoreOfTest {
  /** Opens the store of this test, closing it first when it is open. */
  open(
    names?: Parameters<typeof openWith>[1],
    clock?: Opened['clock'],
    changes?: Partial<InboxOpening>,
  ): Promise<Opened>
  /** Leaves it as if the process were killed. */
  crash(): Promise<void>
  next(): TestInbox
}

export function useStore(newStore: () => Store): StoreOfTest {
  let store: Store | null = null
  let current: TestInbox | null = null
  const next = () => {
    store ??= newStore()
    current = store.next()
    return current
  }

  beforeEach((context) => {
    store = newStore()
    const reason = store.excused?.[context.task.name]
    if (reason === undefined) return
    // `scripts/count-tests.ts` fails on any other that is skipped.
    Object.assign(context.task.meta, { excused: reason })
    context.skip(reason)
  })

  afterEach(async () => {
    await current?.close()
    await store?.remove()
    store = null
    current = null
  })

  return {
    next,
    async open(names = ['a'], clock = handClock(), changes = {}) {
      await current?.close()
      return openWith(next(), names, clock, keptLines(), changes)
    },
    async crash() {
      await store?.crash()
      current = null
    },
  }
}
