/** Brings the schema to this version. Starts that race do it one after the other. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PosthornError } from '../../../errors.ts'
import type { Database, Session } from './database.ts'
import { sqlState } from './failure.ts'
import { MIGRATIONS, VERSION } from './migrations.ts'

const findSchema = 'SELECT 1 FROM pg_namespace WHERE nspname = $1'
const findControl = 'SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2'
const readVersion = 'SELECT version, least_client FROM @control'

/** The first is longer than the default of `deadlock_timeout`, after which the server ends an autovacuum that is in the way. */
const [LOCK_MS, PAUSE_MS, PATIENCE_MS] = [1_200, 1_000, 60_000]
const LOCKED = '55P03'

interface Versions {
  readonly version: number
  readonly least_client: number
}

/** @throws ERR_INBOX_VERSION where a newer build has made a schema that this one cannot work with */
export async function migrate(db: Database, schema: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; ; await sleep(PAUSE_MS))
    try {
      return await migrateOnce(db, schema)
    } catch (error) {
      if (!isInUse(error) || performance.now() > end) throw error
    }
}

/** While it waits for a table that somebody reads, everybody else waits behind it: so it waits in short turns. */
const isInUse = (error: unknown): boolean => error instanceof PosthornError && sqlState(error.cause) === LOCKED

function migrateOnce(db: Database, schema: string): Promise<void> {
  return db.transaction(async (session) => {
    await session.all("SELECT pg_advisory_xact_lock(hashtext('posthorn:' || $1))", schema)
    const found = await session.all(findSchema, schema)
    if (found.length === 0) await session.all(`CREATE SCHEMA "${schema}"`)
    const { version, least_client: least } = await versionsOf(session, schema)
    if (least > VERSION) throw tooNew(schema, least)
    if (version < VERSION) await session.all(`SET LOCAL lock_timeout = ${LOCK_MS}`)
    for (const [at, text] of MIGRATIONS.entries()) if (at >= version) await step(session, text, at + 1)
  })
}

/** @throws ERR_INBOX_VERSION where there is no schema of this version */
export async function assertMigrated(db: Database, schema: string): Promise<void> {
  const { version, least_client: least } = await versionsOf(db, schema)
  if (least > VERSION) throw tooNew(schema, least)
  if (version >= VERSION) return
  const is = version === 0 ? 'has no tables' : `is of version ${version}, and this one is ${VERSION}`
  const message = `The schema "${schema}" ${is}: posthorn inbox migrate --postgres URL brings it here, as the role that owns it.`
  throw new PosthornError('ERR_INBOX_VERSION', message)
}

async function versionsOf(session: Pick<Session, 'all'>, schema: string): Promise<Versions> {
  const found = await session.all(findControl, schema, 'control')
  const [versions] = found.length === 0 ? [] : await session.all<Versions>(readVersion)
  return versions ?? { version: 0, least_client: 1 }
}

async function step(session: Session, text: string, version: number): Promise<void> {
  await session.script(text)
  await session.all('UPDATE @control SET version = $1', version)
}

function tooNew(schema: string, least: number): PosthornError {
  const message = `The schema "${schema}" was made by a newer version of Posthorn (it asks for ${least}, this one is ${VERSION}): start that version.`
  return new PosthornError('ERR_INBOX_VERSION', message)
}
