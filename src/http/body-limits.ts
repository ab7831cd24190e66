/** The bounds of a request body, and the ends that they make. */
import type { Allocate } from './gather.ts'

export interface BodyLimits {
  /** Largest body, on the wire and decoded, inclusive. */
  readonly maxBytes: number
  /** The whole body must have arrived after this time. */
  readonly bodyMs: number
  /** Below this rate, looked at every second from the fifth on, the sender is too slow. */
  readonly minBytesPerSecond: number
  /** Called with the size of each chunk; false refuses the rest for lack of room. */
  take(bytes: number): boolean
  /** Memory for a body of announced length; default: new. */
  readonly allocate?: Allocate | undefined
}

export interface Timing {
  now(): number
  after(ms: number, run: () => void): () => void
}

export type BodyFailure = 'body_too_large' | 'body_too_slow' | 'overloaded'
