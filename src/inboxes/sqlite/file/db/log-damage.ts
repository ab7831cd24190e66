/**
 * Damage that SQLite takes for the end of its write-ahead log. It stops reading at the first frame whose checksum is wrong,
 * since a crash leaves such a frame; so a flipped bit or a truncation loses all later commits without an error. The index
 * of the log (`-shm`), which a killed process leaves behind, tells the difference: it has the number of committed frames.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs'
import { endianness } from 'node:os'
import { keepCopy } from './damaged-copies.ts'
import type { Database } from './database.ts'

/** What the index (`-shm`) says about the log. */
export interface LogState {
  /** Frames of committed transactions. */
  readonly frames: number
  /** Those of them that are in the file itself. */
  readonly filed: number
  /** Changes each time the log starts over. */
  readonly salt: string
}

/** Of the header of the index (sqlite.org/walformat.html, section 2.1, Nov 2026), which stands there twice. */
const HEADER_BYTES = 48
const VERSION = 3_007_000
const AT = { version: 0, isInit: 12, frames: 16, salt: 32, filed: 2 * HEADER_BYTES }
/** In the header of the log itself. */
const SALT_AT = 16

/** To be called before the file is opened. null: there is no index, or it cannot be read, or tells nothing. */
export function readLogState(path: string): LogState | null {
  const file = `${path}-shm`
  if (!existsSync(file) || isOpenHere(file)) return null
  const index = readFileSync(file)
  if (index.length < AT.filed + 4 || index[AT.isInit] !== 1) return null
  if (!index.subarray(0, HEADER_BYTES).equals(index.subarray(HEADER_BYTES, AT.filed))) return null
  const number = (at: number) => (endianness() === 'LE' ? index.readUInt32LE(at) : index.readUInt32BE(at))
  if (number(AT.version) !== VERSION) return null
  return { frames: number(AT.frames), filed: number(AT.filed), salt: index.toString('hex', AT.salt, AT.salt + 8) }
}

/**
 * How many committed frames are gone, by what the index said before. To be called when the file has just been opened
 * and nothing written. A log that is in the file as a whole may have begun anew: it has nothing that can be lost.
 */
export function lostFrames(db: Database, path: string, before: LogState | null): number {
  if (before === null || before.filed >= before.frames) return 0
  const { log } = db.get<{ log: number }>('PRAGMA wal_checkpoint(PASSIVE)') ?? { log: 0 }
  const found = saltOf(`${path}-wal`) === before.salt ? log : 0
  return Math.max(0, before.frames - Math.max(found, before.filed))
}

/** One sentence for the operator; keeps a copy of the log, which is written over from now on. */
export function tellOfLostFrames(path: string, lost: number, now: number): string {
  return (
    `${path}-wal is damaged: ${lost} pages that were committed cannot be read from it any more, so what was stored or done ` +
    `last before the process was killed may be missing. ${keepCopy(path, now)}`
  )
}

/** A file that is gone, or has nothing in it, beside the lock that an inbox leaves. Ask before the lock is taken. */
export function wasEmptied(path: string): boolean {
  return existsSync(`${path}-lock`) && (!existsSync(path) || statSync(path).size === 0)
}

export function tellOfEmptied(path: string): string {
  return `${path} is missing or empty, although an inbox was there before: a new one was made, with nothing in it.`
}

/** Of a file that was copied while an owner had it, and has no log beside it. */
export function tellOfMissingLog(path: string): string {
  return (
    `${path} was copied while a receiver had it open, and ${path}-wal is not here: what was stored and done last before ` +
    'that is missing, unless the log was empty. A copy with everything in it is made by receiver.inbox.backup().'
  )
}

/**
 * Closing any descriptor of a file drops every lock this process has on it (POSIX fcntl), so a file that a connection
 * of ours has open must not be read beside it: the next process would take the index for nobody's and cut it.
 */
function isOpenHere(file: string): boolean {
  try {
    return readdirSync('/proc/self/fd').some((fd) => targetOf(`/proc/self/fd/${fd}`) === file)
  } catch {
    // Only Linux lists the open files of a process.
    return true
  }
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link)
  } catch {
    return null
  }
}

/** SQLite has no locks on its log. */
function saltOf(log: string): string {
  if (!existsSync(log)) return ''
  const file = openSync(log, 'r')
  const salt = Buffer.alloc(8)
  readSync(file, salt, 0, 8, SALT_AT)
  closeSync(file)
  return salt.toString('hex')
}
