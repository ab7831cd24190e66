/** The file as its thread sees it: ownership, connection and ledger, and how a lost connection is made again. */

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
import { findStoredKeys, keepOrder, noteOrder } from './claims/order.ts'
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
import { indexBatches } from './ledger/batch-conflicts.ts'
import { takeStock } from './ledger/crashes.ts'
import { findById, indexIds } from './ledger/ids.ts'
import type { Ledger, LedgerOpening } from './ledger/ledger.ts'
import { readLedger } from './ledger/read-ledger.ts'
import { tryToStore } from './log/probe.ts'
import { readLeft, readStats } from './operate/stats.ts'
import { clearStaleWishes } from './operate/wishes.ts'

/** How often a group writes the time too: from it the next process sees how far the clock was set back. */
const TOLD_EACH_MS = 1_000

interface Open {
  readonly db: Database
  ledger: Ledger
  /** null: SQLite checkpoints by itself. */
  readonly checkpoints: Checkpoints | null
}

interface Outside {
  free(path: string): number
  readonly checkpointer: Checkpointer | null
}

export class OwnedFile {
  readonly #settings: Settings
  readonly #free: Outside['free']
  readonly #checkpointer: Checkpointer | null
  #path: string
  /** null: before the first opening. */
  #identity: Identity | null = null
  /** Why the store is closed for good; null while it is open. */
  #over: PosthornError | null = null
  #ownership: Ownership | null = null
  #open: Open | null = null
  /** The time of the last group. */
  #now = 0
  /** The time that was last written to the file. */
  #toldAt = 0
  /** Size of the largest body that could not be stored since a probe last succeeded. */
  #refused = 0
  /** A second has passed since the length of the WAL was last read. */
  #isDue = false
  /** What the ledger of a new connection is read with. */
  #opening: LedgerOpening = { handlers: [], renames: new Map(), onRedelivery: 'record', held: [] }

  /** `free` returns the free bytes on the disk of a path. */
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
    this.#opening = { handlers: names, renames: renamesOf(handlers), onRedelivery, retention, held }
    const log = request.identity === null ? readLogState(this.#path) : null
    const db = this.#connect()
    assertOneName(this.#path)
    const damage = this.#tellOfDamage(db, emptied, log, now)
    const [openAs, inode] = [readOpenAs(db), inodeOf(this.#path)]
    const { believedAt, newHandlers, owners } = orClosed(db, () => this.#takeOver(db, request))
    const identity = { file: identityOf(this.#path) ?? '', owners }
    this.#identity = identity
    this.#open = this.#begin(db)
    // `noteOpen` must be in the file itself: a copy made without the WAL then shows that it was open.
    if (openAs !== inode) tryTo(() => db.pragma('wal_checkpoint(PASSIVE)'))
    const { lost } = this.group({
      ...nothing,
      now,
      isSteady: !isJump(believedAt, now),
      commands: findCancelled(db),
      wishes: true,
    })
    if (lost) throw toError(lost)
    const left = readLeft(db, this.#opening.handlers)
    const { own, belonging } = this.#opened().ledger
    const absent = belonging.filter((name) => !own.includes(name))
    const place = { path: this.#path, isMade }
    const opened = { stats: this.stats(now), newHandlers, left, absent, storedKeys: findStoredKeys(db), place }
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
      const tellsTime = request.now >= this.#toldAt + TOLD_EACH_MS
      const { ledger, answer } = runGroup(open.db, open.ledger, request, { path: this.#path, shortage, tellsTime })
      open.ledger = ledger
      if (tellsTime && answer.committed) this.#toldAt = request.now
      if (answer.purging) this.#emptyLog(open.db)
      return answer
    } catch (error) {
      this.#refused = Math.max(this.#refused, ...request.accepts.map(({ size }) => size))
      return { lost: this.#lose(error, request.releases) }
    }
  }

  /** Upkeep that no sender waits for: done between groups, after the answer. */
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

  /** Tries whether a delivery can be stored again (`tryToStore`); writes nothing while the disk is short. */
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

  /** Calls `run` with the connection, which is made again where it was lost. */
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

  /** Gives claims back, moves the WAL into the file, and last gives up ownership. */
  close(now: number): void {
    const open = this.#open
    this.#open = null
    this.#checkpointer?.wait()
    // On a full disk the WAL stays; the next owner reads it, and takes the claims for suspects.
    tryTo(() => open && this.#leave(open, now))
    tryTo(() => open?.db.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
    tryTo(() => open?.db.close())
    this.#ownership?.release()
    this.#ownership = null
  }

  /** Warnings about frames of the WAL that were lost while the file was closed. */
  #tellOfDamage(db: Database, emptied: boolean, before: LogState | null, now: number): string[] {
    // `lostFrames` may throw on a disk that takes no writes.
    const lost = tryTo(() => lostFrames(db, this.#path, before)) ?? 0
    return [
      ...(emptied ? [tellOfEmptied(this.#path)] : []),
      ...(lost > 0 ? [tellOfLostFrames(this.#path, lost, now)] : []),
    ]
  }

  /** At an opening: takes over the claims of a process that died, due times, orders and former names. */
  #takeOver(db: Database, { handlers, identity, now }: OpenRequest) {
    db.begin()
    const owners = this.#countOwner(db, identity)
    db.run(upkeep.noteOpen, inodeOf(this.#path))
    const believedAt = believedTime(db, now)
    if (identity === null) takeStock(db)
    if (identity === null) db.run(sql.deleteEndedRuns)
    bringForward(db, latestTime(db), now)
    db.run(upkeep.noteTime, now)
    this.#now = now
    clearStaleWishes(db, now)
    if (identity === null) keepOrder(db, handlers, now)
    const newHandlers = carryOver(db, handlers, now)
    noteOrder(db, handlers)
    if (!isJump(believedAt, now)) dropExpired(db, now)
    db.exec('COMMIT')
    return { believedAt, newHandlers, owners }
  }

  /** Gives each owner a number: an owner that finds a higher one before it writes has been replaced. */
  #countOwner(db: Database, before: Identity | null): number {
    if (before === null) db.run(upkeep.countOwner)
    const owners = readOwners(db)
    if (before !== null && owners !== before.owners) this.#stop()
    return owners
  }

  /**
   * Other processes find the lock by its file name: where that file is gone, takes the lock anew, unless another has.
   */
  #keepLock(): void {
    if (this.#ownership === null || this.#ownership.isInPlace()) return
    const again = acquireOwnership(this.#path)
    if (again === null) throw takenOver(this.#path)
    this.#ownership.release()
    this.#ownership = again
  }

  /** Called inside each transaction that writes: until its end no other process can become the owner. */
  #assertOwner(db: Database): void {
    if (this.#identity !== null && readOwners(db) !== this.#identity.owners) this.#stop()
  }

  #stop(): never {
    this.#ownership?.release()
    this.#ownership = null
    this.#over = takenOver(this.#path)
    throw this.#over
  }

  /** A group with an earlier time than the last one shows that the clock was set back: moves due times. */
  #followClock(db: Database, now: number): void {
    if (leapBack(this.#now, now) > 0) {
      this.#toldAt = 0
      db.begin()
      bringForward(db, this.#now, now)
      db.exec('COMMIT')
    }
    this.#now = now
  }

  /** Gives all claims back in a last group, so that they are no suspects for the next owner. */
  #leave({ db, ledger }: Open, now: number): void {
    const releases = [...ledger.held.keys()]
    runGroup(
      db,
      ledger,
      { ...nothing, now, renew: true, releases },
      { path: this.#path, shortage: null, tellsTime: false },
    )
    db.begin()
    db.run(upkeep.noteClosed)
    db.exec('COMMIT')
  }

  /** Empties the WAL; a failure does not change that the group before is committed. */
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

  /** A failed group may be in the file or not. Its claims were never handed out, so they are given back. */
  #begin(db: Database): Open {
    return orClosed(db, () => {
      db.begin()
      db.run(sql.giveLostRowsBack, JSON.stringify(this.#opening.held.map(({ seq }) => seq)))
      db.exec('COMMIT')
      const checkpoints = isSound(versionOf(db)) ? new Checkpoints(this.#checkpointer) : null
      return { db, ledger: readLedger(db, this.#opening, this.#now), checkpoints }
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
   * After a failed write or sync the state of the connection, and of the file behind it, is unknown: it is closed,
   * opened anew and read, never "tried until it works".
   */
  #lose(error: unknown, released: readonly number[] = []): Failure {
    const failure = toFailure(error, this.#path, faultOf)
    const open = this.#open
    this.#open = null
    const held = open ? [...open.ledger.held].map(([seq, { careful }]) => ({ seq, careful })) : this.#opening.held
    // Claims of `released` count as given back, whatever the file says.
    this.#opening = { ...this.#opening, held: held.filter(({ seq }) => !released.includes(seq)) }
    if (!open) return failure
    this.#checkpointer?.wait()
    tryTo(() => open.db.exec('ROLLBACK'))
    tryTo(() => open.db.close())
    tryTo(() => this.#opened())
    return failure
  }

  /** Deliveries written to a file that was deleted or replaced would be acknowledged and lost. */
  #assertInPlace(): void {
    if (this.#over !== null) throw this.#over
    if (tryTo(() => identityOf(this.#path)) === this.#identity?.file) return
    // Never cleared: a new file may get the same inode number.
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

/** Closes the connection where `run` throws, so that it holds no lock. */
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
