/** The claims that this process holds, as far as it knows. */
import type { ClaimRef, ClaimToken } from '../../../ports/inbox/claim-ref.ts'

/** A claim under way, with what its settlement needs. */
export interface Hold {
  readonly token: number
  readonly seq: number
  /** The `owner` of the process when the claim was made. */
  readonly owner: string
  readonly careful: boolean
  /** Handlers with `orderBy` that get events of it. */
  readonly inOrder: readonly string[]
  /** Of a first pass: handlers with `orderBy` whose events it leaves as unread rows. */
  readonly apart: readonly string[]
  /** Ids of its work rows; null: a first pass. */
  readonly rows: readonly number[] | null
  readonly bytes: number
  /** Of its delivery; null: it could not be read. */
  readonly facts: { readonly source: string; readonly receivedAt: number } | null
  /** The batch of its delivery; null: it has none, or is test traffic. */
  readonly batch: { readonly source: string; readonly batchId: string } | null
  /** A note, deaths or progress are stored for it, which end with it. */
  hasMore: boolean
  /** Its settlement was sent, and the answer was lost: it may be carried out. */
  isUnsure: boolean
  /** Resolves when the settlement under way has ended, with or without success; null: none is under way. */
  settling: Promise<void> | null
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

  /** The hold of this claim; null: lost, or the delivery is held by another claim. */
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

  /** Forgets all claims, since they are lost; returns their tokens. */
  clear(): ClaimToken[] {
    const tokens = [...this.#bySeq.values()].map(({ token }) => token)
    this.#bySeq.clear()
    return tokens
  }

  get seqs(): number[] {
    return [...this.#bySeq.keys()]
  }

  /** Whether a claim hands events to this handler, which has `orderBy`. */
  handsTo(handler: string): boolean {
    for (const { inOrder } of this.#bySeq.values()) if (inOrder.includes(handler)) return true
    return false
  }

  /** `seq` of the first claim that leaves events for the handler as unread rows; Infinity: none does. */
  firstApart(handler: string): number {
    let first = Number.POSITIVE_INFINITY
    for (const { seq, apart } of this.#bySeq.values()) if (apart.includes(handler)) first = Math.min(first, seq)
    return first
  }

  /** `seq` of each claimed first pass. */
  get passes(): number[] {
    return [...this.#bySeq.values()].flatMap(({ seq, rows }) => (rows === null ? [seq] : []))
  }

  get size(): number {
    return this.#bySeq.size
  }

  get isCareful(): boolean {
    for (const { careful } of this.#bySeq.values()) if (careful) return true
    return false
  }
}
