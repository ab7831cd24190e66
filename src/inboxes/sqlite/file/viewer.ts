/**
 * The file as a second process sees it: it reads without owning the file, and writes only wishes, which the owner
 * carries out. Where there is no owner, it owns the file itself for that moment. In the process of the owner the
 * connection is kept from one read to the next; between two it has no transaction, so it keeps nothing in the WAL.
 */
import { existsSync } from 'node:fs'
import { PosthornError } from '../../../errors.ts'
import type { StoredStats } from '../../../ports/inbox/records.ts'
import type { Calls } from '../wire/calls.ts'
import { toFailure } from '../wire/failure.ts'
import type { Failure, FileAnswer, FileCommand, ItemAnswer, Settings } from '../wire/protocol.ts'
import type { Reader } from './bodies/read.ts'
import { faultOf } from './db/access.ts'
import type { Database } from './db/database.ts'
import { identityOf, preparePath } from './db/files.ts'
import { openBeside, openToRead } from './db/open-to-read.ts'
import { warningsAboutMount } from './db/place.ts'
import * as sql from './db/sql.ts'
import { findById, LookedIds } from './ledger/ids.ts'
import { readLogTotals } from './ledger/log-totals.ts'
import { backUp } from './operate/backup.ts'
import { readStats } from './operate/stats.ts'
import { OwnedFile } from './owned-file.ts'

/** A connection, and the file that it has open. */
interface Kept {
  readonly db: Database
  readonly file: string
}

export class Viewer {
  readonly #settings: Settings
  readonly #ids = new LookedIds()
  #keeps = false
  #kept: Kept | null = null

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Keeps the connection: opening the file and reading its schema takes longer than most reads. */
  keepOpen(): void {
    this.#keeps = true
  }

  /** Calls `run`; everything that it reads is of one moment. */
  read<T>(run: (reader: Reader) => T): T {
    return this.#reading((db) => {
      db.exec('BEGIN')
      const value = run({ db, find: (id) => findById(db, this.#ids.upTo(db), id) })
      db.exec('COMMIT')
      return value
    })
  }

  look(now: number): Calls['look'][1] {
    return { stats: this.stats(now), warnings: warningsAboutMount(preparePath(this.#settings.path)) }
  }

  stats(now: number): StoredStats {
    return this.read(({ db }) => readStats(db, readLogTotals(db), { now, handlers: [] }))
  }

  wish({ kind, ...rest }: FileCommand, now: number): number {
    return this.#write((db) => db.get<{ id: number }>(sql.insertWish, now, kind, JSON.stringify(rest))?.id ?? 0)
  }

  /** The result of a wish; null: none yet. */
  result(id: number): ItemAnswer<FileAnswer> | null {
    const row = this.read(({ db }) => db.get<{ result: string | null }>(sql.readWish, id))
    if (!row) throw new PosthornError('ERR_INBOX_IO', 'The owner of the inbox took too long, and forgot the wish.')
    if (row.result === null) return null
    this.#write((db) => db.run(sql.deleteWish, id))
    return JSON.parse(row.result) as ItemAnswer<FileAnswer>
  }

  withdraw(id: number): boolean {
    return this.#write((db) => db.run(sql.withdrawWish, id)) > 0
  }

  fulfil({ now, retention }: Calls['fulfil'][0]): null {
    const file = new OwnedFile(this.#settings)
    try {
      // Opening carries out the wishes it finds.
      file.open({ handlers: [], onRedelivery: 'record', retention, now, held: [], identity: null })
    } finally {
      file.close(now)
    }
    return null
  }

  backUp(to: string): number {
    return this.#with({ readOnly: true }, (db) => backUp(db, to))
  }

  failureOf(error: unknown): Failure {
    return toFailure(error, this.#settings.path, faultOf)
  }

  /** One short transaction. Only the owner checkpoints the WAL. */
  #write<T>(run: (db: Database) => T): T {
    return this.#with({ readOnly: false }, (db) => {
      db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
      const value = run(db)
      db.exec('COMMIT')
      return value
    })
  }

  #reading<T>(run: (db: Database) => T): T {
    if (!this.#keeps) return this.#with({ readOnly: true }, run)
    const db = this.#kept?.file === this.#file() ? this.#kept.db : this.#openAnew()
    try {
      return run(db)
    } catch (error) {
      // After any error the next read opens a new connection.
      this.#letGo()
      throw error
    }
  }

  #openAnew(): Database {
    this.#letGo()
    const db = this.#open({ readOnly: true })
    this.#kept = { db, file: this.#file() }
    return db
  }

  #letGo(): void {
    const kept = this.#kept
    this.#kept = null
    kept?.db.close()
  }

  /** Identity of the file and its WAL: after either was deleted or replaced, the connection is not used any more. */
  #file(): string {
    const { path } = this.#settings
    return `${identityOf(path)} ${identityOf(`${path}-wal`)}`
  }

  #with<T>(options: { readonly readOnly: boolean }, run: (db: Database) => T): T {
    const db = this.#open(options)
    try {
      return run(db)
    } finally {
      db.close()
    }
  }

  #open({ readOnly }: { readonly readOnly: boolean }): Database {
    const { path } = this.#settings
    if (!existsSync(path)) throw new PosthornError('ERR_INBOX_IO', `There is no inbox at ${path}.`)
    const file = preparePath(path)
    return readOnly ? openToRead(file) : openBeside(file, { readOnly })
  }
}
