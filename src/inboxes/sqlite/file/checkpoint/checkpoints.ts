/**
 * When the WAL of SQLite is moved into the file, and by which thread. Inside a commit a checkpoint would double the
 * time of a large one. The checkpoint thread does it, where there is one; the file's thread does the rest, and the end
 * of a long WAL, between groups.
 */
import { CHECKPOINT_FRAMES } from '../db/connect.ts'
import type { Database } from '../db/database.ts'
import { emptyLog, growthOf, LONG_LOG_FRAMES } from '../db/log-size.ts'
import type { Checkpointer } from './checkpointer.ts'
import { type Frames, isWhole } from './shared-words.ts'

/**
 * SQLite begins its WAL anew once all of it is in the file at the next write, which under load the checkpoint thread
 * never achieves. When the WAL is longer than this, 33 MB, the file's thread moves what is left. So it grows beyond
 * that by one group at most, unless a reader holds an earlier state for long.
 */
export const MOST_FRAMES = 8_000

interface Circumstances {
  /** A second is over. */
  readonly isDue: boolean
  /** Whether so many bytes are free on the disk. */
  readonly hasRoom: (bytes: number) => boolean
}

/** The checkpoints of one connection. */
export class Checkpoints {
  readonly #other: Checkpointer | null
  /** Frames of the WAL at the last checkpoint, 0 where it moved all: the next waits for `CHECKPOINT_FRAMES` more. */
  #tried = 0

  /** `other` null: the file's thread does every checkpoint. */
  constructor(other: Checkpointer | null) {
    this.#other = other
  }

  /**
   * Called between groups. Where the disk has no room for the whole WAL in the file, nothing is moved: it would take
   * the room that the next commits need, and could not finish.
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
   * The WAL is long, since a reader has held an earlier state, or the disk was full. The checkpoint thread moves what
   * there is, again and again while the WAL grows; the file's thread moves the last frames.
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

/** Reads the length of the WAL, and moves nothing. */
const framesOf = (db: Database): Frames => db.get<Frames>('PRAGMA wal_checkpoint(NOOP)') ?? { log: 0, checkpointed: 0 }
