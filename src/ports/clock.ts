/** Time, as core sees it. */
export interface Clock {
  /** The wall clock, in epoch ms: somebody may set it on or back at any moment. */
  now(): number
  /** A clock that nobody sets, in ms since any start: for what is measured, not told. */
  steady(): number
  /** Calls `run` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void
}
