/** Memos that the processes on one inbox share: a text under each name. Types only. */

export interface Memo {
  readonly text: string
  /** Grows with each write. */
  readonly version: number
}

export interface Memos {
  /** null: no memo has this name. */
  read(name: string): Promise<Memo | null>
  /**
   * Replaces the memo of version `after`; null: writes the first one. Durable when it resolves with the new version.
   * Resolves with null, and stores nothing, where another version was written meanwhile: of several processes that
   * write at the same time, one gets a version.
   */
  write(name: string, text: string, after: number | null): Promise<number | null>
  /** The time, the same for all processes on the inbox, in epoch ms. Throws where the inbox is not open. */
  now(): number
}
