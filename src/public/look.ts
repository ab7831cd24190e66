/** What is told of the time past: counts, last uses, actions, and events found again. Types only, exported from `posthorn`. */
import type { AnyEvent } from '../types.ts'

/** Which counts; without a field those of the last 24 hours, by hour. */
export interface TallyFilter {
  /** Included; where it is in the middle of a step, the whole step counts. */
  readonly since?: Date
  /** Not included. Default: now. */
  readonly until?: Date
  /** Minutes are kept for 48 hours, hours for 35 days, days (of UTC) for 400. Default `hour`. */
  readonly step?: 'minute' | 'hour' | 'day'
  /** One that is configured, or that something is stored of. */
  readonly source?: string
  /** Words, or what is before their colon: `in`, `ev`, `ev:momentum.bounce/bounced`. Default: all. */
  readonly words?: readonly string[]
}

/** How often something happened in one step of time. docs/looking.md lists the words. */
export interface TallyCount {
  /** When the step begins. */
  readonly at: Date
  readonly source: string
  readonly word: string
  readonly count: number
  /** Of what the word measures, in bytes or ms; 0 where it measures nothing. */
  readonly sum: number
}

/** The use of a credential by deliveries that were stored, repeats too; since the inbox was made. */
export interface CredentialHistory {
  readonly source: string
  /** Label; null: one without. */
  readonly credential: string | null
  readonly firstUsedAt: Date
  readonly lastUsedAt: Date
  readonly count: number
}

/** A verb of the inbox that changed something. */
export interface InboxAction {
  readonly at: Date
  /** Whose hand it was, where the dashboard knows it; null: code, or the command line. */
  readonly who: string | null
  readonly verb: string
  /** Its filter, without an address. */
  readonly filter: Readonly<Record<string, unknown>>
  readonly matched: number
  readonly queued: number
}

/** How events are looked for by reading what is stored. */
export interface LookOptions {
  /** Ends it between two deliveries. */
  readonly signal?: AbortSignal
  /** Called for every delivery that was read. What it throws ends the look. */
  readonly onProgress?: (progress: LookProgress) => void
}

export interface EventOptions extends LookOptions {
  /**
   * Reads only hours in which, by the counts, something of the kind was received: of `source`, `name`, `type` and `effect`.
   * Passed over is what could not be read when it was received, and can now. Default false: everything in range is read.
   */
  readonly counted?: boolean
}

/** How a listing is looked through whose filter asks of its rows one by one: what matches nothing reads all of it. */
export interface ListOptions {
  /** Ends it between two pages of rows. */
  readonly signal?: AbortSignal
  /** Called for every page that was read. What it throws ends the listing. */
  readonly onProgress?: (progress: ListProgress) => void
}

export interface ListProgress {
  /** Rows looked at so far. */
  readonly rows: number
  /** Those of them that were meant. */
  readonly found: number
  /** The last row that was looked at: a listing that was ended goes on with it as `after`. */
  readonly place: string
}

export interface LookProgress {
  /** Read so far. */
  readonly deliveries: number
  /** The last of them: a look that was ended goes on with it as `before`. */
  readonly deliveryId: string
  /** Events found so far. */
  readonly found: number
  /** When the last of the deliveries was received: they come newest first. */
  readonly reachedAt: Date
}

/** Where to look for a message or a person. */
export interface LookFilter {
  /**
   * The same in words, and more, as `events` takes it: `'type:bounced since:6h'` (docs/filters.md).
   * @throws FilterError with the place in the text
   */
  readonly filter?: string
  /** Included, of the receipt. Default: all that is stored. */
  readonly since?: Date
  /** Not included. */
  readonly until?: Date
  readonly source?: string
  /** Only what comes behind this delivery or event: where a look that was ended goes on. */
  readonly after?: string
}

/** What is known of one message. */
export interface MessageHistory {
  readonly messageId: string
  /** In the order in which they happened. */
  readonly events: readonly AnyEvent[]
}
