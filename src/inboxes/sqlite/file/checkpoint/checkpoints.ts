/**
 * When the log of SQLite is brought into the file, and by whom: inside a commit it would double the time of a large one.
 * In another thread, where there is one; what that has left or could not do is done here, between groups.
 */

import type { GroupRequest } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import { type Checkpointer, FAILED } from './checkpointer.ts'

const CHECKPOINT_BYTES = 4 * 1024 * 1024
/**
 * SQLite begins its log anew once all of it is in the file and somebody writes, which another thread never sees under
 * load; when it is as long as this, 32 MB, the writer does the little that is left itself.
 */
const RESTART_FRAMES = 8_192
/** What a settlement or a small delivery adds to the log of SQLite, roughly. */
const ITEM_BYTES = 8 * 1024
/** What work rows add, with their claim: pages of the table and of five indexes (measured: 19 kB for one settlement). */
const ROWS_BYTES = 16 * 1024
const ROW_BYTES = 512

/** Of one connection. */
export class Checkpoints {
  readonly #other: Checkpointer | null
  /** About how much was written since the last one. */
  #unchecked = 0

  /** `other` is null where no other thread may do it: two connections may write and bring the log into the file at once. */
  constructor(other: Checkpointer | null) {
    this.#other = other
  }

  noteGroup({ accepts, settlements, wakes, commands }: GroupRequest): void {
    const bodies = accepts.reduce((sum, { size }) => sum + size, 0)
    const rows = settlements.map(({ endedRows, rows }) => endedRows.length + rows.length)
    const woken = wakes.map(({ keys }) => keys.length)
    const made = commands.map((command) => (command.kind === 'replay' ? command.rows.length : 0))
    this.#unchecked += bodies + ITEM_BYTES * (accepts.length + settlements.length + commands.length)
    this.#unchecked += [...rows, ...woken, ...made].reduce((sum, count) => sum + bytesOf(count), 0)
  }

  /** Called between groups. */
  look(db: Database, path: string): void {
    const other = this.#other
    if (other?.isRunning()) return
    const frames = other?.takeResult() ?? 0
    const isLeft = frames === FAILED || frames > RESTART_FRAMES
    if (!isLeft && this.#unchecked < CHECKPOINT_BYTES) return
    this.#unchecked = 0
    if (isLeft || !other?.begin(path)) db.pragma('wal_checkpoint(PASSIVE)')
  }
}

const bytesOf = (rows: number) => (rows === 0 ? 0 : ROWS_BYTES + ROW_BYTES * rows)
