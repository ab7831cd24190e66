/** The Webhooks API: SparkPost (US, EU, enterprise), SparkPost Elite, Momentum 4.1 to 4.2.30. */
import { keysOf, knownKeys, wholeNumber } from '../../lib/options.ts'
import type { Api } from '../api/api.ts'
import type { TargetAnswer } from '../api/api-error.ts'
import { checkedSignal, segmentOf, signalOf, textsIn } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import { type MomentumApiOptions, momentumApi, resultOf, resultsOf, targetAnswerOf } from './api.ts'
import { type BatchStatus, batchStatusFrom } from './batch-status.ts'
import { type DocumentedEvent, documentedEvents } from './documentation.ts'
import { type WebhookLink, webhookLinks } from './links.ts'
import {
  assertPatch,
  assertWebhook,
  type MomentumWebhook,
  type MomentumWebhookPatch,
  type MomentumWebhookSettings,
  webhookFrom,
  wireOf,
} from './webhook.ts'

export interface SavedWebhook {
  readonly id: string
  readonly links: readonly WebhookLink[]
}

export interface ValidateOptions extends CallOptions {
  /** What is posted to the target. Default `[{ msys: {} }]`, the sender's own test. */
  readonly body?: unknown
}

export interface BatchStatusOptions extends CallOptions {
  /** How many at most. Default 1 000. */
  readonly limit?: number
}

export interface EventSamplesOptions extends CallOptions {
  /** Default: every type. */
  readonly events?: readonly string[]
}

/** Each call rejects with an `ApiError`. A webhook created or changed is active a minute later. */
export interface MomentumWebhooks {
  /**
   * Creates a webhook, after a test post to its target.
   * @throws ApiError ERR_API_REJECTED with `targetAnswer` when the target does not answer 200; nothing is saved then
   */
  create(settings: MomentumWebhookSettings, options?: CallOptions): Promise<SavedWebhook>
  list(options?: CallOptions): Promise<readonly MomentumWebhook[]>
  /** @throws ApiError ERR_API_NOT_FOUND */
  get(id: string, options?: CallOptions): Promise<MomentumWebhook>
  /** Changes what the patch names. A new target is tested first; batches that wait still go to the old one. */
  update(id: string, patch: MomentumWebhookPatch, options?: CallOptions): Promise<SavedWebhook>
  /** Batches that wait still go to its target. */
  delete(id: string, options?: CallOptions): Promise<void>
  /** Has the sender post to the target, and resolves with its answer. @throws ApiError ERR_API_REJECTED, as `create` */
  validate(id: string, options?: ValidateOptions): Promise<TargetAnswer>
  /** Batches of the last 24 hours that failed at least once; the latest first. */
  batchStatus(id: string, options?: BatchStatusOptions): Promise<readonly BatchStatus[]>
  eventDocumentation(options?: CallOptions): Promise<readonly DocumentedEvent[]>
  /** Events as a batch has them: `[{ msys: { track_event: { … } } }]`. */
  eventSamples(options?: EventSamplesOptions): Promise<readonly object[]>
}

const NAME = 'momentumWebhooks'
const BASE = '/api/v1/webhooks'

/**
 * A client of the Webhooks API. Makes no call, and reads no secret, before it is asked for something.
 *
 * @example
 * const webhooks = momentumWebhooks({ baseUrl: 'https://api.eu.sparkpost.com', apiKey: { env: 'SPARKPOST_API_KEY' } })
 * const { id } = await webhooks.create({
 *   name: 'shop',
 *   target: 'https://hooks.example.com/webhooks/shop',
 *   events: ['delivery', 'bounce', 'click'],
 *   auth: { token: { env: 'SHOP_TOKEN' } },
 * })
 * @throws OptionError for an option that is wrong or unknown
 */
export function momentumWebhooks(options: MomentumApiOptions): MomentumWebhooks {
  return new Client(momentumApi(NAME, options))
}

const VALIDATE = keysOf<ValidateOptions>({ body: true, signal: true })
const BATCHES = keysOf<BatchStatusOptions>({ limit: true, signal: true })
const SAMPLES = keysOf<EventSamplesOptions>({ events: true, signal: true })

class Client implements MomentumWebhooks {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async create(settings: MomentumWebhookSettings, options?: CallOptions): Promise<SavedWebhook> {
    const [what, signal] = [`${NAME}: create`, signalOf(NAME, options)]
    assertWebhook(what, settings)
    const { fields, secrets } = await wireOf(what, settings, false)
    const answer = await this.#api.call({ method: 'POST', path: BASE, body: fields, secrets, signal })
    return savedFrom(resultOf(what, answer))
  }

  async list(options?: CallOptions): Promise<readonly MomentumWebhook[]> {
    const answer = await this.#api.call({ method: 'GET', path: BASE, signal: signalOf(NAME, options) })
    return resultsOf(`${NAME}: list`, answer).map((wire) => webhookFrom(wire))
  }

  async get(id: string, options?: CallOptions): Promise<MomentumWebhook> {
    const path = pathOf('get', id)
    const answer = await this.#api.call({ method: 'GET', path, signal: signalOf(NAME, options) })
    return webhookFrom(resultOf(`${NAME}: get`, answer), id)
  }

  async update(id: string, patch: MomentumWebhookPatch, options?: CallOptions): Promise<SavedWebhook> {
    const [what, path, signal] = [`${NAME}: update`, pathOf('update', id), signalOf(NAME, options)]
    assertPatch(what, patch)
    const { fields, secrets } = await wireOf(what, patch, true)
    const answer = await this.#api.call({ method: 'PUT', path, body: fields, secrets, signal })
    return savedFrom({ id, ...resultOf(what, answer) })
  }

  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#api.call({ method: 'DELETE', path: pathOf('delete', id), signal: signalOf(NAME, options) })
  }

  async validate(id: string, options: ValidateOptions = {}): Promise<TargetAnswer> {
    knownKeys(`${NAME}: validate`, options, VALIDATE)
    const { body = [{ msys: {} }] } = options
    const signal = checkedSignal(NAME, options.signal)
    const answer = await this.#api.call({ method: 'POST', path: `${pathOf('validate', id)}/validate`, body, signal })
    const { response } = resultOf(`${NAME}: validate`, answer)
    return targetAnswerOf(response) ?? { status: null, headers: {}, body: '' }
  }

  async batchStatus(id: string, options: BatchStatusOptions = {}): Promise<readonly BatchStatus[]> {
    knownKeys(`${NAME}: batchStatus`, options, BATCHES)
    const limit = wholeNumber(`${NAME}: batchStatus: limit`, options.limit, 1_000, 1)
    const signal = checkedSignal(NAME, options.signal)
    const path = `${pathOf('batchStatus', id)}/batch-status`
    const answer = await this.#api.call({ method: 'GET', path, query: { limit }, signal })
    return resultsOf(`${NAME}: batchStatus`, answer).map(batchStatusFrom)
  }

  async eventDocumentation(options?: CallOptions): Promise<readonly DocumentedEvent[]> {
    const path = `${BASE}/events/documentation`
    const answer = await this.#api.call({ method: 'GET', path, signal: signalOf(NAME, options) })
    return documentedEvents(resultOf(`${NAME}: eventDocumentation`, answer))
  }

  async eventSamples(options: EventSamplesOptions = {}): Promise<readonly object[]> {
    knownKeys(`${NAME}: eventSamples`, options, SAMPLES)
    const { events } = options
    const query = events === undefined ? {} : { events: textsIn(`${NAME}: eventSamples: events`, events).join() }
    const signal = checkedSignal(NAME, options.signal)
    const answer = await this.#api.call({ method: 'GET', path: `${BASE}/events/samples`, query, signal })
    return resultsOf(`${NAME}: eventSamples`, answer)
  }
}

const pathOf = (method: string, id: unknown) => `${BASE}/${segmentOf(`${NAME}: ${method}`, id)}`

const savedFrom = ({ id, links }: Readonly<Record<string, unknown>>): SavedWebhook => {
  return { id: String(id), links: webhookLinks(links) }
}
