/** What a load process is told, and what it tells. Types only. */
import type { Spread } from '../harness/stats.ts'

export interface LoadPlan {
  readonly port: number
  readonly path: string
  /** Lines of the head beside those that every request has. */
  readonly headers: readonly string[]
  /** Posted by every connection, over and over. */
  readonly bodyFile: string
  readonly connections: number
  /** Ends after this time, or after so many posts, whichever comes first; what is under way is awaited. */
  readonly ms: number
  readonly posts: number
  /** The first number for the stamp: no two loads on one inbox share any. */
  readonly firstStamp: number
}

export interface LoadResult {
  /** Milliseconds of the system's monotonic clock, which all processes share. */
  readonly beganAt: number
  readonly endedAt: number
  /** Answers by status; 0: the connection broke first. */
  readonly statuses: Readonly<Record<string, number>>
  /** From the first byte of a request to the last of its answer, in ms, of answers of 200; null where there is none. */
  readonly latencyMs: Spread | null
  /** All of them where they are few. */
  readonly latencies: readonly number[]
}
