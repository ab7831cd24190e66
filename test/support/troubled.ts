/** An inbox some calls of which fail as on a full disk: nothing is done. */
import { PosthornError } from '../../src/errors.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'
import { around } from '../faults/harness/around.ts'
import type { PortMethods } from './port-methods.ts'

type Call = (...args: unknown[]) => unknown

/** `fails` is asked about each call of the `names`. */
export function troubled<N extends keyof PortMethods>(
  inbox: Inbox,
  names: readonly N[],
  fails: (name: N, args: readonly unknown[]) => boolean,
): Inbox {
  return around(inbox, (inner) => {
    const mayFail =
      (name: N) =>
      (...args: unknown[]) =>
        fails(name, args)
          ? Promise.reject(new PosthornError('ERR_INBOX_IO', 'the disk is full'))
          : (inner[name] as Call)(...args)
    return Object.fromEntries(names.map((name) => [name, mayFail(name)]))
  })
}
