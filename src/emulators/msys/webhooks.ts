/** All webhooks of an emulator. */
import type { Tasks } from '../kit/clock.ts'
import type { ReportedWebhook } from '../kit/report.ts'
import type { Sending } from './batch.ts'
import type { Ids } from './ids.ts'
import type { Poster } from './post.ts'
import type { Settings } from './settings.ts'
import { Webhook } from './webhook.ts'

export class Webhooks {
  readonly #tasks: Tasks
  readonly #sending: Sending
  readonly #poster: Poster
  readonly #ids: Ids
  readonly #activationMs: number
  readonly #all = new Map<string, Webhook>()

  constructor(tasks: Tasks, sending: Sending, poster: Poster, ids: Ids, activationMs: number) {
    this.#tasks = tasks
    this.#sending = sending
    this.#poster = poster
    this.#ids = ids
    this.#activationMs = activationMs
  }

  /** Those that are not deleted. */
  all(): Webhook[] {
    return [...this.#all.values()].filter(({ deleted }) => !deleted)
  }

  get(id: string): Webhook | null {
    const webhook = this.#all.get(id)
    return webhook === undefined || webhook.deleted ? null : webhook
  }

  /** With a test post first; active a while later. @throws Refusal when the target does not answer 200 */
  async create(settings: Settings): Promise<Webhook> {
    const webhook = this.#newWebhook(settings)
    await this.#poster.check(settings, webhook.credentials)
    this.#all.set(webhook.id, webhook)
    this.#activateLater(webhook)
    return webhook
  }

  /** As a file configures it: no test post, active at once. */
  configure(settings: Settings): void {
    const webhook = this.#newWebhook(settings)
    this.#all.set(webhook.id, webhook)
    webhook.activate(settings)
  }

  /** With a test post when the target is another, as the API documents it. @throws Refusal, and then nothing changes */
  async update(webhook: Webhook, settings: Settings): Promise<void> {
    const credentials = { accessToken: null }
    if (settings.target !== webhook.settings.target) await this.#poster.check(settings, credentials)
    Object.assign(webhook.credentials, credentials)
    webhook.settings = settings
    this.#activateLater(webhook)
  }

  report(): ReportedWebhook[] {
    return [...this.#all.values()].map(({ id, settings, state }) => {
      const { name, target } = settings
      return { id, name, target, state }
    })
  }

  #newWebhook(settings: Settings): Webhook {
    return new Webhook({ id: this.#ids.uuid(), settings, tasks: this.#tasks, sending: this.#sending })
  }

  #activateLater(webhook: Webhook): void {
    const { settings } = webhook
    this.#tasks.after(this.#activationMs, () => webhook.activate(settings))
  }
}
