/** An inbox with some methods of its port replaced; the replacements may call the inner ones. */

import { port } from '../../../src/lib/symbols.ts'
import type { Inbox, InboxPort } from '../../../src/ports/inbox/index.ts'

export function around(inbox: Inbox, replace: (inner: InboxPort) => Partial<InboxPort>): Inbox {
  const inner = inbox[port]
  const replaced: Partial<InboxPort> = replace(inner)
  // Private fields live on the inner object, so its methods are called there.
  const outer = new Proxy(inner, {
    get(target, key) {
      if (key in replaced) return Reflect.get(replaced, key)
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { kind: inbox.kind, [port]: outer }
}
