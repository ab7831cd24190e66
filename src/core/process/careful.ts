/**
 * Calls for a delivery that a process held when it died. Each call is noted in the inbox before it begins, so that an
 * event that kills its process is found. Calls are noted and made in groups, so that a start after a crash costs little
 * more than any other. A call that was under way in a death before is made alone.
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
  /** It was under way when a process died. */
  readonly alone: boolean
}

/**
 * Calls in one group. When the process dies during a group, each of them is suspected, and made alone the next time.
 */
const MOST_TOGETHER = 64

export class CarefulCalls {
  readonly #deaths: ReadonlyMap<string, number>
  #calls: CarefulCall[] = []
  /** Calls that were added and are not handed to their handler yet. */
  readonly #waiting = new Set<CarefulCall>()
  #isSuspected = false

  constructor({ deaths }: Claim) {
    this.#deaths = new Map(deaths.map(({ index, handler, times }) => [callKey(index, handler), times]))
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0
  }

  /** Whether the gathered calls must be made before another is added. */
  get isDue(): boolean {
    return this.#isSuspected || this.#calls.length >= MOST_TOGETHER
  }

  /** How many processes died while the handler had this element. */
  deathsAt(index: number, handler: string): number {
    return this.#deaths.get(callKey(index, handler)) ?? 0
  }

  add(call: CarefulCall): void {
    this.#calls.push(call)
    this.#waiting.add(call)
    this.#isSuspected ||= call.alone
  }

  /** The call is handed to its handler, or left for later. */
  begin(call: CarefulCall): void {
    this.#waiting.delete(call)
  }

  /** Calls of one handler that have not begun. */
  waiting(handler: string): CarefulCall[] {
    return [...this.#waiting].filter(({ lane }) => lane.spec.name === handler)
  }

  /** Takes all calls out, in order, as groups. */
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
