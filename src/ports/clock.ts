/** Time, as core sees it. */
export interface Clock {
  now(): number
  /** Calls `run` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void
}
