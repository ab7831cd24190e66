/** What the senders of the family share: an API, traffic, batches and a report on one clock. */
import { OptionError } from '../../errors.ts'
import { oneOf, wholeNumber } from '../../lib/options.ts'
import { type EmulatorClock, Tasks } from '../kit/clock.ts'
import { type Duration, toMs } from '../kit/duration.ts'
import type { Step } from '../kit/life-cycle.ts'
import { clockOption, faultsOption, textOption } from '../kit/options.ts'
import { Random } from '../kit/random.ts'
import { type EmulatorReport, Ledger, type ReportedWebhook } from '../kit/report.ts'
import { ApiServer, type Listening, type ListenOptions, type Route } from '../kit/server.ts'
import { Traffic, type TrafficOptions } from '../kit/traffic.ts'
import type { Fault } from '../kit/wire.ts'
import { type ApiOptions, outside, webhooksApi } from './api.ts'
import { Sending, type SendingOptions } from './batch.ts'
import { type Edition, elementOf, type NativeEvent } from './edition.ts'
import { Ids } from './ids.ts'
import { Poster, type PosterOptions } from './post.ts'
import { Webhooks } from './webhooks.ts'

export interface MsysOptions {
  /** Default: a virtual clock of its own. One clock can move several emulators. */
  readonly clock?: EmulatorClock
  /** Decides the traffic and all identifiers. Default 1. */
  readonly seed?: number
  /** The key that its API wants. Default `key`. */
  readonly apiKey?: string
  /** How many nodes there are; each posts batches of its own. Default 1 */
  readonly nodes?: number
  /** Events in a batch at most. */
  readonly batchEvents?: number
  /** How long a batch gathers at most. Default 30 s. */
  readonly batchInterval?: Duration
  /** How long a target has for its answer, in real time. */
  readonly answerLimit?: Duration
  /** The waits after each failure; after the last one the batch is given up. */
  readonly retryDelays?: readonly Duration[]
  /** The answers that acknowledge a batch; test posts want 200 in any case. Default `2xx`. */
  readonly success?: '2xx' | '200'
  /** How long a new or changed webhook takes to become active. Default 1 minute. */
  readonly activation?: Duration
  /** Faults around every post of a batch; the first is the outermost. Default none. */
  readonly faults?: readonly Fault[]
}

export const MSYS_OPTIONS = {
  ...({ clock: true, seed: true, apiKey: true, nodes: true, batchEvents: true, batchInterval: true } as const),
  ...({ answerLimit: true, retryDelays: true, success: true, activation: true, faults: true } as const),
} satisfies { readonly [K in keyof MsysOptions]-?: true }

/** An emulated sender. */
export interface Emulator {
  readonly clock: EmulatorClock
  /** Opens its HTTP API. @throws the system's error when the port is taken */
  listen(options?: ListenOptions): Promise<Listening>
  /** Sends mail from now on; its events go to the webhooks that are active when they happen. A life ends within 2 hours. */
  traffic(options?: TrafficOptions): void
  /** As the clock's: resolves when everything due in that time was posted and answered, or given up. */
  advance(duration: Duration): Promise<void>
  /** What it has done so far. */
  report(): EmulatorReport
  /** Ends its API, its traffic and its retries. */
  close(): Promise<void>
}

/** In what the senders differ beside the options. */
export interface MsysDefaults {
  readonly name: string
  readonly edition: Edition
  readonly batchEvents: number
  readonly answerLimit: Duration
  readonly retryDelays: readonly Duration[]
  readonly errors: ApiOptions['errors']
  readonly workers: number
  readonly batchIdHeader: boolean
  readonly hasApi: boolean
}

export class MsysEmulator implements Emulator {
  readonly clock: EmulatorClock
  readonly webhooks: Webhooks
  readonly ledger = new Ledger()
  readonly tasks: Tasks
  readonly ids: Ids
  readonly poster: Poster
  readonly #edition: Edition
  readonly #nodes: readonly string[]
  readonly #traffic: Traffic
  readonly #api: ApiOptions
  readonly #routes: Route[] = []
  readonly #server: ApiServer

  /** @throws OptionError for an option that is wrong; the names of options are checked by who calls it */
  constructor(options: MsysOptions, defaults: MsysDefaults) {
    const settings = settled(options, defaults)
    const random = new Random(settings.seed)
    this.clock = settings.clock
    this.tasks = new Tasks(this.clock)
    this.ids = new Ids(random.fork(-2))
    this.#edition = defaults.edition
    this.#nodes = settings.nodes
    this.poster = new Poster(settings)
    const sending = new Sending(settings, this.tasks, this.poster, this.ledger, this.ids)
    this.webhooks = new Webhooks(this.tasks, sending, this.poster, this.ids, settings.activationMs)
    this.#traffic = new Traffic(this.tasks, random.fork(-3), (step) => this.#happen(step))
    this.#api = settings
    this.#server = new ApiServer({ routes: this.#routes, ...outside(settings) })
    if (defaults.hasApi) this.addRoutes((api) => webhooksApi(api, this.webhooks, this.poster))
  }

  listen(options?: ListenOptions): Promise<Listening> {
    return this.#server.listen(options)
  }

  traffic(options?: TrafficOptions): void {
    this.#traffic.start(options)
  }

  advance(duration: Duration): Promise<void> {
    return this.clock.advance(duration)
  }

  report(): EmulatorReport {
    return this.ledger.report(this.reported())
  }

  reported(): ReportedWebhook[] {
    return this.webhooks.report()
  }

  addRoutes(make: (api: ApiOptions) => readonly Route[]): void {
    this.#routes.push(...make(this.#api))
  }

  async close(): Promise<void> {
    this.tasks.close()
    await this.#server.close()
  }

  #happen(step: Step): void {
    const node = this.#nodes[step.message.number % this.#nodes.length] ?? ''
    for (const event of this.#edition.eventsOf(step, this.ids, node)) this.emit(event, node)
  }

  /** Hands the event to every webhook that wants its type. */
  emit(event: NativeEvent, node = this.#nodes[0] ?? ''): void {
    const wanting = this.webhooks.all().filter((webhook) => webhook.wants(event.type))
    if (wanting.length === 0) return
    const element = elementOf(this.#edition.classes, event)
    for (const webhook of wanting) {
      this.ledger.expect(event.type)
      webhook.take(node, element)
    }
  }
}

interface Settled extends SendingOptions, PosterOptions, ApiOptions {
  readonly clock: EmulatorClock
  readonly seed: number
  readonly activationMs: number
}

/** Every option, or its default. */
function settled(options: MsysOptions, defaults: MsysDefaults): Settled {
  const of = (option: keyof MsysOptions) => `${defaults.name}: ${option}`
  return {
    edition: defaults.edition,
    errors: defaults.errors,
    workers: defaults.workers,
    batchIdHeader: defaults.batchIdHeader,
    clock: clockOption(of('clock'), options.clock),
    seed: wholeNumber(of('seed'), options.seed, 1, 0, 2 ** 32 - 1),
    apiKey: textOption(of('apiKey'), options.apiKey, 'key'),
    nodes: nodesOf(wholeNumber(of('nodes'), options.nodes, 1, 1, 100)),
    batchEvents: wholeNumber(of('batchEvents'), options.batchEvents, defaults.batchEvents, 1, 100_000),
    batchMs: toMs(of('batchInterval'), options.batchInterval ?? '30s'),
    limitMs: toMs(of('answerLimit'), options.answerLimit ?? defaults.answerLimit),
    delaysMs: delaysOf(of('retryDelays'), options.retryDelays ?? defaults.retryDelays),
    success: oneOf(of('success'), options.success, '2xx', ['2xx', '200']),
    activationMs: toMs(of('activation'), options.activation ?? '1m'),
    faults: faultsOption(of('faults'), options.faults),
  }
}

const nodesOf = (count: number) => Array.from({ length: count }, (_, n) => `mta-${n + 1}`)

function delaysOf(name: string, delays: unknown): number[] {
  if (!Array.isArray(delays)) throw new OptionError(`${name} must be a list of durations`)
  return delays.map((one) => toMs(name, one))
}

/**
 * Waits that double from `first` up to `most`, over `total` in all: the last try is at its end. The real ones are not
 * documented.
 */
export function backOff(firstMs: number, mostMs: number, totalMs: number): number[] {
  const delays: number[] = []
  for (let [delay, left] = [firstMs, totalMs]; left > 0; delay = Math.min(delay * 2, mostMs)) {
    delays.push(Math.min(delay, left))
    left -= delay
  }
  return delays
}
