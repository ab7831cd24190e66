/** The process half: claims what the inbox has, passes it through the handlers, settles, and sleeps until there is more. */
import { codeOf } from '../../lib/code-of.ts'
import type { Claim, OrderKey } from '../../ports/inbox/claims.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Runner } from '../call/runner.ts'
import type { Empty } from '../order/key.ts'
import { MOST_IN_LINE } from '../order/lines.ts'
import type { Order, Snapshot } from '../order/order.ts'
import type { Seating } from '../order/seats.ts'
import { Pass, type PassParts } from './pass.ts'
import type { PassResult } from './result.ts'

export interface ProcessParts extends Omit<PassParts, 'note'> {
  readonly inbox: InboxPort
  /** Bodies claimed and not yet settled, in bytes; a larger one comes alone. */
  readonly claimBytes: number
  /** Told after the settlement is durable. */
  settled(claim: Claim, result: PassResult, conflictsWith: string | null): void
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
   * Works on one delivery alone, due or not, until it is done or `cut` says so; true when it is settled. False also
   * when another claim holds it.
   */
  workOn(seq: number, cut: AbortSignal): Promise<boolean>
}

const MAX_CLAIMS = 256
/** Of one claim: it comes when all of it is read from the file, and nothing is worked on meanwhile where all else is done. */
const AT_ONCE_BYTES = 8 << 20
const AGAIN_MS = 1_000
/** So many keys are woken at once: what is to be stored waits for no more. */
const MOST_WOKEN = 1_000
/** For handlers that were told to stop because the sender will not wait longer. */
const GRACE_MS = 250

export function createProcess(parts: ProcessParts): Process {
  return new Worker(parts)
}

class Worker implements Process {
  readonly #parts: ProcessParts
  readonly #passParts: PassParts
  /** Those that wait for what is stored. */
  readonly #ordered: readonly Order[]
  /** Claimed and not yet settled, begun or not, and their bytes. */
  #active = 0
  #bytes = 0
  /** In the order of their claims. */
  #toBegin: Pass[] = []
  #beginning = false
  /** Given back because of a stop; what a slow handler leaves for later is not. */
  #returned = 0
  #stopping = false
  #asking = false
  /** There may be something that the last claim has not seen. */
  #dirty = true
  #running = false
  #listening = false
  #cancelDue: () => void = () => {}
  #waiters: (() => void)[] = []

  constructor(parts: ProcessParts) {
    this.#parts = parts
    const note: PassParts['note'] = (seq, calls) => parts.inbox.note(seq, calls)
    this.#passParts = { ...parts, note }
    this.#ordered = [...parts.orders.values()].filter((order) => order.strict)
  }

  start(): void {
    this.#running = true
    this.#stopping = false
    each(this.#parts.runners, (runner) => runner.reopen())
    if (!this.#listening) this.#listen()
    this.kick()
  }

  #listen(): void {
    const { inbox } = this.#parts
    this.#listening = true
    inbox.onWork(() => this.kick())
    inbox.onFreed?.((keys) => void this.#wakeFreed(keys))
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
    each(runners, (runner) => runner.stop())
    this.#wake()
    return { drained: this.#returned === 0, returned: this.#returned }
  }

  async workOn(seq: number, cut: AbortSignal): Promise<boolean> {
    each(this.#parts.runners, (runner) => runner.reopen())
    const { claims } = await this.#parts.inbox.claim({ ...this.#request([...this.#parts.runners.keys()]), seq })
    const claim = claims[0]
    if (claim === undefined) return false
    const pass = new Pass(this.#passParts, claim)
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
    return result !== null && result.settlement.rows.length === 0
  }

  #isIdle(): boolean {
    return this.#active === 0 && !this.#asking && (!this.#dirty || !this.#running)
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** Asks for work while there is room and hope. */
  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    while (this.#running && this.#dirty && this.#hasRoom()) {
      this.#dirty = false
      this.#sleepUntil(await this.#claimAll())
    }
    this.#asking = false
    if (!this.#running || this.#isIdle()) this.#wake()
  }

  #hasRoom(): boolean {
    return this.#active < MAX_CLAIMS && this.#bytes < this.#parts.claimBytes
  }

  /** First what anybody can work on, then one event for each paused handler whose time has come. Returns when to look again. */
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

  #request(handlers: readonly string[]) {
    const maxBytes = Math.min(this.#parts.claimBytes - this.#bytes, AT_ONCE_BYTES)
    const limits = { maxDeliveries: Math.max(1, MAX_CLAIMS - this.#active), maxBytes: Math.max(1, maxBytes) }
    return { handlers, ...limits, ordered: this.#ordered.map(({ handler, below }) => ({ handler, below })) }
  }

  async #claim(request: Parameters<InboxPort['claim']>[0]): Promise<number | null> {
    const { inbox, clock } = this.#parts
    try {
      const snapshots = this.#ordered.map((order) => order.snapshot())
      const { claims, nextDueAt, unread = [], more = true } = await inbox.claim(request)
      if (claims.length > 0 && more) this.#dirty = true
      for (const [i, order] of this.#ordered.entries())
        if (!unread.includes(order.handler)) order.noUnreadSince(snapshots[i] as Snapshot)
      if (this.#running) this.#begin(claims)
      else inbox.release(claims.map((claim) => claim.delivery.seq))
      if (this.#hasCarried()) await this.#keysParkedBefore(claims)
      return nextDueAt
    } catch (error) {
      this.#parts.trouble('the inbox gave no work', error)
      return clock.now() + AGAIN_MS
    }
  }

  #hasCarried(): boolean {
    return this.#ordered.some((order) => order.hasCarried)
  }

  /** Once nothing is left that a process died over: it is given first, and nothing else beside it. */
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
      this.#toBegin.push(new Pass(this.#passParts, claim))
      this.#active++
      this.#bytes += claim.delivery.body.length
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
        // A moment also where there is time: the one before is settled before too many others begin.
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
    this.#bytes -= length
    this.#active--
    if (this.#hasCarried()) this.#dirty = true
    void this.#ask()
  }

  /** null: it could not be worked on, or what came of it could not be stored; the next start finds it again. */
  async #finish(pass: Pass): Promise<PassResult | null> {
    const { claim } = pass
    try {
      const result = await pass.run()
      const settled = await this.#settle(claim, result)
      if (settled === null) return null
      pass.settled()
      if (pass.seats.length > 0) await this.#wakeAfter(pass)
      if (this.#stopping) this.#returned += result.returned
      this.#parts.settled(claim, result, settled.conflictsWith)
      return result
    } catch (error) {
      this.#parts.trouble('a delivery could not be worked on and waits for the next start', error)
      return null
    }
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
    for (;;) {
      // Rows of a key that a pass has come to know since need not be its first: that pass asks when it has settled.
      const still = asked.filter(({ order, empty }) => order.isIdle(empty))
      if (still.length === 0) return
      try {
        const keys = still.map(({ order: { handler }, empty: { key } }) => ({ handler, key }))
        return tellWoken(still, (await this.#parts.inbox.wake?.(keys, MOST_IN_LINE)) ?? [])
      } catch (error) {
        this.#parts.trouble('work that waits for its turn could not be called', error)
        if (!this.#running) return
        await new Promise<void>((resolve) => void this.#parts.clock.after(AGAIN_MS, resolve))
      }
    }
  }

  /** An inbox in trouble keeps the claim; the settlement is repeated until it is stored or the receiver stops. */
  async #settle(claim: Claim, { settlement }: PassResult): Promise<{ conflictsWith: string | null } | null> {
    for (;;) {
      try {
        return await this.#parts.inbox.settle(settlement)
      } catch (error) {
        this.#parts.trouble(`progress on ${claim.delivery.id} could not be stored`, error)
        // A settlement that the inbox refuses as such would be refused for ever.
        if (!this.#running || codeOf(error) === 'ERR_OPTION') return null
        await new Promise<void>((resolve) => void this.#parts.clock.after(AGAIN_MS, resolve))
      }
    }
  }
}

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
