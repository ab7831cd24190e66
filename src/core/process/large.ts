/** Large elements, such as mails: as text, and parsed, each is held several times while its handlers have it. */
import type { Scan } from '../../json/scan.ts'
import { endOf, startOf } from '../../json/slices.ts'

/** In bytes. Smaller elements are parsed in slices, of which little is held at once. */
const LARGE = 1 << 20

export function hasLarge(scan: Scan): boolean {
  for (let index = 0; index < scan.count; index++) if (endOf(scan, index) - startOf(scan, index) >= LARGE) return true
  return false
}

/** The place of one pass in the line. */
export interface LargeTurn {
  /** Resolves when the pass may parse what it has. */
  readonly entered: Promise<void>
  /** Whether it has entered or not. */
  leave(): void
}

interface Waiting extends LargeTurn {
  readonly bytes: number
  readonly enter: () => void
  inside: boolean
}

/**
 * Passes with large elements, in the order in which they have begun: the next one enters when it fits beside those inside,
 * or when there are none. No pass enters before one that began earlier: an order of events would have it wait inside for
 * a pass that waits outside.
 */
export class LargeLine {
  readonly #maxBytes: number
  readonly #line: Waiting[] = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** null: the body is too small for any large element. */
  join({ length: bytes }: Uint8Array): LargeTurn | null {
    if (bytes < LARGE) return null
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>()
    const place: Waiting = { bytes, entered, enter, inside: false, leave: () => this.#leave(place) }
    this.#line.push(place)
    this.#advance()
    return place
  }

  #leave(place: Waiting): void {
    const at = this.#line.indexOf(place)
    if (at !== -1) this.#line.splice(at, 1)
    else if (place.inside) this.#bytes -= place.bytes
    place.inside = false
    this.#advance()
  }

  #advance(): void {
    for (const next of this.#line.slice()) {
      if (this.#bytes > 0 && this.#bytes + next.bytes > this.#maxBytes) return
      this.#line.shift()
      this.#bytes += next.bytes
      next.inside = true
      next.enter()
    }
  }
}
