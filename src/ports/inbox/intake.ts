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
}

export interface Accepted {
  readonly status: 'accepted' | 'duplicate'
  readonly seq: number
  /** Nothing is left to do on it: its first pass has ended and no work row stands. */
  readonly settled: boolean
}
