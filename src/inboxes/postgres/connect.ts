/** The package `pg`, which the application installs beside Posthorn. */
import { OptionError } from '../../errors.ts'
import type { Client, Connections, GivenPool, PoolClass, PooledClient } from './db/driver.ts'

/** 1 renews, 1 claims, 1 settles, 4 store, 1 for whoever asks. */
const MOST = 8
const CONNECT_MS = 10_000

const ignore = () => {}

/**
 * A pool of its own.
 * @throws OptionError where `pg` is not installed
 */
export async function connect(connectionString: string): Promise<Connections> {
  const { Pool } = await loadDriver()
  const pool = new Pool({
    ...{ connectionString, max: MOST, connectionTimeoutMillis: CONNECT_MS, idleTimeoutMillis: 30_000 },
    ...{ keepAlive: true, application_name: 'posthorn' },
  })
  const clients = new Set<PooledClient>()
  pool.on('connect', (client) => clients.add(client))
  pool.on('remove', (client) => clients.delete(client))
  // A connection that is lost while nobody uses it.
  pool.on('error', ignore)
  return {
    connect: () => pool.connect(),
    end: () => pool.end(),
    cut() {
      for (const { connection } of clients) connection.stream.destroy()
      pool.end().catch(() => {})
    },
  }
}

/**
 * The pool of the application: the connections are borrowed, and it is not ended. One that cannot be had in the time is not
 * waited for, whatever the pool does.
 */
export async function borrow(pool: GivenPool): Promise<Connections> {
  // One that is lost while nobody uses it would end the process where nobody listens.
  pool.on?.('error', ignore)
  return {
    connect: () => inTime(pool.connect()),
    async end() {
      pool.off?.('error', ignore)
    },
    cut: () => pool.off?.('error', ignore),
  }
}

async function inTime(connecting: Promise<Client>): Promise<Client> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the pool has no connection free')), CONNECT_MS)
  })
  try {
    return await Promise.race([connecting, late])
  } catch (error) {
    connecting.then((client) => client.release()).catch(ignore)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Where a thread finds the package: it has no place of its own to look from. */
export const driverUrl = (): string => import.meta.resolve('pg')

async function loadDriver(): Promise<{ readonly Pool: PoolClass }> {
  try {
    const loaded: { readonly default?: { readonly Pool: PoolClass } } = await import('pg')
    if (loaded.default !== undefined) return loaded.default
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  throw new OptionError('postgres needs the package pg, version 8.20 or later: npm install pg')
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')
