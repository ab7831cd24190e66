/** The inbox in the main thread of the process that owns the file: hands work to the thread of the file. */

import { PosthornError } from '../../../errors.ts'
import type { ClaimRef, ClaimToken } from '../../../ports/inbox/claim-ref.ts'
import type { Claimed, ClaimRequest, NotedCall, OrderKey, Settlement } from '../../../ports/inbox/claims.ts'
import type { Accepted, NewDelivery } from '../../../ports/inbox/intake.ts'
import type { InboxOpened, InboxOpening } from '../../../ports/inbox/opening.ts'
import type { NewProgress } from '../../../ports/inbox/progress.ts'
import type { StoredPause } from '../../../ports/inbox/records.ts'
import { SteadyWatch, waitsToLetGo } from '../../rules/steady.ts'
import { PRUNE_MS, RENEW_MS } from '../../rules/upkeep.ts'
import type { CallName, Calls } from '../wire/calls.ts'
import { fromBriefAnswer, toBriefRequest } from '../wire/compact.ts'
import { buffersOf } from '../wire/packing.ts'
import type {
  ClaimPlan,
  FileAnswerTo,
  FileCommand,
  GroupAnswer,
  Moment,
  Settings,
  StoredRead,
} from '../wire/protocol.ts'
import { BodyCache } from './body-cache.ts'
import { BodyMemory } from './body-memory.ts'
import { Connection } from './connection.ts'
import { type Loaded, loadClaims } from './load-claims.ts'
import { isLook, Looker } from './looker.ts'
import { Outbox } from './outbox.ts'
import type { Thread } from './thread.ts'
import { Upkeep } from './upkeep.ts'

export interface InboxSettings extends Settings {
  readonly ownerWaitMs: number
  /** Bodies kept at hand between their commit and their claim, in bytes. */
  readonly cacheBytes: number
  /** For tests: every thread that is started, every write transaction. */
  readonly onThread?: (thread: Thread) => void
  readonly onCommit?: () => void
}

export interface Told {
  work(): void
  freed(keys: readonly OrderKey[]): void
  pauses(paused: readonly StoredPause[]): void
}

interface Hold {
  /** With care. */
  readonly careful: boolean
  readonly token: number
}

/** How often the owner looks for wishes of other processes. */
const LOOK_MS = 1_000

export class OwnerSession {
  readonly #settings: InboxSettings
  readonly #opening: InboxOpening
  readonly #told: Told
  readonly #connection: Connection
  readonly #looker: Looker
  readonly #outbox: Outbox
  readonly #cache: BodyCache
  readonly #memory = new BodyMemory()
  /** Claims of this process: they live here, so that a thread that is started again knows them. */
  readonly #held = new Map<number, Hold>()
  #tokens = 0
  readonly #timers = new Set<() => void>()
  readonly #upkeep: Upkeep
  #opened: Promise<InboxOpened> | null = null
  #watch: SteadyWatch | null = null
  #backlogBytes = 0

  constructor(settings: InboxSettings, opening: InboxOpening, told: Told) {
    this.#settings = settings
    this.#opening = opening
    this.#told = told
    // Where nothing is claimed, nothing is to be at hand.
    this.#cache = new BodyCache(opening.handlers.length === 0 ? 0 : settings.cacheBytes)
    this.#connection = this.#newConnection()
    this.#looker = new Looker(settings, opening.clock)
    this.#outbox = new Outbox({
      moment: () => this.#moment(),
      send: async (request) =>
        fromBriefAnswer(await this.#connection.call('group', toBriefRequest(request), buffersOf(request))),
      onAccepts: () => this.#told.work(),
      onAnswer: (answer) => this.#follow(answer),
    })
    this.#upkeep = new Upkeep(opening, (from) => this.command({ kind: 'prune', from }))
  }

  open(): Promise<InboxOpened> {
    this.#opened = this.#open()
    return this.#opened
  }

  async accept(delivery: NewDelivery, given: boolean): Promise<Accepted> {
    const accepted = await this.#outbox.accept(delivery, given)
    const { status, seq, body } = accepted
    const stored = body === undefined ? delivery : { ...delivery, body }
    if (given) this.#memory.own(stored.body)
    // Who claimed it with the same group looks here next: accepts are told before claims.
    const isKept = status === 'accepted' && this.#cache.add(seq, stored)
    if (!isKept) this.#memory.free(stored.body)
    if (status === 'accepted' && !this.#held.has(seq)) this.#told.work()
    return accepted
  }

  allocate(bytes: number): Uint8Array {
    return this.#memory.allocate(bytes)
  }

  noteSenderLeft(seq: number): void {
    this.#outbox.noteSenderLeft(seq)
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    for (;;) {
      const plan = await this.#outbox.claim(request)
      try {
        const { claims, damaged } = await this.#load(plan)
        for (const { delivery } of claims) this.#memory.lend(delivery.seq, delivery.body)
        for (const { seq, reason } of damaged) await this.#condemn(seq, reason)
        if (claims.length > 0 || damaged.length === 0) return { ...plan, claims }
      } catch (error) {
        this.#release(plan.claims.map((claim) => claim.seq))
        throw error
      }
    }
  }

  async noteCalls(claim: ClaimRef, calls: readonly NotedCall[]): Promise<void> {
    this.#assertHeld(claim)
    await this.#outbox.noteCalls({ seq: claim.seq, calls })
  }

  async saveProgress(progress: readonly NewProgress[]): Promise<readonly ClaimToken[]> {
    const held = progress.filter((one) => this.#isHeld(one))
    const lost = held.length === 0 ? [] : await this.#outbox.saveProgress(held)
    const isLost = (one: NewProgress) => !held.includes(one) || lost.includes(one.seq)
    return progress.filter(isLost).map(({ token }) => token)
  }

  async settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }> {
    this.#assertHeld(settlement)
    const { workIsLeft, conflictsWith } = await this.#outbox.settle(withOwnElements(settlement))
    // The same group may have claimed it again.
    if (this.#isHeld(settlement)) this.#held.delete(settlement.seq)
    this.#memory.takeBack(settlement.seq)
    if (workIsLeft) this.#told.work()
    return { conflictsWith }
  }

  release(claims: readonly ClaimRef[]): void {
    this.#release(claims.filter((claim) => this.#isHeld(claim)).map(({ seq }) => seq))
  }

  #release(seqs: readonly number[]): void {
    for (const seq of seqs) this.#memory.leave(seq)
    this.#outbox.release(seqs.filter((seq) => this.#held.delete(seq)))
    this.#told.work()
  }

  async wake(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]> {
    const left = await this.#outbox.wake({ keys, atMost })
    if (left.length > 0) this.#told.work()
    return left
  }

  firstSeen(windowMs: number, keys: Float64Array): Promise<readonly number[]> {
    return this.#connection.call('firstSeen', { windowMs, keys, ...this.#moment() })
  }

  command<C extends FileCommand>(command: C): Promise<FileAnswerTo<C>> {
    return this.#outbox.command(command)
  }

  call<K extends CallName>(name: K, request: Calls[K][0]): Promise<Calls[K][1]> {
    return isLook(name) ? this.#looker.call(name, request) : this.#connection.call(name, request)
  }

  backlogBytes(): number {
    return this.#backlogBytes
  }

  trouble(): string | null {
    return this.#connection.trouble()
  }

  async close(): Promise<void> {
    this.#connection.abandon()
    await this.#opened?.catch(() => {})
    for (const cancel of this.#timers) cancel()
    this.#upkeep.stop()
    await this.#looker.end()
    await this.#outbox.drained()
    await this.#connection.close(this.#opening.clock.now())
    this.#held.clear()
  }

  #moment(): Moment {
    return { now: this.#now(), isSteady: this.#watch?.isSteady() ?? true }
  }

  #now(): number {
    return Math.trunc(this.#opening.clock.now())
  }

  async #open(): Promise<InboxOpened> {
    const { opened, believedAt } = await this.#connection.open()
    this.#watch = this.#newWatch(believedAt)
    this.#backlogBytes = opened.stats.pendingBytes
    this.#every(LOOK_MS, () => {
      this.#outbox.look()
      this.#memory.age()
    })
    this.#every(RENEW_MS, () => this.#outbox.renew())
    if (this.#opening.retention) this.#every(PRUNE_MS, () => void this.#upkeep.round())
    return opened
  }

  #newWatch(believedAt: number): SteadyWatch {
    const { clock, logger } = this.#opening
    const tell = (aheadMs: number) => {
      logger.warn({ event: 'inbox.clock_leapt', inbox: 'sqlite', aheadMs }, waitsToLetGo(aheadMs))
      // Handlers in use before a leap of a day would be owed nothing by the next process, were this one to die now.
      this.#outbox.renew()
    }
    return new SteadyWatch(clock, believedAt, tell)
  }

  #every(ms: number, run: () => void): void {
    const cancel = this.#opening.clock.after(ms, () => {
      this.#timers.delete(cancel)
      run()
      this.#every(ms, run)
    })
    this.#timers.add(cancel)
  }

  #newConnection(): Connection {
    const { ownerWaitMs, path, minFreeBytes, maxPages } = this.#settings
    const options = {
      settings: { path, minFreeBytes, maxPages },
      ownerWaitMs,
      held: () => [...this.#held].map(([seq, { careful }]) => ({ seq, careful })),
      onBack: () => this.#told.work(),
      onThread: (thread: Thread) => this.#settings.onThread?.(thread),
    }
    return new Connection(options, this.#opening)
  }

  async #read(seqs: readonly number[]): Promise<readonly StoredRead[]> {
    const reads = await this.#connection.call('read', seqs)
    for (const read of reads) if ('delivery' in read) this.#memory.own(read.delivery.body)
    return reads
  }

  #follow(answer: GroupAnswer): void {
    if (answer.lost) {
      this.#connection.report(answer.lost.message)
      return
    }
    this.#backlogBytes = answer.pendingBytes
    for (const { claims } of answer.claims) for (const { seq, careful } of claims) this.#hold(seq, careful)
    for (const seq of answer.altered) this.#cache.take(seq)
    if (answer.committed) this.#settings.onCommit?.()
    if (answer.shortage !== null) this.#connection.report(answer.shortage)
    if (answer.freed.length > 0) this.#told.freed(answer.freed)
    if (answer.pauses !== null) this.#told.pauses(answer.pauses)
    if (answer.moreWork) this.#told.work()
  }

  #hold(seq: number, careful: boolean): void {
    this.#tokens++
    this.#held.set(seq, { careful, token: this.#tokens })
  }

  #load({ claims }: ClaimPlan): Promise<Loaded> {
    const read = (seqs: readonly number[]) => this.#read(seqs)
    return loadClaims(claims, { cache: this.#cache, read, tokenOf: (seq) => this.#held.get(seq)?.token ?? 0 })
  }

  #isHeld({ seq, token }: ClaimRef): boolean {
    return this.#held.get(seq)?.token === token
  }

  #assertHeld(claim: ClaimRef): void {
    if (!this.#isHeld(claim))
      throw new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${claim.seq} is not held any more.`)
  }

  /** Damaged bytes leave the work for the quarantine, where somebody can look at them. */
  async #condemn(seq: number, reason: string): Promise<void> {
    const { logger, clock } = this.#opening
    logger.error(
      { event: 'inbox.damaged', inbox: 'sqlite', seq, reason },
      `a stored delivery is damaged and goes to quarantine: ${reason}`,
    )
    await this.#outbox.condemn({ seq, reason, at: clock.now() })
    this.#held.delete(seq)
  }
}

/** An element is often a part of a large body, which must neither be kept nor sent along. */
function withOwnElements(settlement: Settlement): Settlement {
  if (settlement.dead.length === 0) return settlement
  const dead = settlement.dead.map((letter) => ({ ...letter, element: new Uint8Array(letter.element) }))
  return { ...settlement, dead }
}
