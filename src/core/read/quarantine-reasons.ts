/** What is said of something in quarantine, where that is not that it cannot be read. */

/** Of an event that was under way when a process died, again and again, and can be read (`deadly`). */
export function deadlyReason(times: number, handler: string): string {
  return `the process died ${times} times while handler "${handler}" had the event`
}

/** Of a delivery of which only so many elements are listed (`more`). */
export function tooMany(listed: number): string {
  return `more than ${listed} elements could not be read: the others are not listed`
}
