/**
 * The side of a pass that its handlers are on: a lane for each that this process has, how many events are with them, and
 * the waits until there are fewer. A base of the pass and not a part of it: there is one for each delivery, and three
 * objects more took 1 µs beside the 20 that a delivery of one event takes (measured).
 */

import type { Clock } from '../../ports/clock.ts'
import type { Claim } from '../../ports/inbox/claims.ts'
import type { WorkRow } from '../../ports/inbox/rows.ts'
import type { PassAbout } from '../../ports/instrument.ts'
import type { AnyEvent } from '../../types.ts'
import type { Outcome } from '../call/attempt.ts'
import type { Runner } from '../call/runner.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import type { Order } from '../order/order.ts'
import type { Seat } from '../order/seats.ts'
import type { Item } from './item.ts'
import { Lane, type LanePass } from './lane.ts'
import { Resumed } from './resumed.ts'

export interface LanesParts {
  readonly runners: ReadonlyMap<string, Runner>
  /** Of the handlers whose events go in order. */
  readonly orders: ReadonlyMap<string, Order>
  readonly clock: Clock
  random(): number
}

/** A handler that is behind by this much is not waited for any longer. */
const BEHIND_MS = 1_000

export abstract class PassLanes implements LanePass {
  readonly claim: Claim
  readonly jitter: number
  /** What wraps know the pass by; null: there are none. */
  about: PassAbout | null = null
  /** In the order of each handler that has one; still taken when the pass has failed. */
  readonly seats: readonly Seat[]
  /** Of the handlers that this process has. */
  readonly lanes: ReadonlyMap<string, Lane>
  /** Handlers of the recorded set that this process does not have; with rows there are none. */
  readonly absent: readonly string[]
  /** null: nothing of it was brought to an end before. */
  readonly resumed: Resumed | null
  readonly #clock: Clock
  /**
   * Twice as many may be with their handlers; then the pass waits until fewer are. More than all batches that wait for
   * company can hold together, so that none of them waits for what the pass keeps back.
   */
  readonly #roomBelow: number
  #outstanding = 0
  /** Who waits is woken when fewer are outstanding. */
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
      const seat = seatIn(parts.orders.get(name), claim, resumed)
      if (seat !== null) seats.push(seat)
      lanes.set(name, new Lane(runner, this, seat, resumed))
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

  /** What tells how long somebody has waited. */
  protected steady(): number {
    return this.#clock.steady()
  }

  /** What still runs is left for later; its result is dropped. */
  abandon(): void {
    for (const lane of this.lanes.values()) lane.end('abandon')
  }

  abstract ended(spec: HandlerSpec, item: Item, event: AnyEvent, outcome: Outcome): void

  /** One event less is with its handler. */
  protected leaves(): void {
    if (--this.#outstanding < this.#wakeBelow) this.#wake()
  }

  /** Told that the pass has waited for a second: what holds it is to be left aside. */
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

  /** Whether one of them asks for the event, or may: what an absent one asks for is not known here. */
  protected isAsked(matched: readonly HandlerSpec[]): boolean {
    return this.absent.length > 0 || matched.some((spec) => this.lanes.has(spec.name))
  }

  /** Nothing more is handed in. */
  protected endReading(): void {
    for (const seat of this.seats) seat.endReading()
  }

  /** Nothing of the pass is stored: what comes after its delivery in the order of a handler goes back too. */
  protected leave(): void {
    for (const seat of this.seats) seat.leave()
  }

  /** Waits for room: for enough of it to be worth while, after a second for any. */
  protected room(): Promise<void> {
    return this.below(this.#roomBelow, 2 * this.#roomBelow)
  }

  /** Waits until fewer than `count` events are with their handlers, after a second fewer than `later`. */
  protected async below(count: number, later = count): Promise<void> {
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
