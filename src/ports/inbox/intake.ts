/** What the receive half hands to an inbox. */

/** A delivery before it is stored. */
export interface NewDelivery {
  readonly id: string
  readonly source: string
  readonly batchId: string | null
  /** 32 bytes. */
  readonly sha256: Uint8Array
  /** After the content coding. The inbox may keep this object; the caller does not change it any more. */
  readonly body: Uint8Array
  readonly receivedAt: number
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly credential: string | null
  readonly isTest: boolean
  readonly origin: 'wire' | 'backfill' | 'test'
  /** The content coding that could not be undone, so that `body` is the bytes of the wire; null normally. */
  readonly undecoded: string | null
  /** The W3C trace context it was received in, so that its handlers can be seen in the same trace; null: none. */
  readonly traceparent: string | null
}

/** The face that the receive half holds. */
export interface Intake {
  /**
   * Stores a delivery, or counts a repeat on the stored one: both durable when it resolves. Atomic with its dedupe,
   * which compares the full SHA-256 behind the id: two at once give one row, one `accepted` and one `duplicate`.
   * A rejection leaves it open whether the delivery is stored; a repeat is then absorbed. With `given` the memory behind
   * the body, all of it, is the inbox's: the caller may find nothing there any more.
   * @throws ERR_INBOX_CLOSED, ERR_INBOX_FULL, ERR_INBOX_IO, ERR_INBOX_CORRUPT
   */
  accept(delivery: NewDelivery, options?: AcceptOptions): Promise<Accepted>
  /** Memory for a body that is to be `given`, with anything in it. Absent: the inbox has none to use again. */
  allocate?(bytes: number): Uint8Array
  /** Notes, lazily and as far as possible, that the sender left before the answer. */
  noteSenderLeft(seq: number): void
  /** Bytes of bodies whose first pass has not ended, as last known: cheap, for the question whether to read a body. */
  backlogBytes(): number
  /** null while deliveries can be stored; otherwise the reason in one sentence. */
  trouble(): string | null
}

export interface AcceptOptions {
  /** The memory of the body is given away. Absent: it stays the caller's. */
  readonly given?: boolean
}

export interface Accepted {
  readonly status: 'accepted' | 'duplicate'
  readonly seq: number
  /** Nothing is left to do on it here: its first pass has ended and no work row of the handlers opened with stands. */
  readonly settled: boolean
}
