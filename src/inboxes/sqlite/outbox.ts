/**
 * What waits for the file. At most one group is under way; what arrives meanwhile is the next group: one message each
 * way and one commit for all of it. Under load a delivery costs its share of one commit: the group that stores it
 * claims it too, and the next one settles it.
 */
import type { ClaimRequest, NewDelivery, Settlement } from '../../core/ports.ts'
import { toError } from './failure.ts'
import { type Parcel, pack } from './packing.ts'
import type {
  AnswerTo,
  ClaimPlan,
  Command,
  Condemned,
  GroupAnswer,
  GroupRequest,
  ItemAnswer,
  Settled,
  StoredAnswer,
  UnderWay,
} from './protocol.ts'
import { isAlone, Tray, takeAccepts, tell, type Waiting } from './tray.ts'

export interface OutboxOptions {
  readonly now: () => number
  readonly send: (request: GroupRequest) => Promise<GroupAnswer>
  /** Deliveries wait, and no claim: one that comes before the group leaves can have them. */
  readonly onAccepts: () => void
  /** Called before the waiters of the group are told. */
  readonly onAnswer: (answer: GroupAnswer) => void
}

type Answered = Pick<Tray, 'settlements' | 'underWay' | 'claims' | 'condemned' | 'commands' | 'accepts'> & {
  readonly answer: Extract<GroupAnswer, { readonly lost: null }>
}

/** About what the main thread takes to receive a small post. */
const RECEIVING_MS = 0.035

/** Turns in which posts are gathered. */
const MOST_TURNS = 4

export class Outbox {
  readonly #options: OutboxOptions
  #tray = new Tray()
  #running: Promise<void> | null = null
  /** Of the last group: its posts, and how long it was away. */
  #lastAccepts = 0
  #lastMs = 0
  /**
   * Its waiters are still to be told. Not a closure that tells them: what one holds outlived group after group, with all
   * posts, and made the collector copy 4 MB each time.
   */
  #answered: Answered | null = null

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  accept(delivery: NewDelivery, given: boolean): Promise<StoredAnswer> {
    const { accepts, claims } = this.#tray
    if (accepts.length === 0 && claims.length === 0) this.#options.onAccepts()
    return this.#put(accepts, given ? { ...delivery, given } : delivery)
  }

  settle(settlement: Settlement): Promise<Settled> {
    return this.#put(this.#tray.settlements, settlement)
  }

  note(underWay: UnderWay): Promise<null> {
    return this.#put(this.#tray.underWay, underWay)
  }

  claim(request: ClaimRequest): Promise<ClaimPlan> {
    return this.#put(this.#tray.claims, request)
  }

  condemn(condemned: Condemned): Promise<void> {
    return this.#put(this.#tray.condemned, condemned)
  }

  async command<C extends Command>(command: C): Promise<AnswerTo<C>> {
    // The thread answers each command as its kind says; in the queue they stand side by side.
    return (await this.#put(this.#tray.commands, command)) as AnswerTo<C>
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
    await this.#gather()
    while (!this.#tray.isEmpty()) {
      await this.#sendGroup()
      if (this.#hasHalf(this.#tray.accepts.length)) continue
      this.#tell()
      await this.#gather()
    }
    this.#lastAccepts = 0
    this.#running = null
  }

  /**
   * Senders that wait for their answers all in one group leave the main thread with nothing to do while it is written,
   * and the thread of the file afterwards. So half of them are enough, of those of the last group and `more`; but where
   * to write takes longer than to receive all of them, two groups would take longer than one.
   */
  #hasHalf(more: number): boolean {
    const all = this.#lastAccepts + more
    return this.#lastMs < all * RECEIVING_MS && this.#tray.accepts.length * 2 >= all
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
      if (first && (length === known || this.#hasHalf(0) || isAlone(first.item))) return
      known = length
    }
  }

  /** Tells the waiters of the last group when this one is on its way. */
  async #sendGroup(): Promise<void> {
    const tray = this.#tray
    this.#tray = new Tray()
    const accepts = takeAccepts(tray.accepts)
    this.#tray.accepts.push(...tray.accepts)
    if (tray.accepts.length > 0) this.#options.onAccepts()
    const { settlements, underWay, claims, condemned, commands } = tray
    try {
      const answer = await this.#send(this.#toRequest(tray, accepts))
      this.#options.onAnswer(answer)
      if (answer.lost) throw toError(answer.lost)
      this.#answered = { ...tray, accepts, answer }
    } catch (error) {
      for (const waiting of [...accepts, ...settlements, ...underWay, ...claims, ...condemned, ...commands])
        waiting.reject(error)
    }
  }

  async #send(request: GroupRequest): Promise<GroupAnswer> {
    const began = performance.now()
    const sent = this.#options.send(request)
    this.#tell()
    const answer = await sent
    this.#lastMs = performance.now() - began
    this.#lastAccepts = request.accepts.length
    return answer
  }

  /** Tells the waiters of the last group. */
  #tell(): void {
    const group = this.#answered
    this.#answered = null
    if (group === null) return
    const { answer } = group
    tell(group.settlements, answer.settlements)
    tell(group.underWay, answer.underWay)
    tell(group.commands, answer.commands)
    tell(group.accepts, answer.accepts)
    tell(group.claims, answer.claims.map(answered))
    for (const waiting of group.condemned) waiting.resolve()
  }

  #toRequest(tray: Tray, accepts: readonly Waiting<Parcel, StoredAnswer>[]): GroupRequest {
    const { releases, sendersLeft, renew, wishes } = tray
    return {
      ...{ now: this.#options.now(), releases, sendersLeft, renew, wishes },
      settlements: tray.settlements.map(itemOf),
      underWay: tray.underWay.map(itemOf),
      condemned: tray.condemned.map(itemOf),
      commands: tray.commands.map(itemOf),
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
