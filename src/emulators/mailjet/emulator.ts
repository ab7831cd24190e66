/** Mailjet's Event API: addresses by event type, posts to them, and their suspension. */
import { OptionError } from '../../errors.ts'
import type { EmulatorClock } from '../kit/clock.ts'
import { EmulatorBase } from '../kit/emulator.ts'
import { checkMail, type InboundMail } from '../kit/inbound-mail.ts'
import type { Step } from '../kit/life-cycle.ts'
import type { ReportedWebhook } from '../kit/report.ts'
import { Said } from '../kit/said.ts'
import { type Fault, isSuccess, type Outcome, type Success, type Wire, withFaults } from '../kit/wire.ts'
import { callbackApi, outside } from './api.ts'
import type { Callback } from './callback.ts'
import { type CallbackRules, Callbacks } from './callbacks.ts'
import { Destination } from './destination.ts'
import { eventOf, type MailjetEvent } from './event.ts'
import type { EventType } from './event-types.ts'
import { ParseRoutes } from './parse-routes.ts'
import { postOf } from './post.ts'
import { parseRouteApi } from './routes-api.ts'
import type { Schedule } from './schedule.ts'
import { testBody } from './test-body.ts'

export interface MailjetSettings extends CallbackRules, Schedule {
  readonly clock: EmulatorClock
  readonly seed: number
  readonly apiKey: string
  readonly apiSecret: string
  readonly limitMs: number
  readonly success: Success
  /** An address that failed to the end is kept alive while events came after those. */
  readonly newEventsExtend: boolean
  /** Where events go that wait for an address when it is suspended. */
  readonly waiting: 'backup' | 'dropped'
  readonly faults: readonly Fault[]
}

export class MailjetEmulator extends EmulatorBase {
  readonly #settings: MailjetSettings
  readonly #callbacks: Callbacks
  readonly #destinations = new Map<string, Destination>()
  readonly #routes: ParseRoutes
  readonly #said = new Said()
  readonly #wire: Wire

  constructor(settings: MailjetSettings) {
    super(settings.clock, settings.seed, outside({ username: settings.apiKey, password: settings.apiSecret }))
    this.#settings = settings
    this.#callbacks = new Callbacks(settings)
    this.#wire = withFaults(this.wire, settings.faults)
    this.serve(callbackApi(this.#callbacks))
    const { tasks, ledger } = this
    const random = this.random.fork(-4)
    const send = this.#send.bind(this)
    this.#routes = new ParseRoutes({ tasks, ledger, random, delaysMs: settings.delaysMs, send })
    this.serve(parseRouteApi(this.#routes))
  }

  happen(step: Step): void {
    const event = eventOf(step)
    if (event === null || !this.#said.isNew(step.message, event.text)) return
    const callback = this.#callbacks.aliveFor(event.type)
    if (callback === null) return
    this.ledger.expect(event.type)
    this.#destinationOf(callback).take(event)
  }

  reported(): ReportedWebhook[] {
    return [...this.#callbacks.report(), ...this.#routes.report()]
  }

  inbound(mail: InboundMail): void {
    checkMail(mail)
    this.#routes.receive(mail)
  }

  /** Without faults, since somebody waits for the answer. */
  async sendTest(type: EventType, { grouped = false }: { readonly grouped?: boolean } = {}): Promise<Outcome> {
    const callback = this.#callbacks.aliveFor(type)
    if (callback === null) throw new OptionError(`sendTest: no address is registered for ${type}, or it is dead`)
    const body = testBody(type, this.clock.now())
    return this.wire(postOf(callback.Url, grouped ? `[${body}]` : body, this.#settings.limitMs))
  }

  /** Types that share an address share its posts. */
  #destinationOf({ Url, Version }: Callback): Destination {
    const key = `${Version} ${Url}`
    const known = this.#destinations.get(key) ?? this.#newDestination(Url, Version)
    this.#destinations.set(key, known)
    return known
  }

  #newDestination(url: string, version: 1 | 2): Destination {
    return new Destination({
      url,
      version,
      tasks: this.tasks,
      delaysMs: this.#settings.delaysMs,
      send: (...post) => this.#send(...post),
      gaveUp: (destination, events) => this.#gaveUp(destination, events),
    })
  }

  async #send(url: string, body: string, events: number, attempt: number): Promise<boolean> {
    this.ledger.posted(attempt)
    const outcome = await this.#wire(postOf(url, body, this.#settings.limitMs))
    const ok = isSuccess(outcome, this.#settings.success)
    if (ok) this.ledger.acknowledged(events)
    return ok
  }

  #gaveUp(destination: Destination, events: readonly MailjetEvent[]): void {
    this.ledger.gaveUp(events.length)
    const { suspends, newEventsExtend } = this.#settings
    if (suspends && (destination.isIdle || !newEventsExtend)) this.#suspend(destination.url)
  }

  /** The address is dead for both versions. */
  #suspend(url: string): void {
    this.#callbacks.suspend(url)
    const dead = [...this.#destinations.values()].filter((destination) => destination.url === url)
    for (const events of dead.flatMap((destination) => destination.clear())) this.#moveToBackup(events)
  }

  #moveToBackup(events: readonly MailjetEvent[]): void {
    const lost = events.filter((event) => {
      const backup = this.#settings.waiting === 'backup' ? this.#callbacks.aliveFor(event.type) : null
      if (backup !== null) this.#destinationOf(backup).take(event)
      return backup === null
    })
    if (lost.length > 0) this.ledger.gaveUp(lost.length)
  }
}
