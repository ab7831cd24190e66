/**
 * What a claim takes: the first of these that applies.
 *
 * 1. Nothing, while the process holds a suspect.
 * 2. The one delivery of `request.seq`, due or not.
 * 3. Suspects, where no other process works on some.
 * 4. Due work and new deliveries, in turn.
 *
 * A suspect is given only to a process that holds no other claim.
 */
import type { ClaimRequest } from '../../ports/inbox/claims.ts'
import { pickInTurn, type Sized, type Turn } from './in-turn.ts'
import { pickSuspects } from './suspects.ts'

export interface Candidate extends Sized {
  readonly seq: number
  /** True: work rows of the delivery; false: its first pass. */
  readonly work: boolean
  readonly careful: boolean
}

/** What could be claimed; `choose` calls each only where it needs it. */
export interface Offer<C extends Candidate> {
  /** null: it cannot be claimed now. */
  one(seq: number): C | null
  /** In the order of the log. */
  suspects(): Iterable<C>
  /** Whether other suspects may be claimed with it. */
  mayHaveCompany(suspect: C): boolean
  /** Whether no other process works on suspects. */
  mayCare(): boolean
  /** The longest due first. */
  due(): readonly C[]
  /** First passes, in the order of the log. */
  fresh(): readonly C[]
}

/** The process that claims. */
export interface Asking {
  /** How many claims it has. */
  readonly held: number
  /** Whether one of them is of a suspect. */
  readonly isCareful: boolean
  readonly turn: Turn
}

export interface Choice<C> {
  readonly picked: readonly C[]
  readonly turn: Turn
  /** Whether more may be claimable. */
  readonly more: boolean
}

export function choose<C extends Candidate>(
  request: Pick<ClaimRequest, 'seq' | 'maxDeliveries' | 'maxBytes'>,
  { held, isCareful, turn }: Asking,
  offer: Offer<C>,
): Choice<C> {
  const { seq, maxDeliveries } = request
  const only = (picked: readonly C[]) => ({ picked, turn, more: true })
  if (isCareful) return only([])
  if (seq !== undefined) return only(ifAlone(listOf(offer.one(seq)), held))
  if (maxDeliveries < 1) return only([])
  const suspects = pickSuspects(offer.suspects(), (one) => offer.mayHaveCompany(one), request)
  if (suspects.length > 0 && offer.mayCare()) return only(ifAlone(suspects, held))
  const [due, fresh] = [offer.due(), offer.fresh()]
  const { picked, turn: next } = pickInTurn<C>([due, fresh], turn, request)
  // A claimed row of a handler with `orderBy` can make others of it claimable, so only another claim can tell.
  const more = due.length > 0 || fresh.length >= maxDeliveries || picked.length < fresh.length
  return { picked, turn: next, more }
}

/** Nothing where a suspect is picked and the process holds claims (`held` of them). */
export const ifAlone = <C extends Pick<Candidate, 'careful'>>(picked: readonly C[], held: number): readonly C[] =>
  held > 0 && picked.some(({ careful }) => careful) ? [] : picked

const listOf = <C>(one: C | null): readonly C[] => (one === null ? [] : [one])
