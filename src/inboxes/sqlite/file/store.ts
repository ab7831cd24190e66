/** The store as its thread sees it: ownership, connection and ledger, and what to do when the connection is lost. */

import { PosthornError } from '../../../errors.ts'
import type { StoredStats } from '../../../ports/inbox/records.ts'
import { leapBack } from '../../rules/leap.ts'
import { renamesOf } from '../../rules/renames.ts'
import { isJump } from '../../rules/steady.ts'
import { toError, toFailure } from '../wire/failure.ts'
import { nothing } from '../wire/packing.ts'
import type { Failure, GroupAnswer, GroupRequest, OpenAnswer, OpenRequest, Settings } from '../wire/protocol.ts'
import type { Reader } from './bodies/read.ts'
import type { Checkpointer } from './checkpoint/checkpointer.ts'
import { Checkpoints } from './checkpoint/checkpoints.ts'
import { connect, isSound, versionOf, warningsAbout } from './db/connect.ts'
import type { Database } from './db/database.ts'
import { freeBytes, identityOf, preparePath, shortageOf, warningsAboutMode } from './db/files.ts'
import {
  type LogState,
  lostFrames,
  readLogState,
  tellOfEmptied,
  tellOfLostFrames,
  wasEmptied,
} from './db/log-damage.ts'
import { acquireOwnership, type Ownership } from './db/ownership.ts'
import * as sql from './db/sql.ts'
import { runGroup } from './group.ts'
import { indexBatches } from './ledger/conflicts.ts'
import { takeStock } from './ledger/crashes.ts'
import { writeProgress } from './ledger/extent.ts'
import { findById, indexIds } from './ledger/ids.ts'
import type { Ledger, Owner } from './ledger/ledger.ts'
import { readLedger } from './ledger/read-ledger.ts'
import { emptyLog } from './operate/purge.ts'
import { readLeft, readStats } from './operate/stats.ts'
import { clearStaleWishes } from './operate/wishes.ts'
import { carryOver } from './work/carry-over.ts'
import { believedTime, bringForward, latestTime } from './work/clock-leap.ts'
import { dropExpired } from './work/event-keys.ts'
import { findHeldKeys, keepOrder } from './work/order.ts'
import { findCancelled } from './work/replay.ts'

interface Open {
  readonly db: Database
  ledger: Ledger
  readonly checkpoints: Checkpoints
}

interface Outside {
  free(path: string): number
  readonly checkpointer: Checkpointer | null
}

export class Store {
  readonly #settings: Settings
  readonly #free: Outside['free']
  readonly #checkpointer: Checkpointer | null
  #path: string
  #identity: string | null = null
  #ownership: Ownership | null = null
  #open: Open | null = null
  /** What the clock said last. */
  #now = 0
  /** What a connection is made again with. */
  #owner: Owner = { handlers: [], renames: new Map(), onRedelivery: 'record', held: [] }

  /** `free` tells the bytes that are free beside a path. */
  constructor(settings: Settings, { free = freeBytes, checkpointer = null }: Partial<Outside> = {}) {
    this.#settings = settings
    this.#path = settings.path
    this.#free = free
    this.#checkpointer = checkpointer
  }

  open(request: OpenRequest): OpenAnswer {
    this.#path = preparePath(this.#settings.path)
    const emptied = wasEmptied(this.#path)
    this.#ownership ??= acquireOwnership(this.#path)
    if (!this.#ownership) return { owned: true }
    const { handlers, onRedelivery, retention, held, now } = request
    this.#identity = request.identity
    const names = handlers.map((handler) => handler.name).sort()
    this.#owner = { handlers: names, renames: renamesOf(handlers), onRedelivery, retention, held }
    const log = request.identity === null ? readLogState(this.#path) : null
    const db = this.#connect()
    const damage = this.#tellOfDamage(db, emptied, log, now)
    const { believedAt, newHandlers } = this.#takeOver(db, request)
    this.#open = this.#begin(db)
    this.#identity = identityOf(this.#path)
    const { lost } = this.group({
      ...nothing,
      now,
      isSteady: !isJump(believedAt, now),
      commands: findCancelled(db),
      wishes: true,
    })
    if (lost) throw toError(lost)
    const left = readLeft(db, this.#owner.handlers)
    const opened = { stats: this.stats(now), newHandlers, left, held: findHeldKeys(this.#opened().db) }
    return {
      owned: false,
      opened,
      identity: this.#identity,
      warnings: [...warningsAbout(versionOf(db)), ...warningsAboutMode(this.#path), ...damage],
      shortage: this.#shortage(),
      believedAt,
    }
  }

  group(request: GroupRequest): GroupAnswer {
    try {
      const open = this.#opened()
      this.#assertInPlace()
      this.#followClock(open.db, request.now)
      const shortage = request.accepts.length > 0 ? this.#shortage() : null
      const { ledger, answer } = runGroup(open.db, open.ledger, request, { path: this.#path, shortage })
      open.ledger = ledger
      if (answer.purging) this.#emptyLog(open.db)
      open.checkpoints.noteGroup(request)
      return answer
    } catch (error) {
      return { lost: this.#lose(error, request.releases) }
    }
  }

  /** What no sender waits for: between groups, after the answer. */
  tidy(): void {
    const open = this.#open
    if (!open) return
    try {
      indexIds(open.db, open.ledger.ids)
      indexBatches(open.db, open.ledger.recent)
      open.checkpoints.look(open.db, this.#path)
    } catch (error) {
      this.#lose(error)
    }
  }

  /** Writes a little, to see whether it works again; nothing while the disk is short. */
  probe(): { readonly shortage: string | null } {
    const { db, ledger } = this.#opened()
    this.#assertInPlace()
    const shortage = this.#shortage()
    if (shortage !== null) return { shortage }
    try {
      db.exec('BEGIN IMMEDIATE')
      // SQLite writes no page for a row that stays what it is: this one becomes another and is made the same again.
      writeProgress(db, { ...ledger.progress, events: ledger.progress.events + 1 })
      writeProgress(db, ledger.progress)
      db.exec('COMMIT')
    } catch (error) {
      const { code, message } = this.#lose(error)
      throw new PosthornError(code, message, { cause: error })
    }
    return { shortage: null }
  }

  /** For reading: a lost connection is made again. */
  read<T>(run: (reader: Reader) => T): T {
    const { db, ledger } = this.#opened()
    return run({ db, find: (id) => findById(db, ledger.ids, id) })
  }

  stats(now: number): StoredStats {
    const { db, ledger } = this.#opened()
    return readStats(db, ledger, { now, handlers: ledger.handlers })
  }

  failureOf(error: unknown): Failure {
    return toFailure(error, this.#path)
  }

  /** Gives back what is claimed, brings the log of SQLite into the file and gives up ownership, last. */
  close(now: number): void {
    const open = this.#open
    this.#open = null
    this.#checkpointer?.wait()
    // On a full disk the log stays where it is; the next owner reads it there, and is careful.
    tryTo(() => open && this.#leave(open, now))
    tryTo(() => open?.db.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
    tryTo(() => open?.db.close())
    this.#ownership?.release()
    this.#ownership = null
  }

  /** What was lost while nobody had the file open. */
  #tellOfDamage(db: Database, emptied: boolean, before: LogState | null, now: number): string[] {
    // On a disk that takes no writes it cannot be told.
    const lost = tryTo(() => lostFrames(db, this.#path, before)) ?? 0
    return [
      ...(emptied ? [tellOfEmptied(this.#path)] : []),
      ...(lost > 0 ? [tellOfLostFrames(this.#path, lost, now)] : []),
    ]
  }

  /** Carries over what was stored under other names, and what a process left that died. */
  #takeOver(db: Database, { handlers, identity, now }: OpenRequest) {
    db.exec('BEGIN IMMEDIATE')
    const believedAt = believedTime(db, now)
    if (identity === null) takeStock(db)
    if (identity === null) db.run(sql.deleteEndedRuns)
    bringForward(db, latestTime(db), now)
    this.#now = now
    clearStaleWishes(db, now)
    const newHandlers = carryOver(db, handlers, now)
    if (identity === null) keepOrder(db, handlers, now)
    if (!isJump(believedAt, now)) dropExpired(db, now)
    db.exec('COMMIT')
    return { believedAt, newHandlers }
  }

  /** Groups come one after the other, so an earlier time than the last is a clock that was set back. */
  #followClock(db: Database, now: number): void {
    if (leapBack(this.#now, now) > 0) {
      db.exec('BEGIN IMMEDIATE')
      bringForward(db, this.#now, now)
      db.exec('COMMIT')
    }
    this.#now = now
  }

  /** Whoever comes next need not be careful with what this process leaves in order. */
  #leave({ db, ledger }: Open, now: number): void {
    const releases = [...ledger.held.keys()]
    runGroup(db, ledger, { ...nothing, now, renew: true, releases }, { path: this.#path, shortage: null })
  }

  /** The group before it is committed, whatever becomes of this. */
  #emptyLog(db: Database): void {
    try {
      emptyLog(db)
    } catch (error) {
      this.#lose(error)
    }
  }

  #opened(): Open {
    this.#open ??= this.#begin(this.#connect())
    return this.#open
  }

  /** Of a group that failed nobody knows whether it is in the file: what it claimed was told to nobody. */
  #begin(db: Database): Open {
    db.run(sql.giveLostRowsBack, JSON.stringify(this.#owner.held.map(({ seq }) => seq)))
    const other = isSound(versionOf(db)) ? this.#checkpointer : null
    return { db, ledger: readLedger(db, this.#owner), checkpoints: new Checkpoints(other) }
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
  #lose(error: unknown, released: readonly number[] = []): Failure {
    const failure = toFailure(error, this.#path)
    const open = this.#open
    this.#open = null
    const held = open ? [...open.ledger.held].map(([seq, { careful }]) => ({ seq, careful })) : this.#owner.held
    // Nobody holds what was to be given back, whether that is in the file or not.
    this.#owner = { ...this.#owner, held: held.filter(({ seq }) => !released.includes(seq)) }
    if (!open) return failure
    this.#checkpointer?.wait()
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
    const { minFreeBytes } = this.#settings
    return minFreeBytes === 0 ? null : shortageOf(this.#path, this.#free(this.#path), minFreeBytes)
  }
}

function tryTo<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
