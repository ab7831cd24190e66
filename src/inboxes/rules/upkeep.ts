/** How often an open inbox does its upkeep, and the warning about `maxBytes`. */

/** How often it notes that its handlers are still in use, in ms. */
export const RENEW_MS = 3_600_000
/** How often it prunes by retention, in ms. */
export const PRUNE_MS = 300_000

/** Logged once, until the inbox is below `maxBytes` again. */
export const OVER_MAX: string =
  'the inbox is larger than retention.maxBytes: what is left is unfinished, in quarantine or too young to forget; see ' +
  'receiver.inbox.stats()'
