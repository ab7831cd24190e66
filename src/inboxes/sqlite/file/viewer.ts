/**
 * The file as a second process sees it: read without being owned, and never written but for wishes, which the owner
 * carries out. Where there is no owner, it owns the file for that moment itself.
 */
import { existsSync } from 'node:fs'
import { PosthornError } from '../../../errors.ts'
import type { StoredStats } from '../../../ports/inbox/records.ts'
import type { Calls } from '../wire/calls.ts'
import { toFailure } from '../wire/failure.ts'
import type { Failure, FileAnswer, FileCommand, ItemAnswer, Settings } from '../wire/protocol.ts'
import type { Reader } from './bodies/read.ts'
import { faultOf } from './db/access.ts'
import { assertReadable } from './db/connect.ts'
import { Database } from './db/database.ts'
import { preparePath } from './db/files.ts'
import { warningsAboutMount } from './db/place.ts'
import * as sql from './db/sql.ts'
import { readExtent } from './ledger/extent.ts'
import { findById } from './ledger/ids.ts'
import { backUp } from './operate/backup.ts'
import { readStats } from './operate/stats.ts'
import { Store } from './store.ts'

/** The owner writes for no longer than this at a time, in ms. */
const BUSY_TIMEOUT_MS = 5_000

export class Viewer {
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** One look: everything it reads is of one moment. */
  read<T>(run: (reader: Reader) => T): T {
    return this.#with({ readOnly: true }, (db) => {
      db.exec('BEGIN')
      return run({ db, find: (id) => findById(db, null, id) })
    })
  }

  look(now: number): Calls['look'][1] {
    return { stats: this.stats(now), warnings: warningsAboutMount(preparePath(this.#settings.path)) }
  }

  stats(now: number): StoredStats {
    return this.read(({ db }) => readStats(db, readExtent(db), { now, handlers: [] }))
  }

  wish({ kind, ...rest }: FileCommand, now: number): number {
    return this.#write((db) => db.get<{ id: number }>(sql.insertWish, now, kind, JSON.stringify(rest))?.id ?? 0)
  }

  /** null while there is none. */
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
    const store = new Store(this.#settings)
    try {
      // Opening carries out the wishes it finds.
      store.open({ handlers: [], onRedelivery: 'record', retention, now, held: [], identity: null })
    } finally {
      store.close(now)
    }
    return null
  }

  backUp(to: string): number {
    return this.#with({ readOnly: true }, (db) => backUp(db, to))
  }

  failureOf(error: unknown): Failure {
    return toFailure(error, this.#settings.path, faultOf)
  }

  /** One short transaction. The owner brings the log of SQLite into the file, nobody else. */
  #write<T>(run: (db: Database) => T): T {
    return this.#with({ readOnly: false }, (db) => {
      db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
      const value = run(db)
      db.exec('COMMIT')
      return value
    })
  }

  #with<T>(options: { readonly readOnly: boolean }, run: (db: Database) => T): T {
    const { path } = this.#settings
    if (!existsSync(path)) throw new PosthornError('ERR_INBOX_IO', `There is no inbox at ${path}.`)
    const db = new Database(preparePath(path), options)
    try {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
      assertReadable(db, path)
      return run(db)
    } finally {
      db.close()
    }
  }
}
