/** What readers get from an inbox: counts, pages of rows, the state of one event. */
import type { NewDeadLetter, StoredDeadLetter, StoredDelivery, StoredQuarantine, WorkRow } from './rows.ts'

/** The face for readers. */
export interface Records {
  stats(): Promise<StoredStats>
  /** The latest delivery with this id, with its body; null: there is none. */
  delivery(id: string): Promise<StoredDelivery | null>
  /** One delivery with its body; null: there is none, or its bytes are damaged. */
  read(seq: number): Promise<StoredDelivery | null>
  list<K extends keyof Listings>(kind: K, page: Page): Promise<readonly Listings[K][]>
  /**
   * Passed deliveries that have their bytes, with the handlers they belong to; `limit` counts only rows that the
   * filters match.
   */
  history(page: HistoryPage): Promise<readonly HistoryRow[]>
  /** null: there is no such delivery. */
  progress(deliveryId: string, index: number): Promise<EventProgress | null>
  /** Every handler that an opening has ever named, with the last time it was in use. */
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
  /** Without deliveries whose only work is replays. */
  readonly oldestPendingAt: number | null
  readonly deadLetters: number
  readonly quarantined: number
  readonly unhandled: Readonly<Record<string, number>>
  /** Events that an operator gave up: dead letters and quarantine dropped, and work of handlers that no owner has. */
  readonly cancelled: number
  /** The paused handlers; durable. */
  readonly paused: readonly StoredPause[]
  /** Work rows of handlers that were not in use for 24 h, by handler. */
  readonly orphaned: Readonly<Record<string, number>>
  /** By source, deliveries with work left that claims have skipped, since their process does not have the source. */
  readonly orphanedSources: Readonly<Record<string, number>>
  /** Events that were absorbed as copies of others, by source. */
  readonly duplicateEvents: Readonly<Record<string, number>>
  /** Dead letters and quarantine that retention removed. */
  readonly expired: number
  /** Elements that `erase` took out of stored bytes. */
  readonly erased: number
  /** Events in the work rows of replays, once for each handler, by run. */
  readonly replays: Readonly<Record<string, number>>
  /** Shards that have not answered and are missing in the counts. Absent: none is missing. */
  readonly missingShards?: readonly number[] | undefined
}

export interface StoredPause {
  readonly handler: string
  readonly by: 'hand' | 'failures'
  readonly since: number
  /**
   * Whether this process calls the handler for one event from time to time, to see whether it works again. False:
   * another process does, normally the one whose failures paused it; when it is gone, one of the others. Absent: true.
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
  /** Of deliveries: leaves out those whose trace has none of these bytes. An inbox without traces leaves out none. */
  readonly traced?: Uint8Array | undefined
  /** Only dead letters of this replay. */
  readonly run?: string | undefined
  /**
   * Of deliveries, with `since` or `until`: true lets the inbox begin the list at deliveries of a day after `until`,
   * and end it at the first delivery of a day before `since`. Times follow the order of the log unless a clock was set,
   * so a few deliveries may be missing: good enough to show, not to act on.
   */
  readonly isLook?: boolean | undefined
  /** Once it is aborted, the page ends with the rows that it has by then: no caller waits for it. */
  readonly signal?: AbortSignal | undefined
  /** True where every row is needed: an inbox of several shards rejects when one of them does not answer. */
  readonly isWhole?: boolean | undefined
  /**
   * The shards that a walk goes without, by their places: one that does not answer is added, and is not asked again for the
   * pages that follow. So a shard that comes back in the middle is not gone through in part.
   */
  readonly missing?: Set<number> | undefined
}

/** One page of deliveries whose first pass has ended, oldest first: those with a `seq` above `after`. */
export interface HistoryPage extends Pick<Page, 'limit' | 'source' | 'since' | 'until' | 'deliveryId' | 'missing'> {
  readonly after: number
}

export interface HistoryRow extends Pick<StoredDelivery, 'seq' | 'id' | 'source' | 'receivedAt' | 'events'> {
  /** The handlers that the delivery belongs to. */
  readonly handlers: readonly string[]
}

/** The state of the work on one event, all read at one moment. */
export interface EventProgress {
  /** The first pass over its delivery has ended. */
  readonly passed: boolean
  /** The handlers that its delivery belongs to; empty before its first claim. */
  readonly handlers: readonly string[]
  /** Work rows over it, due or not, under claim or not. */
  readonly rows: readonly WorkRow[]
  readonly dead: ReadonlyArray<Pick<NewDeadLetter, 'handler' | 'attempts'>>
  /** Its own row of quarantine, or one for its whole delivery; null: neither. */
  readonly quarantined: 'element' | 'delivery' | null
}
