/** The package `pg`, which the application installs beside Posthorn. */
import { OptionError } from '../../errors.ts'
import type { Pool, PoolClass } from './db/driver.ts'

/** 1 renews, 1 claims, 1 settles, 4 store, 1 for whoever asks. */
const MOST = 8

/** @throws OptionError where `pg` is not installed */
export async function connect(connectionString: string): Promise<Pool> {
  const { Pool } = await loadDriver()
  return new Pool({
    ...{ connectionString, max: MOST, connectionTimeoutMillis: 10_000, idleTimeoutMillis: 30_000 },
    ...{ keepAlive: true, application_name: 'posthorn' },
  })
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
