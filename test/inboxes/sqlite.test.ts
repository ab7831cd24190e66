import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { describeInbox } from '../contracts/inbox.ts'
import { portOf } from './inbox-kit.ts'

describeInbox(
  'SQLite',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
    return {
      next: () => portOf(sqlite({ path: join(folder, 'inbox.db') })),
      remove: async () => rmSync(folder, { recursive: true }),
    }
  },
  { skip: [] },
)
