/**
 * When the log of SQLite is brought into the file, and by whom: inside a commit it would double the time of a large one.
 * In another thread, where there is one; what that could not do, and the end of a long log, are left to the writer,
 * between groups.
 */
import { CHECKPOINT_FRAMES } from '../db/connect.ts'
import type { Database } from '../db/database.ts'
import { emptyLog, growthOf, LONG_LOG_FRAMES } from '../db/log-size.ts'
import type { Checkpointer } from './checkpointer.ts'
import { type Frames, isWhole } from './shared-words.ts'

/**
 * SQLite begins its log anew once all of it is in the file and somebody writes, which another thread never sees under
 * load; when the log is longer than this, 33 MB, the writer brings in what is left. So it grows beyond by one group,
 * unless somebody reads an earlier state for long.
 */
export const MOST_FRAMES = 8_000

interface Circumstances {
  /** A second is over. */
  readonly isDue: boolean
  /** Whether so many bytes are free on the disk. */
  readonly hasRoom: (bytes: number) => boolean
}

/** Of one connection. */
export class Checkpoints {
  readonly #other: Checkpointer | null
  /** How long the log was when it was last tried, where that was not all that could be done: not again at each group. */
  #tried = 0

  /** `other` is null where the writer does it. */
  constructor(other: Checkpointer | null) {
    this.#other = other
  }

  /**
   * Called between groups. Where the disk has no room for all of the log in the file, none of it is moved: it would take
   * the room that the next commits need, and come to no end.
   */
  look(db: Database, path: string, { isDue, hasRoom }: Circumstances): void {
    const frames = framesOf(db)
    const hasRoomForAll = () => hasRoom(growthOf(db, path))
    if (frames.log <= LONG_LOG_FRAMES) this.#keepShort(db, path, frames, hasRoomForAll)
    else if (isDue && !this.#other?.isRunning() && hasRoomForAll()) this.#shorten(db, path, frames)
  }

  #keepShort(db: Database, path: string, { log, checkpointed }: Frames, hasRoom: () => boolean): void {
    const isLong = log > MOST_FRAMES
    if (isLong) this.#other?.wait()
    if (this.#other?.isRunning()) return
    const result = this.#other?.takeResult() ?? null
    if (log < this.#tried || (result !== null && result !== 'left')) this.#tried = 0
    const unchecked = log - Math.max(this.#tried, isLong ? 0 : checkpointed)
    if (unchecked < CHECKPOINT_FRAMES || !hasRoom()) return
    if (isLong || result === 'failed' || !this.#other?.begin(path)) this.#bring(db, log)
    else this.#tried = log
  }

  /**
   * Somebody has read an earlier state of the file for long, or a disk was full. The other thread brings in what there is
   * as often as it takes, while the log goes on; what comes meanwhile, in the end, the writer.
   */
  #shorten(db: Database, path: string, { log, checkpointed }: Frames): void {
    if (log - checkpointed > MOST_FRAMES && this.#other?.begin(path)) return
    this.#other?.takeResult()
    emptyLog(db)
  }

  #bring(db: Database, log: number): void {
    this.#tried = isWhole(db.get<Frames>('PRAGMA wal_checkpoint(PASSIVE)')) ? 0 : log
  }
}

/** Asks and does nothing. */
const framesOf = (db: Database): Frames => db.get<Frames>('PRAGMA wal_checkpoint(NOOP)') ?? { log: 0, checkpointed: 0 }
