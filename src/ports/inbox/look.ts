/**
 * What an inbox keeps for readers: counts by time, last uses of credentials, actions of operators. Instants are epoch
 * ms.
 */

/**
 * Counts of one settlement: `words[i]` was counted `numbers[2 * i]` times, with values that sum up to `numbers[2 * i +
 * 1]`.
 */
export interface Tally {
  readonly words: readonly string[]
  readonly numbers: readonly number[]
  /** The first `received` words count at the receipt of the delivery, the others when it is settled. */
  readonly received: number
}

/** A count of requests: most requests store nothing in the inbox. */
export interface Observed {
  /** Counts in the minute of this instant. */
  readonly at: number
  /** Empty: none. */
  readonly source: string
  readonly word: string
  readonly n: number
  readonly sum: number
}

export type Step = 'minute' | 'hour' | 'day'

/** A stretch of time: `from` included, `to` not, both whole steps. */
export interface TallyWindow {
  readonly from: number
  readonly to: number
  readonly step: Step
}

export interface TallyRow {
  /** When the step begins. */
  readonly at: number
  readonly source: string
  readonly word: string
  readonly n: number
  readonly sum: number
}

/** The use of a credential by stored deliveries, repeats included. */
export interface LastUse {
  readonly source: string
  /** null: it has no label. */
  readonly credential: string | null
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
}

/** An action of an operator: a verb of the inbox that changed something. */
export interface NewAction {
  readonly at: number
  readonly who: string | null
  readonly verb: string
  /** The filter as JSON, without an address. */
  readonly filter: string
  readonly matched: number
  readonly queued: number
}

export interface StoredAction extends NewAction {
  readonly id: number
}

/**
 * Counts are committed with the settlement they belong to, except those of `observe`. They hold no address, and neither
 * erasing nor retention changes them. Minutes are kept for 48 hours, hours for 35 days, days (of UTC) for 400.
 */
export interface LookPort {
  /** In order of time, the whole window at once: ask for short windows. */
  tallies(window: TallyWindow): Promise<readonly TallyRow[]>
  seen(): Promise<readonly LastUse[]>
  /** Adds them to the counts, in one transaction, maybe with other writes; durable when it resolves. */
  observe(observed: readonly Observed[]): Promise<void>
  /** Durable when it resolves; the latest 1 000 are kept. */
  noteAction(action: NewAction): Promise<void>
  /** Newest first. */
  actions(limit: number): Promise<readonly StoredAction[]>
}
