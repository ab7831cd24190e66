/** The claims of this process, as it knows them. */
import type { ClaimRef, ClaimToken } from '../../../ports/inbox/claim-ref.ts'

/** A claim under way, with the facts that its settlement asks for. */
export interface Hold {
  readonly token: number
  readonly seq: number
  /** Of the process, when it was made. */
  readonly owner: string
  readonly careful: boolean
  /** Ids of its rows; null for a first pass. */
  readonly rows: readonly number[] | null
  readonly bytes: number
  /** Whose it is, and since when; null: it could not be read. */
  readonly facts: { readonly source: string; readonly receivedAt: number } | null
  /** The batch that it is part of, and what its bytes are; null: it is in none, or is test traffic. */
  readonly batch: { readonly source: string; readonly batchId: string } | null
  /** Something is kept beside it that ends with it: a note, deaths, progress. */
  hasMore: boolean
  /** Its settlement was sent, and it is not known what became of it. */
  isUnsure: boolean
}

export class Holds {
  readonly #bySeq = new Map<number, Hold>()
  #tokens = 0

  nextToken(): number {
    this.#tokens += 1
    return this.#tokens
  }

  add(hold: Hold): void {
    this.#bySeq.set(hold.seq, hold)
  }

  /** null: it is not held, or by another claim. */
  find({ seq, token }: ClaimRef): Hold | null {
    const hold = this.#bySeq.get(seq)
    return hold?.token === token ? hold : null
  }

  at(seq: number): Hold | null {
    return this.#bySeq.get(seq) ?? null
  }

  end({ seq, token }: ClaimRef): void {
    if (this.#bySeq.get(seq)?.token === token) this.#bySeq.delete(seq)
  }

  /** All of them are lost. */
  clear(): ClaimToken[] {
    const tokens = [...this.#bySeq.values()].map(({ token }) => token)
    this.#bySeq.clear()
    return tokens
  }

  get seqs(): number[] {
    return [...this.#bySeq.keys()]
  }

  get size(): number {
    return this.#bySeq.size
  }

  get isCareful(): boolean {
    for (const { careful } of this.#bySeq.values()) if (careful) return true
    return false
  }
}
