/** What a view is given: the receiver as far as its reader may see it, and what is noted of what was seen. */
import { deskDoor, watchDoor } from '../lib/symbols.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { DeskDoor } from '../public/desk.ts'
import type { InboxControl } from '../public/inbox.ts'
import type { AnyEvent, Delivery } from '../types.ts'
import { maskAddress } from './addresses.ts'
import { tokenFor } from './csrf.ts'
import { maskedControl, maskValues } from './mask.ts'
import type { DashboardSettings } from './options.ts'
import { ID_CHARS } from './parts/format.ts'
import { Refusal } from './refusal.ts'
import type { Seals } from './seal.ts'
import type { DashboardReceiver, LookControl, Rights, ViewRequest } from './types.ts'

/** One request, with all that is known of who asks. */
export interface Looking {
  readonly rights: Rights
  readonly query: URLSearchParams
  readonly seals: Seals
  readonly now: Date
  /** Fires when whoever asked has left. */
  readonly left: AbortSignal
  readonly request: ViewRequest
}

/** Views that show a person, a message or an event as it is; to look again at the same within this time is one look. */
const REVEALING = ['person', 'message', 'event'] as const
const ONCE_MS = 600_000
const MOST_REMEMBERED = 1_000

export class Looker {
  readonly #receiver: DashboardReceiver
  readonly #settings: DashboardSettings
  readonly #desk: DeskDoor
  readonly #watch: WatchDoor
  /** What was noted, and when. */
  readonly #noted = new Map<string, number>()

  constructor(receiver: DashboardReceiver, settings: DashboardSettings) {
    this.#receiver = receiver
    this.#settings = settings
    this.#desk = receiver[deskDoor]
    this.#watch = receiver[watchDoor]
  }

  looking(
    rights: Rights,
    query: URLSearchParams,
    seals: Seals,
    signal: { readonly left: AbortSignal; readonly view: AbortSignal },
  ): Looking {
    const now = new Date(this.#watch.now())
    const emails = new WeakMap<AnyEvent, string>()
    const isMasked = rights.people === 'masked'
    const own = this.#looksOf(rights)
    const inbox = !isMasked ? own : maskedControl(own, (event, email) => void (email && emails.set(event, email)))
    const receiver = this.#receiver
    const request: ViewRequest = {
      ...{ query, rights, now, signal: signal.view, links: this.#settings.links },
      receiver: {
        inbox,
        health: () => receiver.health(),
        metrics: () => receiver.metrics(),
        [watchDoor]: this.#watch,
      },
      token: (verb, filter, matched) =>
        tokenFor(seals.signing, { who: rights.who, verb, filter, matched }, this.#watch.now()),
      keyOf(event) {
        const email = isMasked ? emails.get(event) : event.email
        return email ? seals.keyOrNull(email) : null
      },
      addressOf: (key) => seals.address(key),
      messageKeyOf: ({ messageId }) =>
        isMasked || messageId === null || !(messageId.includes('@') || messageId.length > ID_CHARS)
          ? null
          : seals.textKey(messageId),
      messageOf: (key) => seals.text(key),
      shown: (address) => (isMasked ? maskAddress(address) : address),
      elements: (id, indexes) => this.#elements(rights, id, indexes),
      handlers: () => this.#desk.handlers(),
    }
    return { rights, query, seals, now, left: signal.left, request }
  }

  /** That somebody saw a person, message or event as it is. */
  async noteReveal({ who, people }: Rights, view: string, query: URLSearchParams): Promise<void> {
    if (people !== 'clear' || !REVEALING.some((one) => one === view)) return
    // The key of a person opens to an address in every process of the inbox: what is noted does not.
    const what = view === 'person' ? 'a person' : `${view} ${(query.get('id') ?? '').slice(0, 200)}`
    await this.#note(`${who}\n${view}\n${query.get('id') ?? query.get('key')}`, { who, verb: 'reveal', filter: what })
  }

  async noteBytes(who: string, id: string): Promise<void> {
    await this.#note(`${who}\nbytes\n${id}`, { who, verb: 'bytes', filter: id })
  }

  async #note(
    once: string,
    act: { readonly who: string; readonly verb: string; readonly filter: string },
  ): Promise<void> {
    const now = this.#watch.steady()
    const before = this.#noted.get(once)
    if (before !== undefined && now - before < ONCE_MS) return
    this.#noted.delete(once)
    this.#noted.set(once, now)
    if (this.#noted.size > MOST_REMEMBERED) this.#noted.delete(this.#noted.keys().next().value as string)
    const whole = { ...act, matched: 1, queued: 0 }
    this.#desk.acted(whole)
    await this.#desk.note(whole)
  }

  async #elements({ who, bytes }: Rights, id: string, indexes: readonly number[]) {
    const found = await this.#desk.elements(id, indexes)
    if (!bytes) return new Map([...found].map(([index, value]) => [index, maskValues(value)]))
    if (found.size > 0) await this.noteBytes(who, id)
    return found
  }

  #looksOf({ who, bytes }: Rights): LookControl {
    const control = this.#desk.as(who)
    return {
      ...looks(control),
      delivery: async (id) => {
        const found = await control.delivery(id)
        return found === null ? null : this.#withBytes(found, who, bytes)
      },
    }
  }

  /** Whoever may not download them does not get them shown, either. */
  #withBytes(delivery: Delivery, who: string, bytes: boolean): Delivery {
    return {
      ...delivery,
      body: async () => {
        if (!bytes) throw new Refusal('no_right', 'Stored bytes ask for the right "bytes".')
        const body = await delivery.body()
        await this.noteBytes(who, delivery.id)
        return body
      },
    }
  }
}

/** A view that was given the verbs, too, could call them. */
function looks(control: InboxControl): LookControl {
  const { stats, tallies, seen, actions, deliveries, delivery, deadLetters, quarantine } = control
  const { differences, events, message, person, event } = control
  return {
    ...{ stats, tallies, seen, actions, deliveries, delivery, deadLetters, quarantine },
    ...{ differences, events, message, person, event },
  }
}
