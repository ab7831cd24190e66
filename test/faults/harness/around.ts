/** An inbox with some methods of its port replaced; the replacements may call the inner ones. */

import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import { methodsOf, type PortMethods, portWith } from '../../support/port-methods.ts'

export function around(inbox: Inbox, replace: (inner: PortMethods) => Partial<PortMethods>): Inbox {
  const inner = inbox[port]
  return { kind: inbox.kind, [port]: portWith(inner, replace(methodsOf(inner))) }
}
