import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { describeInbox } from '../contracts/inbox.ts'
import { describeGuarantees } from '../contracts/inbox-guarantees.ts'
import { describeLook } from '../contracts/inbox-look.ts'
import { describeMemos } from '../contracts/inbox-memos.ts'
import { describeEventKeys, describeOrder } from '../contracts/inbox-order.ts'
import { describeProgress } from '../contracts/inbox-progress.ts'
import { describeReplays } from '../contracts/inbox-replay.ts'
import { describeUpkeep } from '../contracts/inbox-upkeep.ts'
import { portOf } from './inbox-kit.ts'
import type { TestInbox } from './test-inbox.ts'

const newFolder = () => mkdtempSync(join(tmpdir(), 'posthorn-'))

const newStore = () => {
  const folders = [newFolder()]
  let port: TestInbox
  return {
    next() {
      port = portOf(sqlite({ path: join(folders.at(-1)!, 'inbox.db') }))
      return port
    },
    /** Goes on with a copy of what is on the disk before the inbox has been closed. */
    async crash() {
      const [from, to] = [folders.at(-1)!, newFolder()]
      for (const name of ['inbox.db', 'inbox.db-wal'])
        if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name))
      folders.push(to)
      await port.close()
    },
    async remove() {
      for (const folder of folders) rmSync(folder, { recursive: true })
    },
  }
}

describeInbox('SQLite', newStore)
describeGuarantees('SQLite', newStore)
describeOrder('SQLite', newStore)
describeEventKeys('SQLite', newStore)
describeLook('SQLite', newStore)
describeMemos('SQLite', newStore)
describeUpkeep('SQLite', newStore)
describeReplays('SQLite', newStore)
describeProgress('SQLite', newStore)
