/** The process half: claims what the inbox has, passes it through the handlers, settles, and sleeps until there is more. */
import type { Runner } from './dispatch.ts'
import { type PassParts, type PassResult, runPass } from './pass.ts'
import type { Claim, InboxPort } from './ports.ts'

export interface ProcessParts extends PassParts {
  readonly inbox: InboxPort
  readonly handlers: readonly string[]
  /** Bodies claimed and not yet settled, in bytes; a larger one comes alone. */
  readonly claimBytes: number
  /** Told after the settlement is durable. */
  settled(claim: Claim, result: PassResult): void
  /** Told when the inbox or Posthorn itself failed; never because a handler did. */
  trouble(what: string, error: unknown): void
}

export interface Process {
  start(): void
  /** Resolves when nothing can be claimed now and nothing runs. */
  idle(): Promise<void>
  /**
   * Claims no more; what is claimed goes on for four fifths of the time, then handlers get their signal, and what is
   * not finished at the end goes back.
   */
  stop(timeoutMs: number): Promise<{ readonly drained: boolean; readonly returned: number }>
}

const MAX_CLAIMS = 256
const AGAIN_MS = 1_000

export function createProcess(parts: ProcessParts): Process {
  return new Worker(parts)
}

class Worker implements Process {
  readonly #parts: ProcessParts
  readonly #active = new Set<Promise<void>>()
  #bytes = 0
  #returned = 0
  #asking = false
  /** There may be something that the last claim has not seen. */
  #dirty = true
  #running = false
  #cancelDue: () => void = () => {}
  #waiters: (() => void)[] = []

  constructor(parts: ProcessParts) {
    this.#parts = parts
  }

  start(): void {
    this.#running = true
    this.#parts.inbox.onWork(() => {
      this.#dirty = true
      void this.#ask()
    })
    void this.#ask()
  }

  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  async stop(timeoutMs: number): Promise<{ drained: boolean; returned: number }> {
    this.#running = false
    this.#cancelDue()
    const { runners, clock } = this.#parts
    for (const runner of runners.values()) runner.hurry()
    const cancelStop = clock.after((timeoutMs * 4) / 5, () => each(runners, (runner) => runner.stop()))
    const cancelAbandon = clock.after(timeoutMs, () => each(runners, (runner) => runner.abandon()))
    while (this.#active.size > 0 || this.#asking) await Promise.race([...this.#active, this.#turn()])
    cancelStop()
    cancelAbandon()
    each(runners, (runner) => runner.stop())
    this.#wake()
    return { drained: this.#returned === 0, returned: this.#returned }
  }

  #turn(): Promise<void> {
    return this.#asking ? new Promise((resolve) => this.#waiters.push(resolve)) : new Promise(() => {})
  }

  #isIdle(): boolean {
    return this.#active.size === 0 && !this.#asking && (!this.#dirty || !this.#running)
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
      await this.#claim()
    }
    this.#asking = false
    if (!this.#running || this.#isIdle()) this.#wake()
  }

  #hasRoom(): boolean {
    return this.#active.size < MAX_CLAIMS && this.#bytes < this.#parts.claimBytes
  }

  async #claim(): Promise<void> {
    const { inbox, handlers, claimBytes } = this.#parts
    const [maxDeliveries, maxBytes] = [MAX_CLAIMS - this.#active.size, claimBytes - this.#bytes]
    try {
      const { claims, nextDueAt } = await inbox.claim({ handlers, maxDeliveries, maxBytes })
      if (claims.length > 0) this.#dirty = true
      if (this.#running) for (const claim of claims) this.#begin(claim)
      else inbox.release(claims.map((claim) => claim.delivery.seq))
      this.#sleepUntil(nextDueAt)
    } catch (error) {
      this.#parts.trouble('the inbox gave no work', error)
      this.#sleepUntil(this.#parts.clock.now() + AGAIN_MS)
    }
  }

  #sleepUntil(dueAt: number | null): void {
    this.#cancelDue()
    if (dueAt === null || !this.#running) return
    const { clock } = this.#parts
    this.#cancelDue = clock.after(Math.max(0, dueAt - clock.now()), () => {
      this.#dirty = true
      void this.#ask()
    })
  }

  #begin(claim: Claim): void {
    const size = claim.delivery.body.length
    this.#bytes += size
    const work = this.#work(claim).finally(() => {
      this.#bytes -= size
      this.#active.delete(work)
      void this.#ask()
    })
    this.#active.add(work)
  }

  async #work(claim: Claim): Promise<void> {
    try {
      const result = await runPass(this.#parts, claim)
      if (!(await this.#settle(claim, result))) return
      this.#returned += result.returned
      this.#parts.settled(claim, result)
    } catch (error) {
      this.#parts.trouble('a delivery could not be worked on and waits for the next start', error)
    }
  }

  /** An inbox in trouble keeps the claim; the settlement is repeated until it is stored or the receiver stops. */
  async #settle(claim: Claim, { settlement }: PassResult): Promise<boolean> {
    for (;;) {
      try {
        await this.#parts.inbox.settle(settlement)
        return true
      } catch (error) {
        this.#parts.trouble(`progress on ${claim.delivery.id} could not be stored`, error)
        if (!this.#running) return false
        await new Promise<void>((resolve) => void this.#parts.clock.after(AGAIN_MS, resolve))
      }
    }
  }
}

function each(runners: ReadonlyMap<string, Runner>, run: (runner: Runner) => void): void {
  for (const runner of runners.values()) run(runner)
}
