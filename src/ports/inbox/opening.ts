/** How an inbox is opened, and what it says of itself then. */
import type { Logger } from '../../types.ts'
import type { Clock } from '../clock.ts'
import type { OrderKey } from './claims.ts'
import type { StoredStats } from './records.ts'

export interface InboxOpening {
  /** The durable names this process works for, with the names they had before; empty when it only receives. */
  readonly handlers: ReadonlyArray<{
    readonly name: string
    readonly formerly: readonly string[]
    /** Its rows keep their order keys; where they have some from before and this is not true, they lose them. */
    readonly ordered?: boolean | undefined
  }>
  readonly logger: Logger
  readonly clock: Clock
  /**
   * `owner` accepts and claims. `control` looks and carries out commands beside running owners: it never claims or
   * accepts.
   */
  readonly role: 'owner' | 'control'
  /** A repeat of a delivery with dead letters: only recorded on them, or also makes them work again. */
  readonly onRedelivery: 'record' | 'rearm'
  /** Absent: everything is kept. */
  readonly retention?: Retention | undefined
}

/**
 * How long what is finished is kept, in ms, Infinity for ever: bodies from their receipt, unless work, or quarantine, is
 * left; the rows that repeats are told by as long as `keysMs` and the body, and while a dead letter or quarantine stands;
 * dead letters and quarantine from the moment they were made.
 */
export interface Retention {
  readonly bodiesMs: number
  readonly keysMs: number
  readonly deadLettersMs: number
  readonly quarantineMs: number
  /** Above it, bodies go before their time, the oldest first; in bytes of the store. null: no limit. */
  readonly maxBytes: number | null
}

export interface InboxOpened {
  readonly stats: StoredStats
  /** Where it is stored, and whether it was made by this opening. Absent: in no file. */
  readonly place?: { readonly path: string; readonly isMade: boolean } | undefined
  /** Handlers never seen before, with the number of stored events that were settled without them. */
  readonly newHandlers: ReadonlyArray<{ readonly name: string; readonly settledWithout: number }>
  /** Names that are not opened with and have work, with the number of its events; replays count too. */
  readonly left?: ReadonlyArray<{ readonly name: string; readonly events: number }> | undefined
  /** Names that are not opened with and that what is claimed for the first time now belongs to: they were in use lately. */
  readonly absent?: readonly string[] | undefined
  /** Order keys that rows are stored under, of the ordered handlers opened with. Nothing is woken before `wake`. */
  readonly held?: readonly OrderKey[] | undefined
}
