/** What is done to a schema without an inbox: its tables are made, another inbox is copied into it, it is removed. */
import type { CopySource } from '../../../ports/inbox/copied.ts'
import { connect } from '../connect.ts'
import { checkServer } from '../db/checks.ts'
import { Cut } from '../db/cut.ts'
import { Database } from '../db/database.ts'
import { migrate } from '../db/migrate.ts'
import { type Copied, fill } from './fill.ts'

/** A statement of a copy may have a large body to write. */
const LIMIT_MS = 600_000

export interface Place {
  readonly url: string
  readonly schema: string
}

/** Brings the schema to this version. @throws ERR_INBOX_FOREIGN, ERR_INBOX_UNSAFE, ERR_INBOX_VERSION, ERR_INBOX_IO */
export const migrateAt = (place: Place): Promise<void> => at(place, (db) => migrate(db, place.schema))

/** @throws as `migrateAt` and `fill` do */
export const copyTo = (place: Place, source: CopySource, progress: (rows: number) => void): Promise<Copied> =>
  at(place, async (db) => {
    await migrate(db, place.schema)
    return db.transaction((tx) => fill(tx, source, progress))
  })

export const dropAt = (place: Place): Promise<void> =>
  at(place, async (db) => void (await db.all(`DROP SCHEMA IF EXISTS "${place.schema}" CASCADE`)))

async function at<T>({ url, schema }: Place, run: (db: Database) => Promise<T>): Promise<T> {
  const pool = await connect(url)
  const cut = new Cut()
  try {
    const db = new Database({ pool, schema, cut, tell: () => {} }).within(LIMIT_MS)
    await checkServer(db, 'relaxed')
    return await run(db)
  } finally {
    await pool.end()
  }
}
