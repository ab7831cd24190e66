/**
 * Calls of a delivery over which a process died. What is under way is written down before it begins, so that an event
 * that kills its process is found. They are noted and made together, so that a start after a crash costs little more
 * than any other; only what was under way in a death before is alone.
 */
import { callKey } from '../../lib/call-key.ts'
import type { Claim } from '../../ports/inbox/claims.ts'
import type { WorkRow } from '../../ports/inbox/rows.ts'
import type { AnyEvent } from '../../types.ts'
import type { Lane } from './lane.ts'

export interface CarefulCall {
  readonly lane: Lane
  readonly event: AnyEvent
  readonly index: number
  readonly row: WorkRow | null
  /** It was under way in a death before. */
  readonly alone: boolean
}

/** Of the calls of one note; each is suspected, and alone the next time, when the process dies over them. */
const MOST_TOGETHER = 64

export class CarefulCalls {
  readonly #deaths: ReadonlyMap<string, number>
  #calls: CarefulCall[] = []
  /** Added and not handed in yet. */
  readonly #waiting = new Set<CarefulCall>()
  #isSuspected = false

  constructor({ deaths }: Claim) {
    this.#deaths = new Map(deaths.map(({ index, handler, times }) => [callKey(index, handler), times]))
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0
  }

  /** They are to be made before more are added. */
  get isDue(): boolean {
    return this.#isSuspected || this.#calls.length >= MOST_TOGETHER
  }

  /** How many processes have died while it was under way. */
  deathsAt(index: number, handler: string): number {
    return this.#deaths.get(callKey(index, handler)) ?? 0
  }

  add(call: CarefulCall): void {
    this.#calls.push(call)
    this.#waiting.add(call)
    this.#isSuspected ||= call.alone
  }

  /** It is handed in, or left for later. */
  begin(call: CarefulCall): void {
    this.#waiting.delete(call)
  }

  /** Calls that have not begun, of one handler. */
  waiting(handler: string): CarefulCall[] {
    return [...this.#waiting].filter(({ lane }) => lane.spec.name === handler)
  }

  /** Takes them out: in order, in groups that are each noted and made together. */
  take(): CarefulCall[][] {
    const groups: CarefulCall[][] = []
    let open: CarefulCall[] = []
    for (const call of this.#calls) {
      if (open.length === 0 || call.alone) {
        open = []
        groups.push(open)
      }
      open.push(call)
      if (call.alone) open = []
    }
    this.#calls = []
    this.#isSuspected = false
    return groups
  }
}
