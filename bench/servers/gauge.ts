/** What a process can tell of itself: the delay of its event loop, its time on the processor, its memory. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Report } from './plan.ts'

/** The histogram counts from one tick of its timer to the next, so this much is in every value. */
const RESOLUTION_MS = 1

export class Gauge {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #cpu = process.cpuUsage()
  #rssAtBegin = 0
  #rssMost = 0

  constructor() {
    this.#delay.enable()
    setInterval(() => this.#look(), 50).unref()
  }

  begin(): void {
    this.#delay.reset()
    this.#cpu = process.cpuUsage()
    this.#rssAtBegin = process.memoryUsage.rss()
    this.#rssMost = this.#rssAtBegin
  }

  report(): Omit<Report, 'handled'> {
    this.#look()
    const { user, system } = process.cpuUsage(this.#cpu)
    const ms = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS)
    return {
      loop: { p50: ms(this.#delay.percentile(50)), p99: ms(this.#delay.percentile(99)), max: ms(this.#delay.max) },
      cpuMs: (user + system) / 1_000,
      rssAtBegin: this.#rssAtBegin,
      rssMost: this.#rssMost,
    }
  }

  #look(): void {
    this.#rssMost = Math.max(this.#rssMost, process.memoryUsage.rss())
  }
}
