/**
 * The inbox as core sees it: five small faces, each held by who needs it. Types only; instants are epoch milliseconds.
 *
 * What holds for every inbox stands here. What an embedded inbox promises beyond that (a `seq` without gaps, claims that
 * live as long as their process, memory that is given away) stands with it, in `inboxes/memory` and `inboxes/sqlite`.
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
 * The durable store, and the only place where the two halves meet.
 * Outside of open and close every method that answers rejects with ERR_INBOX_CLOSED; a closed port can be opened again.
 * The optional faces are what an inbox may decline: core then refuses the options that need them, with the name of the
 * inbox.
 */
export interface InboxPort {
  /**
   * Opens and checks the store and carries renames (`formerly`) over to stored work.
   * @throws ERR_INBOX_OWNED, ERR_INBOX_FOREIGN, ERR_INBOX_VERSION, ERR_INBOX_MOUNT, ERR_INBOX_CORRUPT, ERR_INBOX_IO
   */
  open(opening: InboxOpening): Promise<InboxOpened>
  /** Finishes what was handed in, gives claims back and lets go of the store. Idempotent. */
  close(): Promise<void>
  /**
   * It is to be closed: what a store over a network has not answered so many ms from now is given up. It rejects with
   * ERR_INBOX_IO then, as does what is asked later, and `close` has nothing to wait for. An inbox without it always answers.
   */
  endWithin?(ms: number): void
  /** May be called before `open`; the listener stays over closing and opening again. */
  on(listener: InboxListener): void
  /** Of the receive half. */
  readonly intake: Intake
  /** Of the process half. */
  readonly claims: Claims
  /** Of whoever looks. */
  readonly records: Records
  /** Of operators: see each `Command` for what is done when it resolves, and with what. */
  carryOut<C extends Command>(command: C): Promise<AnswerTo<C>>
  /** Without it no handler has `orderBy`. */
  readonly ordering?: Ordering
  /** Without it no source has `dedupeEvents`. */
  readonly eventKeys?: EventKeyStore
  /** Without it there is nothing that could be copied, and no copy that could hold what was erased. */
  readonly copies?: Copies
  /** Without it nothing is counted by time, and no tally of a settlement is given a thought. */
  readonly look?: LookPort
  /** Without it a process remembers for itself what it has told whom. */
  readonly memos?: Memos
  /** It keeps the traces of settlements. */
  readonly traces?: boolean
}

/** What an inbox tells without being asked. Each is called outside of the call that caused it. */
export interface InboxListener {
  /**
   * Something may be claimable that was not: an accept, a settlement with due rows. Or it will be: a claim that is asked
   * for while an accept is on its way may take what it stores, in the same transaction. May be called often.
   */
  work?(): void
  /** Rows of these keys were removed without a settlement: what was parked behind them may be woken. */
  freed?(keys: readonly OrderKey[]): void
  /** The whole list of paused handlers, after every change of it, wherever it was asked for. */
  paused?(paused: readonly StoredPause[]): void
  /**
   * These claims are no longer this process's: others may have them. Their calls are to end, and what comes of them is
   * not stored. Never called by an inbox whose claims live as long as the process.
   */
  lost?(tokens: readonly ClaimToken[]): void
}
