/** Opens: checks the server, brings the schema to this version, takes what the dead have left, and registers the process. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PosthornError } from '../../../errors.ts'
import type { InboxListener } from '../../../ports/inbox/index.ts'
import type { InboxOpened, InboxOpening } from '../../../ports/inbox/opening.ts'
import { SteadyWatch, waitsToLetGo } from '../../rules/steady.ts'
import { checkServer, type Durability } from '../db/checks.ts'
import type { Cut } from '../db/cut.ts'
import { Database } from '../db/database.ts'
import type { Connections } from '../db/driver.ts'
import { sqlState } from '../db/failure.ts'
import { assertMigrated, migrate } from '../db/migrate.ts'
import { absentOf, leftOf, registerHandlers } from '../life/handlers.ts'
import { takeOrders } from '../life/orders.ts'
import { enter, newToken } from '../life/process.ts'
import { reap, sweep } from '../life/reap.ts'
import { Session } from '../life/session.ts'
import { Trouble } from '../life/trouble.ts'
import type { After } from '../life/upkeep.ts'
import { Wall } from '../life/wall.ts'
import { readKnown } from '../look/known.ts'
import { sweepCancelled } from '../operate/replay.ts'
import { readAllStats } from '../records/stats.ts'

export interface Settings {
  readonly connect: () => Promise<Connections>
  readonly schema: string
  readonly leaseMs: number
  readonly durability: Durability
  /** False: the tables must be there. */
  readonly migrates: boolean
  /** False: the clock of the opening is true, as in tests. */
  readonly measuresTime: boolean
  /** What leases are renewed and reaped by. */
  readonly after: After
  /** Of the thread that renews the lease; null: the event loop alone does. */
  readonly thread: {
    readonly connectionString: string
    readonly stallMs: number
    readonly driver: () => string
  } | null
}

/** Too many connections; starting up. */
const BUSY: ReadonlySet<string> = new Set(['53300', '57P03'])
const [FIRST_WAIT_MS, MOST_WAIT_MS, PATIENCE_MS] = [100, 5_000, 60_000]

const readBelieved = 'SELECT believed_at, latest_at FROM @control'
const believe = 'UPDATE @control SET believed_at = $1'

export interface Begun {
  readonly pool: Connections
  readonly cut: Cut
  readonly session: Session
  readonly trouble: Trouble
  readonly told: InboxOpened
}

/** Leaves nothing behind where it fails. */
export async function begin(
  settings: Settings,
  opening: InboxOpening,
  listeners: readonly InboxListener[],
  cut: Cut,
): Promise<Begun> {
  const pool = await settings.connect()
  const trouble = new Trouble(opening.clock)
  cut.on(() => pool.cut())
  try {
    const db = new Database({ pool, cut, schema: settings.schema, tell: (error) => trouble.tell(error) })
    return { pool, cut, trouble, ...(await beginIn(db, settings, opening, listeners)) }
  } catch (error) {
    trouble.end()
    await endOf(pool, cut)
    throw error
  }
}

/** In order, or at the cut. */
export async function endOf(pool: Connections, cut: Cut): Promise<void> {
  if (!cut.isOver) await cut.until(pool.end()).catch(() => {})
  cut.end()
}

async function beginIn(db: Database, settings: Settings, opening: InboxOpening, listeners: readonly InboxListener[]) {
  const { clock, logger } = opening
  const { version, standbys } = await whenFree(() => checkServer(db, settings.durability))
  if (settings.migrates) await migrate(db, settings.schema)
  else await assertMigrated(db, settings.schema)
  const believedAt = await believedIn(db)
  const wall = new Wall(clock, settings.measuresTime)
  const now = await wall.begin(db)
  const tell = (aheadMs: number) =>
    logger.warn({ event: 'inbox.clock_leapt', inbox: 'postgres', aheadMs }, waitsToLetGo(aheadMs))
  const watch = new SteadyWatch(wall, believedAt || now, tell)
  if (believedAt === 0) await db.all(believe, now)
  const session = new Session(db, opening, wall, watch, await readKnown(db), newToken(), listeners)
  const told = await register(session, settings.leaseMs, now)
  const facts = { inbox: 'postgres', version, standbys, schema: settings.schema }
  logger.info(
    { event: 'inbox.opened', ...facts },
    `the inbox is in PostgreSQL ${version}; commits wait for ${standbys ?? 'an unknown number of'} standbys`,
  )
  session.backlog = told.stats.pendingBytes
  session.knowPauses(told.stats.paused)
  return { session, told }
}

/** A server that starts, or that has no connection left since others start: they are waited for, each for another time. */
async function whenFree<T>(run: () => Promise<T>): Promise<T> {
  for (
    let [waitMs, end] = [FIRST_WAIT_MS, performance.now() + PATIENCE_MS];
    ;
    waitMs = Math.min(2 * waitMs, MOST_WAIT_MS)
  )
    try {
      return await run()
    } catch (error) {
      const isBusy = error instanceof PosthornError && BUSY.has(sqlState(error.cause) ?? '')
      if (!isBusy || performance.now() > end) throw error
      await sleep(waitMs * Math.random())
    }
}

/** The last time of day that retention went by, or else the last that is known. */
async function believedIn(db: Database): Promise<number> {
  const [row] = await db.all<{ believed_at: number; latest_at: number }>(readBelieved)
  return row?.believed_at || row?.latest_at || 0
}

async function register(session: Session, leaseMs: number, now: number): Promise<InboxOpened> {
  const { db, opening, own, owner } = session
  await reap(db, owner)
  await sweep(db)
  const isOwner = opening.role === 'owner'
  if (isOwner) await enter(db, { owner, leaseMs, handlers: own })
  const newHandlers = isOwner ? await registerHandlers(db, opening, now) : []
  await db.transaction((tx) => sweepCancelled(tx))
  const ordered = opening.handlers.flatMap(({ name, ordered: isOrdered }) => (isOrdered ? [name] : []))
  const taken = isOwner ? await db.transaction((tx) => takeOrders(tx, owner, ordered)) : []
  session.runs(owner, taken)
  return {
    stats: await readAllStats(db, own, now),
    newHandlers,
    left: await leftOf(db, own),
    absent: await absentOf(db, own, now),
    storedKeys: taken.flatMap(({ handler, held }) => held.map((key) => ({ handler, key }))),
  }
}
