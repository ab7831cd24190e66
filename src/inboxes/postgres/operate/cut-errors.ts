/** Takes an address out of the errors that are stored, portion by portion. */
import { isDeepStrictEqual } from 'node:util'
import { createCut } from '../../../lib/cut-address.ts'
import type { Ends } from '../../../ports/inbox/progress.ts'
import { endsWithErrors } from '../../rules/progress.ts'
import type { Session as Db } from '../db/database.ts'

const PORTION = 1_000

type Cut = <T>(value: T) => T

/** One table after the other; `busy`: rows that are being worked on hold the address, so it begins again. */
interface Place {
  readonly table: 'dead' | 'work' | 'progress'
  readonly after: number
  readonly busy: boolean
}

const readDead = 'SELECT id, errors FROM @dead_letter WHERE id > $1 ORDER BY id LIMIT $2'
const writeDead = 'UPDATE @dead_letter SET errors = $2 WHERE id = $1'
/** A row that somebody works on is not read. */
const readWork = `
  SELECT w.id, w.errors, EXISTS (SELECT 1 FROM @held h WHERE h.seq = w.seq) AS busy
  FROM @work w WHERE w.id > $1 ORDER BY w.id LIMIT $2 FOR UPDATE`
const writeWork = 'UPDATE @work SET errors = $2 WHERE id = $1'
const readProgress = `
  SELECT p.seq, p.work_id, p.part, p.ends, EXISTS (SELECT 1 FROM @held h WHERE h.seq = p.seq)
    OR EXISTS (SELECT 1 FROM @pass f WHERE f.seq = p.seq AND f.owner IS NOT NULL) AS busy
  FROM @progress p WHERE p.ends IS NOT NULL AND p.seq > $1 ORDER BY p.seq LIMIT $2 FOR UPDATE`
const writeProgress = 'UPDATE @progress SET ends = $4 WHERE seq = $1 AND work_id = $2 AND part = $3'

/** Answers where to go on; null: no row holds it any more. */
export async function cutErrors(tx: Db, email: string, from: string | null): Promise<string | null> {
  const place: Place = from === null ? { table: 'dead', after: 0, busy: false } : JSON.parse(from)
  const next = await portion(tx, createCut(email), place)
  return next === null ? null : JSON.stringify(next)
}

async function portion(tx: Db, cut: Cut, place: Place): Promise<Place | null> {
  if (place.table === 'dead') return next(place, await cutDead(tx, cut, place.after), 'work')
  if (place.table === 'work') return next(place, await cutWork(tx, cut, place.after), 'progress')
  const done = await cutProgress(tx, cut, place.after)
  if (done.after !== null) return { ...place, after: done.after, busy: place.busy || done.busy }
  return place.busy || done.busy ? { table: 'dead', after: 0, busy: false } : null
}

interface Done {
  readonly after: number | null
  readonly busy: boolean
}

const next = (place: Place, { after, busy }: Done, table: Place['table']): Place =>
  after === null ? { table, after: 0, busy: place.busy || busy } : { ...place, after, busy: place.busy || busy }

interface Row {
  readonly id: number
  readonly errors: string
  readonly busy?: boolean
}

async function cutDead(tx: Db, cut: Cut, after: number): Promise<Done> {
  return cutRows(tx, cut, await tx.all<Row>(readDead, after, PORTION), writeDead)
}

async function cutWork(tx: Db, cut: Cut, after: number): Promise<Done> {
  return cutRows(tx, cut, await tx.all<Row>(readWork, after, PORTION), writeWork)
}

async function cutRows(tx: Db, cut: Cut, rows: readonly Row[], write: string): Promise<Done> {
  let busy = false
  for (const { id, errors, busy: isBusy = false } of rows) {
    const before = JSON.parse(errors)
    const left = cut(before)
    if (isDeepStrictEqual(left, before)) continue
    if (isBusy) busy = true
    else await tx.all(write, id, JSON.stringify(left))
  }
  return { after: rows.length < PORTION ? null : (rows.at(-1)?.id ?? null), busy }
}

interface Part {
  readonly seq: number
  readonly work_id: number
  readonly part: number
  readonly ends: string
  readonly busy: boolean
}

async function cutProgress(tx: Db, cut: Cut, after: number): Promise<Done> {
  const rows = await tx.all<Part>(readProgress, after, PORTION)
  let busy = false
  for (const { seq, work_id, part, ends, busy: isBusy } of rows) {
    const before: Ends = JSON.parse(ends)
    const left = endsWithErrors(before, cut)
    if (isDeepStrictEqual(left, before)) continue
    if (isBusy) busy = true
    else await tx.all(writeProgress, seq, work_id, part, JSON.stringify(left))
  }
  const last = rows.at(-1)?.seq ?? null
  // Parts of one delivery may lie on both sides of the border.
  return { after: rows.length < PORTION || last === null ? null : Math.max(last - 1, after + 1), busy }
}
