/**
 * Relay webhooks: inbound mail, posted one message at a time.
 * Source: SparkPost API, Relay Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/relay-webhooks.apib).
 */
import { isObject } from '../../lib/guards.ts'
import type { Tasks } from '../kit/clock.ts'
import type { InboundMail } from '../kit/inbound-mail.ts'
import type { Ledger, ReportedWebhook } from '../kit/report.ts'
import { RetryQueue } from '../kit/retry-queue.ts'
import type { NativeEvent } from './edition.ts'
import type { Ids } from './ids.ts'
import type { Credentials, Poster } from './post.ts'
import { relayMessageOf } from './relay-message.ts'
import { documentedFields } from './samples.ts'
import { authOf, Refusal, type Settings } from './settings.ts'

export interface RelaySettings extends Omit<Settings, 'events' | 'active' | 'exception_subaccounts'> {
  readonly match: { readonly protocol: 'SMTP'; readonly domain: string }
}

export interface RelayWebhook {
  readonly id: string
  settings: RelaySettings
  readonly credentials: Credentials
  readonly queue: RetryQueue<Relayed>
  deleted: boolean
}

interface Relayed {
  readonly webhook: RelayWebhook
  readonly mail: InboundMail
  readonly id: string
}

export interface RelayParts {
  readonly tasks: Tasks
  readonly poster: Poster
  readonly ledger: Ledger
  readonly ids: Ids
  /** Null: every domain is registered. */
  readonly inboundDomains: readonly string[] | null
  /** Events about relaying, for event webhooks. */
  readonly emit: (event: NativeEvent) => void
}

const MINUTE = 60_000

/** The first retry after 300 s, then with back-off, up to 7 tries; the intervals between are not documented. */
const DELAYS_MS = [5, 10, 20, 40, 80, 160].map((minutes) => minutes * MINUTE)

export class Relays {
  readonly #parts: RelayParts
  readonly #all = new Map<string, RelayWebhook>()

  constructor(parts: RelayParts) {
    this.#parts = parts
  }

  /** Those that are not deleted. */
  all(): RelayWebhook[] {
    return [...this.#all.values()].filter(({ deleted }) => !deleted)
  }

  /** @throws Refusal 404 */
  get(id: string): RelayWebhook {
    const webhook = this.#all.get(id)
    if (webhook === undefined || webhook.deleted) throw new Refusal(404, { message: 'Resource could not be found' })
    return webhook
  }

  /** @throws Refusal 400 for a domain that is not registered, 409 for one that is taken */
  create(body: Record<string, unknown>): RelayWebhook {
    const settings = this.#settingsFrom(body, null)
    const id = this.#parts.ids.decimal()
    const webhook = { id, settings, credentials: { accessToken: null }, queue: this.#newQueue(), deleted: false }
    this.#all.set(id, webhook)
    return webhook
  }

  /** @throws as `create` */
  update(webhook: RelayWebhook, body: Record<string, unknown>): void {
    webhook.settings = this.#settingsFrom(body, webhook)
    webhook.credentials.accessToken = null
  }

  /** A mail came in: it goes to the webhook of its domain; without one it is refused, and nothing is sent. */
  receive(mail: InboundMail): void {
    const domain = mail.to.slice(mail.to.lastIndexOf('@') + 1).toLowerCase()
    const webhook = this.all().find(({ settings }) => settings.match.domain === domain)
    this.#report(webhook === undefined ? 'relay_rejection' : 'relay_injection', mail, {})
    if (webhook === undefined) return
    this.#parts.ledger.expect('relay_message')
    webhook.queue.push({ webhook, mail, id: this.#parts.ids.uuid() })
  }

  report(): ReportedWebhook[] {
    return [...this.#all.values()].map(({ id, settings: { name, target }, deleted }) => {
      return { id, name, target, state: deleted ? 'deleted' : 'active' }
    })
  }

  #newQueue(): RetryQueue<Relayed> {
    return new RetryQueue({
      tasks: this.#parts.tasks,
      delaysMs: DELAYS_MS,
      send: (relayed, attempt) => this.#post(relayed, attempt),
      gaveUp: (relayed, attempts) => this.#gaveUp(relayed, attempts),
    })
  }

  async #post({ webhook, mail, id }: Relayed, attempt: number): Promise<boolean> {
    const { ledger, poster } = this.#parts
    ledger.posted(attempt)
    const body = JSON.stringify([{ msys: { relay_message: relayMessageOf(mail, webhook.id) } }])
    const { status, ...outcome } = await poster.batch(webhook.settings, webhook.credentials, id, body)
    const ok = status !== null && status >= 200 && status < 300
    if (ok) ledger.acknowledged(1)
    const tried = { num_retries: String(attempt - 1) }
    if (ok) this.#report('relay_delivery', mail, tried)
    else if (attempt <= DELAYS_MS.length)
      this.#report('relay_tempfail', mail, { ...tried, ...refusalOf(status === null ? String(outcome.code) : status) })
    return ok
  }

  #gaveUp({ mail }: Relayed, attempts: number): void {
    this.#parts.ledger.gaveUp(1)
    this.#report('relay_permfail', mail, { num_retries: String(attempts - 1) })
  }

  #report(type: string, mail: InboundMail, more: Record<string, unknown>): void {
    const { emit, ids, tasks } = this.#parts
    const time = tasks.now()
    const fields = {
      ...documentedFields(type),
      event_id: ids.event(),
      timestamp: String(Math.floor(time / 1_000)),
      injection_time: new Date(time).toISOString(),
      rcpt_to: mail.to.toLowerCase(),
      raw_rcpt_to: mail.to,
      msg_from: mail.from,
      ...more,
    }
    emit({ type, fields })
  }

  #settingsFrom(body: Record<string, unknown>, webhook: RelayWebhook | null): RelaySettings {
    const all = { ...webhook?.settings, ...body }
    const domain = domainOf(all)
    const { inboundDomains } = this.#parts
    if (inboundDomains !== null && !inboundDomains.includes(domain))
      throw new Refusal(400, { message: `Domain '${domain}' is not a registered inbound domain` })
    if (this.all().some((other) => other !== webhook && other.settings.match.domain === domain))
      throw new Refusal(409, { message: `Domain '${domain}' is already in use` })
    return { ...authOf(all), match: { protocol: 'SMTP', domain } }
  }
}

function domainOf({ match }: { match?: unknown }): string {
  if (isObject(match) && typeof match.domain === 'string' && match.domain !== '') return match.domain.toLowerCase()
  throw new Refusal(400, { message: 'required field is missing', param: 'match' })
}

function refusalOf(what: number | string): Record<string, string> {
  return { error_code: String(what), reason: String(what), raw_reason: String(what) }
}
