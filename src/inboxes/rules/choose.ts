/**
 * What a claim takes. Of these the first that there is:
 *
 * 1. nothing, while its process works on something with care;
 * 2. the one delivery that was asked for, due or not;
 * 3. what a process died over, where this one may be the one that is careful;
 * 4. work that is due and new deliveries, in turn.
 *
 * What is to be handled with care is given when its process has nothing else under claim.
 */
import type { ClaimRequest } from '../../ports/inbox/claims.ts'
import { pickInTurn, type Sized, type Turn } from './in-turn.ts'
import { pickSuspects } from './suspects.ts'

export interface Candidate extends Sized {
  readonly seq: number
  /** Work rows of it; otherwise it is its first pass. */
  readonly work: boolean
  readonly careful: boolean
}

/** What could be claimed; each is asked for where it decides something. */
export interface Offer<C extends Candidate> {
  /** null: nobody can have it now. */
  one(seq: number): C | null
  /** In the order of the log. */
  suspects(): Iterable<C>
  mayHaveCompany(suspect: C): boolean
  /** Whether no other process is careful. */
  mayCare(): boolean
  /** The longest due first. */
  due(): readonly C[]
  /** First passes, in the order of the log. */
  fresh(): readonly C[]
}

/** The process that asks. */
export interface Asking {
  /** How many claims it has. */
  readonly held: number
  /** One of them is handled with care. */
  readonly isCareful: boolean
  readonly turn: Turn
}

export interface Choice<C> {
  readonly picked: readonly C[]
  readonly turn: Turn
  /** There may be more that could be claimed. */
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
  // What is claimed of the work rows of a handler decides about others, so that only a second look can tell.
  const more = due.length > 0 || fresh.length >= maxDeliveries || picked.length < fresh.length
  return { picked, turn: next, more }
}

/** `held`: how many claims the process has. */
export const ifAlone = <C extends Pick<Candidate, 'careful'>>(picked: readonly C[], held: number): readonly C[] =>
  held > 0 && picked.some(({ careful }) => careful) ? [] : picked

const listOf = <C>(one: C | null): readonly C[] => (one === null ? [] : [one])
