/** Parse routes: mails that come in, each posted to the route of its recipient. */
import type { Tasks } from '../kit/clock.ts'
import type { InboundMail } from '../kit/inbound-mail.ts'
import type { Random } from '../kit/random.ts'
import type { Ledger, ReportedWebhook } from '../kit/report.ts'
import { RetryQueue } from '../kit/retry-queue.ts'
import { parseBodyOf } from './parse-body.ts'

export interface ParseRoute {
  readonly APIKeyID: number
  readonly Email: string
  readonly ID: number
  readonly Url: string
}

interface Incoming {
  readonly routeId: number
  readonly body: string
}

export interface ParseRoutesParts {
  readonly tasks: Tasks
  readonly ledger: Ledger
  readonly random: Random
  /** The retries of the Parse API are not documented: those of events. */
  readonly delaysMs: readonly number[]
  /** Posts the body; true when it was acknowledged. */
  readonly send: (url: string, body: string, events: number, attempt: number) => Promise<boolean>
}

export class ParseRoutes {
  readonly #parts: ParseRoutesParts
  readonly #all = new Map<number, ParseRoute>()
  readonly #deleted: ParseRoute[] = []
  readonly #queue: RetryQueue<Incoming>

  constructor(parts: ParseRoutesParts) {
    this.#parts = parts
    this.#queue = new RetryQueue({
      tasks: parts.tasks,
      delaysMs: parts.delaysMs,
      send: ({ routeId, body }, attempt) => this.#send(routeId, body, attempt),
      gaveUp: () => parts.ledger.gaveUp(1),
    })
  }

  all(): ParseRoute[] {
    return [...this.#all.values()]
  }

  get(id: number): ParseRoute | undefined {
    return this.#all.get(id)
  }

  save(route: ParseRoute): ParseRoute {
    this.#all.set(route.ID, route)
    return route
  }

  delete({ ID }: ParseRoute): void {
    const route = this.#all.get(ID)
    if (route !== undefined) this.#deleted.push(route)
    this.#all.delete(ID)
  }

  /** Without a route for its recipient nothing is sent. */
  receive(mail: InboundMail): void {
    const to = mail.to.toLowerCase()
    const route = this.all().find(({ Email }) => Email.toLowerCase() === to)
    if (route === undefined) return
    const { ledger, random, tasks } = this.#parts
    ledger.expect('parse')
    this.#queue.push({ routeId: route.ID, body: parseBodyOf(mail, random.uuid(), tasks.now()) })
  }

  report(): ReportedWebhook[] {
    return [
      ...this.all().map((route) => reported(route, 'active')),
      ...this.#deleted.map((route) => reported(route, 'deleted')),
    ]
  }

  /** To the address that the route has now; one that was deleted keeps its last. */
  async #send(routeId: number, body: string, attempt: number): Promise<boolean> {
    const route = this.#all.get(routeId) ?? this.#deleted.find(({ ID }) => ID === routeId)
    return route !== undefined && this.#parts.send(route.Url, body, 1, attempt)
  }
}

const reported = ({ ID, Email, Url }: ParseRoute, state: 'active' | 'deleted'): ReportedWebhook => ({
  id: String(ID),
  name: Email,
  target: Url,
  state,
})
