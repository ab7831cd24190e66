/** Findings told to a function of yours, for teams without Prometheus: exported as `posthorn/alerts`. */
import { OptionError } from '../errors.ts'
import { kindOf } from '../lib/options.ts'
import { watchDoor } from '../lib/symbols.ts'
import type { WatchDoor, Watched } from '../ports/watch-door.ts'
import { type AlertsOptions, settingsOf } from './options.ts'
import { run } from './running.ts'
import { Watch } from './watch.ts'

export type { AlertDuration, AlertRules, AlertState, AlertsOptions } from './options.ts'
export type { FindingId } from './rules.ts'
export type { Finding } from './told.ts'

export interface Alerts {
  /** Looks now; resolves when what was found is told. Never rejects. */
  check(): Promise<void>
  /** No more looks; by itself when the receiver closes. */
  stop(): void
  [Symbol.dispose](): void
}

/**
 * Looks every minute at what a receiver does, and tells findings when they begin, once an hour, and when they end
 * (docs/alerts.md). Of several processes on one inbox one tells; what was told is kept there over restarts.
 *
 * @example
 * alerts(receiver, { notify: ({ state, text }) => slack(`${state}: ${text}`), rules: { silence: { shop: '30m' } } })
 * @throws OptionError for a receiver that is none, for options that are none, and for a name that is in use
 */
export function alerts(receiver: Watched, options: AlertsOptions): Alerts {
  const door = Object(receiver)[watchDoor] as WatchDoor | undefined
  if (door === undefined) throw new OptionError(`alerts: takes a receiver, got ${kindOf(receiver)}`)
  const settings = settingsOf(options, door.sources)
  const watch = new Watch(door, settings, run(door, settings))
  watch.begin()
  return {
    check: () => watch.check(),
    stop: () => watch.stop(),
    [Symbol.dispose]: () => watch.stop(),
  }
}
