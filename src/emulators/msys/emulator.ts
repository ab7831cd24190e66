/** What the senders of the family share: the Webhooks API, and batches. */
import { oneOf, wholeNumber } from '../../lib/options.ts'
import type { EmulatorClock } from '../kit/clock.ts'
import { type Duration, toMs } from '../kit/duration.ts'
import { EmulatorBase } from '../kit/emulator.ts'
import type { Step } from '../kit/life-cycle.ts'
import { clockOption, delaysOption, faultsOption, textOption } from '../kit/options.ts'
import type { ReportedWebhook } from '../kit/report.ts'
import type { Route } from '../kit/server.ts'
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
  /** Default `json`. */
  readonly tokenRequest?: 'json' | 'form'
  readonly hasApi: boolean
}

export class MsysEmulator extends EmulatorBase {
  readonly webhooks: Webhooks
  readonly ids: Ids
  readonly poster: Poster
  readonly #edition: Edition
  readonly #nodes: readonly string[]
  readonly #api: ApiOptions

  /** @throws OptionError for an option that is wrong; the names of options are checked by who calls it */
  constructor(options: MsysOptions, defaults: MsysDefaults) {
    const settings = settled(options, defaults)
    super(settings.clock, settings.seed, outside(settings))
    this.ids = new Ids(this.random.fork(-2))
    this.#edition = defaults.edition
    this.#nodes = settings.nodes
    this.poster = new Poster(settings, this.wire)
    const sending = new Sending(settings, this.tasks, this.poster, this.ledger, this.ids)
    this.webhooks = new Webhooks(this.tasks, sending, this.poster, this.ids, settings.activationMs)
    this.#api = settings
    if (defaults.hasApi) this.addRoutes((api) => webhooksApi(api, this.webhooks, this.poster))
  }

  reported(): ReportedWebhook[] {
    return this.webhooks.report()
  }

  addRoutes(make: (api: ApiOptions) => readonly Route[]): void {
    this.serve(make(this.#api))
  }

  happen(step: Step): void {
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
    tokenRequest: defaults.tokenRequest ?? 'json',
    clock: clockOption(of('clock'), options.clock),
    seed: wholeNumber(of('seed'), options.seed, 1, 0, 2 ** 32 - 1),
    apiKey: textOption(of('apiKey'), options.apiKey, 'key'),
    nodes: nodesOf(wholeNumber(of('nodes'), options.nodes, 1, 1, 100)),
    batchEvents: wholeNumber(of('batchEvents'), options.batchEvents, defaults.batchEvents, 1, 100_000),
    batchMs: toMs(of('batchInterval'), options.batchInterval ?? '30s'),
    limitMs: toMs(of('answerLimit'), options.answerLimit ?? defaults.answerLimit),
    delaysMs: delaysOption(of('retryDelays'), options.retryDelays ?? defaults.retryDelays),
    success: oneOf(of('success'), options.success, '2xx', ['2xx', '200']),
    activationMs: toMs(of('activation'), options.activation ?? '1m'),
    faults: faultsOption(of('faults'), options.faults),
  }
}

const nodesOf = (count: number) => Array.from({ length: count }, (_, n) => `mta-${n + 1}`)

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
