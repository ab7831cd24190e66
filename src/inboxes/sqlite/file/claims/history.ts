/** Reads for replays: deliveries in order of the log with the handlers they belong to, and the state of one event. */
import type { EventProgress, HistoryRow } from '../../../../ports/inbox/records.ts'
import type { HistoryStretch } from '../../wire/protocol.ts'
import type { Reader } from '../bodies/read.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { toWorkRow, type WorkColumns } from './work-rows.ts'

/** Deliveries read in one go. */
const STRETCH = 1_000

interface HistoryColumns {
  readonly seq: number
  readonly id: string
  readonly source: string
  readonly received_at: number
  readonly events: number | null
  readonly handlers: string
}

export function listHistory({ db, find }: Reader, { page, after, limit }: HistoryStretch) {
  const { source, since, until, deliveryId } = page
  const filters = { source: source ?? null, since: since ?? null, until: until ?? null, after, limit }
  if (deliveryId !== undefined) {
    const seqs = JSON.stringify(find(deliveryId))
    const rows = db.allNamed<HistoryColumns>(sql.listHistoryOf, { ...filters, seqs })
    return { rows: rows.map(toRow), next: null }
  }
  const to = after + STRETCH
  const rows = db.allNamed<HistoryColumns>(sql.listHistory, { ...filters, to })
  const last = db.get<{ seq: number }>(sql.findLast)?.seq ?? 0
  return { rows: rows.map(toRow), next: to < last ? to : null }
}

/** null: there is no such delivery. */
export function readProgress({ db, find }: Reader, deliveryId: string, index: number): EventProgress | null {
  const seq = find(deliveryId).at(-1)
  const delivery = seq && db.get<{ passed: number; handlers: string }>(sql.readBelonging, seq)
  if (!seq || !delivery) return null
  const { passed, handlers } = delivery
  return {
    passed: passed === 1,
    handlers: JSON.parse(handlers) as string[],
    rows: db.all<WorkColumns>(sql.readRowsOver, seq, index).map((row) => toWorkRow(row).row),
    dead: db.all<{ handler: string; attempts: number }>(sql.findDead, seq, index).map((row) => ({ ...row })),
    quarantined: findQuarantine(db, seq, index),
  }
}

function findQuarantine(db: Database, seq: number, index: number): EventProgress['quarantined'] {
  const row = db.get<{ element_index: number | null }>(sql.findQuarantine, seq, index)
  if (row === undefined) return null
  return row.element_index === null ? 'delivery' : 'element'
}

/** Elements of the delivery that are in quarantine, ascending; null, the whole delivery, comes first. */
export function readQuarantined(db: Database, seq: number): (number | null)[] {
  return db.all<{ element_index: number | null }>(sql.readQuarantineOf, seq).map((row) => row.element_index)
}

export function readHandlers(db: Database): { readonly name: string; readonly seenAt: number }[] {
  return db.all<{ name: string; seen_at: number }>(sql.readSeen).map(({ name, seen_at }) => ({ name, seenAt: seen_at }))
}

function toRow({ seq, id, source, received_at, events, handlers }: HistoryColumns): HistoryRow {
  return { seq, id, source, receivedAt: received_at, events, handlers: JSON.parse(handlers) as string[] }
}
