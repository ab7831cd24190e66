/** What all emulated senders share: an API, traffic and a report on one clock. */
import { type EmulatorClock, Tasks } from './clock.ts'
import type { Duration } from './duration.ts'
import type { Step } from './life-cycle.ts'
import { Random } from './random.ts'
import { type EmulatorReport, Ledger, type ReportedWebhook } from './report.ts'
import { type Api, ApiServer, type Listening, type ListenOptions, type Route } from './server.ts'
import { Traffic, type TrafficOptions } from './traffic.ts'
import { type Wire, wireUntil } from './wire.ts'

/** An emulated sender. */
export interface Emulator {
  readonly clock: EmulatorClock
  /** Opens its HTTP API. @throws the system's error when the port is taken */
  listen(options?: ListenOptions): Promise<Listening>
  /** Sends mail from now on; its events go to the webhooks that are active when they happen. A life ends within 2 hours. */
  traffic(options?: TrafficOptions): void
  /** As the clock's: resolves when everything due in that time was posted, and answered or given up. */
  advance(duration: Duration): Promise<void>
  /** What it has done so far. */
  report(): EmulatorReport
  /** Ends its API, its traffic and its retries; posts under way are broken off. */
  close(): Promise<void>
}

/** A sender says only what it does with a step of a life, and which webhooks it has. */
export abstract class EmulatorBase implements Emulator {
  readonly clock: EmulatorClock
  readonly tasks: Tasks
  readonly ledger = new Ledger()
  readonly random: Random
  /** What it sends over, until it closes. */
  readonly wire: Wire
  readonly #closing = new AbortController()
  readonly #traffic: Traffic
  readonly #routes: Route[] = []
  readonly #server: ApiServer

  constructor(clock: EmulatorClock, seed: number, outside: Omit<Api, 'routes'>) {
    this.clock = clock
    this.tasks = new Tasks(clock)
    this.random = new Random(seed)
    this.wire = wireUntil(this.#closing.signal)
    this.#traffic = new Traffic(this.tasks, this.random.fork(-3), (step) => this.happen(step))
    this.#server = new ApiServer({ routes: this.#routes, ...outside })
  }

  /** A step of a message's life: its events go to the webhooks that want them. */
  abstract happen(step: Step): void

  abstract reported(): ReportedWebhook[]

  serve(routes: readonly Route[]): void {
    this.#routes.push(...routes)
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

  async close(): Promise<void> {
    this.tasks.close()
    this.#closing.abort()
    await this.#server.close()
  }
}
