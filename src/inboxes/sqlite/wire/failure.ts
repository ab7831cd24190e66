/** What an error of SQLite or of the file system means to the inbox. */
import { OptionError, PosthornError } from '../../../errors.ts'
import type { Failure } from './protocol.ts'

// Primary result codes, sqlite.org/rescode.html.
const ERROR = 1
const BUSY = 5
const CORRUPT = 11
const FULL = 13
const TOOBIG = 18
const CONSTRAINT = 19
const MISMATCH = 20
const RANGE = 25
const NOTADB = 26
/** Extended: a row that our counts say is new is there. */
const CONSTRAINT_PRIMARYKEY = 1555

/** Codes that speak about the one statement, not about the store. */
const ofTheItem: ReadonlySet<number> = new Set([TOOBIG, CONSTRAINT, MISMATCH, RANGE])

/** The primary result code; null when the error is not SQLite's. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode & 0xff
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === BUSY
}

/** The bytes in the file are wrong, the file as such may work. */
export function isCorrupt(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === CORRUPT || code === NOTADB
}

/** No space for what is written, or the file system refuses it. */
export function isOfWriting(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === FULL || (code === null && error instanceof Error && 'syscall' in error)
}

/** One item was refused; the transaction around it goes on. A number given twice is no item's: the next gets it too. */
export function isOfTheItem(error: unknown): boolean {
  const code = sqliteCode(error)
  if (code === CONSTRAINT && (error as { readonly errcode?: unknown }).errcode === CONSTRAINT_PRIMARYKEY) return false
  return code === null || ofTheItem.has(code)
}

/** `faultOf` says what the file system has against the files of the inbox; '' where nothing. */
export function toFailure(error: unknown, path: string, faultOf: (path: string) => string = () => ''): Failure {
  if (error instanceof PosthornError || error instanceof OptionError)
    return { code: error.code, message: error.message }
  const text = error instanceof Error ? error.message : String(error)
  switch (sqliteCode(error)) {
    case FULL:
      return { code: 'ERR_INBOX_FULL', message: `No space is left for ${path}: ${text}.` }
    case ERROR:
      // Our statements are right; so the schema is not the one that the version stands for.
      return { code: 'ERR_INBOX_CORRUPT', message: `${path} is not what its schema version says: ${text}.` }
    case CORRUPT:
    case NOTADB:
      return { code: 'ERR_INBOX_CORRUPT', message: `${path} is damaged or not a database: ${text}.` }
    default:
      return {
        code: 'ERR_INBOX_IO',
        message: `${path} cannot be read or written: ${withFault(text, faultOf(path))}.`,
        ...(error instanceof Error && !('code' in error) ? { cause: error } : {}),
      }
  }
}

const withFault = (text: string, fault: string): string => (fault === '' ? text : `${text}: ${fault}`)

export function toError(failure: Failure): Error {
  if (failure.code === 'ERR_OPTION') return new OptionError(failure.message)
  const { cause } = failure
  return new PosthornError(failure.code, failure.message, cause === undefined ? {} : { cause })
}
