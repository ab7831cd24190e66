/** Gathers settlements that are handed in at the same time into one transaction; one transaction at a time. */
import type { Settlement } from '../../../ports/inbox/claims.ts'
import { isItemFault } from '../db/failure.ts'
import type { Session } from '../life/session.ts'
import { carriedOut, lostClaim, type Settled, type Settling, settleAll } from './settle.ts'

const MOST = 256

interface Waiting extends Settling {
  resolve(settled: Settled): void
  reject(error: unknown): void
}

export class Settlements {
  readonly #session: Session
  #waiting: Waiting[] = []
  #running: Promise<void> | null = null

  constructor(session: Session) {
    this.#session = session
  }

  /** @throws ERR_CLAIM_LOST; the claim is then over for this process */
  settle(settlement: Settlement): Promise<Settled> {
    const hold = this.#session.holds.find(settlement)
    if (hold === null) return Promise.reject(lostClaim(settlement.seq))
    const settled = new Promise<Settled>((resolve, reject) => {
      this.#waiting.push({ settlement, hold, resolve, reject })
      this.#running ??= this.#run()
    })
    const over = () => {
      hold.settling = null
    }
    hold.settling = settled.then(over, over)
    return settled
  }

  async drained(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // Settlements of the same turn of the event loop go into the same transaction.
    await Promise.resolve()
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting)
      await this.#settleAll(first.hold.owner, this.#next(first.hold.owner))
    this.#running = null
  }

  /** The next ones whose claims were made as this owner. */
  #next(owner: string): readonly Waiting[] {
    const end = this.#waiting.findIndex(({ hold }) => hold.owner !== owner)
    return this.#waiting.splice(0, end === -1 ? MOST : Math.min(MOST, end))
  }

  async #settleAll(owner: string, some: readonly Waiting[]): Promise<void> {
    try {
      const now = await this.#session.now()
      const settled = await settleAll(this.#session, owner, some, now)
      for (const one of some) await this.#end(one, settled.get(one.settlement.seq) ?? null)
    } catch (error) {
      if (some.length > 1 && isItemFault(error)) for (const one of some) await this.#settleAll(owner, [one])
      else for (const one of some) this.#fail(one, error)
    }
  }

  async #end(one: Waiting, settled: Settled | null): Promise<void> {
    const found =
      settled ??
      (await carriedOut(this.#session, one).catch((error: unknown) => {
        this.#fail(one, error)
        return 'unknown' as const
      }))
    if (found === 'unknown') return
    const { seq } = one.settlement
    this.#session.holds.end(one.hold)
    if (found === null) {
      one.reject(lostClaim(seq))
      return
    }
    this.#ended(one)
    one.resolve(found)
  }

  #ended({ settlement, hold }: Waiting): void {
    if (settlement.firstPass) this.#session.backlog = Math.max(0, this.#session.backlog - hold.bytes)
    if (hold.careful || !settlement.firstPass || settlement.rows.length > 0) this.#session.tellOfWork()
    else if (this.#session.awaitsCare) this.#session.tellOfWork()
  }

  #fail(one: Waiting, error: unknown): void {
    one.hold.isUnsure = true
    one.reject(error)
  }
}
