/** The door for the dashboard. */
import { randomBytes } from 'node:crypto'
import { OptionError } from '../errors.ts'
import type { InboxPort } from '../ports/inbox/index.ts'
import type { Memos } from '../ports/inbox/memos.ts'
import type { Act, DeskDoor } from '../public/desk.ts'
import type { InboxControl } from '../public/inbox.ts'
import { allHeld } from './base/held.ts'
import type { Notices } from './base/notices.ts'
import { lastSeq, nextAfter } from './operate/log.ts'
import { type ElementParts, storedElements } from './operate/stored-event.ts'
import type { Teller } from './tell/teller.ts'

/** The memo of it. */
const KEY = 'dashboard.key'

export interface DeskParts extends ElementParts {
  readonly teller: Teller
  readonly notices: Notices
  now(): number
  /** Resolves when the inbox is open. */
  open(): Promise<void>
  /** The control over an inbox: the receiver's own, which notes who acts. */
  control(inbox: InboxPort): InboxControl
}

export function createDeskDoor(parts: DeskParts): DeskDoor {
  const { inbox, teller, notices, now, open, control } = parts
  let own: Uint8Array | null = null
  return {
    async key() {
      await open()
      own ??= inbox.memos === undefined ? randomBytes(32) : await sharedKey(inbox.memos)
      return own
    },
    as: (who) => allHeld(control(named(inbox, who))),
    handlers: () => inbox.records.handlers(),
    elements: (deliveryId, indexes) => storedElements(parts, deliveryId, indexes),
    nextAfter: async (seq) => nextAfter(oneLog(inbox), seq),
    lastSeq: async () => lastSeq(oneLog(inbox)),
    acted: (act) => teller.tell('acted', act),
    note: async ({ filter, ...act }: Act) =>
      inbox.look?.noteAction({ ...act, at: now(), filter: JSON.stringify({ filter }) }).catch(() => {}),
    notice: notices,
  }
}

/** What is stored later has to stand later. @throws OptionError */
function oneLog({ isManyLogs, records }: InboxPort): InboxPort['records'] {
  if (isManyLogs) throw new OptionError('this inbox has several logs, and none to follow: follow that of each shard')
  return records
}

/** Made by the first who asks; of two at the same time both get that of the one who was told a version. */
async function sharedKey(memos: Memos): Promise<Uint8Array> {
  const found = await memos.read(KEY)
  if (found !== null) return Buffer.from(found.text, 'base64')
  const made = randomBytes(32)
  return (await memos.write(KEY, made.toString('base64'), null)) === null ? sharedKey(memos) : made
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
