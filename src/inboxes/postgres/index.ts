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
import { connect, driverUrl } from './connect.ts'
import type { Durability } from './db/checks.ts'
import { PostgresInbox } from './inbox.ts'
import { realAfter } from './life/upkeep.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`, as the package `pg` takes it. The database must exist. */
  readonly connectionString: string
  /** The schema that holds the tables; made where it is missing. Default `posthorn`. */
  readonly schema?: string
  /**
   * How long what a process has under way stays its own after it was last heard of, in ms. Default 15_000; it is renewed
   * five times in that time.
   */
  readonly leaseMs?: number
  /**
   * How long handlers may hold up the event loop before the process counts as dead all the same, in ms. Default 120_000.
   */
  readonly stallMs?: number
  /**
   * `strict` (the default) refuses to start where the server could lose what it has committed: `fsync`, `full_page_writes`
   * or `synchronous_commit` off. `relaxed` starts there too.
   */
  readonly durability?: Durability
}

const KEYS = keysOf<PostgresOptions>({
  connectionString: true,
  schema: true,
  leaseMs: true,
  stallMs: true,
  durability: true,
})

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
  knownKeys('postgres', options, KEYS)
  const connectionString = checkUrl(options.connectionString)
  const settings = {
    connect: () => connect(connectionString),
    schema: checkSchema(options.schema ?? 'posthorn'),
    leaseMs: wholeNumber('postgres: leaseMs', options.leaseMs, 15_000, 1_000, 3_600_000),
    durability: oneOf('postgres: durability', options.durability, 'strict', ['strict', 'relaxed']),
    measuresTime: true,
    after: realAfter,
    thread: {
      connectionString,
      driver: driverUrl,
      stallMs: wholeNumber('postgres: stallMs', options.stallMs, 120_000, 1_000, 86_400_000),
    },
  }
  return { kind: 'postgres', [port]: new PostgresInbox(settings) }
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
  if (typeof schema === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema
  throw new OptionError(`postgres: schema must be of a-z, 0-9 and _, at most 63, got ${shown(schema)}`)
}
