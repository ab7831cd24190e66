/** What an error of the database or its driver means for who asked. Messages carry its code alone: its text may quote a payload. */
import { PosthornError } from '../../../errors.ts'

/** `again`: nothing was done, and the same statement may go well now. `lost`: the connection is gone, and what it did is not known. */
export type Fault = 'again' | 'lost' | 'item' | 'store'

const AGAIN = new Set(['40001', '40P01', '55P03'])
/** What was sent cannot be stored: for the sake of one row, not of the database. */
const ITEM_CLASSES = new Set(['21', '22', '23', '54'])

export const sqlState = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

/** Not a code of Node, which may be as long: EPIPE. No class of PostgreSQL begins with E. */
const isSqlState = (code: string | null): code is string => code !== null && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code)

/** 25006: it is read only, so no primary any more. 25P03: the process was too slow in a transaction. 57P: it is being shut down. */
const isLost = (code: string) => code.startsWith('08') || code.startsWith('57P') || code === '25006' || code === '25P03'

export function faultOf(error: unknown): Fault {
  const code = sqlState(error)
  if (!isSqlState(code) || isLost(code)) return 'lost'
  if (AGAIN.has(code)) return 'again'
  return ITEM_CLASSES.has(code.slice(0, 2)) ? 'item' : 'store'
}

const SENTENCES: Readonly<Record<string, string>> = {
  '22021': 'a text holds U+0000, which it cannot store',
  '25006': 'it is read only: connect to the primary',
  '28000': 'the role may not log in: see its rights and pg_hba.conf',
  '28P01': 'the password is wrong',
  '3D000': 'there is no such database: create it',
  '42501': 'the role lacks a right: it must own the schema, or have been granted its tables and sequences',
  '42703': 'a table of the schema is not one of Posthorn: give the inbox a schema of its own',
  '42P01': 'a table is missing: the schema was changed by somebody else',
  '42P07': 'a table of the schema is not one of Posthorn: give the inbox a schema of its own',
  '53100': 'its disk is full',
  '53300': 'all its connections are in use: raise max_connections, or lower those of others',
  '55P03': 'a table is in use by a transaction of somebody else, which has been open for long: see pg_stat_activity',
  '57014': 'it has ended a statement: see statement_timeout of the role',
  '57P03': 'it is starting up',
}

/** One sentence for operators. */
export function sentenceOf(error: unknown): string {
  const code = sqlState(error)
  if (!isSqlState(code)) return `PostgreSQL cannot be reached: ${code ?? withoutText(error)}.`
  const why = SENTENCES[code]
  return `PostgreSQL answers ${code}${why === undefined ? '' : `: ${why}`}.`
}

/** Messages of the driver itself name no payload. */
const withoutText = (error: unknown) => (error instanceof Error ? error.message.slice(0, 120) : 'for an unknown reason')

export function toInboxError(error: unknown): Error {
  if (error instanceof PosthornError || error instanceof TypeError) return error
  const isCorrupt = sqlState(error)?.startsWith('XX') ?? false
  return new PosthornError(isCorrupt ? 'ERR_INBOX_CORRUPT' : 'ERR_INBOX_IO', sentenceOf(error), {
    cause: causeOf(error),
  })
}

/** The code alone: `detail`, `where` and the text of a statement quote what was stored. */
const causeOf = (error: unknown): Error => {
  const code = sqlState(error)
  return Object.assign(new Error(code ?? 'the connection was lost'), code === null ? {} : { code })
}

/** Whether a coded error stands for one row that cannot be stored. */
export const isItemFault = (error: unknown): boolean =>
  error instanceof PosthornError && error.cause !== undefined && faultOf(error.cause) === 'item'
