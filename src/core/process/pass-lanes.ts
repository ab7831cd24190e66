/**
 * The lanes of a pass, one for each of its handlers that this process has; how many events are with handlers; and the
 * waits until there are fewer. A base class of `Pass`, not a member: three more objects for each delivery took 1 µs
 * beside the 20 µs that a delivery of one event takes (measured).
 */

import type { Clock } from '../../ports/clock.ts'
import type { Claim } from '../../ports/inbox/claims.ts'
import type { WorkRow } from '../../ports/inbox/rows.ts'
import type { PassAbout } from '../../ports/instrument.ts'
import type { AnyEvent } from '../../types.ts'
import type { Outcome } from '../call/attempt.ts'
import { BEHIND_MS, type Runner } from '../call/runner.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import type { Order } from '../order/order.ts'
import type { Seat } from '../order/seats.ts'
import type { Item } from './item.ts'
import { Lane, type LanePass } from './lane.ts'
import { Resumed } from './resumed.ts'

export interface LanesParts {
  readonly runners: ReadonlyMap<string, Runner>
  /** By name, for the handlers with `orderBy`. */
  readonly orders: ReadonlyMap<string, Order>
  readonly clock: Clock
  random(): number
}

export abstract class PassLanes implements LanePass {
  readonly claim: Claim
  readonly jitter: number
  /** The pass as wraps see it; null: there are no wraps. */
  about: PassAbout | null = null
  /** Its seat in the order of each lane's handler that has `orderBy`. They stay taken when the pass has failed. */
  readonly seats: readonly Seat[]
  /** By name, for the handlers of the claim that this process has. */
  readonly lanes: ReadonlyMap<string, Lane>
  /** Handlers that the delivery belongs to and this process does not have; empty over work rows. */
  readonly absent: readonly string[]
  /** null: no earlier claim has saved progress. */
  readonly resumed: Resumed | null
  readonly #clock: Clock
  /**
   * At twice this many events with handlers the pass waits until there are fewer than this. It is more than all batches
   * together hold while they fill, so that no batch waits for events that the pass keeps back.
   */
  readonly #roomBelow: number
  #outstanding = 0
  /** `#wake` is called when fewer than this are outstanding. */
  #wakeBelow = 0
  #wake = NOTHING

  constructor(parts: LanesParts, claim: Claim) {
    const { handlers, rows } = claim
    const lanes = new Map<string, Lane>()
    const seats: Seat[] = []
    const resumed = Resumed.of(claim)
    let roomBelow = 128
    for (const name of rows === null ? handlers : rows.map((row) => row.handler)) {
      const runner = parts.runners.get(name)
      if (runner === undefined || lanes.has(name)) continue
      const isApart = claim.apart?.includes(name) === true
      const seat = isApart ? null : seatIn(parts.orders.get(name), claim, resumed)
      if (seat !== null) seats.push(seat)
      lanes.set(name, new Lane(runner, this, seat, resumed, isApart))
      roomBelow += runner.spec.size
    }
    this.claim = claim
    this.jitter = 0.9 + parts.random() * 0.2
    this.seats = seats
    this.resumed = resumed
    this.lanes = lanes
    this.absent = rows === null ? handlers.filter((name) => !lanes.has(name)) : []
    this.#clock = parts.clock
    this.#roomBelow = roomBelow
  }

  now(): number {
    return this.#clock.now()
  }

  /** Steady time in ms: measures how long something has waited. */
  protected steady(): number {
    return this.#clock.steady()
  }

  /** Gives back the events of calls that still run, and drops the results of these calls. */
  abandon(): void {
    for (const lane of this.lanes.values()) lane.end('abandon')
  }

  abstract ended(spec: HandlerSpec, item: Item, event: AnyEvent, outcome: Outcome): void

  /** One event less is with its handler. */
  protected leaves(): void {
    if (--this.#outstanding < this.#wakeBelow) this.#wake()
  }

  /** Called when the pass has waited for `BEHIND_MS`: sets aside what it waits for. */
  protected abstract waitsLong(): void

  protected get outstanding(): number {
    return this.#outstanding
  }

  protected get isFull(): boolean {
    return this.#outstanding >= 2 * this.#roomBelow
  }

  /** `now` is steady time, and may be some ms old. */
  protected hand(lane: Lane, event: AnyEvent, index: number, row: WorkRow | null, now: number, alone = false): void {
    this.#outstanding++
    lane.take(event, index, row, alone, now)
  }

  /** Whether a handler asks for the event, or may: this process does not know what an absent handler asks for. */
  protected isAsked(matched: readonly HandlerSpec[]): boolean {
    return this.absent.length > 0 || matched.some((spec) => this.lanes.has(spec.name))
  }

  /** The pass hands no more events in. */
  protected endReading(): void {
    for (const seat of this.seats) seat.endReading()
  }

  /** The pass settles nothing: for handlers with `orderBy`, events of later deliveries that wait are given back too. */
  protected leave(): void {
    for (const seat of this.seats) seat.leave()
  }

  /** Waits until half the room is free; after `BEHIND_MS`, until any is. */
  protected room(): Promise<void> {
    return this.untilFewerThan(this.#roomBelow, 2 * this.#roomBelow)
  }

  /** Waits until fewer than `count` events are with handlers; after `BEHIND_MS`, fewer than `later`. */
  protected async untilFewerThan(count: number, later = count): Promise<void> {
    this.#wakeBelow = count
    while (this.#outstanding >= this.#wakeBelow) {
      const cancel = this.#clock.after(BEHIND_MS, () => {
        this.#wakeBelow = later
        this.waitsLong()
        this.#wake()
      })
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      cancel()
    }
    this.#wakeBelow = 0
  }
}

function seatIn(order: Order | undefined, { delivery, rows }: Claim, resumed: Resumed | null): Seat | null {
  if (order === undefined) return null
  const own = rows?.filter((row) => row.handler === order.handler) ?? null
  return order.join(delivery.seq, own, order.strict ? resumed?.orderedRows(order.handler) : [])
}

const NOTHING = () => {}
