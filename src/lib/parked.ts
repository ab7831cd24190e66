/** The due time of work that waits for other work, not for a time. Private. */
export const PARKED: number = Number.MAX_SAFE_INTEGER
