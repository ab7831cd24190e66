/** The inbox as core sees it. Types only; instants are epoch milliseconds. */
import type { port } from '../../lib/symbols.ts'
import type { Claim, ClaimRequest, NotedCall, OrderKey, Settlement } from './claims.ts'
import type { Accepted, NewDelivery } from './intake.ts'
import type { InboxOpened, InboxOpening } from './opening.ts'
import type { Erased, Erasure, Pruned, ReplayRow, RowIds } from './operations.ts'
import type { EventProgress, HistoryPage, HistoryRow, Page, StoredPause, StoredStats } from './records.ts'
import type { ReplayMark, StoredDeadLetter, StoredDelivery, StoredQuarantine } from './rows.ts'

export interface Inbox {
  readonly kind: string
  readonly [port]: InboxPort
}

/**
 * The durable store, and the only place where the two halves meet.
 * Claims live as long as the process (embedded inboxes); a new owner finds what was claimed as never claimed.
 * Outside of open and close every method that answers rejects with ERR_INBOX_CLOSED; a closed port can be opened again.
 */
export interface InboxPort {
  /**
   * Opens and checks the store, becomes its owner and carries renames (`formerly`) over to stored work.
   * @throws ERR_INBOX_OWNED, ERR_INBOX_FOREIGN, ERR_INBOX_VERSION, ERR_INBOX_CORRUPT, ERR_INBOX_IO
   */
  open(opening: InboxOpening): Promise<InboxOpened>
  /**
   * Stores a delivery, or counts a repeat on the stored one: both durable when it resolves. Atomic with its dedupe,
   * which compares the full SHA-256 behind the id: two at once give one row, one `accepted` and one `duplicate`.
   * A rejection leaves it open whether the delivery is stored; a repeat is then absorbed. With `given` the memory behind
   * the body, all of it, is the inbox's: it may hand it to another thread or let it go, so that the caller finds nothing
   * there any more.
   * @throws ERR_INBOX_CLOSED, ERR_INBOX_FULL, ERR_INBOX_IO, ERR_INBOX_CORRUPT
   */
  accept(delivery: NewDelivery, given?: boolean): Promise<Accepted>
  /** Memory for a body that is to be `given`, with anything in it. Absent: the inbox has none to use again. */
  allocate?(bytes: number): Uint8Array
  /** Notes, lazily and as far as possible, that the sender left before the answer. */
  noteSenderLeft(seq: number): void
  /**
   * Hands out due work rows and never-claimed deliveries in turn, each delivery in at most one claim at a time; the
   * rows of one delivery come together. New deliveries come in order of `seq`, and their set of handlers is recorded
   * durably before this resolves. At least one claim is given when there is one, whatever its size. `nextDueAt` is later than now: when the next row of the asked handlers falls due, held or not.
   * `unread`: the `ordered` handlers that have rows whose key is not known, beyond those under claim now.
   * `more`: false where all that could be claimed is given; an inbox that does not know leaves it out.
   */
  claim(request: ClaimRequest): Promise<{
    readonly claims: readonly Claim[]
    readonly nextDueAt: number | null
    readonly unread?: readonly string[] | undefined
    readonly more?: boolean | undefined
  }>
  /**
   * Before careful calls: durable when it resolves. It stands until the delivery is settled or another note takes its
   * place; each call of the one that stands when the process dies is counted in `Claim.deaths`, once.
   */
  note(seq: number, calls: readonly NotedCall[]): Promise<void>
  /**
   * Commits all of it in one transaction. Rejects only when the store is lost; the claim is then still held, and the
   * same settlement can be handed in again: what was carried out after all is not carried out twice.
   * Rows and dead letters of a replay that was cancelled are not made.
   * From then on nobody reads the body that came with the claim: its memory may be used again, or be gone.
   * Resolves with the id of an earlier delivery of the same source that had the same batch id and other bytes; test
   * traffic is never in conflict.
   * @throws ERR_OPTION when the delivery is not claimed
   */
  settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }>
  /**
   * Makes the first rows of each key due now, at most so many of each, where the very first is parked: those of its
   * first delivery alone, since another may be under claim for other work. Resolves with
   * the keys that have rows at all. An inbox without it takes no handlers with an order.
   */
  wake?(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]>
  /** Called with the keys of rows that were removed without a settlement: what was parked behind them may be woken. */
  onFreed?(listener: (keys: readonly OrderKey[]) => void): void
  /**
   * The delivery that each key was kept for, by `seq`, 0 for none, in the order of the request, which is two numbers for
   * each key. An inbox without it takes no sources that dedupe events.
   */
  owners?(windowMs: number, keys: Float64Array): Promise<readonly number[]>
  /** Gives claims back unfinished, as if never claimed. */
  release(seqs: readonly number[]): void
  /**
   * Called, possibly often, when something new may be claimable: an accept, a settlement with due rows. Or when it will
   * be: a claim that is asked for while an accept is on its way may take what it stores, in the same transaction.
   */
  onWork(listener: () => void): void
  stats(): Promise<StoredStats>
  /** Summaries: `body` is empty. */
  deliveries(page: Page): Promise<readonly (StoredDelivery & { readonly bytes: number })[]>
  delivery(id: string): Promise<StoredDelivery | null>
  deadLetters(page: Page): Promise<readonly StoredDeadLetter[]>
  quarantine(page: Page): Promise<readonly StoredQuarantine[]>
  /**
   * Makes work again of dead letters (a row for their handler) and of quarantine (rows for every handler the delivery
   * belongs to; over all its elements where it was quarantined whole), with no attempts spent and due at once; their
   * rows are gone when it resolves. Resolves with the number of rows found; ids that are gone already are passed over.
   */
  revive(ids: RowIds): Promise<number>
  /** Gives up dead letters and quarantine: gone when it resolves, counted as cancelled. Resolves with the number found. */
  drop(ids: RowIds): Promise<number>
  /** Pauses a handler durably, or resumes it (null); the owner's listeners of `onPause` are told, wherever it was asked. */
  pause(handler: string, by: 'hand' | 'failures' | null): Promise<void>
  /** Called with the whole list after every change of it. */
  onPause(listener: (paused: readonly StoredPause[]) => void): void
  /** One delivery with its bytes, by its place in the log; null when it is not there, or its bytes are damaged. */
  read(seq: number): Promise<StoredDelivery | null>
  /**
   * Lets go of what the retention of the owner says, one portion of a few ms; 0 begins. Unfinished work is never touched.
   */
  prune(at: number): Promise<Pruned>
  /**
   * Takes elements out of stored bytes; tombstones take their place, and indices, ids and the hash of what was received
   * stay. With them go their dead letters, their quarantine and their work rows. All of it, or nothing, is done to a
   * delivery; what is done is durable when this resolves.
   */
  erase(erasures: readonly Erasure[]): Promise<Erased>
  /**
   * Sees to it, portion by portion, that what was removed cannot be found in the store's files either; 0 begins. Resolves
   * with where to go on, null when it is so for everything that was removed before the first portion.
   */
  purge(at: number): Promise<number | null>
  /** Deliveries whose first pass has ended and that have their bytes, with the handlers they belong to; rows that filters pass over do not count. */
  history(page: HistoryPage): Promise<readonly HistoryRow[]>
  /** null: there is no such delivery. */
  progress(deliveryId: string, index: number): Promise<EventProgress | null>
  /** Every handler an opening has ever named, with the last time one was known to be in use. */
  handlers(): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>>
  /**
   * Makes work of a replay, due at once, all of it durable when it resolves; rows of deliveries that are not stored,
   * or whose first pass has not ended, are passed over. One that has lost its bytes gets the elements back that its dead
   * letters have kept, as with `revive`; without any it is passed over. Resolves with the number of rows made.
   * @throws ERR_REPLAY_CANCELLED
   */
  replay(mark: ReplayMark, rows: readonly ReplayRow[]): Promise<number>
  /**
   * Takes back work of a replay, at most so many rows at once; neither work nor dead letters are made of it any more.
   * What is under claim is finished, and not repeated. Resolves with the number of events in the rows taken, 0 when none are left.
   */
  cancel(run: string, limit: number): Promise<number>
  /** Bytes of bodies whose first pass has not ended, as last known: cheap, for the question whether to read a body. */
  backlogBytes(): number
  /** null while deliveries can be stored; otherwise the reason in one sentence. */
  trouble(): string | null
  /** Finishes what was handed in, closes files and threads, gives up ownership. Idempotent. */
  close(): Promise<void>
}
