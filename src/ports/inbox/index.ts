/**
 * The inbox as core sees it: small faces, each held by the part of core that needs it. Types only; instants are epoch
 * milliseconds.
 *
 * These promises hold for every inbox. What an embedded inbox promises beyond them (a `seq` without gaps, claims that
 * live as long as their process, memory that is given away) stands in `inboxes/memory` and `inboxes/sqlite`.
 */
import type { port } from '../../lib/symbols.ts'
import type { ClaimToken } from './claim-ref.ts'
import type { Claims, OrderKey } from './claims.ts'
import type { Copies } from './copies.ts'
import type { EventKeyStore } from './event-keys.ts'
import type { Intake } from './intake.ts'
import type { LookPort } from './look.ts'
import type { Memos } from './memos.ts'
import type { InboxOpened, InboxOpening } from './opening.ts'
import type { AnswerTo, Command } from './operations.ts'
import type { Ordering } from './ordering.ts'
import type { Records, StoredPause } from './records.ts'

export interface Inbox {
  readonly kind: string
  readonly [port]: InboxPort
}

/**
 * The durable store, and the only place where the two halves meet. Before `open` and after `close` every method that
 * returns a promise rejects with ERR_INBOX_CLOSED; a closed port can be opened again. An inbox may lack an optional
 * face: core then refuses the options that need it, and names the inbox.
 */
export interface InboxPort {
  /**
   * Opens and checks the store and carries renames (`formerly`) over to stored work.
   * @throws ERR_INBOX_OWNED, ERR_INBOX_FOREIGN, ERR_INBOX_VERSION, ERR_INBOX_MOUNT, ERR_INBOX_CORRUPT, ERR_INBOX_IO
   */
  open(opening: InboxOpening): Promise<InboxOpened>
  /** Finishes the calls under way, gives claims back and releases the store. Idempotent. */
  close(): Promise<void>
  /**
   * Called before `close`: calls that a store over a network has not answered in `ms` are given up. They reject with
   * ERR_INBOX_IO then, as do later calls, and `close` has nothing to wait for. Absent: the store always answers.
   */
  endWithin?(ms: number): void
  /** May be called before `open`; the listener stays over closing and opening again. */
  on(listener: InboxListener): void
  /** The path of the file that it is, known before `open`. Absent: it is no file. */
  readonly file?: string
  /** For the receive half. */
  readonly intake: Intake
  /** For the process half. */
  readonly claims: Claims
  /** For readers: counts, listings, searches. */
  readonly records: Records
  /** For operators: each `Command` says what is done when this resolves, and what it resolves with. */
  carryOut<C extends Command>(command: C): Promise<AnswerTo<C>>
  /** Absent: no handler may have `orderBy`. */
  readonly ordering?: Ordering
  /** Absent: no source may have `dedupeEvents`. */
  readonly eventKeys?: EventKeyStore
  /** Absent: the store cannot be copied, and the inbox makes no copies that could hold erased data. */
  readonly copies?: Copies
  /** Absent: the inbox keeps no counts by time, and passes make no tally. */
  readonly look?: LookPort
  /** Absent: each process keeps its memos for itself. */
  readonly memos?: Memos
  /** Whether it keeps `Settlement.trace`. */
  readonly traces?: boolean
  /** It has several logs: of two deliveries in different logs, `seq` does not say which came first. */
  readonly isManyLogs?: boolean
}

/** What an inbox tells by itself. Each is called outside of the call that caused it. */
export interface InboxListener {
  /**
   * There may be more to claim: after an accept, or a settlement with due rows. Or there will be: a claim that is asked
   * for while an accept is under way may take its delivery in the same transaction. May be called often.
   */
  work?(): void
  /** Rows of these keys were removed without a settlement: rows parked behind them may be woken. */
  freed?(keys: readonly OrderKey[]): void
  /** The whole list of paused handlers, after every change of it, by whichever process. */
  paused?(paused: readonly StoredPause[]): void
  /**
   * This process has lost these claims: others may have the deliveries. End their calls; nothing of these claims is
   * stored any more. Never called by an inbox whose claims live as long as the process.
   */
  lost?(tokens: readonly ClaimToken[]): void
}
