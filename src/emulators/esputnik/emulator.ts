/** eSputnik's activity webhooks: checked when saved, gathered for minutes, posted in a sequence that nothing overtakes. */
import type { EmulatorClock } from '../kit/clock.ts'
import { EmulatorBase } from '../kit/emulator.ts'
import { type BatchRule, Gathering } from '../kit/gathering.ts'
import type { Step } from '../kit/life-cycle.ts'
import type { ReportedWebhook } from '../kit/report.ts'
import { RetryQueue } from '../kit/retry-queue.ts'
import { Said } from '../kit/said.ts'
import { type Fault, isSuccess, type Outcome, type Success, type Wire, withFaults } from '../kit/wire.ts'
import { type Activity, type ActivityForm, activityOf } from './activity.ts'
import { activityApi, outside } from './activity-api.ts'
import { checkOf, postOf, type WebhookOptions, type WebhookSettings, webhookSettings } from './webhook.ts'
import { type EsputnikWorkflows, type WorkflowRules, Workflows } from './workflows.ts'

export interface EsputnikSettings extends ActivityForm, BatchRule, WorkflowRules {
  readonly clock: EmulatorClock
  readonly seed: number
  readonly apiKey: string
  readonly success: Success
  /** The last repeats without end. */
  readonly delaysMs: readonly number[]
  /** Whether the check carries login and headers. */
  readonly checkCredentials: boolean
  /** Whether the account has the list of activities. */
  readonly activityApi: boolean
  readonly faults: readonly Fault[]
}

/** What came of saving a webhook; it is saved only when the check passed. */
export type Saved =
  | { readonly saved: true; readonly id: string; readonly check: Outcome }
  | { readonly saved: false; readonly check: Outcome }

interface Webhook {
  readonly id: string
  readonly settings: WebhookSettings
  readonly gathering: Gathering<Activity>
}

export class EsputnikEmulator extends EmulatorBase {
  readonly workflows: EsputnikWorkflows
  readonly #settings: EsputnikSettings
  readonly #webhooks: Webhook[] = []
  readonly #activities: Activity[] = []
  readonly #said = new Said()
  readonly #wire: Wire

  constructor(settings: EsputnikSettings) {
    super(settings.clock, settings.seed, outside(settings.apiKey))
    this.#settings = settings
    this.workflows = new Workflows(settings, this.random.fork(-5), this.wire)
    this.#wire = withFaults(this.wire, settings.faults)
    this.serve(activityApi(settings.activityApi ? this.#activities : null))
  }

  async saveWebhook(options: WebhookOptions): Promise<Saved> {
    const settings = webhookSettings(options)
    const { checkCredentials, limitMs, success } = this.#settings
    const check = await this.wire(checkOf(settings, checkCredentials, limitMs))
    if (!isSuccess(check, success)) return { saved: false, check }
    const id = String(this.#webhooks.length + 1)
    this.#webhooks.push({ id, settings, gathering: this.#newGathering(settings) })
    return { saved: true, id, check }
  }

  happen(step: Step): void {
    const activity = activityOf(step, this.#settings)
    if (activity === null || !this.#said.isNew(step.message, activity.text)) return
    this.#activities.push(activity)
    for (const { settings, gathering } of this.#webhooks) {
      if (!settings.statuses.has(activity.status)) continue
      this.ledger.expect(activity.status)
      gathering.add(activity)
    }
  }

  reported(): ReportedWebhook[] {
    return this.#webhooks.map(({ id, settings: { name, url } }) => ({ id, name, target: url, state: 'active' }))
  }

  /** Later requests wait until the failed one is delivered, then follow in sequence. */
  #newGathering(settings: WebhookSettings): Gathering<Activity> {
    const queue = new RetryQueue<readonly Activity[]>({
      tasks: this.tasks,
      delaysMs: this.#settings.delaysMs,
      endless: true,
      strict: true,
      send: (activities, attempt) => this.#send(settings, activities, attempt),
    })
    return new Gathering(this.tasks, this.#settings, (activities) => queue.push(activities))
  }

  async #send(settings: WebhookSettings, activities: readonly Activity[], attempt: number): Promise<boolean> {
    this.ledger.posted(attempt)
    const body = `[${activities.map(({ text }) => text).join(',')}]`
    const outcome = await this.#wire(postOf(settings, body, this.#settings.limitMs))
    const ok = isSuccess(outcome, this.#settings.success)
    if (ok) this.ledger.acknowledged(activities.length)
    return ok
  }
}
