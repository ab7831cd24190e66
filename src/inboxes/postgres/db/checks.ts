/** What a server must be and have before anything is stored in it. */
import { PosthornError } from '../../../errors.ts'
import type { Database } from './database.ts'

const OLDEST = 140_000

const readServer = `
  SELECT version() AS version, current_setting('server_version_num')::int4 AS number, pg_is_in_recovery() AS standby,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit, current_setting('server_encoding') AS encoding,
    current_setting('default_transaction_read_only') AS read_only, current_user AS role`

/** Without the right to it PostgreSQL shows a role no states. */
const countStandbys = `
  SELECT CASE WHEN current_setting('synchronous_standby_names') = '' THEN 0
    WHEN pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') THEN
      (SELECT count(*)::int4 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) END AS n`

interface Server {
  readonly version: string
  readonly number: number
  readonly standby: boolean
  readonly fsync: string
  readonly full_page_writes: string
  readonly synchronous_commit: string
  readonly encoding: string
  readonly read_only: string
  readonly role: string
}

export interface Checked {
  readonly version: string
  /** Standbys that a commit waits for; null: the role may not see them. */
  readonly standbys: number | null
}

/** `strict`: what is acknowledged is on stable storage. `relaxed`: that is the operator's own affair. */
export type Durability = 'strict' | 'relaxed'

/** @throws ERR_INBOX_FOREIGN, ERR_INBOX_UNSAFE */
export async function checkServer(db: Database, durability: Durability): Promise<Checked> {
  const [server] = await db.all<Server>(readServer)
  if (server === undefined) throw foreign('an unknown engine')
  assertEngine(server)
  if (server.standby || server.read_only === 'on')
    throw unfit('the server is a standby, or read only: connect to the primary')
  if (durability === 'strict') assertDurable(server)
  const [standbys] = await db.all<{ n: number | null }>(countStandbys)
  return { version: server.version.split(' ')[1] ?? '', standbys: standbys?.n ?? null }
}

function assertEngine({ version, number, encoding }: Server): void {
  if (!version.startsWith('PostgreSQL') || /Cockroach|Yugabyte|-YB-/i.test(version)) throw foreign(version.slice(0, 40))
  if (number < OLDEST) throw foreign('a PostgreSQL older than 14')
  if (encoding !== 'UTF8') throw unfit(`the database has the encoding ${encoding}: create one with ENCODING 'UTF8'`)
}

function assertDurable({ fsync, full_page_writes, synchronous_commit, role }: Server): void {
  if (fsync !== 'on') throw unsafe('fsync is off: ALTER SYSTEM SET fsync = on, and restart the server')
  if (full_page_writes !== 'on')
    throw unsafe('full_page_writes is off: ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()')
  if (synchronous_commit === 'off')
    throw unsafe(`synchronous_commit is off: ALTER ROLE "${role}" SET synchronous_commit = on`)
  if (synchronous_commit === 'local' || synchronous_commit === 'remote_write')
    throw unsafe(`synchronous_commit is ${synchronous_commit}: ALTER ROLE "${role}" SET synchronous_commit = on`)
}

const foreign = (what: string) =>
  new PosthornError('ERR_INBOX_FOREIGN', `The database is ${what}: posthorn/postgres runs on PostgreSQL 14 and later.`)

/** Whatever `durability` says. */
const unfit = (why: string) => new PosthornError('ERR_INBOX_UNSAFE', `Nothing can be stored: ${why}.`)

const unsafe = (why: string) =>
  new PosthornError(
    'ERR_INBOX_UNSAFE',
    `What is acknowledged could be lost: ${why}. With durability: 'relaxed' that is accepted.`,
  )
