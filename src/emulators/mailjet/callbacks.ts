/** All records of an API key, and which of them an event goes to. */
import type { ReportedWebhook } from '../kit/report.ts'
import { type Callback, Refused, type Settings, settingsFrom } from './callback.ts'

export interface CallbackRules {
  /** What a POST for an event type and backup flag that has a record does. */
  readonly duplicates: 'refuse' | 'replace'
  /** Whether a PUT of `Status` alive revives a dead address; a new address does in any case. */
  readonly statusRevives: boolean
}

type Fields = Readonly<Record<string, unknown>>

const API_KEY_ID = 123_456

export class Callbacks {
  readonly #rules: CallbackRules
  readonly #all = new Map<number, Callback>()
  readonly #deleted: Callback[] = []
  #lastId = 987_653

  constructor(rules: CallbackRules) {
    this.#rules = rules
  }

  /** By ID. */
  all(): Callback[] {
    return [...this.#all.values()]
  }

  /** @throws Refused 404 */
  get(id: string): Callback {
    const found = this.#all.get(Number(id))
    if (found === undefined) throw new Refused(404, 'Object not found')
    return found
  }

  /** @throws Refused 400 */
  create(body: Fields): Callback {
    const settings = settingsFrom(body, null)
    const taken = this.#like(settings)
    if (taken === undefined) return this.#save(++this.#lastId, settings)
    if (this.#rules.duplicates === 'refuse') throw alreadyThere(settings)
    return this.#save(taken.ID, settings)
  }

  /** Null when nothing changes. @throws Refused 400 */
  update(before: Callback, body: Fields): Callback | null {
    const settings = this.#revived(before, settingsFrom(body, settingsOf(before)))
    const taken = this.#like(settings)
    if (taken !== undefined && taken.ID !== before.ID) throw alreadyThere(settings)
    const changes = Object.entries(settings).some(([name, value]) => before[name as keyof Settings] !== value)
    return changes ? this.#save(before.ID, settings) : null
  }

  delete(callback: Callback): void {
    this.#all.delete(callback.ID)
    this.#deleted.push(callback)
  }

  /** Where an event goes: to the backup while the first address is dead (Event API guide, March 2023). */
  aliveFor(type: string): Callback | null {
    const alive = this.all().filter(({ EventType, Status }) => EventType === type && Status === 'alive')
    return alive.find(({ IsBackup }) => !IsBackup) ?? alive[0] ?? null
  }

  suspend(url: string): void {
    for (const callback of this.all())
      if (callback.Url === url) this.#all.set(callback.ID, { ...callback, Status: 'dead' })
  }

  report(): ReportedWebhook[] {
    const state = ({ Status }: Callback) => (Status === 'dead' ? ('suspended' as const) : ('active' as const))
    return [
      ...this.all().map((callback) => reported(callback, state(callback))),
      ...this.#deleted.map((callback) => reported(callback, 'deleted')),
    ]
  }

  #like({ EventType, IsBackup }: Settings): Callback | undefined {
    return this.all().find((one) => one.EventType === EventType && one.IsBackup === IsBackup)
  }

  #save(ID: number, settings: Settings): Callback {
    const callback = { APIKeyID: API_KEY_ID, ID, ...settings }
    this.#all.set(ID, callback)
    return callback
  }

  #revived(before: Callback, settings: Settings): Settings {
    if (before.Status === 'alive') return settings
    if (settings.Url !== before.Url) return { ...settings, Status: 'alive' }
    return this.#rules.statusRevives ? settings : { ...settings, Status: 'dead' }
  }
}

const settingsOf = ({ EventType, IsBackup, Status, Url, Version }: Callback): Settings => {
  return { EventType, IsBackup, Status, Url, Version }
}

function alreadyThere({ EventType, IsBackup }: Settings): Refused {
  const which = `"${EventType}" and ${IsBackup} for EventType and IsBackup`
  return new Refused(400, `MJ18 A Eventcallbackurl resource with value ${which} already exists`)
}

/** Without the password in the address. */
function reported({ ID, EventType, IsBackup, Url }: Callback, state: ReportedWebhook['state']): ReportedWebhook {
  const target = new URL(Url)
  target.username = target.password = ''
  return { id: String(ID), name: IsBackup ? `${EventType} (backup)` : EventType, target: target.href, state }
}
