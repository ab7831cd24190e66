/** One who looks, and tells what is found. */
import { randomUUID } from 'node:crypto'
import type { WatchDoor } from '../ports/watch-door.ts'
import { Board } from './board.ts'
import type { AlertsSettings } from './options.ts'
import { placeOf } from './place.ts'
import { findAll } from './rules.ts'
import { Seen, type Stand } from './seen.ts'
import { type Finding, keyOf } from './told.ts'
import { PATIENCE_MS, within } from './within.ts'

/** A `notify` that takes longer has failed, and what it was to tell is told again. */
const NOTIFY_MS = 30_000
/** What another process has found stands until it says otherwise, for so many looks of its. */
const FRESH_LOOKS = 3
const LEAST_FRESH_MS = 180_000

const SILENT: Stand = {
  health: { ready: false, reason: 'the inbox does not answer' },
  stats: null,
  diskFree: null,
}

export class Watch {
  readonly #door: WatchDoor
  readonly #settings: AlertsSettings
  readonly #ended: () => void
  readonly #seen: Seen
  readonly #board: Board
  readonly #who = randomUUID()
  #checking: Promise<void> | null = null
  #cancel: () => void = () => {}
  #isStopped = false

  /** `ended` is called once, when it stops. */
  constructor(door: WatchDoor, settings: AlertsSettings, ended: () => void) {
    this.#door = door
    this.#settings = settings
    this.#ended = ended
    this.#seen = new Seen(door)
    const { state, name } = settings
    const place = placeOf(door.memos, state, name, (run) => within(door, PATIENCE_MS, run))
    this.#board = new Board(place, (error) => door.failed('alerts.state', error))
  }

  begin(): void {
    this.#cancel = this.#door.after(this.#settings.everyMs, () => void this.check().finally(() => this.#again()))
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#cancel()
    this.#seen.end()
    this.#ended()
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
    else if (!this.#isStopped) this.begin()
  }

  async #check(): Promise<void> {
    try {
      // A receiver that nobody has started, or that somebody has stopped, is in order.
      if (!this.#isOn()) return
      const stand = await within(this.#door, PATIENCE_MS, () => this.#seen.stand()).catch(() => SILENT)
      if (!this.#isOn()) return
      const due = await this.#due(stand)
      for (const finding of due) if (this.#isOn()) await this.#tell(finding)
      if (due.length > 0) await this.#board.change((shared) => shared.letGo(this.#who))
    } catch (error) {
      this.#door.failed('alerts', error)
    }
  }

  #isOn(): boolean {
    return !this.#isStopped && this.#door.state() === 'open'
  }

  /** What this process is to tell now. */
  async #due(stand: Stand): Promise<readonly Finding[]> {
    const { limits, everyMs } = this.#settings
    const freshMs = Math.max(LEAST_FRESH_MS, FRESH_LOOKS * everyMs)
    const batch = this.#seen.take()
    const changed = await this.#board.change((shared) => {
      const { time } = this.#seen
      const now = time.now()
      shared.add(batch, now)
      const { window, activity } = shared
      const found = findAll({ ...stand, now, time, door: this.#door, window, activity }, limits)
      const due = shared.told.due(shared.found(this.#who, found, { now, freshMs }), now)
      return due.length > 0 && shared.mayTell(this.#who, now) ? due : []
    })
    if (changed?.isStored !== true) this.#seen.putBack(batch)
    return changed?.result ?? []
  }

  async #tell(finding: Finding): Promise<void> {
    const isTold = await within(this.#door, NOTIFY_MS, () => this.#settings.notify(finding)).then(
      () => true,
      (error: unknown) => {
        this.#door.failed('alerts.notify', error)
        return false
      },
    )
    const now = this.#seen.time.now()
    const hold = () => this.#board.change((shared) => void shared.mayTell(this.#who, now))
    if (!isTold) return void (await hold())
    await this.#board.note(keyOf(finding), (shared) => {
      shared.told.told(finding, now)
      shared.mayTell(this.#who, now)
    })
  }
}
