/** The door for the dashboard. */
import { randomBytes } from 'node:crypto'
import type { InboxPort } from '../ports/inbox/index.ts'
import type { Act, DeskDoor } from '../public/desk.ts'
import type { InboxControl } from '../public/inbox.ts'
import { allHeld } from './base/held.ts'
import type { Notices } from './base/notices.ts'
import { lastSeq, nextAfter } from './operate/log.ts'
import type { Teller } from './tell/teller.ts'

export interface DeskParts {
  readonly inbox: InboxPort
  readonly teller: Teller
  readonly notices: Notices
  now(): number
  /** Resolves when the inbox is open. */
  open(): Promise<void>
  /** The control over an inbox: the receiver's own, which notes who acts. */
  control(inbox: InboxPort): InboxControl
}

export function createDeskDoor({ inbox, teller, notices, now, open, control }: DeskParts): DeskDoor {
  let own: Uint8Array | null = null
  return {
    async key() {
      await open()
      if (inbox.key !== undefined) return inbox.key()
      own ??= randomBytes(32)
      return own
    },
    as: (who) => allHeld(control(named(inbox, who))),
    handlers: () => inbox.records.handlers(),
    nextAfter: (seq) => nextAfter(inbox.records, seq),
    lastSeq: () => lastSeq(inbox.records),
    acted: (act) => teller.tell('acted', act),
    note: async ({ filter, ...act }: Act) =>
      inbox.look?.noteAction({ ...act, at: now(), filter: JSON.stringify({ filter }) }).catch(() => {}),
    notice: notices,
  }
}

/** The same inbox, whose actions have a name beside them. */
function named(inbox: InboxPort, who: string): InboxPort {
  const { look } = inbox
  if (look === undefined) return inbox
  const noteAction: typeof look.noteAction = (action) => look.noteAction({ ...action, who })
  return new Proxy(inbox, {
    get: (target, name) => {
      if (name === 'look') return { ...look, noteAction }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
