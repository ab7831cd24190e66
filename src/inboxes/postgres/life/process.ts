/** The row of a process: while it is there, the process owns its claims; after its `until` others may delete it. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Database, Session } from '../db/database.ts'

const register = `
  INSERT INTO @process (owner, until, lease_ms, host, pid, handlers)
  VALUES ($1::int8, clock_timestamp() + $2::float8 * interval '1 ms', $2, $3, $4, $5::text[])`

/**
 * Returns no row where another process has reaped this one. Where none has, the process goes on with its claims, also
 * after `until`.
 */
export const renewText = `
  UPDATE @process SET until = clock_timestamp() + $2::float8 * interval '1 ms' WHERE owner = $1::int8 RETURNING 1 AS one`

/**
 * A transaction that reads the row with this lock ends before the process can be reaped. No row: it has been. `until`
 * does not count: what is refused to a process that goes on would stay under claim.
 */
export const lockAlive = 'SELECT 1 AS one FROM @process WHERE owner = $1::int8 FOR KEY SHARE'

/** Waits for the claims of the process under way, and keeps new ones waiting: each locks the row with `lockAlive`. */
const lockOwn = 'SELECT 1 AS one FROM @process WHERE owner = $1::int8 FOR UPDATE'

const isThere = 'SELECT 1 AS one FROM @process WHERE owner = $1::int8'

/**
 * 63 random bits, never used again: the fence of every claim of the process. Not from a sequence, which a failover sets
 * back.
 */
export const newToken = (): string => (randomBytes(8).readBigUInt64BE() >> 1n).toString()

/** What the row of a process holds. */
export interface Entry {
  readonly owner: string
  readonly leaseMs: number
  readonly handlers: readonly string[]
}

export async function enter(db: Pick<Session, 'all'>, { owner, leaseMs, handlers }: Entry): Promise<void> {
  await db.all(register, owner, leaseMs, hostname(), process.pid, handlers)
}

/** false: another process has reaped this one. */
export async function renew(db: Database, owner: string, leaseMs: number): Promise<boolean> {
  return (await db.all(renewText, owner, leaseMs)).length > 0
}

/** false: another process has reaped this one. */
export async function isAlive(session: Session, owner: string): Promise<boolean> {
  return (await session.all(lockAlive, owner)).length > 0
}

/** Resolves when every claim that the process has begun has ended in the database, its answer received or not. */
export async function waitForClaims(session: Session, owner: string): Promise<void> {
  await session.all(lockOwn, owner)
}

export async function isRegistered(db: Database, owner: string): Promise<boolean> {
  return (await db.all(isThere, owner)).length > 0
}
