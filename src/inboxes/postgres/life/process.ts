/** The row of a process: as long as its time has not come, what it has claimed is its own. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { PosthornError } from '../../../errors.ts'
import type { Database, Session } from '../db/database.ts'

const lock = 'SELECT 1 FROM @control FOR UPDATE'
const findOther = `
  SELECT host, pid, owner::text, until::text FROM @process
  WHERE until > clock_timestamp() AND owner <> $1::int8 AND (ordered OR $2::bool) ORDER BY started_at LIMIT 1`
const register = `
  INSERT INTO @process (owner, until, host, pid, handlers, ordered)
  VALUES ($1::int8, clock_timestamp() + $2::float8 * interval '1 ms', $3, $4, $5::text[], $6)`

/** Nothing comes back where the time was over: a row never comes to life again. */
export const renewText = `
  UPDATE @process SET until = clock_timestamp() + $2::float8 * interval '1 ms'
  WHERE owner = $1::int8 AND until > clock_timestamp() RETURNING 1 AS one`

/** Who reads it so cannot be reaped before the transaction has ended. */
export const lockAlive = `
  SELECT 1 AS one FROM @process WHERE owner = $1::int8 AND until > clock_timestamp() FOR KEY SHARE`

const isThere = 'SELECT 1 AS one FROM @process WHERE owner = $1::int8'

/** 63 random bits, never used again: the fence of every claim of the process. Not from a sequence, which a failover sets back. */
export const newToken = (): string => (randomBytes(8).readBigUInt64BE() >> 1n).toString()

/** What a process says of itself. */
export interface Entry {
  readonly owner: string
  readonly leaseMs: number
  readonly handlers: readonly string[]
  /** Some of them have an order: its events pass one process, so no other may be there. */
  readonly isOrdered: boolean
}

/** A process that may not be beside it. */
export interface Other {
  readonly host: string
  readonly pid: number
  readonly owner: string
  readonly until: string
}

const POLL_MS = 200

/** @throws ERR_INBOX_OWNED where the order of a handler, of this process or another, allows no second one */
export async function enter(db: Database, entry: Entry): Promise<void> {
  const other = await tryToEnter(db, entry)
  if (other !== null) throw owned(entry.isOrdered, other)
}

/**
 * As `enter`, but one that does not renew may have been killed: its lease is waited for, in real time. Answers whether it
 * has waited.
 * @throws ERR_INBOX_OWNED once the other has renewed
 */
export async function enterAtStart(db: Database, entry: Entry, tell: (other: Other) => void): Promise<boolean> {
  for (let known: Other | null = null; ; ) {
    const other = await tryToEnter(db, entry)
    if (other === null) return known !== null
    if (other.owner === known?.owner && other.until !== known.until) throw owned(entry.isOrdered, other)
    if (known === null) tell(other)
    known = other
    await sleep(POLL_MS)
  }
}

/** null: it is registered. */
function tryToEnter(db: Database, { owner, leaseMs, handlers, isOrdered }: Entry): Promise<Other | null> {
  return db.transaction(async (tx) => {
    await tx.all(lock)
    const [other] = await tx.all<Other>(findOther, owner, isOrdered)
    if (other === undefined) await tx.all(register, owner, leaseMs, hostname(), process.pid, handlers, isOrdered)
    return other ?? null
  })
}

function owned(isOrdered: boolean, { host, pid }: Other): PosthornError {
  const whose = isOrdered ? 'This process has' : 'Another has'
  const message = `${whose} a handler with orderBy, which runs in one process alone: process ${pid} on ${host} has the inbox.`
  return new PosthornError('ERR_INBOX_OWNED', message)
}

/** false: the time of the process was over, or another has taken its row. */
export async function renew(db: Database, owner: string, leaseMs: number): Promise<boolean> {
  return (await db.all(renewText, owner, leaseMs)).length > 0
}

export async function isAlive(session: Session, owner: string): Promise<boolean> {
  return (await session.all(lockAlive, owner)).length > 0
}

export async function isRegistered(db: Database, owner: string): Promise<boolean> {
  return (await db.all(isThere, owner)).length > 0
}
