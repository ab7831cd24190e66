/** Commands of operators on stored data. */
import type { NewWorkRow, ReplayMark } from './rows.ts'

/** Each says what is done when `carryOut` resolves. */
export type Command = Revive | Drop | PauseHandler | Prune | Erase | CutErrors | Purge | Replay | CancelReplay | EndWork

/** What `carryOut` resolves with, by `kind`. */
export interface CommandAnswers {
  /** The number of rows found; ids that are gone already are passed over. */
  revive: number
  /** The number of rows found. */
  drop: number
  /** The number of handlers whose pause was changed. */
  pause: number
  prune: Pruned
  erase: Erased
  cut: Cut
  /** Where the next portion goes on; null: everything removed before the first portion is purged. */
  purge: Cursor | null
  /** The number of rows made. */
  replay: number
  /** The number of events in the rows taken, 0 when none are left. */
  cancel: number
  /** The number of events in the rows ended, 0 when none are left. */
  endWork: number
}

export type AnswerTo<C extends Command> = CommandAnswers[C['kind']]

/** How far a command in portions has come; null begins. Only the inbox that made it reads its content. */
export type Cursor = number | string

/**
 * Makes work rows of dead letters (one for their handler) and of quarantine (one for every handler the delivery belongs
 * to; over all its elements where the whole delivery is in quarantine), with no attempts spent and due at once. The
 * dead letters and quarantine are gone when it resolves.
 */
export interface Revive {
  readonly kind: 'revive'
  readonly ids: RowIds
}

/** Deletes dead letters and quarantine, and counts their events as cancelled. */
export interface Drop {
  readonly kind: 'drop'
  readonly ids: RowIds
}

/** Pauses a handler durably, or resumes it (`by: null`). `InboxListener.paused` is called in every owner. */
export interface PauseHandler {
  readonly kind: 'pause'
  readonly handler: string
  readonly by: 'hand' | 'failures' | null
}

/** Removes what `Retention` lets go, in one portion of a few ms. Never touches unfinished work. */
export interface Prune {
  readonly kind: 'prune'
  readonly from: Cursor | null
}

/**
 * Takes elements out of stored bytes: tombstones take their place; indices, ids and the hash of the received body stay.
 * Their dead letters, quarantine and work rows are removed too. A delivery is erased as asked, or not at all; durable
 * when this resolves.
 */
export interface Erase {
  readonly kind: 'erase'
  readonly erasures: readonly Erasure[]
}

/**
 * Takes an address, as `canonicalEmail` writes it, out of the errors of all dead letters and work rows, portion by
 * portion.
 */
export interface CutErrors {
  readonly kind: 'cut'
  readonly email: string
  readonly from: Cursor | null
}

/** Clears the store, portion by portion, of what was removed before: afterwards its bytes are nowhere in it. */
export interface Purge {
  readonly kind: 'purge'
  readonly from: Cursor | null
}

/**
 * Makes work rows of a replay, due at once, durable when it resolves. Rows of deliveries that are not stored, or have
 * not passed, are skipped. A delivery without its bytes gets back the elements that its dead letters have kept, as with
 * `revive`; without dead letters it is skipped.
 * @throws ERR_REPLAY_CANCELLED
 */
export interface Replay {
  readonly kind: 'replay'
  readonly mark: ReplayMark
  readonly rows: readonly ReplayRow[]
}

/**
 * Deletes work rows of a replay, at most `limit` at once; no rows or dead letters of this run are made from now on.
 * Calls of rows under claim go on, and are not repeated.
 */
export interface CancelReplay {
  readonly kind: 'cancel'
  readonly run: string
  readonly limit: number
}

/**
 * Deletes work rows of a handler that no owner has, at most `limit` at once, and counts their events as cancelled. No
 * new delivery belongs to the handler, and first passes under way leave no rows for it. With `dryRun` nothing is done,
 * and all rows are counted. Does nothing for a handler that an owner has.
 */
export interface EndWork {
  readonly kind: 'endWork'
  readonly handler: string
  readonly limit: number
  readonly dryRun: boolean
}

/** Elements of a delivery that a handler gets again, `first` to `last`, both inclusive. */
export interface ReplayRow extends Pick<NewWorkRow, 'handler' | 'first' | 'last'> {
  readonly seq: number
}

/** One portion of pruning. */
export interface Pruned {
  /** Bodies removed. */
  readonly bodies: number
  /** Deliveries removed whole: a repeat of one is stored as new. */
  readonly deliveries: number
  readonly deadLetters: number
  readonly quarantined: number
  /** Where the next portion goes on; null: this was the last. */
  readonly next: Cursor | null
  /** The store is above `Retention.maxBytes`, and no more bodies can go. */
  readonly over: boolean
  /** The shard whose turn it was, and that did not answer; its portion is passed over. */
  readonly missingShard?: number | undefined
}

/** The elements to take out of one delivery; null: all of its bytes. */
export interface Erasure {
  readonly seq: number
  readonly indices: readonly number[] | null
}

export interface Erased {
  /** Elements, or whole bodies, that were erased. */
  readonly erased: number
  /** Deliveries that are under claim: nothing was done to them. */
  readonly busy: readonly number[]
}

/** Rows of dead letters and of quarantine, by `id`. */
export interface RowIds {
  readonly dead: readonly number[]
  readonly quarantined: readonly number[]
}

/**
 * Where the next portion goes on; null: no row holds the address any more. While a
 * row under claim holds it, cutting begins anew.
 */
export type Cut = Cursor | null
