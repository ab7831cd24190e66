/**
 * What waits for the file. At most one group is under way; whatever arrives meanwhile is the next group: one message
 * each way and one commit for all of it.
 */
import type { NewDelivery, Settlement } from '../../core/ports.ts'
import { toError } from './failure.ts'
import { pack, packedSize } from './packing.ts'
import type { Accepted, ClaimPlan, ClaimRequest, Condemned, GroupAnswer, GroupRequest, ItemAnswer } from './protocol.ts'

interface Waiting<I, O> {
  readonly item: I
  readonly resolve: (value: O) => void
  readonly reject: (error: unknown) => void
}

export interface OutboxOptions {
  readonly send: (request: GroupRequest) => Promise<GroupAnswer>
  /** Called before the waiters of the group are told. */
  readonly onAnswer: (answer: GroupAnswer) => void
}

/** A larger body commits alone, so that it delays nobody else by more than its own commit. */
const ALONE_ABOVE = 1024 * 1024
/** Small bodies of one group together. */
const GROUP_BYTES = 4 * 1024 * 1024

export class Outbox {
  readonly #options: OutboxOptions
  #accepts: Waiting<NewDelivery, Accepted>[] = []
  #settlements: Waiting<Settlement, boolean>[] = []
  #claims: Waiting<ClaimRequest, ClaimPlan>[] = []
  #condemned: Waiting<Condemned, void>[] = []
  #releases: number[] = []
  #sendersLeft: number[] = []
  #running: Promise<void> | null = null

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  accept(delivery: NewDelivery): Promise<Accepted> {
    return this.#put(this.#accepts, delivery)
  }

  /** True: work is left on the delivery. */
  settle(settlement: Settlement): Promise<boolean> {
    return this.#put(this.#settlements, settlement)
  }

  claim(request: ClaimRequest): Promise<ClaimPlan> {
    return this.#put(this.#claims, request)
  }

  condemn(condemned: Condemned): Promise<void> {
    return this.#put(this.#condemned, condemned)
  }

  release(seqs: readonly number[]): void {
    this.#releases.push(...seqs)
    this.#start()
  }

  noteSenderLeft(seq: number): void {
    this.#sendersLeft.push(seq)
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
    // Calls of the same turn of the event loop go together.
    await null
    while (!this.#isEmpty()) await this.#sendGroup()
    this.#running = null
  }

  async #sendGroup(): Promise<void> {
    const accepts = this.#takeAccepts()
    const [settlements, claims, condemned] = [this.#settlements, this.#claims, this.#condemned]
    const [releases, sendersLeft] = [this.#releases, this.#sendersLeft]
    this.#settlements = []
    this.#claims = []
    this.#condemned = []
    this.#releases = []
    this.#sendersLeft = []
    const everybody = [...accepts, ...settlements, ...claims, ...condemned]
    try {
      const answer = await this.#options.send({
        releases,
        sendersLeft,
        settlements: settlements.map((waiting) => waiting.item),
        condemned: condemned.map((waiting) => waiting.item),
        claims: claims.map((waiting) => waiting.item),
        ...pack(accepts.map((waiting) => waiting.item)),
      })
      this.#options.onAnswer(answer)
      if (answer.lost) throw toError(answer.lost)
      tell(settlements, answer.settlements)
      tell(accepts, answer.accepts)
      tell(
        claims,
        answer.claims.map((value) => ({ value })),
      )
      for (const waiting of condemned) waiting.resolve()
    } catch (error) {
      for (const waiting of everybody) waiting.reject(error)
    }
  }

  #takeAccepts(): Waiting<NewDelivery, Accepted>[] {
    let bytes = 0
    const end = this.#accepts.findIndex(({ item }, i) => {
      bytes += packedSize(item)
      return i > 0 && (bytes > GROUP_BYTES || item.body.byteLength > ALONE_ABOVE || isAlone(this.#accepts[0]?.item))
    })
    return this.#accepts.splice(0, end === -1 ? this.#accepts.length : end)
  }

  #isEmpty(): boolean {
    const waiting = [this.#accepts, this.#settlements, this.#claims, this.#condemned, this.#releases, this.#sendersLeft]
    return waiting.every((queue) => queue.length === 0)
  }
}

function isAlone(delivery: NewDelivery | undefined): boolean {
  return delivery !== undefined && delivery.body.byteLength > ALONE_ABOVE
}

function tell<O>(waiting: ReadonlyArray<Waiting<unknown, O>>, answers: readonly ItemAnswer<O>[]): void {
  waiting.forEach(({ resolve, reject }, i) => {
    const answer = answers[i]
    if (answer === undefined) reject(new Error('the thread of the inbox left an item unanswered'))
    else if ('failure' in answer) reject(toError(answer.failure))
    else resolve(answer.value)
  })
}
