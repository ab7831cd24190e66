/** Writes tables anew, so that what was removed is not in their files either. */
import { PosthornError } from '../../../errors.ts'
import type { Database } from '../db/database.ts'

/** With their bytes, traces, errors and headers; indexes are written with them. */
const TABLES = ['body', 'settled', 'dead_letter', 'quarantine', 'work', 'progress', 'delivery', 'batch', 'counter']

/** Longer than the default of `deadlock_timeout`, after which the server ends an autovacuum that is in the way. */
const LOCK_MS = 1_200

/** One table at a time; it is locked meanwhile. Answers where to go on. */
export async function purge(db: Database, from: number | null): Promise<number | null> {
  const at = from ?? 0
  const table = TABLES[at]
  if (table !== undefined) await writeAnew(db, table)
  return at + 1 < TABLES.length ? at + 1 : null
}

/** PostgreSQL passes over a table that the role may not write anew, with a warning alone. */
async function writeAnew(db: Database, table: string): Promise<void> {
  await assertFree(db, table)
  const before = await fileOf(db, table)
  await db.slowly(`VACUUM (FULL) @${table}`)
  if ((await fileOf(db, table)) !== before) return
  const message = `What was erased may still be in the files of the table "${table}", which its owner alone may write anew: erase again with that role.`
  throw new PosthornError('ERR_INBOX_IO', message)
}

/**
 * Where somebody reads the table for long, as a backup does, writing it anew would wait, and all deliveries behind it. A VACUUM
 * has no limit of its own that would end with it.
 * @throws ERR_INBOX_IO
 */
function assertFree(db: Database, table: string): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.all(`SET LOCAL lock_timeout = ${LOCK_MS}`)
    await tx.all(`LOCK TABLE @${table} IN ACCESS EXCLUSIVE MODE`)
  })
}

async function fileOf(db: Database, table: string): Promise<unknown> {
  return (await db.all<{ file: unknown }>(`SELECT pg_relation_filenode('@${table}'::regclass) AS file`))[0]?.file
}
