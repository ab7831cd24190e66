/**
 * The process half: claims what the inbox has, passes it through the handlers, settles, and sleeps until there is more.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { codeOf } from '../../lib/code-of.ts'
import type { ClaimToken } from '../../ports/inbox/claim-ref.ts'
import type { Claim, ClaimRequest, NotedCall, OrderKey } from '../../ports/inbox/claims.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Wraps } from '../base/wraps.ts'
import type { Runner } from '../call/runner.ts'
import type { Empty } from '../order/key.ts'
import { MOST_IN_LINE } from '../order/lines.ts'
import type { Order, Snapshot } from '../order/order.ts'
import type { Seating } from '../order/seats.ts'
import { type Again, GivenUp } from './again.ts'
import { LargeLine } from './large.ts'
import { Pass, type PassParts } from './pass.ts'
import type { PassResult } from './result.ts'
import { Saver } from './saver.ts'
import { passAbout, SettleGroups, summaryOf } from './wrapped.ts'

export interface ProcessParts extends Omit<PassParts, 'noteCalls' | 'large'> {
  readonly inbox: Pick<InboxPort, 'claims' | 'ordering' | 'on'>
  /** Those that it knows how to read, by name: it may get more. */
  readonly sources: ReadonlyMap<string, unknown>
  readonly again: Again
  readonly wraps: Wraps
  /** Bodies claimed and not yet settled, in bytes; a larger one comes alone. */
  readonly claimBytes: number
  /** Told after the settlement is durable. */
  settled(pass: Pass, result: PassResult, conflictsWith: string | null): void
  /** Told of each claim that was lost: what came of it is dropped, and another process has it. */
  lost(claim: Claim): void
  /** The process runs the handler from now on: what its order knew before counts no more, only these keys are held. */
  takeOver(handler: string, held: readonly number[]): void
  /** Told of every source, again and again, that deliveries wait for in vain. */
  unknownSource(source: string): void
  /** Told when the inbox or Posthorn itself failed; never because a handler did. */
  trouble(what: string, error: unknown): void
}

export interface Process {
  start(): void
  /** There may be more to claim: a handler has room again, or was resumed. */
  kick(): void
  /** Resolves when nothing can be claimed now and nothing runs. */
  idle(): Promise<void>
  /**
   * Claims no more; what is claimed goes on for four fifths of the time, then handlers get their signal, and what is
   * not finished at the end goes back. May be started again.
   */
  stop(timeoutMs: number): Promise<{ readonly drained: boolean; readonly returned: number }>
  /**
   * Works on one delivery alone, due or not, until it is done or `cut` says so; true when nothing is left to do on it
   * here. False also when another claim holds it.
   */
  workOn(seq: number, cut: AbortSignal): Promise<boolean>
}

const MAX_CLAIMS = 256
/**
 * Of one claim of the inbox. All its bodies are read before the first of them is worked on: a larger claim would leave
 * handlers idle meanwhile.
 */
const AT_ONCE_BYTES = 8 << 20
/** A larger delivery is a mail; while it is read, several copies of it are in memory. */
const ALONE_BYTES = 16 << 20
const AGAIN_MS = 1_000
/** Keys that are woken in one call: accepts wait no longer than for these. */
const MOST_WOKEN = 1_000
/** For handlers that were told to stop because the sender will not wait longer. */
const GRACE_MS = 250

export function createProcess(parts: ProcessParts): Process {
  return new Worker(parts)
}

class Worker implements Process {
  readonly #parts: ProcessParts
  readonly #passParts: PassParts
  readonly #saver: Saver
  /** null: nobody wraps settlements. */
  readonly #groups: SettleGroups | null
  /** Under way, by claim. */
  readonly #passes = new Map<ClaimToken, Pass>()
  /** Passes whose claims were lost: their results are dropped. Each with the function that cancels its abandoning. */
  readonly #lost = new Map<Pass, () => void>()
  /** Claimed and not yet settled, begun or not, and their bytes. */
  #active = 0
  #bytes = 0
  /** In the order of their claims. */
  #toBegin: Pass[] = []
  #beginning = false
  /** Events given back because of a stop; those that a slow handler leaves for later are not counted. */
  #returned = 0
  #stopping = false
  #asking = false
  /** Work may have come since the last claim. */
  #dirty = true
  #running = false
  #listening = false
  #cancelDue: () => void = () => {}
  #waiters: (() => void)[] = []

  constructor(parts: ProcessParts) {
    this.#parts = parts
    this.#saver = new Saver({ ...parts, lost: (tokens) => this.#lose(tokens) })
    this.#groups = parts.wraps.settle === null ? null : new SettleGroups(parts.wraps.settle)
    const large = new LargeLine(parts.claimBytes)
    this.#passParts = { ...parts, large, noteCalls: (pass, calls) => this.#noteCalls(pass, calls) }
  }

  start(): void {
    this.#running = true
    this.#stopping = false
    this.#parts.again.reopen()
    each(this.#parts.runners, (runner) => runner.reopen())
    if (!this.#listening) this.#listen()
    this.kick()
  }

  #listen(): void {
    const { inbox } = this.#parts
    this.#listening = true
    // A request or an operator tells of work; the work does not run in their async context.
    inbox.on({
      work: AsyncLocalStorage.bind(() => this.kick()),
      freed: AsyncLocalStorage.bind((keys) => void this.#wakeFreed(keys)),
      lost: AsyncLocalStorage.bind((tokens) => this.#lose(tokens)),
    })
  }

  kick(): void {
    this.#dirty = true
    void this.#ask()
  }

  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  async stop(timeoutMs: number): Promise<{ drained: boolean; returned: number }> {
    this.#running = false
    this.#stopping = true
    this.#parts.again.end()
    this.#returned = 0
    this.#cancelDue()
    const { runners, clock } = this.#parts
    each(runners, (runner) => runner.hurry())
    const cancelStop = clock.after((timeoutMs * 4) / 5, () => each(runners, (runner) => runner.stop()))
    const cancelAbandon = clock.after(timeoutMs, () => each(runners, (runner) => runner.abandon()))
    // Whatever ends while nothing is claimed any more wakes those who wait.
    while (this.#active > 0 || this.#asking) await new Promise<void>((resolve) => this.#waiters.push(resolve))
    cancelStop()
    cancelAbandon()
    // Another drain may have begun after one that did not wait for its end.
    if (!this.#running) {
      each(runners, (runner) => runner.stop())
      this.#saver.stop()
    }
    this.#wake()
    return { drained: this.#returned === 0, returned: this.#returned }
  }

  async workOn(seq: number, cut: AbortSignal): Promise<boolean> {
    this.#parts.again.reopen()
    each(this.#parts.runners, (runner) => runner.reopen())
    const { claims } = await this.#parts.inbox.claims.claim({ ...this.#request([...this.#parts.runners.keys()]), seq })
    const claim = claims[0]
    if (claim === undefined) return false
    const pass = this.#newPass(claim)
    let cancelAbandon = () => {}
    const stop = () => {
      pass.stop()
      cancelAbandon = this.#parts.clock.after(GRACE_MS, () => pass.abandon())
    }
    if (cut.aborted) stop()
    else cut.addEventListener('abort', stop, { once: true })
    const result = await this.#finish(pass)
    cut.removeEventListener('abort', stop)
    cancelAbandon()
    // Rows of handlers that this process does not have do not count: the sender does not wait for them.
    return result !== null && !result.settlement.rows.some(({ handler }) => this.#parts.runners.has(handler))
  }

  #isIdle(): boolean {
    return this.#active === 0 && !this.#asking && (!this.#dirty || !this.#running || !this.#mayBegin())
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** Claims while there is room and there may be work. */
  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    while (this.#running && this.#dirty && this.#hasRoom() && this.#mayBegin()) {
      this.#dirty = false
      this.#sleepUntil(await this.#claimAll())
    }
    this.#asking = false
    if (!this.#running || this.#isIdle()) this.#wake()
  }

  /** Where false, the inbox calls `work` once it is true again. */
  #mayBegin(): boolean {
    return this.#parts.inbox.claims.mayBegin?.() ?? true
  }

  /** A body larger than `ALONE_BYTES` takes all of the room: nothing is claimed beside it. */
  #costOf(bytes: number): number {
    return bytes > ALONE_BYTES ? Math.max(bytes, this.#parts.claimBytes) : bytes
  }

  #hasRoom(): boolean {
    return this.#active < MAX_CLAIMS && this.#bytes < this.#parts.claimBytes
  }

  /**
   * First what anybody can work on, then one event for each paused handler whose time has come. Returns when to look
   * again.
   */
  async #claimAll(): Promise<number | null> {
    const runners = [...this.#parts.runners.values()]
    const hasRoom = (runner: Runner) =>
      runner.wantsWork() && (this.#parts.orders.get(runner.spec.name)?.hasRoom() ?? true)
    const working = runners.filter(hasRoom).map((runner) => runner.spec.name)
    let next = await this.#claim(this.#request(working))
    for (const runner of runners) {
      const at = runner.probeAt()
      if (at === null) continue
      const due = at <= this.#parts.clock.now()
      next = earlier(next, due ? await this.#claim({ ...this.#request([runner.spec.name]), maxDeliveries: 1 }) : at)
    }
    return next
  }

  /** Those that wait for what is stored. */
  get #ordered(): readonly Order[] {
    return [...this.#parts.orders.values()].filter((order) => order.strict)
  }

  #request(handlers: readonly string[]): ClaimRequest {
    const maxBytes = Math.min(this.#parts.claimBytes - this.#bytes, AT_ONCE_BYTES)
    const limits = { maxDeliveries: Math.max(1, MAX_CLAIMS - this.#active), maxBytes: Math.max(1, maxBytes) }
    const ordered = this.#ordered.map(({ handler, claimBefore, reached }) => ({ handler, claimBefore, reached }))
    return { handlers, sources: [...this.#parts.sources.keys()], ...limits, ordered }
  }

  async #claim(request: ClaimRequest): Promise<number | null> {
    const { inbox, clock } = this.#parts
    try {
      const snapshots = new Map<Order, Snapshot>(this.#ordered.map((order) => [order, order.snapshot()]))
      const {
        claims,
        nextDueAt,
        unread = [],
        returned = false,
        more = true,
        unknownSources = [],
        taken = [],
      } = await inbox.claims.claim(request)
      for (const source of unknownSources) this.#parts.unknownSource(source)
      for (const { handler, held } of taken) this.#parts.takeOver(handler, held)
      if ((claims.length > 0 && more) || taken.length > 0) this.#dirty = true
      for (const order of this.#ordered)
        order.answered(snapshots.get(order) ?? order.snapshot(), unread.includes(order.handler))
      if (this.#running) this.#begin(claims)
      else inbox.claims.release(claims.map(refOf))
      if (!returned && this.#hasCarried()) await this.#keysParkedBefore(claims)
      return nextDueAt
    } catch (error) {
      this.#parts.trouble('the inbox gave no work', error)
      return clock.now() + AGAIN_MS
    }
  }

  #hasCarried(): boolean {
    return this.#ordered.some((order) => order.hasCarried)
  }

  /** Once no suspect is left: an inbox hands suspects out first, and nothing beside them. */
  async #keysParkedBefore(claims: readonly Claim[]): Promise<void> {
    const isPast = claims.length > 0 ? !claims.some(({ careful }) => careful) : this.#active === 0
    if (isPast) await this.#wakeFree(new Map(this.#ordered.map((order) => [order, order.keysParkedBefore()])))
  }

  #sleepUntil(dueAt: number | null): void {
    this.#cancelDue()
    if (dueAt === null || !this.#running) return
    const { clock } = this.#parts
    this.#cancelDue = clock.after(Math.max(0, dueAt - clock.now()), () => this.kick())
  }

  #begin(claims: readonly Claim[]): void {
    for (const claim of claims) {
      this.#toBegin.push(this.#newPass(claim))
      this.#active++
      this.#bytes += this.#costOf(claim.delivery.body.length)
    }
    void this.#beginAll()
  }

  /**
   * One begins after the other, since each works until its first event without looking at the time. They may come with
   * the commit that stored them: the answers to their senders go out before their events.
   */
  async #beginAll(): Promise<void> {
    if (this.#beginning) return
    this.#beginning = true
    const { pacer } = this.#parts
    while (this.#toBegin.length > 0) {
      await pacer.breathe()
      for (const pass of this.#toBegin.splice(0)) {
        // One microtask also where there is time left: the pass before can settle before too many others begin.
        await (pacer.spent() ? pacer.breathe() : null)
        void this.#work(pass)
      }
    }
    this.#beginning = false
  }

  async #work(pass: Pass): Promise<void> {
    // What is settled may have no body any more.
    const { length } = pass.claim.delivery.body
    await this.#finish(pass)
    this.#bytes -= this.#costOf(length)
    this.#active--
    if (this.#hasCarried()) this.#dirty = true
    void this.#ask()
  }

  #newPass(claim: Claim): Pass {
    const pass = new Pass(this.#passParts, claim)
    const { wraps } = this.#parts
    if ((wraps.pass ?? wraps.call ?? wraps.settle) !== null) pass.about = passAbout(claim)
    this.#saver.add(pass)
    this.#passes.set(claim.token, pass)
    return pass
  }

  /** Saves what the pass has finished in the same commit as the note. */
  #noteCalls(pass: Pass, calls: readonly NotedCall[]): Promise<void> {
    const { delivery } = pass.claim
    return this.#parts.again.ask(`what is under way of ${delivery.id} could not be noted`, () => {
      this.#saver.save((other) => other === pass)
      return this.#parts.inbox.claims.noteCalls(refOf(pass.claim), calls)
    })
  }

  /**
   * null: what came of it could not be stored before the work had to end, and it went back to the inbox; or Posthorn
   * itself failed over it, and the next start finds it again.
   */
  #finish(pass: Pass): Promise<PassResult | null> {
    const { pass: wrap } = this.#parts.wraps
    if (wrap === null || pass.about === null) return this.#passed(pass)
    return wrap(pass.about, () => this.#passed(pass), summaryOf)
  }

  async #passed(pass: Pass): Promise<PassResult | null> {
    try {
      const result = await pass.run()
      if (this.#lost.has(pass)) return null
      // From here on its settlement says whether the claim is lost.
      this.#passes.delete(pass.claim.token)
      const settled = await this.#settle(pass, result)
      pass.settled()
      if (pass.seats.length > 0) await this.#wakeAfter(pass)
      if (this.#stopping) this.#returned += result.returned
      this.#parts.settled(pass, result, settled.conflictsWith)
      return result
    } catch (error) {
      if (error instanceof GivenUp) this.#giveBack(pass)
      else if (codeOf(error) === 'ERR_CLAIM_LOST') this.#noteLost(pass, () => {})
      else this.#parts.trouble('a delivery could not be worked on and waits for the next start', error)
      return null
    } finally {
      this.#saver.delete(pass)
      this.#passes.delete(pass.claim.token)
      this.#endLost(pass)
    }
  }

  /** Others may have these claims: their calls end, and nothing of them is stored. */
  #lose(tokens: readonly ClaimToken[]): void {
    for (const token of tokens) {
      const pass = this.#passes.get(token)
      if (pass === undefined || this.#lost.has(pass)) continue
      this.#noteLost(
        pass,
        this.#parts.clock.after(GRACE_MS, () => pass.abandon()),
      )
      pass.stop()
    }
  }

  #noteLost(pass: Pass, cancelAbandon: () => void): void {
    if (this.#lost.has(pass)) return
    this.#lost.set(pass, cancelAbandon)
    this.#saver.delete(pass)
    this.#parts.lost(pass.claim)
  }

  /** The process that has the claim now wakes what is parked behind its events. */
  #endLost(pass: Pass): void {
    const cancelAbandon = this.#lost.get(pass)
    if (cancelAbandon === undefined) return
    cancelAbandon()
    this.#lost.delete(pass)
    pass.settled()
    for (const seat of pass.seats) seat.settled()
  }

  /**
   * In memory at least: where the inbox still fails, the next start finds it as it was. Its seats stay taken: what is
   * parked behind its events waits for it, until the next start.
   */
  #giveBack(pass: Pass): void {
    this.#parts.inbox.claims.release([refOf(pass.claim)])
    // The events in it were not counted: it counts as one.
    if (this.#stopping) this.#returned++
  }

  /** What was parked behind events that are over, now that their end is stored. */
  async #wakeAfter(pass: Pass): Promise<void> {
    await this.#wakeFree(new Map(pass.seats.map((seat) => [seat.order, seat.settled()])))
  }

  /** What was parked behind rows that somebody has removed. */
  async #wakeFreed(keys: readonly OrderKey[]): Promise<void> {
    const of = ({ handler }: Order) => keys.filter((one) => one.handler === handler)
    const free = this.#ordered.map((order) => [order, of(order).flatMap(({ key }) => order.freed(key))] as const)
    await this.#wakeFree(new Map(free))
  }

  async #wakeFree(free: ReadonlyMap<Seating, readonly Empty[]>): Promise<void> {
    const asked = [...free].flatMap(([order, empty]) => empty.map((one) => ({ order, empty: one })))
    for (let from = 0; from < asked.length; from += MOST_WOKEN)
      await this.#wakeSome(asked.slice(from, from + MOST_WOKEN))
  }

  /** What is not woken now is woken by the next start. */
  async #wakeSome(asked: readonly Woken[]): Promise<void> {
    const wake = async () => {
      // Rows of a key that a pass has come to know since need not be its first: that pass asks when it has settled. What
      // an order knows that was taken over since is old.
      const isNow = (order: Seating) => this.#parts.orders.get(order.handler) === order
      const still = asked.filter(({ order, empty }) => isNow(order) && order.isIdle(empty))
      if (still.length === 0) return
      const keys = still.map(({ order: { handler }, empty: { key } }) => ({ handler, key }))
      tellWoken(still, (await this.#parts.inbox.ordering?.wake(keys, MOST_IN_LINE)) ?? [])
    }
    await this.#parts.again.ask('work that waits for its turn could not be called', wake).catch(() => {})
  }

  /** An inbox in trouble keeps the claim; the settlement is repeated until it is stored or the receiver stops. */
  #settle({ claim, about }: Pass, { settlement }: PassResult): Promise<{ readonly conflictsWith: string | null }> {
    const { delivery } = claim
    const { again, inbox } = this.#parts
    const settle = () => again.ask(what, () => inbox.claims.settle(settlement))
    const what = `progress on ${delivery.id} could not be stored`
    if (this.#groups === null || about === null) return settle()
    return this.#groups.add(about, settle)
  }
}

const refOf = ({ token, delivery: { seq } }: Claim) => ({ token, seq })

interface Woken {
  readonly order: Seating
  readonly empty: Empty
}

function tellWoken(asked: readonly Woken[], left: readonly OrderKey[]): void {
  for (const order of new Set(asked.map((one) => one.order))) {
    const keys = new Set(left.filter(({ handler }) => handler === order.handler).map(({ key }) => key))
    const own = asked.filter((one) => one.order === order).map(({ empty }) => empty)
    order.woken(own, keys)
  }
}

const earlier = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))

function each(runners: ReadonlyMap<string, Runner>, run: (runner: Runner) => void): void {
  for (const runner of runners.values()) run(runner)
}
