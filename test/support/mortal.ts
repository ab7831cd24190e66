/** An inbox in memory that outlives the processes that work on it. */

import { MemoryInbox } from '../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../src/inboxes/memory/store.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'

/** One after the other works on an inbox; what a dead one still does is not seen, and reaches its inbox no more. */
export interface Life {
  isDead: boolean
}

/** Answers the inbox of each next process. */
export type Kept = (life: Life) => Inbox

export function inboxesInMemory(): Kept {
  const store = new MemoryStore()
  return (life) => ({ kind: 'memory', [port]: mortal(new MemoryInbox(store), life) })
}

export const mortalInbox = (inbox: Inbox, life: Life): Inbox => ({ ...inbox, [port]: mortal(inbox[port], life) })

/** Answers nothing after the death of its process, and does nothing; nor do its faces. */
function mortal<T extends object>(inner: T, life: Life): T {
  const get = (_: T, name: string | symbol): unknown => {
    const member: unknown = Reflect.get(inner, name, inner)
    if (typeof member === 'object' && member !== null) return mortal(member, life)
    if (typeof member !== 'function') return member
    return (...args: unknown[]) => (life.isDead ? new Promise(() => {}) : member.apply(inner, args))
  }
  return new Proxy(inner, { get })
}
