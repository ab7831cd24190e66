/** How an inbox is opened, and what the opening returns. */
import type { Logger } from '../../types.ts'
import type { Clock } from '../clock.ts'
import type { OrderKey } from './claims.ts'
import type { StoredStats } from './records.ts'

export interface InboxOpening {
  /** The durable names this process works for, with the names they had before; empty when it only receives. */
  readonly handlers: ReadonlyArray<{
    readonly name: string
    readonly formerly: readonly string[]
    /** True: the handler has `orderBy`, and its rows keep their order keys. Otherwise its rows lose them. */
    readonly ordered?: boolean | undefined
  }>
  readonly logger: Logger
  readonly clock: Clock
  /**
   * `owner` accepts and claims. `control` reads and carries out commands beside running owners; it never accepts or
   * claims.
   */
  readonly role: 'owner' | 'control'
  /** What a repeat of a delivery does to its dead letters: count as a redelivery, or also make them work again. */
  readonly onRedelivery: 'record' | 'rearm'
  /** Absent: everything is kept. */
  readonly retention?: Retention | undefined
}

/**
 * How long finished things are kept, in ms; Infinity: for ever. A body: from its receipt, and while work or quarantine
 * of it is left. The row of a delivery, by which its repeats are recognised: as long as `keysMs` and the body, and
 * while a dead letter or quarantine of it stands. Dead letters and quarantine: from the moment they were made.
 */
export interface Retention {
  readonly bodiesMs: number
  readonly keysMs: number
  readonly deadLettersMs: number
  readonly quarantineMs: number
  /** Size of the store in bytes above which bodies go before their time, the oldest first. null: no limit. */
  readonly maxBytes: number | null
}

export interface InboxOpened {
  readonly stats: StoredStats
  /** The file, and whether this opening made it. Absent: the inbox is not a file. */
  readonly place?: { readonly path: string; readonly isMade: boolean } | undefined
  /** Handlers that no opening has named before, with the number of stored events that were settled without them. */
  readonly newHandlers: ReadonlyArray<{ readonly name: string; readonly settledWithout: number }>
  /**
   * Handlers that this process does not have and that have work rows, with the number of events in them, replays
   * included.
   */
  readonly left?: ReadonlyArray<{ readonly name: string; readonly events: number }> | undefined
  /** Handlers that this process does not have and that new deliveries belong to, since they were in use lately. */
  readonly absent?: readonly string[] | undefined
  /**
   * Order keys of stored rows, of the ordered handlers that this process runs. No row of them is woken before `wake`.
   */
  readonly storedKeys?: readonly OrderKey[] | undefined
}
