/** What an inbox keeps for those who look: counts over time, last uses, what operators did. Instants are epoch ms. */

/** Counts of one settlement: `words[i]` has `numbers[2 * i]` of something, which sum up to `numbers[2 * i + 1]`. */
export interface Tally {
  readonly words: readonly string[]
  readonly numbers: readonly number[]
  /** So many of the words, the first, count at the receipt of the delivery, the others when it is settled. */
  readonly received: number
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

/** The use of a credential by stored deliveries, repeats too. */
export interface LastUse {
  readonly source: string
  /** null: it has no label. */
  readonly credential: string | null
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
}

/** What somebody did: a verb of the inbox that changed something. */
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
 * Counts are committed with what they count, and with nothing else; they name nobody, and neither erasing nor retention
 * changes them. Minutes are kept for 48 hours, hours for 35 days, days (of UTC) for 400.
 */
export interface LookPort {
  /** In order of time; all of a window at once, so windows are to be short. */
  tallies(window: TallyWindow): Promise<readonly TallyRow[]>
  seen(): Promise<readonly LastUse[]>
  /** Durable when it resolves; the latest 1 000 are kept. */
  noteAction(action: NewAction): Promise<void>
  /** Newest first. */
  actions(limit: number): Promise<readonly StoredAction[]>
}
