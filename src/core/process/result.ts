/** The result of a pass: gathered while it runs, complete when it has ended. */
import type { Scan } from '../../json/scan.ts'
import { elementBytes } from '../../json/slices.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Claim, Settlement } from '../../ports/inbox/claims.ts'
import type { Tally } from '../../ports/inbox/look.ts'
import type { Ends } from '../../ports/inbox/progress.ts'
import type { NewDeadLetter, NewQuarantine, NewWorkRow, WorkRow } from '../../ports/inbox/rows.ts'
import type { Dead, PassEnd } from '../../ports/telling.ts'
import type { AnyEvent } from '../../types.ts'
import { tooMany } from '../read/quarantine-reasons.ts'
import type { Copies } from './dedupe.ts'
import type { End } from './end.ts'
import type { Item } from './item.ts'
import type { PassLanes } from './pass-lanes.ts'
import type { Resumed } from './resumed.ts'
import { Stacks } from './stored-error.ts'
import { sizeOf, united, without } from './stretches.ts'

/**
 * The settlement, and what is told once it is stored. `returned`: events that were given back, once for each handler.
 */
export interface PassResult extends PassEnd {
  readonly returned: number
}

/** A dead letter before its element is cut out of the body. */
type Letter = Omit<NewDeadLetter, 'element'>

interface DeadDraft extends Dead {
  letter: NewDeadLetter
  /** The work row of the event; null: a first pass. */
  readonly row: WorkRow | null
  isSaved: boolean
}

/** Ends that no saved progress has. */
export interface UnsavedEnds {
  readonly ends: Pick<Ends, 'dead' | 'quarantined' | 'unhandled' | 'copies'>
  readonly isEmpty: boolean
  /** Call it once they are durable. */
  saved(): void
}

/**
 * As many as the largest ordinary batch has elements; a row for each of a million `{}` would hold the inbox for
 * seconds.
 */
const MOST_QUARANTINED = 10_000

/** Is the result that `run` resolves with, not copied into one: there is one for each delivery. */
export class ResultDraft implements PassResult {
  readonly settlement: SettlementDraft
  readonly dead: DeadDraft[] = []
  returned = 0
  handled = 0
  handledBy: PassEnd['handledBy'] = NOBODY
  readonly #clock: Clock
  readonly #resumed: Resumed | null
  /** Elements that this pass absorbed as copies; those of the pass before the crash are in `#resumed`. */
  readonly #copies: [first: number, last: number][] = []
  /** Dead letters of the pass before the crash whose events this pass has not read yet. */
  #deadBefore: readonly Letter[]
  /** The work row of each entry of `settlement.quarantined`, in the same order; null: a first pass. */
  readonly #quarantinedFrom: (WorkRow | null)[] | null
  /** How much of the settlement is in saved progress. */
  #saved: Saved
  /**
   * Elements in quarantine already: a work row may meet them again, and so may the next handler whose calls for the
   * element killed the process. An element has one row of quarantine.
   */
  readonly #inQuarantine: Set<number | null>

  constructor({ token, delivery, rows, quarantined }: Claim, clock: Clock, resumed: Resumed | null) {
    this.#clock = clock
    this.#resumed = resumed
    this.#deadBefore = resumed?.dead ?? NONE
    this.#inQuarantine = new Set(quarantined)
    for (const { index } of resumed?.quarantined ?? NONE) this.#inQuarantine.add(index)
    this.#quarantinedFrom = rows === null ? null : []
    this.settlement = {
      token,
      seq: delivery.seq,
      firstPass: rows === null,
      events: null,
      endedRows: (rows ?? []).map((row) => row.id),
      rows: [],
      dead: [],
      quarantined: [...(resumed?.quarantined ?? NONE)],
      unhandled: { ...resumed?.unhandled },
      duplicateEvents: sizeOf(resumed?.copies ?? NONE),
    }
    this.#saved = resumed === null ? NOTHING_SAVED : this.#reached()
  }

  /**
   * `index` null: the whole delivery. After 10 000 rows of one claim, one more stands for the rest (`kind: 'more'`),
   * and further ones are dropped.
   */
  quarantine(
    index: number | null,
    reason: string,
    path: string | null,
    row: WorkRow | null,
    kind?: NewQuarantine['kind'],
  ): void {
    const known = this.#inQuarantine
    const { quarantined } = this.settlement
    const listed = quarantined.length
    if (listed > MOST_QUARANTINED || known.has(index) || known.has(null)) return
    known.add(index)
    if (this.#quarantinedFrom !== null) this.#quarantinedFrom[listed] = row
    const at = this.#clock.now()
    if (listed < MOST_QUARANTINED) quarantined.push({ index, reason, path, at, ...(kind && { kind }) })
    else if (listed === MOST_QUARANTINED)
      quarantined.push({ index: null, reason: tooMany(MOST_QUARANTINED), path: null, at, kind: 'more' })
  }

  unhandled(name: string): void {
    const { unhandled } = this.settlement
    unhandled[name] = (unhandled[name] ?? 0) + 1
  }

  /** The element is a copy: no handler of its delivery gets it. Called in ascending order of `index`. */
  absorb(index: number): void {
    this.settlement.duplicateEvents++
    const open = this.#copies.at(-1)
    if (open?.[1] === index - 1) open[1] = index
    else this.#copies.push([index, index])
  }

  died(handler: string, { index, row }: Item, { event, attempts, errors }: Extract<End, { kind: 'dead' }>): void {
    const at = this.#clock.now()
    const { run, delivery } = event
    const letter = { handler, index, attempts, errors, at, element: NO_BYTES, size: delivery.size, run }
    this.dead.push({ event, letter, error: errors.at(-1), row, isSaved: false })
  }

  /**
   * Called for each event of a resumed pass: its dead letters of before the crash are told with this settlement.
   * Returns whether it has any.
   */
  recall(event: AnyEvent, index: number): boolean {
    const isIt = (letter: Letter) => letter.index === index && letter.run === event.run
    const found = this.#deadBefore.filter(isIt)
    if (found.length === 0) return false
    this.#deadBefore = this.#deadBefore.filter((letter) => !isIt(letter))
    for (const one of found) {
      const letter = { ...one, element: NO_BYTES }
      this.dead.push({ event, letter, error: one.errors.at(-1), row: null, isSaved: true })
    }
    return true
  }

  /** Unsaved ends of the row, or of the first pass (null); of its dead letters only those that `maySave` allows. */
  unsaved(row: WorkRow | null, maySave: (letter: Letter) => boolean): UnsavedEnds {
    const dead = this.dead.filter((one) => !one.isSaved && one.row === row && maySave(one.letter))
    const from = this.#quarantinedFrom
    const isNew = (_: NewQuarantine, at: number) => at >= this.#saved.quarantined && (from === null || from[at] === row)
    const ends = {
      dead: dead.map(({ letter: { element: _, ...letter } }) => letter),
      quarantined: this.settlement.quarantined.filter(isNew),
      ...this.#unsavedOfAll(),
    }
    const many = ends.dead.length + ends.quarantined.length + ends.copies.length + Object.keys(ends.unhandled).length
    const reached = this.#reached()
    const saved = () => {
      for (const one of dead) one.isSaved = true
      this.#saved = reached
    }
    return { ends, isEmpty: many === 0, saved }
  }

  /** Only a first pass counts unhandled events and copies; over work rows both are empty. */
  #unsavedOfAll(): Pick<Ends, 'unhandled' | 'copies'> {
    const { unhandled, copiesTo } = this.#saved
    const counts = Object.entries(this.settlement.unhandled).map(([name, count]) => [
      name,
      count - (unhandled[name] ?? 0),
    ])
    return {
      unhandled: Object.fromEntries(counts.filter(([, count]) => count !== 0)),
      copies: this.#copies.flatMap(([first, last]) => (last < copiesTo ? [] : [[Math.max(first, copiesTo), last]])),
    }
  }

  #reached(): Saved {
    const { quarantined, unhandled } = this.settlement
    const copiesTo = (this.#copies.at(-1)?.[1] ?? -1) + 1
    return { quarantined: quarantined.length, unhandled: { ...unhandled }, copiesTo }
  }

  /** Instead of `complete`, for a body that cannot be read as elements. */
  unreadable(reason: string): PassResult {
    this.quarantine(null, reason, null, null)
    return this
  }

  complete(scan: Scan, { claim, lanes, absent }: PassLanes, copies: Copies | null): PassResult {
    const now = this.#clock.now()
    const { settlement } = this
    const resumed = this.#resumed
    if (resumed !== null) settlement.rows.push(...resumed.rowsAt(now))
    if (settlement.firstPass) settlement.events = scan.count
    const stacks = new Stacks()
    const whole = (letter: Letter) => ({
      ...letter,
      element: elementBytes(claim.delivery.body, scan, letter.index).slice(),
      errors: stacks.once(letter.errors, letter.index),
    })
    for (const one of this.dead) {
      one.letter = whole(one.letter)
      settlement.dead.push(one.letter)
    }
    // This pass read no event for these letters, so no `Dead` tells them; they are stored.
    settlement.dead.push(...this.#deadBefore.map(whole))
    this.handledBy = lanes
    for (const lane of lanes.values()) {
      for (const row of lane.rows(now)) this.#leave({ ...row, errors: stacks.once(row.errors, row.first) })
      this.returned += lane.returned
      this.handled += lane.done
    }
    const last = scan.count - 1
    for (const handler of last >= 0 ? absent : []) {
      const all = { handler, first: 0, last, attempts: 0, dueAt: now, errors: [], replay: null }
      for (const row of without(all, resumed?.over(null, handler) ?? [])) this.#leave(row)
    }
    if (settlement.rows.length > 0) settlement.at = now
    if (copies !== null) Object.assign(settlement, copies.changes(now))
    return this
  }

  #leave(row: NewWorkRow): void {
    const before = this.#resumed?.copies ?? NONE
    if (this.#copies.length + before.length === 0) this.settlement.rows.push(row)
    else this.settlement.rows.push(...without(row, united(before, this.#copies)))
  }
}

/** How many of each list are saved; copies below element `copiesTo` are. */
interface Saved {
  readonly quarantined: number
  readonly unhandled: Readonly<Record<string, number>>
  readonly copiesTo: number
}

/** The settlement in the making. */
interface SettlementDraft extends Settlement {
  events: number | null
  readonly rows: NewWorkRow[]
  at?: number
  tally?: Tally
  trace?: Uint8Array | null
  readonly dead: NewDeadLetter[]
  readonly quarantined: NewQuarantine[]
  readonly unhandled: Record<string, number>
  duplicateEvents: number
}

const NOBODY: PassEnd['handledBy'] = new Map()
const NO_BYTES = new Uint8Array()
const NONE: readonly never[] = Object.freeze([])
const NOTHING_SAVED: Saved = { quarantined: 0, unhandled: {}, copiesTo: 0 }
