/** What operators have an inbox do to what is stored. */
import type { NewWorkRow, ReplayMark } from './rows.ts'

/** What operators ask for, each with what is done when it resolves. */
export type Command = Revive | Drop | PauseHandler | Prune | Erase | CutErrors | Purge | Replay | CancelReplay | EndWork

/** What each command is answered with. */
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
  /** Where the next portion goes on; null when it is so for everything that was removed before the first portion. */
  purge: Cursor | null
  /** The number of rows made. */
  replay: number
  /** The number of events in the rows taken, 0 when none are left. */
  cancel: number
  /** The number of events in the rows ended, 0 when none are left. */
  endWork: number
}

export type AnswerTo<C extends Command> = CommandAnswers[C['kind']]

/** How far a command that is carried out in portions has come. Only the inbox that made it knows what is in it; null begins. */
export type Cursor = number | string

/**
 * Makes work again of dead letters (a row for their handler) and of quarantine (rows for every handler the delivery
 * belongs to; over all its elements where it was quarantined whole), with no attempts spent and due at once; their
 * rows are gone when it resolves.
 */
export interface Revive {
  readonly kind: 'revive'
  readonly ids: RowIds
}

/** Gives up dead letters and quarantine: gone when it resolves, counted as cancelled. */
export interface Drop {
  readonly kind: 'drop'
  readonly ids: RowIds
}

/** Pauses a handler durably, or resumes it (null); every owner's listeners are told, wherever it was asked. */
export interface PauseHandler {
  readonly kind: 'pause'
  readonly handler: string
  readonly by: 'hand' | 'failures' | null
}

/** Lets go of what retention says, one portion of a few ms. Unfinished work is never touched. */
export interface Prune {
  readonly kind: 'prune'
  readonly from: Cursor | null
}

/**
 * Takes elements out of stored bytes; tombstones take their place, and indices, ids and the hash of what was received
 * stay. With them go their dead letters, their quarantine and their work rows. All of it, or nothing, is done to a
 * delivery; what is done is durable when this resolves.
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

/** Sees to it, portion by portion, that what was removed cannot be found anywhere in the store either. */
export interface Purge {
  readonly kind: 'purge'
  readonly from: Cursor | null
}

/**
 * Makes work of a replay, due at once, all of it durable when it resolves; rows of deliveries that are not stored,
 * or whose first pass has not ended, are passed over. One that has lost its bytes gets the elements back that its dead
 * letters have kept, as with `revive`; without any it is passed over. Fails with ERR_REPLAY_CANCELLED.
 */
export interface Replay {
  readonly kind: 'replay'
  readonly mark: ReplayMark
  readonly rows: readonly ReplayRow[]
}

/**
 * Takes back work of a replay, at most so many rows at once; neither work nor dead letters are made of it any more.
 * What is under claim is finished, and not repeated.
 */
export interface CancelReplay {
  readonly kind: 'cancel'
  readonly run: string
  readonly limit: number
}

/**
 * Gives up work that waits for a handler that no owner has, at most so many rows at once, and owes it nothing new, of
 * first passes under way neither: counted as cancelled. With `dryRun` nothing is done, and all rows are counted. Nothing
 * happens to a handler that an owner has.
 */
export interface EndWork {
  readonly kind: 'endWork'
  readonly handler: string
  readonly limit: number
  readonly dryRun: boolean
}

/** Elements of a delivery that a handler is to get again; both inclusive. */
export interface ReplayRow extends Pick<NewWorkRow, 'handler' | 'first' | 'last'> {
  readonly seq: number
}

/** One portion of pruning. */
export interface Pruned {
  /** Bodies that were taken. */
  readonly bodies: number
  /** Rows of deliveries that were removed: a repeat of them would be new. */
  readonly deliveries: number
  readonly deadLetters: number
  readonly quarantined: number
  /** Where the next portion goes on; null: this was the last. */
  readonly next: Cursor | null
  /** The store is above its `maxBytes`, and nothing more can go. */
  readonly over: boolean
}

/** What is to be taken out of one delivery: these elements, or all of its bytes. */
export interface Erasure {
  readonly seq: number
  readonly indices: readonly number[] | null
}

export interface Erased {
  /** Elements, or whole bodies, that were there and are gone. */
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
 * Where cutting goes on; null when no row holds the address any more. Rows that are being worked on are waited for in
 * that way.
 */
export type Cut = Cursor | null
