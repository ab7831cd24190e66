/** What the processes on one inbox remember together, beside deliveries: a text under each name. Types only. */

export interface Memo {
  readonly text: string
  /** Higher each time it is written. */
  readonly version: number
}

export interface Memos {
  /** null: none was written under this name. */
  read(name: string): Promise<Memo | null>
  /**
   * Stores the text in place of the one of this version, or of none for null. Durable when it resolves, with the version
   * that it has now; with null where another was written meanwhile: nothing is stored then. Of several processes that ask
   * at the same time one is told a version.
   */
  write(name: string, text: string, after: number | null): Promise<number | null>
  /** What time it is, to all of them alike; in epoch ms. Throws where the inbox is not open. */
  now(): number
}
