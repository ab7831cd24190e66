/** Findings told to a function of yours, for teams without Prometheus: exported as `posthorn/alerts`. */
import { OptionError } from '../errors.ts'
import { kindOf } from '../lib/options.ts'
import { watchDoor } from '../lib/symbols.ts'
import type { WatchDoor, Watched } from '../ports/watch-door.ts'
import { type AlertsOptions, type AlertsSettings, settingsOf } from './options.ts'
import { findAll } from './rules.ts'
import { Seen } from './seen.ts'
import { Told } from './told.ts'

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
 * (docs/alerts.md). It knows its own process alone: in a fleet let one process have it, or each tell of itself.
 *
 * @example
 * alerts(receiver, { notify: ({ state, text }) => slack(`${state}: ${text}`), rules: { silence: { shop: '30m' } } })
 * @throws OptionError for a receiver that is none, and for options that are none
 */
export function alerts(receiver: Watched, options: AlertsOptions): Alerts {
  const door = Object(receiver)[watchDoor] as WatchDoor | undefined
  if (door === undefined) throw new OptionError(`alerts: takes a receiver, got ${kindOf(receiver)}`)
  const watch = new Watch(door, settingsOf(options, door.sources))
  watch.begin()
  return {
    check: () => watch.check(),
    stop: () => watch.stop(),
    [Symbol.dispose]: () => watch.stop(),
  }
}

class Watch {
  readonly #door: WatchDoor
  readonly #settings: AlertsSettings
  readonly #seen: Seen
  readonly #told = new Told()
  #restored: Promise<void> | null = null
  #checking: Promise<void> | null = null
  #written = ''
  #cancel: () => void = () => {}
  #stopped = false

  constructor(door: WatchDoor, settings: AlertsSettings) {
    this.#door = door
    this.#settings = settings
    this.#seen = new Seen(door)
  }

  begin(): void {
    this.#cancel = this.#door.after(this.#settings.everyMs, () => void this.check().finally(() => this.#again()))
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.#seen.end()
  }

  /** One at a time. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null
    })
    return this.#checking
  }

  #again(): void {
    const state = this.#door.state()
    if (state === 'closing' || state === 'closed') this.stop()
    else if (!this.#stopped) this.begin()
  }

  async #check(): Promise<void> {
    try {
      this.#restored ??= this.#restore()
      await this.#restored
      // A receiver that nobody has started, or that somebody has stopped, is in order.
      if (this.#stopped || this.#door.state() !== 'open') return
      const found = findAll(await this.#seen.situation(), this.#settings.limits)
      const now = this.#door.now()
      for (const finding of this.#told.due(found, now)) {
        await this.#settings.notify(finding)
        this.#told.told(finding, now)
      }
    } catch (error) {
      this.#door.failed('alerts.notify', error)
    }
    await this.#save()
  }

  async #restore(): Promise<void> {
    try {
      const text = await this.#settings.state?.read()
      if (text === null || text === undefined) return
      const { told, activity } = Object(JSON.parse(text)) as { told?: unknown; activity?: unknown }
      this.#told.restore(told)
      this.#seen.activity.restore(activity)
    } catch (error) {
      this.#door.failed('alerts.state', error)
    }
  }

  async #save(): Promise<void> {
    const { state } = this.#settings
    if (state === null) return
    try {
      const text = JSON.stringify({ told: this.#told.save(), activity: this.#seen.activity.save() })
      if (text === this.#written) return
      await state.write(text)
      this.#written = text
    } catch (error) {
      this.#door.failed('alerts.state', error)
    }
  }
}
