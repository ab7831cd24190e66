/** What the clients of pull APIs have in common: events of a time, page by page, in the shape of the webhook. */

export interface PullOptions {
  readonly since: Date
  /** Default: now. */
  readonly until?: Date
}

export interface PullPage {
  /** Elements as a webhook's body has them: a receiver's `inject` takes them. */
  readonly events: readonly object[]
  /** How many there are in all pages; null where the sender does not say. */
  readonly total: number | null
}

export interface PullClient {
  /** By how much the sender's days or minutes may be off from UTC: so much more is asked for on both sides. */
  readonly marginMs: number
  /** Ends when there is no further page. @throws ApiError */
  pages(options: PullOptions & { readonly signal?: AbortSignal }): AsyncGenerator<PullPage>
}
