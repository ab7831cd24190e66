/** What core asks of a source that answers its sender by itself, where the answer is what the sender came for. */
import type { Headers } from '../http/headers.ts'

export interface Responder {
  /** How long the sender is let wait for its answer, in ms. */
  readonly timeoutMs: number
  /** How many requests are worked on at once; more wait, within their time. */
  readonly concurrency: number
  /** JSON text that is the answer, with 200, where there is no other; null: the failure is told. */
  readonly fallback: string | null
  /** Answers one request. Rejects with whatever the code of the user threw. */
  respond(asked: Asked, tools: CallTools): Promise<Responded>
  /** The body of the delivery that keeps what was asked and answered: JSON, bounded. Never throws. */
  record(asked: Asked, outcome: Outcome): Uint8Array
}

/** A request that was let in, with its body, without its credentials. */
export interface Asked {
  /** Unique. */
  readonly id: string
  readonly source: string
  readonly method: string
  /** In the order of the address, decoded. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
  /** Names in lower case; values as text. */
  readonly headers: Headers
  readonly body: Uint8Array
  /** The content coding of the body that could not be undone; null normally. */
  readonly undecoded: string | null
}

export interface CallTools {
  /** Fires when the sender has gone, and when its time is over. */
  readonly signal: AbortSignal
  readonly kept: KeptByKey
  /** For operators: that an answer may be read otherwise than it was meant; a line a minute for each `kind`. */
  doubt(kind: string, message: string): void
}

/** What a source keeps in the inbox under keys of its own. */
export interface KeptByKey {
  /**
   * Durable when it resolves. False: the same body was kept under the key before.
   * @throws ERR_INBOX_CLOSED, ERR_INBOX_FULL, ERR_INBOX_IO, ERR_INBOX_CORRUPT
   */
  put(key: string, body: Uint8Array): Promise<boolean>
  /** The body that was kept last; null where there is none, or its bytes are gone. */
  get(key: string): Promise<Uint8Array | null>
}

export type Responded =
  /** JSON text. */
  | { readonly answer: string }
  /** What came cannot be answered: 400 with `details`, which repeat nothing of it. */
  | { readonly refused: 'invalid_params' | 'broken_body'; readonly details: object }

/** How a request ended. */
export interface Outcome {
  readonly status: number
  /** What the sender got. */
  readonly body: string
  /** The code of a failure, also of one in whose place the fallback went out; null: there was none. */
  readonly failure: string | null
  readonly tookMs: number
}
