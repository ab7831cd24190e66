/** The store as its thread sees it: ownership, connection and ledger, and what to do when the connection is lost. */
import { PosthornError } from '../../errors.ts'
import { carryOver } from './carry-over.ts'
import { connect, versionOf, warningsAbout } from './connect.ts'
import type { Database } from './database.ts'
import { toFailure } from './failure.ts'
import { identityOf, preparePath, shortageAt } from './files.ts'
import { runGroup } from './group.ts'
import { giveBack, type Ledger, readLedger } from './ledger.ts'
import { acquireOwnership, type Ownership } from './ownership.ts'
import type { Failure, GroupAnswer, GroupRequest, OpenAnswer, OpenRequest, Settings } from './protocol.ts'
import * as sql from './sql.ts'
import { readStats } from './stats.ts'

interface Open {
  readonly db: Database
  ledger: Ledger
  /** About how much was written since the log of SQLite was last brought into the file. */
  unchecked: number
}

const CHECKPOINT_BYTES = 4 * 1024 * 1024
/** What a settlement or a small delivery adds to the log of SQLite, roughly. */
const ITEM_BYTES = 8 * 1024

export class Store {
  readonly #settings: Settings
  #path: string
  #identity: string | null = null
  #ownership: Ownership | null = null
  #open: Open | null = null
  /** What a connection is made again with. */
  #handlers: readonly string[] = []
  #held: ReadonlySet<number> = new Set()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#path = settings.path
  }

  open({ handlers, held, identity }: OpenRequest): OpenAnswer {
    this.#path = preparePath(this.#settings.path)
    this.#ownership ??= acquireOwnership(this.#path)
    if (!this.#ownership) return { owned: true }
    this.#identity = identity
    this.#handlers = handlers.map((handler) => handler.name).sort()
    this.#held = new Set(held)
    const db = this.#connect()
    const newHandlers = carryOver(db, handlers)
    const ledger = readLedger(db, this.#handlers, this.#held)
    this.#open = { db, ledger, unchecked: 0 }
    this.#identity = identityOf(this.#path)
    const opened = { stats: readStats(db, ledger), newHandlers }
    return {
      owned: false,
      opened,
      identity: this.#identity,
      warnings: warningsAbout(versionOf(db)),
      shortage: this.#shortage(),
    }
  }

  group(request: GroupRequest): GroupAnswer {
    try {
      this.#giveBack(request.releases)
      const open = this.#opened()
      this.#assertInPlace()
      const shortage = request.accepts.length > 0 ? this.#shortage() : null
      const { ledger, answer } = runGroup(open.db, open.ledger, request, { path: this.#path, shortage })
      open.ledger = ledger
      open.unchecked += request.packed.byteLength + ITEM_BYTES * (request.accepts.length + request.settlements.length)
      return answer
    } catch (error) {
      return { lost: this.#lose(error) }
    }
  }

  /**
   * Brings the log of SQLite into the file when it has grown. Between groups, after the answer: inside a commit it
   * doubles the time of a large one, which the sender would wait for.
   */
  tidy(): void {
    const open = this.#open
    if (!open || open.unchecked < CHECKPOINT_BYTES) return
    open.unchecked = 0
    try {
      open.db.pragma('wal_checkpoint(PASSIVE)')
    } catch (error) {
      this.#lose(error)
    }
  }

  /** Writes a little, to see whether it works again. */
  probe(): { readonly shortage: string | null } {
    const { db, ledger } = this.#opened()
    this.#assertInPlace()
    try {
      db.exec('BEGIN IMMEDIATE')
      const { mark, claimed, settled, with_work, dead_letters, quarantined } = ledger.progress
      db.run(sql.writeProgress, mark, claimed, settled, with_work, dead_letters, quarantined)
      db.exec('COMMIT')
    } catch (error) {
      const { code, message } = this.#lose(error)
      throw new PosthornError(code, message, { cause: error })
    }
    return { shortage: this.#shortage() }
  }

  /** For reading: a lost connection is made again. */
  read<T>(run: (db: Database, ledger: Ledger) => T): T {
    const { db, ledger } = this.#opened()
    return run(db, ledger)
  }

  failureOf(error: unknown): Failure {
    return toFailure(error, this.#path)
  }

  /** Brings the log of SQLite into the file and gives up ownership, last. */
  close(): void {
    const db = this.#open?.db
    this.#open = null
    // On a full disk the log stays where it is; the next owner reads it there.
    tryTo(() => db?.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
    tryTo(() => db?.close())
    this.#ownership?.release()
    this.#ownership = null
  }

  #giveBack(seqs: readonly number[]): void {
    const open = this.#open
    if (open) for (const seq of seqs) giveBack(open.db, open.ledger, seq)
    else this.#held = new Set([...this.#held].filter((seq) => !seqs.includes(seq)))
  }

  #opened(): Open {
    if (!this.#open) {
      const db = this.#connect()
      this.#open = { db, ledger: readLedger(db, this.#handlers, this.#held), unchecked: 0 }
    }
    return this.#open
  }

  #connect(): Database {
    if (!this.#ownership) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    if (this.#identity !== null) this.#assertInPlace()
    return connect(this.#path, this.#settings.maxPages)
  }

  /**
   * After a failed write or sync the state of the connection, and of the file behind it, is anybody's guess: it is
   * closed, opened anew and read, never "tried until it works".
   */
  #lose(error: unknown): Failure {
    const failure = toFailure(error, this.#path)
    const open = this.#open
    this.#open = null
    if (!open) return failure
    this.#held = open.ledger.held
    tryTo(() => open.db.exec('ROLLBACK'))
    tryTo(() => open.db.close())
    tryTo(() => this.#opened())
    return failure
  }

  /** Writing to a file that lost its name would acknowledge what nobody finds again. */
  #assertInPlace(): void {
    if (tryTo(() => identityOf(this.#path)) === this.#identity) return
    // For good: a file made anew may be given the same number.
    this.#identity = 'lost'
    throw new PosthornError('ERR_INBOX_IO', `${this.#path} was deleted or replaced while it was in use: restart.`)
  }

  #shortage(): string | null {
    return shortageAt(this.#path, this.#settings.minFreeBytes)
  }
}

function tryTo<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
