import type { Claim, Settlement } from './inbox/claims.ts'
import type { SourcePort } from './provider.ts'

/** What `posthorn/testing` needs of a receiver: to post as a sender does, and to see what became of it. */
export interface TestDoor {
  source(name: string): SourcePort | undefined
  /** Calls `tell` after each settlement, until the returned function is called. */
  watch(tell: (claim: Claim, settlement: Settlement) => void): () => void
}
