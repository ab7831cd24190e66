/**
 * What waits for the file. At most one group is under way; what arrives meanwhile is the next group: one message each
 * way and one commit for all of it. Under load a delivery costs its share of one commit: the group that stores it
 * claims it too, and the next one settles it.
 */
import type { ClaimRequest, OrderKey } from '../../../ports/inbox/claims.ts'
import type { NewDelivery } from '../../../ports/inbox/intake.ts'
import { toError } from '../wire/failure.ts'
import { type Parcel, pack } from '../wire/packing.ts'
import type {
  ClaimPlan,
  Condemned,
  Ending,
  FileAnswerTo,
  FileCommand,
  GroupAnswer,
  GroupRequest,
  HeldProgress,
  ItemAnswer,
  Moment,
  Settled,
  StoredAnswer,
  UnderWay,
  Wake,
} from '../wire/protocol.ts'
import { isAlone, Tray, takeAccepts, tell, type Waiting } from './tray.ts'

export interface OutboxOptions {
  readonly moment: () => Moment
  readonly send: (request: GroupRequest) => Promise<GroupAnswer>
  /** Deliveries wait, and no claim: one that comes before the group leaves can have them. */
  readonly onAccepts: () => void
  /** Called before the waiters of the group are told. */
  readonly onAnswer: (answer: GroupAnswer) => void
}

/** Turns in which posts are gathered. */
const MOST_TURNS = 4

export class Outbox {
  readonly #options: OutboxOptions
  #tray = new Tray()
  #running: Promise<void> | null = null

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  accept(delivery: NewDelivery, given: boolean): Promise<StoredAnswer> {
    const { accepts, claims } = this.#tray
    if (accepts.length === 0 && claims.length === 0) this.#options.onAccepts()
    return this.#put(accepts, given ? { ...delivery, given } : delivery)
  }

  settle(settlement: Ending): Promise<Settled> {
    return this.#put(this.#tray.settlements, settlement)
  }

  noteCalls(underWay: UnderWay): Promise<null> {
    return this.#put(this.#tray.underWay, underWay)
  }

  saveProgress(progress: readonly HeldProgress[]): Promise<readonly number[]> {
    return this.#put(this.#tray.progress, progress)
  }

  claim(request: ClaimRequest): Promise<ClaimPlan> {
    return this.#put(this.#tray.claims, request)
  }

  condemn(condemned: Condemned): Promise<void> {
    return this.#put(this.#tray.condemned, condemned)
  }

  /** Rejects where the command holds what cannot be sent: users give its parts, and it would fail the whole group. */
  async command<C extends FileCommand>(command: C): Promise<FileAnswerTo<C>> {
    const sendable = structuredClone(command)
    // The thread answers each command as its kind says; in the queue they stand side by side.
    return (await this.#put(this.#tray.commands, sendable)) as FileAnswerTo<C>
  }

  wake(wake: Wake): Promise<readonly OrderKey[]> {
    return this.#put(this.#tray.wakes, wake)
  }

  release(seqs: readonly number[]): void {
    this.#tray.releases.push(...seqs)
    this.#start()
  }

  noteSenderLeft(seq: number): void {
    this.#tray.sendersLeft.push(seq)
    this.#start()
  }

  /** Looks for wishes of other processes. */
  look(): void {
    this.#tray.wishes = true
    this.#start()
  }

  /** Notes that the handlers of this process are still in use. */
  renew(): void {
    this.#tray.renew = true
    this.#start()
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running
  }

  #put<I, O>(queue: Waiting<I, O>[], item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject })
      this.#start()
    })
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#gather()
      if (this.#tray.isEmpty()) break
      await this.#sendGroup()
    }
    this.#running = null
  }

  /**
   * What this turn of the event loop brings goes together: the posts that have arrived, and work that was just done. As
   * long as turns bring more posts, so does the next; and settlements wait for posts to go with. Where nothing else is
   * to be done a turn takes no time.
   */
  async #gather(): Promise<void> {
    for (let [turn, known] = [0, 0]; turn < MOST_TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      const { length, 0: first } = this.#tray.accepts
      if (first && (length === known || isAlone(first.item))) return
      known = length
    }
  }

  async #sendGroup(): Promise<void> {
    const tray = this.#tray
    this.#tray = new Tray()
    const accepts = takeAccepts(tray.accepts)
    this.#tray.accepts.push(...tray.accepts)
    if (tray.accepts.length > 0) this.#options.onAccepts()
    const { settlements, underWay, progress, claims, condemned, commands, wakes } = tray
    try {
      const answer = await this.#options.send(this.#toRequest(tray, accepts))
      this.#options.onAnswer(answer)
      if (answer.lost) throw toError(answer.lost)
      tell(settlements, answer.settlements)
      tell(underWay, answer.underWay)
      tell(progress, answer.progress)
      tell(commands, answer.commands)
      tell(wakes, answer.wakes.map(answered))
      tell(accepts, answer.accepts)
      tell(claims, answer.claims.map(answered))
      for (const waiting of condemned) waiting.resolve()
    } catch (error) {
      const work = [...settlements, ...underWay, ...progress, ...claims, ...condemned, ...wakes]
      for (const waiting of [...accepts, ...work, ...commands]) waiting.reject(error)
    }
  }

  #toRequest(tray: Tray, accepts: readonly Waiting<Parcel, StoredAnswer>[]): GroupRequest {
    const { releases, sendersLeft, renew, wishes } = tray
    return {
      ...{ ...this.#options.moment(), releases, sendersLeft, renew, wishes },
      settlements: tray.settlements.map(itemOf),
      underWay: tray.underWay.map(itemOf),
      progress: tray.progress.map(itemOf),
      condemned: tray.condemned.map(itemOf),
      commands: tray.commands.map(itemOf),
      wakes: tray.wakes.map(itemOf),
      claims: tray.claims.map(itemOf),
      ...pack(accepts.map(itemOf)),
    }
  }
}

function itemOf<I>({ item }: { readonly item: I }): I {
  return item
}

function answered<T>(value: T): ItemAnswer<T> {
  return { value }
}
