/** What the receive half hands to an inbox. */

/** A delivery before it is stored. */
export interface NewDelivery {
  readonly id: string
  readonly source: string
  readonly batchId: string | null
  /** 32 bytes. */
  readonly sha256: Uint8Array
  /**
   * The body with its content coding undone. The inbox may keep this object; the caller does not change it any more.
   */
  readonly body: Uint8Array
  readonly receivedAt: number
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly credential: string | null
  readonly isTest: boolean
  readonly origin: 'wire' | 'backfill' | 'test'
  /** The content coding that could not be undone: `body` is then the bytes as sent. Normally null. */
  readonly undecoded: string | null
  /** The W3C trace context of its request, for spans of its handlers in the same trace; null: none. */
  readonly traceparent: string | null
}

/** The face that the receive half holds. */
export interface Intake {
  /**
   * Stores a delivery, or counts a repeat on the stored one: both durable when it resolves. Atomic with its dedupe,
   * which compares the full SHA-256 behind the id: two equal deliveries at once give one row, one `accepted`, one
   * `duplicate`. After a rejection the delivery may be stored or not; if it is, a repeat is a `duplicate`. With `given`
   * the inbox owns all the memory behind the body: the caller reads it no more.
   * @throws ERR_INBOX_CLOSED, ERR_INBOX_FULL, ERR_INBOX_IO, ERR_INBOX_CORRUPT
   */
  accept(delivery: NewDelivery, options?: AcceptOptions): Promise<Accepted>
  /** Memory for a body that will be `given`; its content is undefined. Absent: the inbox has no memory to reuse. */
  allocate?(bytes: number): Uint8Array
  /** Notes that the sender left before the answer; the note may be late, or lost. */
  noteSenderLeft(seq: number): void
  /** Bytes of bodies whose first pass has not ended, as last known: cheap, read before each body is. */
  backlogBytes(): number
  /** null while deliveries can be stored; otherwise the reason in one sentence. */
  trouble(): string | null
}

export interface AcceptOptions {
  /** The inbox gets the memory of the body. Absent: the caller keeps it. */
  readonly given?: boolean
}

export interface Accepted {
  readonly status: 'accepted' | 'duplicate'
  readonly seq: number
  /** The delivery is done: its first pass has ended, and no work row of the handlers of this opening is left. */
  readonly isDone: boolean
}
