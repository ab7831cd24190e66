/** Why something is in quarantine, where that is not that it cannot be read; told again from the words. */

/** An event that was under way when a process died, again and again, and can be read. */
export function deadlyReason(times: number, handler: string): string {
  return `the process died ${times} times while handler "${handler}" had the event`
}

export function isDeadly(reason: string): boolean {
  return /^the process died \d+ times while handler "/.test(reason)
}

/** The row of a delivery of which only so many elements are listed. */
export function tooMany(listed: number): string {
  return `more than ${listed} elements could not be read: the others are not listed`
}

export function isTooMany(reason: string): boolean {
  return /^more than \d+ elements could not be read/.test(reason)
}
