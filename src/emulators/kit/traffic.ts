/** Mail under way: messages at a steady rate, each living its life on the clock of the emulator. */
import { OptionError } from '../../errors.ts'
import { keysOf, knownKeys, shown } from '../../lib/options.ts'
import type { Tasks } from './clock.ts'
import { lifeOf, type Step } from './life-cycle.ts'
import { messageOf } from './message.ts'
import type { Random } from './random.ts'

export interface TrafficOptions {
  /** How many messages. Default: no end, until the emulator closes. */
  readonly messages?: number
  /** Messages a second, above 0. Default 10. */
  readonly perSecond?: number
}

const KEYS = keysOf<TrafficOptions>({ messages: true, perSecond: true })

/** Numbers messages on through several calls, so that none comes twice. */
export class Traffic {
  readonly #tasks: Tasks
  readonly #random: Random
  readonly #happen: (step: Step) => void
  #messages = 0

  /** `happen` is called for each step when its time has come. */
  constructor(tasks: Tasks, random: Random, happen: (step: Step) => void) {
    this.#tasks = tasks
    this.#random = random
    this.#happen = happen
  }

  /** Starts now, beside what runs already. @throws OptionError for a number that is none */
  start(options: TrafficOptions = {}): void {
    knownKeys('traffic', options, KEYS)
    const { messages = Number.POSITIVE_INFINITY, perSecond = 10 } = options
    if (!(typeof perSecond === 'number' && perSecond > 0 && perSecond < Number.POSITIVE_INFINITY))
      throw new OptionError(`traffic: perSecond must be above 0, got ${shown(perSecond)}`)
    if (!(messages === Number.POSITIVE_INFINITY || (Number.isSafeInteger(messages) && messages >= 0)))
      throw new OptionError(`traffic: messages must be a whole number ≥ 0, got ${shown(messages)}`)
    this.#inject(this.#tasks.now(), 0, messages, 1_000 / perSecond)
  }

  /** The next message when it is due, counted from the start: the times between do not add their rounding up. */
  #inject(startMs: number, sent: number, messages: number, everyMs: number): void {
    if (sent >= messages) return
    this.#tasks.after(startMs + sent * everyMs - this.#tasks.now(), () => {
      this.#begin()
      this.#inject(startMs, sent + 1, messages, everyMs)
    })
  }

  #begin(): void {
    const message = messageOf(this.#random, this.#messages++, this.#tasks.now())
    for (const step of lifeOf(message))
      if (step.afterMs === 0) this.#happen(step)
      else this.#tasks.after(step.afterMs, () => this.#happen(step))
  }
}
