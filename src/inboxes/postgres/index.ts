/**
 * The inbox in PostgreSQL: one for many processes, on one machine or several. Exported from `posthorn/postgres`.
 *
 * What is accepted is committed before the sender gets its 200. Every process may receive, every process may handle; what
 * a process had under way when it died is taken up by another once its lease is over.
 */
import { OptionError, PosthornError } from '../../errors.ts'
import { nodeFault } from '../../lib/node-version.ts'
import { keysOf, kindOf, knownKeys, oneOf, shown, wholeNumber } from '../../lib/options.ts'
import { port } from '../../lib/symbols.ts'
import type { Inbox } from '../../ports/inbox/index.ts'
import { borrow, connect, driverUrl } from './connect.ts'
import type { Durability } from './db/checks.ts'
import type { GivenPool } from './db/driver.ts'
import { PostgresInbox } from './inbox.ts'
import { realAfter } from './life/upkeep.ts'
import type { Settings } from './open/begin.ts'

/** What `pool` takes, by its shape: a pool of the package `pg`, 8.20 or later. */
export type PostgresPool = GivenPool

interface CommonOptions {
  /** The schema that holds the tables; made where it is missing. Default `posthorn`. */
  readonly schema?: string
  /**
   * How long what a process has under way stays its own after it was last heard of, in ms. Default 15_000; it is renewed
   * five times in that time.
   */
  readonly leaseMs?: number
  /**
   * `strict` (the default) refuses to start where the server could lose what it has committed: `fsync`, `full_page_writes`
   * or `synchronous_commit` off. `relaxed` starts there too.
   */
  readonly durability?: Durability
  /**
   * `start` (the default): each start makes the tables, or brings them to its version. `never`: it refuses where they are not
   * there, and `posthorn inbox migrate` makes them, with a role that may.
   */
  readonly migrate?: 'start' | 'never'
}

/** A pool of its own, with at most 8 connections, and one more for the thread that renews the lease. */
export interface PostgresUrlOptions extends CommonOptions {
  /**
   * `postgres://user:password@host:5432/database`, as the package `pg` takes it. The database must exist. An environment variable
   * that is not set is refused with ERR_OPTION when the inbox is made.
   */
  readonly connectionString: string | undefined
  /**
   * How long handlers may hold up the event loop before the process counts as dead all the same, in ms. Default 120_000.
   */
  readonly stallMs?: number
}

/** The pool of the application. */
export interface PostgresPoolOptions extends CommonOptions {
  /**
   * Four connections of it at least are used at once, and never ended. The lease is renewed by the event loop alone: a handler that
   * holds it up for longer than `leaseMs` loses its claims.
   */
  readonly pool: PostgresPool
}

export type PostgresOptions = PostgresUrlOptions | PostgresPoolOptions

const KEYS = keysOf<PostgresOptions>({
  ...{
    connectionString: true,
    pool: true,
    schema: true,
    leaseMs: true,
    stallMs: true,
    durability: true,
    migrate: true,
  },
})

/** One claims, one settles, one stores, one is for whoever asks. */
const FEWEST = 4

/**
 * An inbox in a PostgreSQL database, version 14 or later. Needs the package `pg`, version 8.20 or later, beside Posthorn.
 * Nothing is opened before the receiver starts, which makes the tables where they are missing.
 * @throws ERR_OPTION
 * @throws ERR_NODE_VERSION on a Node older than 22.18
 * @example createReceiver({ inbox: postgres({ connectionString: process.env.DATABASE_URL }), sources })
 */
export function postgres(options: PostgresOptions): Inbox {
  const fault = nodeFault('posthorn/postgres')
  if (fault !== null) throw new PosthornError('ERR_NODE_VERSION', fault)
  const way = wayOf(options)
  const settings = {
    ...way,
    schema: checkSchema(options.schema ?? 'posthorn'),
    leaseMs: wholeNumber('postgres: leaseMs', options.leaseMs, 15_000, 1_000, 3_600_000),
    durability: oneOf('postgres: durability', options.durability, 'strict', ['strict', 'relaxed']),
    migrates: oneOf('postgres: migrate', options.migrate, 'start', ['start', 'never']) === 'start',
    measuresTime: true,
    after: realAfter,
  }
  return { kind: 'postgres', [port]: new PostgresInbox(settings) }
}

/** How the database is reached. */
function wayOf(options: PostgresOptions): Pick<Settings, 'connect' | 'thread'> {
  knownKeys('postgres', options, KEYS)
  if ('pool' in options && options.pool !== undefined) {
    if ('connectionString' in options && options.connectionString !== undefined)
      throw new OptionError('postgres: pool and connectionString are one too many: the pool has its own')
    if ('stallMs' in options && options.stallMs !== undefined)
      throw new OptionError('postgres: stallMs goes with connectionString: with pool no thread renews the lease')
    const pool = checkPool(options.pool)
    return { connect: () => borrow(pool), thread: null }
  }
  const { connectionString: url, stallMs } = options as PostgresUrlOptions
  const connectionString = checkUrl(url)
  return {
    connect: () => connect(connectionString),
    thread: {
      connectionString,
      driver: driverUrl,
      stallMs: wholeNumber('postgres: stallMs', stallMs, 120_000, 1_000, 86_400_000),
    },
  }
}

function checkPool(pool: PostgresPool): PostgresPool {
  if (typeof pool?.connect !== 'function')
    throw new OptionError(`postgres: pool must be a pool of pg, with a method connect, got ${kindOf(pool)}`)
  const max = pool.options?.max
  if (max !== undefined && max < FEWEST)
    throw new OptionError(`postgres: pool must have ${FEWEST} connections at least, got max: ${max}`)
  return pool
}

/** Never repeated in a message: it holds a password. */
function checkUrl(url: unknown): string {
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\/./.test(url))
    throw new OptionError(`postgres: connectionString must be a text that begins with postgres://, got ${kindOf(url)}`)
  // `pg` takes a URL without a host, for a socket, which is none.
  if (URL.canParse(url) || URL.canParse(url.replace('@/', '@host/'))) return url
  throw new OptionError(
    `postgres: connectionString is no URL: write / ? # @ : and % in its password as %2F %3F %23 %40 %3A %25`,
  )
}

function checkSchema(schema: unknown): string {
  if (typeof schema === 'string' && /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema
  throw new OptionError(
    `postgres: schema must be of a-z, 0-9 and _, at most 63, and not begin with pg_, got ${shown(schema)}`,
  )
}
