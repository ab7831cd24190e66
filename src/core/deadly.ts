/** Events that were under way when a process died, again and again: they are in quarantine although they can be read. */

export function deadlyReason(times: number, handler: string): string {
  return `the process died ${times} times while handler "${handler}" had the event`
}

/** Whether that is why something is in quarantine. */
export function isDeadly(reason: string): boolean {
  return /^the process died \d+ times while handler "/.test(reason)
}
