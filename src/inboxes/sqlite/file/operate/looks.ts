/** Reads counts by time, last uses and actions, adds counts up, and deletes old ones. */
import type { LastUse, NewAction, Step, StoredAction, TallyRow, TallyWindow } from '../../../../ports/inbox/look.ts'
import { KEPT, STEP_MS, slotOf, sumOf } from '../../../rules/tally.ts'
import { MOST_ACTIONS } from '../../../rules/uses.ts'
import type { Database } from '../db/database.ts'
import * as look from '../db/look-sql.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Marks, readMarks } from '../ledger/looks.ts'

const MINUTES = 60
const HOURS = 24

/** Reads rows of `step` as far as they are added up, and the rest from rows of shorter steps. */
export function listTallies(db: Database, { from, to, step }: TallyWindow): TallyRow[] {
  const marks = readMarks(db)
  const [first, end] = [slotOf(from, step), slotOf(to, step)]
  const rows = stretches(step, first, end, marks).flatMap(({ of, size, from: low, to: high }) =>
    high <= low ? [] : db.allNamed<TallyRow>(look.listTallies[of], { size, from: low, to: high }),
  )
  return step === 'minute' ? rows.map((row) => ({ ...row, at: row.at * STEP_MS.minute })) : together(rows, step)
}

/** Adds up rows of one step that come from two tables. */
function together(rows: readonly TallyRow[], step: Step): TallyRow[] {
  const sums = new Map<string, TallyRow>()
  for (const row of rows) {
    const key = JSON.stringify([row.at, row.source, row.word])
    const before = sums.get(key)
    const [n, sum] = [row.n + (before?.n ?? 0), sumOf(row.sum, before?.sum ?? 0)]
    sums.set(key, { ...row, at: row.at * STEP_MS[step], n, sum })
  }
  return [...sums.values()]
}

interface Piece {
  readonly of: Step
  /** How many of its steps are one. */
  readonly size: number
  readonly from: number
  readonly to: number
}

function stretches(step: Step, first: number, end: number, { hours_to, days_to }: Marks): Piece[] {
  if (step === 'minute') return [{ of: 'minute', size: 1, from: first, to: end }]
  if (step === 'hour')
    return [hours(first, Math.min(end, hours_to), 1), minutes(Math.max(first, hours_to), end, MINUTES)]
  const dayEnd = Math.min(end, days_to)
  const rest = Math.max(first, days_to)
  const added = Math.max(rest * HOURS, Math.min(end * HOURS, hours_to))
  return [
    { of: 'day', size: 1, from: first, to: dayEnd },
    hours(rest * HOURS, added, HOURS),
    { of: 'minute', size: MINUTES * HOURS, from: added * MINUTES, to: end * HOURS * MINUTES },
  ]
}

const hours = (from: number, to: number, size: number): Piece => ({ of: 'hour', size, from, to })
const minutes = (from: number, to: number, size: number): Piece => {
  return { of: 'minute', size, from: from * MINUTES, to: to * MINUTES }
}

/** Adds up, or deletes, one step: some ms. Returns whether more is to be done. `now` 0: the clock is not steady. */
export function tidyTallies(db: Database, draft: Ledger, now: number): boolean {
  if (now === 0) return false
  return addUpHour(db, draft, now) || addUpDay(db, draft, now) || forgetOne(db, draft, now)
}

function addUpHour(db: Database, draft: Ledger, now: number): boolean {
  const { hours_to } = draft.marks
  const first = db.get<{ at: number | null }>(look.findFirst.minute, hours_to * MINUTES)?.at ?? null
  const hour = Math.min(first === null ? slotOf(now, 'hour') : Math.floor(first / MINUTES), slotOf(now, 'hour'))
  const isOver = first !== null && hour < slotOf(now, 'hour')
  if (isOver) db.run(look.addUpHour, hour, hour * MINUTES, (hour + 1) * MINUTES)
  mark(draft, { hours_to: Math.max(hours_to, isOver ? hour + 1 : hour) })
  return isOver
}

function addUpDay(db: Database, draft: Ledger, now: number): boolean {
  const { days_to, hours_to } = draft.marks
  const first = db.get<{ at: number | null }>(look.findFirst.hour, days_to * HOURS)?.at ?? null
  const today = Math.min(slotOf(now, 'day'), Math.floor(hours_to / HOURS))
  const day = Math.min(first === null ? today : Math.floor(first / HOURS), today)
  const isOver = first !== null && day < today
  if (isOver) db.run(look.addUpDay, day, day * HOURS, (day + 1) * HOURS)
  mark(draft, { days_to: Math.max(days_to, isOver ? day + 1 : day) })
  return isOver
}

/** Deletes the oldest hour of minutes, day of hours, or day that is too old and added up. */
function forgetOne(db: Database, draft: Ledger, now: number): boolean {
  const { hours_to, days_to } = draft.marks
  const oldest = (step: Step) => slotOf(now, step) - KEPT[step]
  const minutes_from = Math.min(oldest('minute'), hours_to * MINUTES)
  const hours_from = Math.min(oldest('hour'), days_to * HOURS)
  mark(draft, {
    minutes_from: Math.max(draft.marks.minutes_from, minutes_from),
    hours_from: Math.max(draft.marks.hours_from, hours_from),
  })
  return (
    forgetBefore(db, 'minute', minutes_from, MINUTES) ||
    forgetBefore(db, 'hour', hours_from, HOURS) ||
    forgetBefore(db, 'day', oldest('day'), 1)
  )
}

function forgetBefore(db: Database, step: Step, end: number, most: number): boolean {
  const first = db.get<{ at: number | null }>(look.findFirst[step], 0)?.at ?? null
  if (first === null || first >= end) return false
  db.run(look.forgetStep[step], first, Math.min(first + most, end))
  return true
}

function mark(draft: Ledger, changes: Partial<Marks>): void {
  const marks = { ...draft.marks, ...changes }
  const names = Object.keys(marks) as (keyof Marks)[]
  if (names.some((name) => marks[name] !== draft.marks[name])) draft.marks = marks
}

interface UseColumns {
  readonly source: string
  readonly credential: string
  readonly first_at: number
  readonly last_at: number
  readonly count: number
}

export function readUses(db: Database): LastUse[] {
  return db.all<UseColumns>(look.readSeen).map(({ source, credential, first_at, last_at, count }) => {
    return { source, credential: credential || null, firstAt: first_at, lastAt: last_at, count }
  })
}

export function noteAction(db: Database, { at, who, verb, filter, matched, queued }: NewAction): number {
  const id = db.get<{ id: number }>(look.insertAction, Math.trunc(at), who, verb, filter, matched, queued)?.id ?? 0
  db.run(look.forgetActions, id - MOST_ACTIONS)
  return id
}

export function listActions(db: Database, limit: number): StoredAction[] {
  return db.all<StoredAction>(look.listActions, limit)
}
