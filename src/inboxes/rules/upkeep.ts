/** What an open inbox does from time to time, and what it says of that. */

/** How often it notes that its handlers are still in use, in ms. */
export const RENEW_MS = 3_600_000
/** How often it looks for what is old, in ms. */
export const PRUNE_MS = 300_000

/** Said once, until it is below `maxBytes` again. */
export const OVER_MAX: string =
  'the inbox is larger than retention.maxBytes: what is left is unfinished, in quarantine or too young to forget; see ' +
  'receiver.inbox.stats()'
