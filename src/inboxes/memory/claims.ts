import { PosthornError } from '../../errors.ts'
import type { ClaimRef, ClaimToken } from '../../ports/inbox/claim-ref.ts'
import type { Claimed, ClaimRequest, Claims, NotedCall, Settlement } from '../../ports/inbox/claims.ts'
import type { NewProgress } from '../../ports/inbox/progress.ts'
import { claim } from './claim.ts'
import type { Session } from './session.ts'
import { saveProgress, settle } from './settle.ts'

export class MemoryClaims implements Claims {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    return claim(this.#session, request)
  }

  async noteCalls({ seq, token }: ClaimRef, calls: readonly NotedCall[]): Promise<void> {
    const { store } = this.#session
    this.#session.opening()
    const entry = store.at(seq)
    if (!entry || !store.isHeld(seq, token)) throw claimLost(seq)
    entry.underWay = calls
  }

  async saveProgress(progress: readonly NewProgress[]): Promise<readonly ClaimToken[]> {
    this.#session.opening()
    return saveProgress(this.#session.store, progress, this.#session.isSteady())
  }

  async settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }> {
    const { store } = this.#session
    const { seq, token } = settlement
    const now = this.#session.now()
    if (!store.isHeld(seq, token)) throw claimLost(seq)
    const careful = store.held.get(seq)?.careful
    const conflictsWith = settle(store, settlement, now, this.#session.isSteady())
    if (careful || store.hasSuspects() || store.workOf(seq).length > 0) this.#session.tellOfWork()
    return { conflictsWith }
  }

  release(claims: readonly ClaimRef[]): void {
    const { store } = this.#session
    store.giveBack(claims.filter(({ seq, token }) => store.isHeld(seq, token)).map(({ seq }) => seq))
    this.#session.tellOfWork()
  }
}

const claimLost = (seq: number) =>
  new PosthornError('ERR_CLAIM_LOST', `The claim of delivery ${seq} is not held any more.`)
