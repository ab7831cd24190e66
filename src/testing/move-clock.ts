import { OptionError } from '../errors.ts'
import { shown } from '../lib/options.ts'
import { testDoor } from '../lib/symbols.ts'
import type { Receiver } from '../public/receiver.ts'
import type { AnyEvent } from '../types.ts'
import { assertReceiver } from './request.ts'

/**
 * Sets the wall clock of a receiver on by `ms`, or back where it is negative: tokens expire, keys and retention age, and
 * deliveries are received at that time. Retries that are due by then run when their timers end, which are not moved.
 *
 * @example
 * moveClock(receiver, 3_600_000)   // an hour later: a token of an hour is refused
 * @throws OptionError for what is no receiver, or no number of milliseconds
 */
export function moveClock<E extends AnyEvent, K extends string>(receiver: Receiver<E, K>, ms: number): void {
  assertReceiver('moveClock', receiver)
  if (typeof ms !== 'number' || !Number.isFinite(ms))
    throw new OptionError(`moveClock takes milliseconds, got ${shown(ms)}`)
  receiver[testDoor].moveClock(ms)
}
