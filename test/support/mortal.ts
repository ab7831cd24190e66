/** An inbox in memory that outlives the processes that work on it. */

import { MemoryInbox } from '../../src/inboxes/memory/inbox.ts'
import { Store } from '../../src/inboxes/memory/store.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Inbox, InboxPort } from '../../src/ports/inbox/index.ts'

/** One after the other works on an inbox; what a dead one still does is not seen, and reaches its inbox no more. */
export interface Life {
  isDead: boolean
}

/** Answers the inbox of each next process. */
export function inboxesInMemory(): (life: Life) => Inbox {
  const store = new Store()
  return (life) => ({ kind: 'memory', [port]: mortal(new MemoryInbox(store), life) })
}

/** Answers nothing after the death of its process, and does nothing. */
function mortal(inbox: InboxPort, life: Life): InboxPort {
  const get = (_: InboxPort, name: keyof InboxPort) => {
    const member = inbox[name] as unknown
    if (typeof member !== 'function') return member
    return (...args: unknown[]) => (life.isDead ? new Promise(() => {}) : member.apply(inbox, args))
  }
  return new Proxy(inbox, { get: get as ProxyHandler<InboxPort>['get'] & object })
}
