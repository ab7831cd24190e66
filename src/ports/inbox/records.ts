/** What readers ask an inbox for: counts, pages, and where one event stands. */
import type { NewDeadLetter, StoredDelivery, WorkRow } from './rows.ts'

export interface StoredStats {
  /** Deliveries with work left: never claimed, under way, or waiting for a retry. */
  readonly pending: number
  /** Bodies of deliveries whose first pass has not ended. */
  readonly pendingBytes: number
  /** Deliveries that wait for replays alone left out. */
  readonly oldestPendingAt: number | null
  readonly deadLetters: number
  readonly quarantined: number
  readonly unhandled: Readonly<Record<string, number>>
  /** Events whose dead letter or quarantine somebody dropped. */
  readonly cancelled: number
  /** Handlers that are not to work, by whose word, since when; durable. */
  readonly paused: readonly StoredPause[]
  /** Work rows of handlers that no opening has named for 24 h, by handler. */
  readonly orphaned: Readonly<Record<string, number>>
  /** Events that were absorbed as copies of others, by source. */
  readonly duplicateEvents: Readonly<Record<string, number>>
  /** Dead letters and quarantine whose time was over. */
  readonly expired: number
  /** Elements that `erase` took out of stored bytes. */
  readonly erased: number
  /** Events in the work rows of replays, once for each handler, by run. */
  readonly replays: Readonly<Record<string, number>>
}

export interface StoredPause {
  readonly handler: string
  readonly by: 'hand' | 'failures'
  readonly since: number
}

/**
 * One page, newest first; `before` is the id (seq for deliveries) of the last row of the page before. `since` is
 * included, `until` is not; filters that a listing has no field for do not apply.
 */
export interface Page {
  readonly before: number | null
  readonly limit: number
  readonly source?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly handler?: string | undefined
  /** Only rows of this delivery (its id), and of this element of it. */
  readonly deliveryId?: string | undefined
  readonly index?: number | undefined
  /** Only what died in this replay. */
  readonly run?: string | undefined
}

/** One page of deliveries whose first pass has ended, oldest first: those with a `seq` above `after`. */
export interface HistoryPage extends Pick<Page, 'limit' | 'source' | 'since' | 'until' | 'deliveryId'> {
  readonly after: number
}

export interface HistoryRow extends Pick<StoredDelivery, 'seq' | 'id' | 'source' | 'receivedAt' | 'events'> {
  /** Those it belongs to. */
  readonly handlers: readonly string[]
}

/** What is known of the work on one event, all of one moment. */
export interface EventProgress {
  /** The first pass over its delivery has ended. */
  readonly passed: boolean
  /** Those its delivery belongs to; empty before its first claim. */
  readonly handlers: readonly string[]
  /** Work rows over it, due or not, under claim or not. */
  readonly rows: readonly WorkRow[]
  readonly dead: ReadonlyArray<Pick<NewDeadLetter, 'handler' | 'attempts'>>
  /** Whether it is in quarantine: by itself, or with a row that stands for its whole delivery. */
  readonly quarantined: 'element' | 'delivery' | null
}
