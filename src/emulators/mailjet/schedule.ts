/** How long Mailjet tries, by the edition of its Event API guide. */

export type Edition = '2015' | '2016' | '2019'

export interface Schedule {
  /** The waits after each failure. */
  readonly delaysMs: readonly number[]
  /** Whether an address that failed to the end is not posted to any more. */
  readonly suspends: boolean
}

const SECOND = 1_000
const MINUTE = 60_000

const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms)

export const SCHEDULES: Readonly<Record<Edition, Schedule>> = {
  /** Up to 10 tries, 10 minutes apart, then it stops. */
  2015: { delaysMs: times(9, 10 * MINUTE), suspends: false },
  /** 10 tries 30 s apart, then 10 tries 30 minutes apart, then the address is suspended. */
  2016: { delaysMs: [...times(9, 30 * SECOND), ...times(10, 30 * MINUTE)], suspends: true },
  /** Every 30 s, until 24 h after the first failure; that it suspends is told of suspension in general. */
  2019: { delaysMs: times(24 * 120, 30 * SECOND), suspends: true },
}
