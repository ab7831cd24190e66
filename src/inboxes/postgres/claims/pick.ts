/** Chooses what a claim takes, by `rules/choose.ts`, in a transaction that keeps other processes from it. */
import type { ClaimRequest } from '../../../ports/inbox/claims.ts'
import { type Candidate as Choosable, choose, type Offer } from '../../rules/choose.ts'
import type { Turn } from '../../rules/in-turn.ts'
import { longestDue } from '../../rules/longest-due.ts'
import { isTaken, isTooEarly, rowsWith, type Unread } from '../../rules/order.ts'
import type { Session } from '../db/database.ts'
import { freshOf, passOf, suspectsOf } from './fresh.ts'
import {
  carefulRows,
  dueInOrder,
  holdAll,
  isDue,
  keyOf,
  type Line,
  linesOf,
  noteHeld,
  rowsOf,
  type StoredRow,
  stopsOf,
  toRow,
} from './rows.ts'
import type { Survey } from './survey.ts'

export interface Candidate extends Choosable {
  /** Whether an element of it has deaths. */
  readonly dead?: boolean
}

export interface PickContext {
  readonly owner: string
  readonly request: ClaimRequest
  readonly now: number
  readonly low: number
  readonly turn: Turn
  /** Whether this process has any handlers. */
  readonly hasHandlers: boolean
  /** The number of claims of this process. */
  readonly held: number
  /** Whether this process holds the delivery: also where the answer to its settlement was lost. */
  isHeld(seq: number): boolean
}

export interface Picked {
  readonly candidates: readonly Candidate[]
  readonly lines: readonly Line[]
  readonly turn: Turn
  /** Whether this process has the care: it works on suspects, or waits until it can. */
  readonly cares: boolean
}

/** One process at a time has the care, and works on suspects; the others go on with other deliveries. */
const takeCare = `
  UPDATE @control SET careful_owner = $1::int8 WHERE careful_owner IS NULL OR careful_owner = $1::int8 RETURNING 1 AS one`

type Db = Pick<Session, 'all'>

export async function pick(db: Db, context: PickContext, survey: Survey): Promise<Picked> {
  const { request, now, turn, held } = context
  const { ordered = [], sources, maxDeliveries } = request
  const lines = await linesOf(db, ordered, sources, now, Math.max(1, maxDeliveries))
  const offer = await offerOf(db, context, survey, lines)
  // `Claim` returns earlier where the process holds a suspect.
  const { picked, turn: next } = choose<Candidate>(request, { held, isCareful: false, turn }, offer)
  return { candidates: picked, lines, turn: next, cares: offer.mayCare() }
}

const NOTHING: Offer<Candidate> = {
  one: () => null,
  suspects: () => [],
  mayHaveCompany: ({ work, dead }) => !work && dead !== true,
  mayCare: () => false,
  due: () => [],
  fresh: () => [],
}

/** Reads what `choose` may ask for. */
async function offerOf(
  db: Db,
  context: PickContext,
  survey: Survey,
  lines: readonly Line[],
): Promise<Offer<Candidate>> {
  const { request, owner, held, isHeld } = context
  const isFree = ({ seq }: Candidate) => !isHeld(seq)
  if (request.seq !== undefined) {
    const one = isHeld(request.seq) ? null : await oneOf(db, context, request.seq)
    if (!one?.careful) return { ...NOTHING, one: () => one }
    return held === 0 && (await takesCare(db, owner)) ? { ...NOTHING, one: () => one, mayCare: () => true } : NOTHING
  }
  if (request.maxDeliveries < 1) return NOTHING
  const suspects = survey.suspects ? (await suspectsIn(db, context, lines)).filter(isFree) : []
  if (suspects.length > 0 && (await takesCare(db, owner)))
    return { ...NOTHING, suspects: () => suspects, mayCare: () => true }
  // Only handlers of the request: work of a handler that is paused, or has no room, would fill the claim.
  const asked = lines.filter(({ order }) => request.handlers.includes(order.handler))
  const due = (await dueIn(db, survey, asked)).filter(isFree)
  const fresh = await freshIn(db, context)
  return { ...NOTHING, due: () => due, fresh: () => fresh }
}

const takesCare = async (db: Db, owner: string): Promise<boolean> => (await db.all(takeCare, owner)).length > 0

async function suspectsIn(
  db: Db,
  { request, hasHandlers, now }: PickContext,
  lines: readonly Line[],
): Promise<Candidate[]> {
  const stops = stopsOf(lines, () => false)
  const rows = await carefulRows(db, request.handlers, request.sources, now)
  const inTime = rows.filter((row) => !isTooEarly(row.seq, asNew(row), stops.get(row.handler)))
  const work = [...new Set(inTime.map(({ seq }) => seq))].map((seq) => ({ seq, work: true, careful: true, bytes: 0 }))
  const passes = hasHandlers ? await suspectsOf(db, request.sources, 100) : []
  const fresh = passes.map(({ seq, size, dead }) => ({ seq, work: false, careful: true, bytes: size, dead }))
  return [...work, ...fresh].sort((a, b) => a.seq - b.seq)
}

/** The fields of the row that `rules/order.ts` reads. */
function asNew(row: { readonly state: number; readonly order_key: number | null; readonly run: string | null }) {
  const replay = row.run === null ? null : { run: row.run, name: null, unhandled: false }
  return { ...{ handler: '', first: 0, last: 0, attempts: 0, dueAt: 0, errors: [] }, replay, orderKey: keyOf(row) }
}

async function dueIn(db: Db, survey: Survey, lines: readonly Line[]): Promise<Candidate[]> {
  const due = longestDue([...survey.due, ...(await dueInOrder(db, lines))])
  return due.map(({ seq, bytes }) => ({ seq, work: true, careful: false, bytes }))
}

async function freshIn(db: Db, { request, low, hasHandlers }: PickContext): Promise<Candidate[]> {
  const { sources, maxDeliveries, maxBytes } = request
  const found = hasHandlers ? await freshOf(db, { sources, low, maxDeliveries, maxBytes }) : []
  return found.map(({ seq, size }) => ({ seq, work: false, careful: false, bytes: size }))
}

/** This delivery, due or not; null: it cannot be claimed now. */
async function oneOf(db: Db, { request, hasHandlers }: PickContext, seq: number): Promise<Candidate | null> {
  const pass = await passOf(db, seq, request.sources)
  if (pass === 'busy' || (pass !== null && !hasHandlers)) return null
  if (pass !== null) return { seq, work: false, careful: pass.careful, bytes: pass.size }
  const rows = await rowsOf(db, [seq], request)
  return rows.length === 0 ? null : { seq, work: true, careful: rows.some((row) => row.careful), bytes: 0 }
}

/** Claims the rows of the picked deliveries, by `seq`. Leaves out rows behind an unread one (`isTooEarly`). */
export async function takeRows(
  db: Db,
  { owner, request, now }: PickContext,
  { candidates, lines }: Picked,
): Promise<ReadonlyMap<number, readonly StoredRow[]>> {
  const work = new Map(candidates.filter((one) => one.work).map((one) => [one.seq, one]))
  const got = await holdAll(db, owner, [...work.keys()])
  const comes = (one: Unread, handler: string) =>
    got.has(one.seq) && isTaken(handler, one, work.get(one.seq), request.handlers)
  const stops = stopsOf(request.seq === undefined ? lines : [], comes)
  const found = got.size === 0 ? [] : await rowsOf(db, [...got], request)
  const due = found.filter((row) => request.seq !== undefined || isDue(row, now))
  const bySeq = Map.groupBy(due, ({ seq }) => seq)
  const claimed = (seq: number): StoredRow[] => {
    const own = (bySeq.get(seq) ?? []).map((stored) => ({ stored, row: toRow(stored), careful: stored.careful }))
    return rowsWith(work.get(seq), own, stops).map(({ stored }) => stored)
  }
  const rows = new Map([...got].map((seq) => [seq, claimed(seq)]))
  await noteHeld(db, owner, new Map([...rows].map(([seq, own]) => [seq, own.map(({ id }) => id)])))
  for (const [seq, own] of rows) if (own.length === 0) rows.delete(seq)
  return rows
}
