/** What `posthorn/testing` is shown of a receiver. */
import type { Claim, Settlement } from '../ports/inbox/claims.ts'
import type { SourcePort } from '../ports/provider.ts'
import type { TestDoor, TestFailure, TestWatch } from '../ports/test-door.ts'
import type { ShiftedClock } from './base/clock.ts'

type Settled = Parameters<TestDoor['watch']>[0]
type Failed = Parameters<TestDoor['watchFailures']>[0]

export class TestWatching implements TestWatch {
  readonly #settled = new Set<Settled>()
  readonly #failed = new Set<Failed>()
  #hurrying = 0

  hurries(): boolean {
    return this.#hurrying > 0
  }

  failed(failure: TestFailure): void {
    for (const tell of this.#failed) tell(failure)
  }

  settled(claim: Claim, settlement: Settlement): void {
    for (const tell of this.#settled) tell(claim, settlement)
  }

  door(sources: ReadonlyMap<string, SourcePort>, clock: ShiftedClock): TestDoor {
    return {
      source: (name) => sources.get(name),
      now: () => clock.now(),
      moveClock: (ms) => clock.move(ms),
      watch: (tell) => addTo(this.#settled, tell),
      watchFailures: (tell) => addTo(this.#failed, tell),
      hurry: () => {
        this.#hurrying++
        return () => void this.#hurrying--
      },
    }
  }
}

function addTo<T>(all: Set<T>, one: T): () => void {
  all.add(one)
  return () => void all.delete(one)
}
