/** The store as its thread sees it: ownership, connection and ledger, and what to do when the connection is lost. */

import { existsSync } from 'node:fs'
import { PosthornError } from '../../../errors.ts'
import type { StoredStats } from '../../../ports/inbox/records.ts'
import { leapBack } from '../../rules/leap.ts'
import { renamesOf } from '../../rules/renames.ts'
import { isJump } from '../../rules/steady.ts'
import { toError, toFailure } from '../wire/failure.ts'
import { nothing } from '../wire/packing.ts'
import type {
  Failure,
  GroupAnswer,
  GroupRequest,
  Identity,
  OpenAnswer,
  OpenRequest,
  Settings,
} from '../wire/protocol.ts'
import type { Reader } from './bodies/read.ts'
import type { Checkpointer } from './checkpoint/checkpointer.ts'
import { Checkpoints } from './checkpoint/checkpoints.ts'
import { carryOver } from './claims/carry-over.ts'
import { believedTime, bringForward, latestTime } from './claims/clock-leap.ts'
import { dropExpired } from './claims/event-keys.ts'
import { findHeldKeys, keepOrder, noteOrder } from './claims/order.ts'
import { findCancelled } from './claims/replay.ts'
import { countPassedOver } from './claims/sources.ts'
import { faultOf } from './db/access.ts'
import { connect, isSound, versionOf, warningsAbout } from './db/connect.ts'
import type { Database } from './db/database.ts'
import { assertOneName, freeBytes, identityOf, inodeOf, preparePath, sizeOf, warningsAboutMode } from './db/files.ts'
import {
  type LogState,
  lostFrames,
  readLogState,
  tellOfEmptied,
  tellOfLostFrames,
  tellOfMissingLog,
  wasEmptied,
} from './db/log-damage.ts'
import { emptyLog, shortageOf } from './db/log-size.ts'
import { acquireOwnership, type Ownership, takenOver } from './db/ownership.ts'
import { assertMountedWhole, warningsAboutFileSystem } from './db/place.ts'
import * as sql from './db/sql.ts'
import * as upkeep from './db/upkeep-sql.ts'
import { runGroup } from './group.ts'
import { indexBatches } from './ledger/conflicts.ts'
import { takeStock } from './ledger/crashes.ts'
import { findById, indexIds } from './ledger/ids.ts'
import type { Ledger, Owner } from './ledger/ledger.ts'
import { readLedger } from './ledger/read-ledger.ts'
import { tryToStore } from './log/probe.ts'
import { readLeft, readStats } from './operate/stats.ts'
import { clearStaleWishes } from './operate/wishes.ts'

interface Open {
  readonly db: Database
  ledger: Ledger
  /** null: SQLite does it itself. */
  readonly checkpoints: Checkpoints | null
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
  /** null until it is known. */
  #identity: Identity | null = null
  /** Why nothing is read or written any more, for good. */
  #over: PosthornError | null = null
  #ownership: Ownership | null = null
  #open: Open | null = null
  /** What the clock said last. */
  #now = 0
  /** The largest body that could not be stored since it last worked. */
  #refused = 0
  /** A second is over since the length of the log was looked at. */
  #isDue = false
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
    assertMountedWhole(this.#path)
    const isMade = sizeOf(this.#path) === 0
    const emptied = wasEmptied(this.#path)
    const hasLog = existsSync(`${this.#path}-wal`)
    this.#ownership ??= acquireOwnership(this.#path)
    if (!this.#ownership) return { owned: true }
    this.#over = null
    const { handlers, onRedelivery, retention, held, now } = request
    this.#identity = request.identity
    const names = handlers.map((handler) => handler.name).sort()
    this.#owner = { handlers: names, renames: renamesOf(handlers), onRedelivery, retention, held }
    const log = request.identity === null ? readLogState(this.#path) : null
    const db = this.#connect()
    assertOneName(this.#path)
    const damage = this.#tellOfDamage(db, emptied, log, now)
    const [openAs, inode] = [readOpenAs(db), inodeOf(this.#path)]
    const { believedAt, newHandlers, owners } = orClosed(db, () => this.#takeOver(db, request))
    const identity = { file: identityOf(this.#path) ?? '', owners }
    this.#identity = identity
    this.#open = this.#begin(db)
    // Into the file itself, where whoever copies it alone copies that it is open.
    if (openAs !== inode) tryTo(() => db.pragma('wal_checkpoint(PASSIVE)'))
    const { lost } = this.group({
      ...nothing,
      now,
      isSteady: !isJump(believedAt, now),
      commands: findCancelled(db),
      wishes: true,
    })
    if (lost) throw toError(lost)
    const left = readLeft(db, this.#owner.handlers)
    const { own, belonging } = this.#opened().ledger
    const absent = belonging.filter((name) => !own.includes(name))
    const place = { path: this.#path, isMade }
    const opened = { stats: this.stats(now), newHandlers, left, absent, held: findHeldKeys(db), place }
    return {
      owned: false,
      opened,
      identity,
      warnings: [
        ...warningsAbout(versionOf(db)),
        ...warningsAboutMode(this.#path),
        ...warningsAboutFileSystem(this.#path),
        ...damage,
        ...(openAs !== '' && openAs !== inode && !hasLog ? [tellOfMissingLog(this.#path)] : []),
      ],
      shortage: this.#shortage(this.#opened().db),
      believedAt,
    }
  }

  group(request: GroupRequest): GroupAnswer {
    try {
      this.#isDue ||= request.wishes
      if (request.wishes) this.#keepLock()
      const open = this.#opened()
      this.#assertInPlace()
      this.#followClock(open.db, request.now)
      const shortage = request.accepts.length > 0 ? this.#shortage(open.db) : null
      const { ledger, answer } = runGroup(open.db, open.ledger, request, { path: this.#path, shortage })
      open.ledger = ledger
      if (answer.purging) this.#emptyLog(open.db)
      return answer
    } catch (error) {
      this.#refused = Math.max(this.#refused, ...request.accepts.map(({ size }) => size))
      return { lost: this.#lose(error, request.releases) }
    }
  }

  /** What no sender waits for: between groups, after the answer. */
  tidy(): void {
    const open = this.#open
    if (!open) return
    const isDue = this.#isDue
    this.#isDue = false
    try {
      indexIds(open.db, open.ledger.ids)
      indexBatches(open.db, open.ledger.recent)
      open.checkpoints?.look(open.db, this.#path, { isDue, hasRoom: (bytes) => this.#free(this.#path) >= bytes })
    } catch (error) {
      this.#lose(error)
    }
  }

  /** Writes what a delivery would, to see whether that works again; nothing while the disk is short. */
  probe(): { readonly shortage: string | null } {
    try {
      this.#keepLock()
      const { db, ledger } = this.#opened()
      this.#assertInPlace()
      const shortage = this.#shortage(db)
      if (shortage === null) tryToStore(db, ledger, this.#refused)
      if (shortage === null) this.#refused = 0
      return { shortage }
    } catch (error) {
      const { code, message } = this.#lose(error)
      throw new PosthornError(code, message, { cause: error })
    }
  }

  /** For reading: a lost connection is made again. */
  read<T>(run: (reader: Reader) => T): T {
    const { db, ledger } = this.#opened()
    return run({ db, find: (id) => findById(db, ledger.ids, id) })
  }

  stats(now: number): StoredStats {
    const { db, ledger } = this.#opened()
    return readStats(db, ledger, { now, handlers: ledger.own, passedOver: countPassedOver(ledger) })
  }

  failureOf(error: unknown): Failure {
    return toFailure(error, this.#path, faultOf)
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
    db.begin()
    const owners = this.#countOwner(db, identity)
    db.run(upkeep.noteOpen, inodeOf(this.#path))
    const believedAt = believedTime(db, now)
    if (identity === null) takeStock(db)
    if (identity === null) db.run(sql.deleteEndedRuns)
    bringForward(db, latestTime(db), now)
    this.#now = now
    clearStaleWishes(db, now)
    if (identity === null) keepOrder(db, handlers, now)
    const newHandlers = carryOver(db, handlers, now)
    noteOrder(db, handlers)
    if (!isJump(believedAt, now)) dropExpired(db, now)
    db.exec('COMMIT')
    return { believedAt, newHandlers, owners }
  }

  /** Each owner has a number, by which one that was passed over finds that out before it writes. */
  #countOwner(db: Database, before: Identity | null): number {
    if (before === null) db.run(upkeep.countOwner)
    const owners = readOwners(db)
    if (before !== null && owners !== before.owners) this.#stop()
    return owners
  }

  /** The lock has a name, by which others look for it: where that is gone it is taken anew, unless another has done so. */
  #keepLock(): void {
    if (this.#ownership === null || this.#ownership.isInPlace()) return
    const again = acquireOwnership(this.#path)
    if (again === null) throw takenOver(this.#path)
    this.#ownership.release()
    this.#ownership = again
  }

  /** Inside each transaction that writes: between this and its end nobody becomes the owner. */
  #assertOwner(db: Database): void {
    if (this.#identity !== null && readOwners(db) !== this.#identity.owners) this.#stop()
  }

  #stop(): never {
    this.#ownership?.release()
    this.#ownership = null
    this.#over = takenOver(this.#path)
    throw this.#over
  }

  /** Groups come one after the other, so an earlier time than the last is a clock that was set back. */
  #followClock(db: Database, now: number): void {
    if (leapBack(this.#now, now) > 0) {
      db.begin()
      bringForward(db, this.#now, now)
      db.exec('COMMIT')
    }
    this.#now = now
  }

  /** Whoever comes next need not be careful with what this process leaves in order. */
  #leave({ db, ledger }: Open, now: number): void {
    const releases = [...ledger.held.keys()]
    runGroup(db, ledger, { ...nothing, now, renew: true, releases }, { path: this.#path, shortage: null })
    db.begin()
    db.run(upkeep.noteClosed)
    db.exec('COMMIT')
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
    return orClosed(db, () => {
      db.begin()
      db.run(sql.giveLostRowsBack, JSON.stringify(this.#owner.held.map(({ seq }) => seq)))
      db.exec('COMMIT')
      const checkpoints = isSound(versionOf(db)) ? new Checkpoints(this.#checkpointer) : null
      return { db, ledger: readLedger(db, this.#owner, this.#now), checkpoints }
    })
  }

  #connect(): Database {
    if (this.#over !== null) throw this.#over
    if (!this.#ownership) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    if (this.#identity !== null) this.#assertInPlace()
    const db = connect(this.#path, this.#settings.maxPages)
    db.guard = () => this.#assertOwner(db)
    return db
  }

  /**
   * After a failed write or sync the state of the connection, and of the file behind it, is anybody's guess: it is
   * closed, opened anew and read, never "tried until it works".
   */
  #lose(error: unknown, released: readonly number[] = []): Failure {
    const failure = toFailure(error, this.#path, faultOf)
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
    if (this.#over !== null) throw this.#over
    if (tryTo(() => identityOf(this.#path)) === this.#identity?.file) return
    // For good: a file made anew may be given the same number.
    this.#over = new PosthornError(
      'ERR_INBOX_IO',
      `${this.#path} was deleted or replaced while it was in use: restart.`,
    )
    throw this.#over
  }

  #shortage(db: Database): string | null {
    const { minFreeBytes } = this.#settings
    return minFreeBytes === 0 ? null : shortageOf(db, this.#path, this.#free(this.#path), minFreeBytes)
  }
}

const readOpenAs = (db: Database): string => db.get<{ open_as: string }>(upkeep.readOpenAs)?.open_as ?? ''

const readOwners = (db: Database): number => db.get<{ owners: number }>(upkeep.readOwners)?.owners ?? 0

/** A connection that is of no use holds no lock. */
function orClosed<T>(db: Database, run: () => T): T {
  try {
    return run()
  } catch (error) {
    db.close()
    throw error
  }
}

function tryTo<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
