/**
 * Retention. Two numbers say how far the log has been pruned, of bodies and of rows; deliveries that had to stay are in
 * the table `later`, and are looked at again in every round. So a round costs what there is to do, not the length of
 * the log, and a portion of it 2 ms.
 */
import type { Retention } from '../../../../ports/inbox/opening.ts'
import type { Pruned } from '../../../../ports/inbox/operations.ts'
import {
  type Cutoffs,
  cutoffsAt,
  type Finished,
  hasHadItsTime,
  isForgotten,
  losesBody,
} from '../../../rules/retention.ts'
import type { Moment } from '../../wire/protocol.ts'
import { forget } from '../bodies/altered-bodies.ts'
import { findCopies, removeCopies } from '../db/damaged-copies.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import * as upkeep from '../db/upkeep-sql.ts'
import { forgetBatch } from '../ledger/batch-conflicts.ts'
import { forgetId } from '../ledger/ids.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { addCounts, hasWork } from '../ledger/log-totals.ts'
import { tidyTallies } from './looks.ts'

/** One portion ends with whichever comes first. */
const MOST_ROWS = 500
/** Short, since an acknowledgement waits for a portion and its commit. */
const MOST_MS = 2
/** Cursor of a portion that has looked at all of `later`. */
const LOOKED = -1
/** So many free pages are kept for new rows; further ones are given back, `PAGES_BACK` in a portion. */
const SPARE_PAGES = 1_024
const PAGES_BACK = 64

interface Row {
  readonly seq: number
  readonly id: string
  readonly source: string
  readonly batch_id: string | null
  readonly received_at: number
  /** 1: its body is gone. */
  readonly forgotten: number
}

interface Marks {
  readonly bodies_to: number
  readonly keys_to: number
  readonly believed_at: number
}

/** One portion, inside the transaction of the group. */
export function prune(db: Database, draft: Ledger, at: number, moment: Moment & { readonly path: string }): Pruned {
  const { retention } = draft
  const goesOn = tidyTallies(db, draft, moment.isSteady ? moment.now : 0)
  const more = goesOn ? LOOKED : null
  if (!retention) return { ...NOTHING, next: more }
  const portion = new Portion(db, draft, retention, moment)
  if (at === 0) removeCopies(findCopies(moment.path, portion.cutoffs.bodies))
  const pruned = portion.run(at)
  return { ...pruned, next: pruned.next ?? more }
}

const NOTHING: Pruned = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0, next: null, over: false }

const moveUpkeep = 'UPDATE upkeep SET bodies_to = ?, keys_to = ?, believed_at = ?'
const deleteLater = 'DELETE FROM later WHERE seq = ?'
const hasQuarantine = 'SELECT 1 FROM quarantine WHERE seq = ? LIMIT 1'
const findOldDeadLetters = 'SELECT id FROM dead_letter WHERE at <= ? ORDER BY at, id LIMIT ?'
const findOldQuarantine = 'SELECT id FROM quarantine WHERE at <= ? ORDER BY at, id LIMIT ?'
const deleteNote = 'DELETE FROM note WHERE seq = ?'
const deleteSettled = 'DELETE FROM settled WHERE seq = ?'

class Portion {
  readonly #db: Database
  readonly #draft: Ledger
  readonly #maxBytes: number | null
  readonly cutoffs: Cutoffs
  readonly #believedAt: number
  readonly #end = performance.now() + MOST_MS
  #rows = MOST_ROWS
  #bodiesTo: number
  #keysTo: number
  readonly #pruned = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0 }

  constructor(db: Database, draft: Ledger, retention: Retention, { now, isSteady }: Moment) {
    this.#db = db
    this.#draft = draft
    this.#maxBytes = retention.maxBytes
    this.cutoffs = cutoffsAt(retention, now, isSteady)
    const marks = db.get<Marks>(upkeep.readUpkeep)
    this.#believedAt = isSteady ? now : (marks?.believed_at ?? 0)
    this.#bodiesTo = marks?.bodies_to ?? 0
    this.#keysTo = marks?.keys_to ?? 0
  }

  run(at: number): Pruned {
    const expired = this.#expire()
    const again = expired ? this.#lookAgain(at) : at
    const done = again === LOOKED && this.#takeBodies() && this.#removeRows() && this.#shrink()
    this.#db.run(moveUpkeep, this.#bodiesTo, this.#keysTo, this.#believedAt)
    return { ...this.#pruned, next: done ? null : again, over: done && this.#isOver() }
  }

  /** Deletes old dead letters and quarantine. True: none are left; as with the methods below. */
  #expire(): boolean {
    const { deadLetters, quarantined } = this.cutoffs
    const letters = this.#drop(findOldDeadLetters, sql.deleteDeadLetter, deadLetters)
    const items = this.#drop(findOldQuarantine, sql.deleteQuarantine, quarantined)
    this.#pruned.deadLetters += letters
    this.#pruned.quarantined += items
    if (letters + items > 0) this.#db.run(upkeep.countUpkeep, letters + items, 0)
    addCounts(this.#draft, { dead_letters: -letters, quarantined: -items })
    return !this.#isSpent()
  }

  #drop(find: string, remove: string, limit: number): number {
    if (limit === Number.NEGATIVE_INFINITY) return 0
    let dropped = 0
    for (const { id } of this.#db.all<{ id: number }>(find, Math.trunc(limit), this.#rows)) {
      if (this.#isSpent()) break
      this.#rows -= 1
      dropped += this.#db.run(remove, id)
    }
    return dropped
  }

  /** Looks at `later` again. Returns the cursor to go on from; `LOOKED`: it came to the end. */
  #lookAgain(from: number): number {
    if (from === LOOKED) return LOOKED
    let at = from
    for (const row of this.#db.all<Row>(upkeep.findLater, from, Math.max(this.#rows, 1))) {
      if (this.#isSpent()) return at
      at = row.seq
      if (this.#letGo(row)) this.#db.run(deleteLater, row.seq)
    }
    return this.#isSpent() ? at : LOOKED
  }

  #takeBodies(): boolean {
    return this.#walk(this.#bodiesTo, this.#draft.progress.mark, (row) => {
      if (!hasHadItsTime(row.received_at, this.cutoffs, () => this.#isOver())) return false
      this.#bodiesTo = row.seq
      return true
    })
  }

  #removeRows(): boolean {
    return this.#walk(this.#keysTo, this.#bodiesTo, (row) => {
      if (row.received_at > this.cutoffs.keys) return false
      this.#keysTo = row.seq
      return true
    })
  }

  /** Prunes along the log while `reaches` is true; a delivery that must stay goes into `later`. */
  #walk(from: number, to: number, reaches: (row: Row) => boolean): boolean {
    for (const row of this.#db.all<Row>(upkeep.findToPrune, from, to, Math.max(this.#rows, 1))) {
      if (this.#isSpent()) return false
      if (!reaches(row)) return true
      if (this.#letGo(row)) this.#db.run(deleteLater, row.seq)
      else this.#db.run(upkeep.lookAgainLater, row.seq)
    }
    return !this.#isSpent()
  }

  /** Removes what may go of a delivery, its body or its row. True: it need not be looked at again. */
  #letGo(row: Row): boolean {
    this.#rows -= 1
    const { seq } = row
    if (hasWork(this.#db, seq)) return false
    const one = this.#finished(row)
    if (row.forgotten === 0) {
      if (!losesBody(one, this.cutoffs, () => this.#isOver())) return false
      forget(this.#db, this.#draft, seq)
      this.#pruned.bodies += 1
    }
    if (seq > this.#keysTo) return true
    if (!isForgotten({ ...one, hasBody: false }, this.#has(upkeep.hasDeadLetter, seq), this.cutoffs)) return false
    this.#remove(row)
    return true
  }

  #remove({ seq, id, source, batch_id }: Row): void {
    forgetId(this.#db, this.#draft.ids, id, seq)
    forgetBatch(this.#db, this.#draft, seq, source, batch_id)
    const rows = [upkeep.deleteForgotten, deleteNote, deleteSettled]
    for (const statement of rows) this.#db.run(statement, seq)
    this.#pruned.deliveries += 1
  }

  #shrink(): boolean {
    const free = Number(this.#db.pragma('freelist_count')) - SPARE_PAGES
    if (free <= 0) return true
    this.#db.exec(`PRAGMA incremental_vacuum(${Math.min(free, PAGES_BACK)})`)
    return free <= PAGES_BACK
  }

  /** Whether the pages in use, free ones left out, are more than `maxBytes`. */
  #isOver(): boolean {
    if (this.#maxBytes === null) return false
    const pages = Number(this.#db.pragma('page_count')) - Number(this.#db.pragma('freelist_count'))
    return pages * Number(this.#db.pragma('page_size')) > this.#maxBytes
  }

  #finished({ seq, received_at, forgotten }: Row): Finished {
    return { receivedAt: received_at, hasBody: forgotten === 0, isQuarantined: this.#has(hasQuarantine, seq) }
  }

  #has(statement: string, seq: number): boolean {
    return this.#db.get(statement, seq) !== undefined
  }

  #isSpent(): boolean {
    return this.#rows <= 0 || performance.now() > this.#end
  }
}
