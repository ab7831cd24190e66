/** Chooses what a claim takes, by the rules that every inbox has, inside a transaction that keeps others from it. */
import type { ClaimRequest } from '../../../ports/inbox/claims.ts'
import { type Candidate as Choosable, ifAlone } from '../../rules/choose.ts'
import { pickInTurn, type Turn } from '../../rules/in-turn.ts'
import { longestDue } from '../../rules/longest-due.ts'
import { comesWith, isOfClaim, isTooEarly, type Unread } from '../../rules/order.ts'
import { pickSuspects } from '../../rules/suspects.ts'
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
import type { Due, Survey } from './survey.ts'

export interface Candidate extends Choosable {
  /** An element of it was under way when a process died. */
  readonly dead?: boolean
}

export interface PickContext {
  readonly owner: string
  readonly request: ClaimRequest
  readonly now: number
  readonly low: number
  readonly turn: Turn
  /** This process has handlers at all. */
  readonly hasHandlers: boolean
  /** Claims of this process. */
  readonly held: number
}

export interface Picked {
  readonly candidates: readonly Candidate[]
  readonly lines: readonly Line[]
  readonly turn: Turn
}

/** One process at a time works on what others died of; the rest go on beside it. */
const takeCare = `
  UPDATE @control SET careful_owner = $1::int8 WHERE careful_owner IS NULL OR careful_owner = $1::int8 RETURNING 1 AS one`

type Db = Pick<Session, 'all'>

/** As `rules/choose.ts` says. */
export async function pick(db: Db, context: PickContext, survey: Survey): Promise<Picked> {
  const { request, now, turn, held } = context
  const { ordered = [], maxDeliveries } = request
  const lines = await linesOf(db, ordered, now, Math.max(1, maxDeliveries))
  const none = { candidates: [], lines, turn }
  if (request.seq !== undefined) return { ...none, candidates: await pickOne(db, context, request.seq) }
  if (maxDeliveries < 1) return none
  const suspects = survey.suspects ? await pickCareful(db, context, lines) : []
  if (suspects.length > 0 && (await db.all(takeCare, context.owner)).length > 0)
    return { ...none, candidates: ifAlone(suspects, held) }
  return { lines, ...(await pickOthers(db, context, survey.due, lines)) }
}

async function pickCareful(db: Db, { request, hasHandlers, now }: PickContext, lines: readonly Line[]) {
  const stops = stopsOf(lines, () => false)
  const rows = await carefulRows(db, request.handlers, request.sources, now)
  const inTime = rows.filter((row) => !isTooEarly(row.seq, asNew(row), stops.get(row.handler)))
  const work = [...new Set(inTime.map(({ seq }) => seq))].map((seq) => ({ seq, work: true, careful: true, bytes: 0 }))
  const passes = hasHandlers ? await suspectsOf(db, request.sources, 100) : []
  const fresh = passes.map(({ seq, size, dead }) => ({ seq, work: false, careful: true, bytes: size, dead }))
  const bySeq = [...work, ...fresh].sort((a, b) => a.seq - b.seq)
  return pickSuspects<Candidate>(bySeq, (one) => !one.work && one.dead !== true, request)
}

/** As far as the rules of order look at it. */
function asNew(row: { readonly state: number; readonly order_key: number | null; readonly run: string | null }) {
  const replay = row.run === null ? null : { run: row.run, name: null, unhandled: false }
  return { ...{ handler: '', first: 0, last: 0, attempts: 0, dueAt: 0, errors: [] }, replay, orderKey: keyOf(row) }
}

async function pickOthers(db: Db, context: PickContext, free: readonly Due[], lines: readonly Line[]) {
  const { request, low, turn, hasHandlers } = context
  const inOrder = await dueInOrder(db, lines, request.sources)
  const due = longestDue([...free, ...inOrder]).map(({ seq, bytes }) => ({ seq, work: true, careful: false, bytes }))
  const limits = { sources: request.sources, low, maxDeliveries: request.maxDeliveries, maxBytes: request.maxBytes }
  const found = hasHandlers ? await freshOf(db, limits) : []
  const fresh = found.map(({ seq, size }) => ({ seq, work: false, careful: false, bytes: size }))
  const { picked, turn: next } = pickInTurn<Candidate>([due, fresh], turn, request)
  return { candidates: picked, turn: next }
}

/** What is to be handled with care is given when this process has nothing else. */
async function pickOne(db: Db, { request, owner, hasHandlers, held }: PickContext, seq: number): Promise<Candidate[]> {
  const pass = await passOf(db, seq)
  if (pass === 'busy' || (pass !== null && !hasHandlers)) return []
  if (pass !== null)
    return mayTake(db, owner, pass.careful, held, { seq, work: false, careful: pass.careful, bytes: pass.size })
  const rows = await rowsOf(db, [seq], request.handlers)
  if (rows.length === 0) return []
  const careful = rows.some((row) => row.careful)
  return mayTake(db, owner, careful, held, { seq, work: true, careful, bytes: 0 })
}

async function mayTake(db: Db, owner: string, careful: boolean, held: number, one: Candidate): Promise<Candidate[]> {
  if (!careful) return [one]
  return held === 0 && (await db.all(takeCare, owner)).length > 0 ? [one] : []
}

/** Claims the rows of those picked, by delivery; without those that come after one that is still to be read. */
export async function takeRows(
  db: Db,
  { owner, request, now }: PickContext,
  { candidates, lines }: Picked,
): Promise<{ readonly rows: ReadonlyMap<number, readonly StoredRow[]>; readonly unread: readonly string[] }> {
  const work = new Map(candidates.filter((one) => one.work).map((one) => [one.seq, one]))
  const got = await holdAll(db, owner, [...work.keys()])
  const isTaken = ({ seq, isCareful }: Unread) => got.has(seq) && isOfClaim(work.get(seq), isCareful)
  const stops = stopsOf(request.seq === undefined ? lines : [], isTaken)
  const isClaimed = (row: StoredRow) =>
    (request.seq !== undefined || isDue(row, now)) &&
    comesWith(work.get(row.seq), { row: toRow(row), careful: row.careful }, stops)
  const found = got.size === 0 ? [] : await rowsOf(db, [...got], request.handlers)
  const rows = new Map<number, StoredRow[]>([...got].map((seq) => [seq, []]))
  for (const row of found) if (isClaimed(row)) rows.get(row.seq)?.push(row)
  await noteHeld(db, owner, new Map([...rows].map(([seq, own]) => [seq, own.map(({ id }) => id)])))
  for (const [seq, own] of rows) if (own.length === 0) rows.delete(seq)
  const unread = (request.ordered ?? []).map(({ handler }) => handler).filter((name) => stops.get(name)?.isUnread)
  return { rows, unread }
}
