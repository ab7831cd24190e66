/** The two lines of a stop: what it waits for, and what it has left over. */
import type { Logger } from '../../types.ts'

/** So many events are with handlers; the stop takes `timeoutMs` at most. */
export function announceStop(logger: Logger, events: number, timeoutMs: number): void {
  logger.info(
    { event: 'stop', events, timeoutMs },
    `stopping: ${counted(events)} with handlers, ${timeoutMs / 1_000} s`,
  )
}

export function announceStopped(logger: Logger, returned: number): void {
  const rest = returned === 0 ? ', nothing left over' : `: the work on ${counted(returned)} went back to the inbox`
  logger.info({ event: 'stopped', returned }, `stopped${rest}`)
}

const counted = (events: number): string => `${events} ${events === 1 ? 'event' : 'events'}`
