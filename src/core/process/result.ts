/** What a pass leaves: noted while it runs, complete when it has ended. */
import type { Scan } from '../../json/scan.ts'
import { elementBytes } from '../../json/slices.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Claim, Settlement } from '../../ports/inbox/claims.ts'
import type { NewDeadLetter, NewQuarantine, NewWorkRow } from '../../ports/inbox/rows.ts'
import type { AnyEvent } from '../../types.ts'
import { tooMany } from '../read/quarantine-reasons.ts'
import type { Copies } from './dedupe.ts'
import type { End } from './item.ts'
import type { PassLanes } from './pass-lanes.ts'
import { without } from './without.ts'

/** The settlement, and the dead events for whoever is told once it is stored. */
export interface PassResult {
  readonly settlement: Settlement
  readonly dead: readonly Dead[]
  readonly returned: number
  /** Calls that succeeded: one for each event and handler. */
  readonly handled: number
}

interface Dead {
  readonly event: AnyEvent
  readonly letter: NewDeadLetter
}

/** Every element of the largest ordinary batch; a body of a million `{}` would hold the inbox for seconds. */
const MOST_QUARANTINED = 10_000

/** Becomes the result itself, and its settlement too, without a copy: there is one for each delivery. */
export class ResultDraft implements PassResult {
  readonly settlement: SettlementDraft
  readonly dead: { event: AnyEvent; letter: NewDeadLetter }[] = []
  returned = 0
  handled = 0
  readonly #clock: Clock
  readonly #absorbed: number[] = []
  /** Elements that need not go there once more, since a row of work may find them there already; null: a first pass. */
  readonly #inQuarantine: Set<number | null> | null

  constructor({ delivery, rows, quarantined }: Claim, clock: Clock) {
    this.#clock = clock
    this.#inQuarantine = rows === null ? null : new Set(quarantined)
    this.settlement = {
      seq: delivery.seq,
      firstPass: rows === null,
      events: null,
      endedRows: (rows ?? []).map((row) => row.id),
      rows: [],
      dead: [],
      quarantined: [],
      unhandled: {},
      duplicateEvents: 0,
    }
  }

  /**
   * `index` null: the whole delivery. Past 10 000 in one claim, one row that stands for the whole delivery says so, and
   * the rest is not listed.
   */
  quarantine(index: number | null, reason: string, path: string | null): void {
    const known = this.#inQuarantine
    if (known?.has(index) || known?.has(null)) return
    known?.add(index)
    const { quarantined } = this.settlement
    const listed = quarantined.length
    if (listed < MOST_QUARANTINED) quarantined.push({ index, reason, path, at: this.#clock.now() })
    else if (listed === MOST_QUARANTINED)
      quarantined.push({ index: null, reason: tooMany(MOST_QUARANTINED), path: null, at: this.#clock.now() })
  }

  unhandled(name: string): void {
    const { unhandled } = this.settlement
    unhandled[name] = (unhandled[name] ?? 0) + 1
  }

  /** The element is a copy: no handler of its delivery gets it. They come in order. */
  absorb(index: number): void {
    this.settlement.duplicateEvents++
    this.#absorbed.push(index)
  }

  died(handler: string, index: number, { event, attempts, errors }: Extract<End, { kind: 'dead' }>): void {
    const at = this.#clock.now()
    const { run, delivery } = event
    const letter = { handler, index, attempts, errors, at, element: NO_BYTES, size: delivery.size, run }
    this.dead.push({ event, letter })
  }

  /** Instead of `complete`, of a delivery without elements that could be read. */
  unreadable(reason: string): PassResult {
    this.quarantine(null, reason, null)
    return this
  }

  complete(scan: Scan, { claim, lanes, absent }: PassLanes, copies: Copies | null): PassResult {
    const now = this.#clock.now()
    const { settlement } = this
    if (settlement.firstPass) settlement.events = scan.count
    for (const lane of lanes.values()) {
      for (const row of lane.rows(now)) this.#leave(row)
      this.returned += lane.returned
      this.handled += lane.done
    }
    const last = scan.count - 1
    for (const handler of last >= 0 ? absent : [])
      this.#leave({ handler, first: 0, last, attempts: 0, dueAt: now, errors: [], replay: null })
    for (const one of this.dead) {
      one.letter = { ...one.letter, element: elementBytes(claim.delivery.body, scan, one.letter.index).slice() }
      settlement.dead.push(one.letter)
    }
    if (settlement.rows.length > 0) settlement.at = now
    if (copies !== null) Object.assign(settlement, copies.settlement(now))
    return this
  }

  #leave(row: NewWorkRow): void {
    if (this.#absorbed.length === 0) this.settlement.rows.push(row)
    else this.settlement.rows.push(...without(row, this.#absorbed))
  }
}

/** The settlement in the making. */
interface SettlementDraft extends Settlement {
  events: number | null
  readonly rows: NewWorkRow[]
  at?: number
  readonly dead: NewDeadLetter[]
  readonly quarantined: NewQuarantine[]
  readonly unhandled: Record<string, number>
  duplicateEvents: number
}

const NO_BYTES = new Uint8Array()
