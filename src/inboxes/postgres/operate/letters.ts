/** Dead letters and quarantine: made work again, or given up. */
import { sparseBody } from '../../../json/tombstone.ts'
import type { RowIds } from '../../../ports/inbox/operations.ts'
import { rowOfItem, rowOfLetter } from '../../rules/again.ts'
import { addCounts, insertRows, type NewRow } from '../claims/write.ts'
import type { Session as Db } from '../db/database.ts'
import { alter } from './alter.ts'

const takeDead = `
  DELETE FROM @dead_letter WHERE id = ANY ($1::int8[]) RETURNING id, seq, handler, element_index AS index, errors, run`
const takeQuarantined = `
  DELETE FROM @quarantine q WHERE id = ANY ($1::int8[])
  RETURNING q.id, q.seq, q.element_index AS index, (SELECT s.events FROM @settled s WHERE s.seq = q.seq) AS events,
    (SELECT h.names FROM @settled s JOIN @handler_set h ON h.id = s.set_id WHERE s.seq = q.seq) AS names`
const findTaken = `
  SELECT DISTINCT l.seq FROM @dead_letter l JOIN @altered a ON a.seq = l.seq WHERE l.id = ANY ($1::int8[]) AND a.size = 0`
const findTakenOf = `
  SELECT DISTINCT l.seq FROM @dead_letter l JOIN @altered a ON a.seq = l.seq WHERE l.seq = ANY ($1::int8[]) AND a.size = 0`
const readElements = 'SELECT element_index AS index, size, element FROM @dead_letter WHERE seq = $1'
const endDeaths = 'DELETE FROM @death WHERE seq = $1'
const endDeathsOf = 'DELETE FROM @death WHERE seq = $1 AND element_index = $2'
const letterIdsOf = 'SELECT id FROM @dead_letter WHERE seq = $1'

interface Dead {
  readonly id: number
  readonly seq: number
  readonly handler: string
  readonly index: number
  readonly errors: string
  readonly run: string | null
}

interface Quarantined {
  readonly id: number
  readonly seq: number
  readonly index: number | null
  readonly events: number | null
  readonly names: string | null
}

/** The history of errors goes on; attempts begin anew. Answers the number of rows found. */
export async function revive(tx: Db, ids: RowIds, now: number): Promise<number> {
  for (const { seq } of await tx.all<{ seq: number }>(findTaken, ids.dead)) await restoreElements(tx, seq)
  const dead = byId(await tx.all<Dead>(takeDead, ids.dead))
  const quarantined = byId(await tx.all<Quarantined>(takeQuarantined, ids.quarantined))
  const rows = [...dead.map((letter) => newRowOf(letter, now)), ...quarantined.flatMap((item) => newRowsOf(item, now))]
  await insertRows(tx, rows)
  for (const { seq, index } of quarantined)
    if (index === null) await tx.all(endDeaths, seq)
    else await tx.all(endDeathsOf, seq, index)
  return dead.length + quarantined.length
}

export async function reviveLettersOf(tx: Db, seq: number, now: number): Promise<void> {
  const dead = (await tx.all<{ id: number }>(letterIdsOf, seq)).map(({ id }) => id)
  await revive(tx, { dead, quarantined: [] }, now)
}

export async function drop(tx: Db, ids: RowIds): Promise<number> {
  const dead = await tx.all(takeDead, ids.dead)
  const quarantined = await tx.all(takeQuarantined, ids.quarantined)
  const found = dead.length + quarantined.length
  await addCounts(tx, [['cancelled', '', found]])
  return found
}

/** Of these deliveries those without bytes get the elements back that their dead letters have kept. */
export async function restoreAll(tx: Db, seqs: readonly number[]): Promise<void> {
  for (const { seq } of await tx.all<{ seq: number }>(findTakenOf, seqs)) await restoreElements(tx, seq)
}

async function restoreElements(tx: Db, seq: number): Promise<void> {
  const letters = await tx.all<{ index: number; size: number; element: Uint8Array }>(readElements, seq)
  const elements = new Map(letters.map(({ index, element }) => [index, element]))
  await alter(tx, seq, sparseBody(Math.max(0, ...letters.map(({ size }) => size)), elements))
}

const byId = <T extends { readonly id: number }>(rows: readonly T[]): T[] => [...rows].sort((a, b) => a.id - b.id)

const newRowOf = ({ seq, errors, ...letter }: Dead, now: number): NewRow => ({
  ...{ seq, ...rowOfLetter(letter, now), errors: JSON.parse(errors) },
})

function newRowsOf({ seq, index, events, names }: Quarantined, now: number): NewRow[] {
  const handlers: readonly string[] = names === null ? [] : JSON.parse(names)
  return handlers.map((handler) => ({ seq, ...rowOfItem(handler, index, events, now) }))
}
