/** What readers ask an inbox for: counts, pages, and where one event stands. */
import type { NewDeadLetter, StoredDeadLetter, StoredDelivery, StoredQuarantine, WorkRow } from './rows.ts'

/** The face of whoever looks. */
export interface Records {
  stats(): Promise<StoredStats>
  /** The latest delivery of this id, with its bytes; null: there is none. */
  delivery(id: string): Promise<StoredDelivery | null>
  /** One delivery with its bytes, by its place in the log; null when it is not there, or its bytes are damaged. */
  read(seq: number): Promise<StoredDelivery | null>
  list<K extends keyof Listings>(kind: K, page: Page): Promise<readonly Listings[K][]>
  /**
   * Deliveries whose first pass has ended and that have their bytes, with the handlers they belong to; rows that filters
   * pass over do not count.
   */
  history(page: HistoryPage): Promise<readonly HistoryRow[]>
  /** null: there is no such delivery. */
  progress(deliveryId: string, index: number): Promise<EventProgress | null>
  /** Every handler an opening has ever named, with the last time one was known to be in use. */
  handlers(): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>>
}

/** What can be listed, page by page. */
export interface Listings {
  /** Summaries: `body` is empty. */
  readonly deliveries: StoredDelivery & { readonly bytes: number }
  readonly deadLetters: StoredDeadLetter
  readonly quarantine: StoredQuarantine
}

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
  /** Events whose dead letter or quarantine, or work of a handler that is gone, somebody dropped. */
  readonly cancelled: number
  /** Handlers that are not to work, by whose word, since when; durable. */
  readonly paused: readonly StoredPause[]
  /** Work rows of handlers that no opening has named for 24 h, by handler. */
  readonly orphaned: Readonly<Record<string, number>>
  /** Deliveries with work left that claims have passed over, since their source was not asked for, by source. */
  readonly orphanedSources: Readonly<Record<string, number>>
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
  /**
   * False: after failures another process tries an event from time to time, and this one none. The one whose handler was
   * paused by failures tries; when it is gone, one of the others. Absent: true.
   */
  readonly probe?: boolean | undefined
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
  /** Of deliveries: not those whose trace has none of these bytes. An inbox without traces passes over none. */
  readonly traced?: Uint8Array | undefined
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
