import type { NewDeadLetter, NewDelivery, NewQuarantine, WorkRow } from '../../core/ports.ts'
import type { Turn } from '../../lib/in-turn.ts'
import { type Entry, newEntry } from './entry.ts'

export interface Work {
  readonly seq: number
  readonly row: WorkRow
}

export interface Dead {
  readonly id: number
  readonly entry: Entry
  readonly letter: NewDeadLetter
}

export interface Quarantined {
  readonly id: number
  readonly entry: Entry
  readonly item: NewQuarantine
}

/** What the inbox holds. Everything but `held` and `turn` is what a file would keep. */
export class Store {
  readonly entries: Entry[] = []
  readonly work = new Map<number, Work>()
  dead: Dead[] = []
  readonly quarantined: Quarantined[] = []
  readonly unhandled = new Map<string, number>()
  /** Every handler that was ever opened with. */
  readonly seen = new Set<string>()
  /** The handlers a delivery belongs to when it is claimed for the first time now. */
  handlers: readonly string[] = []
  /** Sequence numbers under claim. */
  readonly held = new Set<number>()
  turn: Turn = 0
  readonly #byId = new Map<string, Entry[]>()
  #ids = 0

  add(delivery: NewDelivery): Entry {
    const entry = newEntry(this.entries.length + 1, delivery)
    this.entries.push(entry)
    const same = this.#byId.get(delivery.id)
    if (same) same.push(entry)
    else this.#byId.set(delivery.id, [entry])
    return entry
  }

  at(seq: number): Entry | undefined {
    return this.entries[seq - 1]
  }

  /** The delivery with this id and this whole hash. */
  find(id: string, sha256: Uint8Array): Entry | undefined {
    return this.#byId.get(id)?.find((entry) => Buffer.compare(entry.delivery.sha256, sha256) === 0)
  }

  latest(id: string): Entry | undefined {
    return this.#byId.get(id)?.at(-1)
  }

  rowsOf(seq: number): WorkRow[] {
    return [...this.work.values()].filter((work) => work.seq === seq).map((work) => work.row)
  }

  nextId(): number {
    this.#ids += 1
    return this.#ids
  }
}
