/** One handler in one claim: the events that it gets, and the work rows for those that are not over at the end. */
import type { NewWorkRow, WorkRow } from '../../ports/inbox/rows.ts'
import type { PassAbout } from '../../ports/instrument.ts'
import type { AnyEvent } from '../../types.ts'
import type { Outcome } from '../call/attempt.ts'
import type { Runner } from '../call/runner.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { orderKeyOf } from '../order/key.ts'
import type { Seat } from '../order/seats.ts'
import type { Times } from './end.ts'
import { Item, type ItemLane } from './item.ts'
import type { Resumed } from './resumed.ts'
import { without } from './stretches.ts'

/** What a lane asks of its pass. */
export interface LanePass extends Times {
  readonly about: PassAbout | null
  /** An event has ended for a handler; `item.end` says how. Called exactly once for each item. */
  ended(spec: HandlerSpec, item: Item, event: AnyEvent, outcome: Outcome): void
}

/** Done items are dropped together, once there are so many. */
const WORTH_DROPPING = 1_000

/** A stretch of elements that the handler has not been given. */
export interface Left {
  readonly first: number
  readonly last: number
  /** The work row that they belong to; null: a first pass. */
  readonly row: WorkRow | null
}

export class Lane implements ItemLane {
  readonly spec: HandlerSpec
  readonly #runner: Runner
  readonly pass: LanePass
  /** null: the handler has no `orderBy`, or the lane is apart. */
  readonly #seat: Seat | null
  readonly #resumed: Resumed | null
  /** All events for the handler are left for later: another process runs it, or earlier deliveries are not settled. */
  readonly #isApart: boolean
  /**
   * In the order in which they were handed in. Done ones are dropped now and then: a large delivery has very many.
   */
  #items: Item[] = []
  #doneKept = 0
  #done = 0
  /** Whether done items that came after the last one in `#items` were dropped. */
  #brokenEnd = false
  readonly #left: Left[] = []
  #aside = false

  constructor(runner: Runner, pass: LanePass, seat: Seat | null, resumed: Resumed | null = null, isApart = false) {
    this.spec = runner.spec
    this.#runner = runner
    this.pass = pass
    this.#seat = seat
    this.#resumed = resumed
    this.#isApart = isApart
  }

  /** Whether the rest was left for later: nothing more is to be handed in. */
  get isAside(): boolean {
    return this.#aside
  }

  get about(): PassAbout | null {
    return this.pass.about
  }

  get runner(): Runner {
    return this.#runner
  }

  get seat(): Seat | null {
    return this.#seat
  }

  /**
   * Whether to leave the rest for later: the handler is behind or apart, or an earlier unread row must be read first.
   */
  isBehind(now?: number): boolean {
    return this.#isApart || this.#runner.isBehind(now) || this.#seat?.mustGiveBack === true
  }

  /**
   * Whether to leave the rest of a row as it is stored: the handler is paused, or an earlier unread row must be read
   * first.
   */
  mustEnd(): boolean {
    return (this.#runner.paused !== null && this.#runner.isBehind()) || this.#seat?.mustGiveBack === true
  }

  /** Calls that succeeded. */
  get done(): number {
    return this.#done
  }

  /** Events that were given back. */
  get returned(): number {
    return this.#items.reduce((count, { end }) => count + Number(end?.kind === 'returned'), 0)
  }

  /** Takes the event in; `now` is steady time, and may be some ms old. */
  take(event: AnyEvent, index: number, row: WorkRow | null, alone: boolean, now: number): void {
    const item = new Item(event, index, row, alone, this)
    item.isBroken = this.#brokenEnd
    this.#brokenEnd = false
    this.#items.push(item)
    if (this.#seat === null || event.isReplay) this.#runner.submit(item, now)
    else this.#inTurn(this.#seat, item)
  }

  /**
   * Called for each event of a resumed pass. An event that failed before its handler had `orderBy` gets its order key
   * here, and stops the line of that key.
   */
  recall(event: AnyEvent, index: number): void {
    const { name } = this.spec
    if (this.#seat === null || !this.#resumed?.lacksKey(name, index)) return
    const key = keyOrNull(this.spec, event)
    this.#resumed.giveKey(name, index, key)
    if (key !== null) this.#seat.stopKey(key)
  }

  ended(item: Item, event: AnyEvent, outcome: Outcome): void {
    if (item.end?.kind === 'done') {
      this.#done++
      if (++this.#doneKept > WORTH_DROPPING && this.#doneKept * 2 > this.#items.length) this.#dropDone()
    }
    this.pass.ended(this.spec, item, event, outcome)
  }

  #dropDone(): void {
    const kept: Item[] = []
    let broken = false
    for (const item of this.#items) {
      const done = item.end?.kind === 'done'
      broken ||= done || item.isBroken
      if (done) continue
      item.isBroken = broken
      kept.push(item)
      broken = false
    }
    this.#items = kept
    this.#doneKept = 0
    this.#brokenEnd ||= broken
  }

  /** Where `orderBy` throws, the handler has failed for this event, and no other event waits for it. */
  #inTurn(seat: Seat, item: Item): void {
    try {
      item.orderKey = orderKeyOf(this.spec, item.event)
    } catch (error) {
      item.done({ end: 'failed', error })
      return
    }
    if (item.orderKey === null) this.#runner.submit(item)
    else seat.take(item.orderKey, item.storedKey !== null, item)
  }

  /** Leaves elements `first` to `last` of the row, or of a first pass, for later, and takes back what has not begun. */
  setAside(first: number, last: number, row: WorkRow | null = null): void {
    this.#aside = true
    if (first <= last) this.#left.push({ first, last, row })
    this.#seat?.leave()
    for (const item of this.#items) item.withdraw()
  }

  /** The next work row of the claim begins; what was left of the one before is in `#left`. */
  goOn(): void {
    this.#aside = false
  }

  /** Aborts the signals of calls that run (`stop`), or drops their results (`abandon`). */
  end(how: 'stop' | 'abandon'): void {
    for (const item of this.#items) item[how]()
  }

  /** Elements that were handed in or left, and are not over. */
  open(): Left[] {
    const isOpen = ({ end }: Item) => end === null || end.kind === 'returned'
    const open = this.#items.filter(isOpen).map(({ index, row }) => ({ first: index, last: index, row }))
    return [...open, ...this.#left]
  }

  /** Items whose end is stored as a work row. */
  endedWithRow(): Item[] {
    return this.#items.filter(({ end }) => end?.kind === 'retry' || end?.kind === 'parked')
  }

  /**
   * Work rows for the elements that are not over: one for each failed event, one for each stretch that was given back
   * or left.
   */
  rows(now: number): NewWorkRow[] {
    const resumed = this.#resumed
    const rows = this.#rows(now)
    if (resumed === null) return rows.map(({ row }) => row)
    // A row may span elements that were over before the crash: cut them out.
    return rows.flatMap(({ row, from }) => [...without(row, resumed.over(from, this.spec.name))])
  }

  #rows(now: number): { row: NewWorkRow; readonly from: WorkRow | null }[] {
    const rows: { row: NewWorkRow; readonly from: WorkRow | null }[] = []
    let kind: Kind = null
    let before: WorkRow | null = null
    for (const item of this.#items) {
      // A row must not span done items.
      if (item.isBroken) kind = null
      const open = rows.at(-1)
      const row = this.rowOf(item, now)
      const own = row === null ? null : kindOf(item)
      // Parked items share a row only where their elements are neighbours.
      const isNext = typeof own !== 'number' || open?.row.last === item.index - 1
      const joined = own !== null && own === kind && isNext && item.row === before && open !== undefined
      if (joined) open.row = { ...open.row, last: item.index }
      else if (row !== null) rows.push({ row, from: item.row })
      kind = own
      before = item.row
    }
    if (this.#brokenEnd) kind = null
    for (const { first, last, row } of this.#left) {
      const open = rows.at(-1)
      const joined = kind === 'fresh' && row === before && isFresh(row) && open !== undefined && open.row.last < first
      if (joined) open.row = { ...open.row, last }
      else rows.push({ row: this.#leftOf(first, last, row, now), from: row })
      kind = null
    }
    return rows
  }

  /** A row with an order key is stored parked: it waits for its turn under that key. */
  #leftOf(first: number, last: number, row: WorkRow | null, now: number): NewWorkRow {
    const { attempts = 0, errors = [], orderKey, replay = null } = row ?? {}
    const parked = typeof orderKey === 'number'
    return { handler: this.spec.name, first, last, attempts, dueAt: now, parked, errors, orderKey, replay }
  }

  /** The work row of an item; null: the item is over. */
  rowOf({ index, attempts, errors, storedKey, orderKey, end, row: from }: Item, now: number): NewWorkRow | null {
    const replay = from?.replay ?? null
    const row = { handler: this.spec.name, first: index, last: index, attempts, dueAt: now, errors, replay }
    switch (end?.kind) {
      // Due not later than the whole wait from now: the clock may have been set back since the failure.
      case 'retry':
        return {
          ...row,
          attempts: end.attempts,
          errors: end.errors,
          dueAt: Math.min(end.dueAt, now + end.waitMs),
          orderKey,
        }
      case 'parked':
        return { ...row, parked: true, orderKey: end.key }
      case 'returned':
        return { ...row, parked: storedKey !== null, orderKey: storedKey ?? from?.orderKey }
      default:
        return null
    }
  }
}

/** null also where `orderBy` throws: it is called again before the handler is. */
function keyOrNull(spec: HandlerSpec, event: AnyEvent): number | null {
  try {
    return orderKeyOf(spec, event)
  } catch {
    return null
  }
}

/** Neighbours of one kind share a work row: `fresh`, which no call has tried; a number, parked under that order key. */
type Kind = 'fresh' | number | null

const isFresh = (row: WorkRow | null) => row === null || (row.attempts === 0 && (row.orderKey ?? null) === null)

function kindOf({ attempts, errors, storedKey, end }: Item): Kind {
  if (attempts > 0) return null
  if (end?.kind === 'parked') return errors.length === 0 ? end.key : null
  return end?.kind === 'returned' && storedKey === null ? 'fresh' : null
}
