/** Adds up what was told since, by minute, hour and day, and lets go of what is old. One process at a time does it. */
import type { Step } from '../../../ports/inbox/look.ts'
import { Counts, KEPT, STEP_MS, slotOf, Words } from '../../rules/tally.ts'
import { Uses } from '../../rules/uses.ts'
import type { Database, Session } from '../db/database.ts'
import { columnsOf } from './told.ts'

/** Rows in one transaction. */
const PORTION = 50_000

const lock = "SELECT pg_try_advisory_xact_lock(hashtext('posthorn-tally:@')) AS got"

const takeTold = `
  WITH taken AS (DELETE FROM @told WHERE ctid = ANY (ARRAY(SELECT ctid FROM @told LIMIT $1)) RETURNING at, source, word, n, sum)
  SELECT at, source, word, sum(n)::int8 AS n, sum(sum)::float8 AS sum, count(*) AS rows FROM taken GROUP BY at, source, word`
const takeReceipts = `
  WITH taken AS (DELETE FROM @receipt WHERE ctid = ANY (ARRAY(SELECT ctid FROM @receipt LIMIT $1)) RETURNING *)
  SELECT at, source, credential, sum(n)::int8 AS n, sum(bytes)::float8 AS bytes, sum(stored)::int8 AS stored,
    sum(stored_bytes)::float8 AS stored_bytes, min(first_at) AS first_at, max(last_at) AS last_at, count(*) AS rows
  FROM taken GROUP BY at, source, credential`

const readWords = 'SELECT id, text FROM @word'
const insertWords = 'INSERT INTO @word (text) SELECT unnest($1::text[]) RETURNING id, text'
const readLabels = 'SELECT source, credential FROM @seen'
const addUses = `
  INSERT INTO @seen AS s (source, credential, first_at, last_at, count)
  SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::int8[])
  ON CONFLICT (source, credential) DO UPDATE SET first_at = least(s.first_at, excluded.first_at),
    last_at = greatest(s.last_at, excluded.last_at), count = s.count + excluded.count`

const MOST = Number.MAX_SAFE_INTEGER
/** Sums stop there: beyond it no number of JavaScript is exact. */
export const bounded = (sum: string): string => `greatest(-${MOST}, least(${MOST}, ${sum}))::int8`

const MINUTES: Readonly<Record<Step, number>> = { minute: 1, hour: 60, day: 1_440 }
const STEPS: readonly Step[] = ['minute', 'hour', 'day']

const addTo = (step: Step) => `
  INSERT INTO @tally_${step} AS t (at, source, word, n, sum)
  SELECT at / ${MINUTES[step]}, source, word, sum(n), ${bounded('sum(sum)')}
  FROM unnest($1::int8[], $2::text[], $3::int4[], $4::int8[], $5::int8[]) c(at, source, word, n, sum) GROUP BY 1, 2, 3
  ON CONFLICT (at, source, word) DO UPDATE SET n = t.n + excluded.n, sum = ${bounded('t.sum + excluded.sum')}`
const forget = `
  WITH minutes AS (DELETE FROM @tally_minute WHERE at < $1), hours AS (DELETE FROM @tally_hour WHERE at < $2)
  DELETE FROM @tally_day WHERE at < $3`

interface ToldRow {
  readonly at: number
  readonly source: string
  readonly word: string
  readonly n: number
  readonly sum: number
  readonly rows: number
}

interface ReceiptRow {
  readonly at: number
  readonly source: string
  readonly credential: string
  readonly n: number
  readonly bytes: number
  readonly stored: number
  readonly stored_bytes: number
  readonly first_at: number
  readonly last_at: number
  readonly rows: number
}

export async function foldTallies(db: Database): Promise<void> {
  while (await db.transaction(foldSome));
}

/** `now`: the time of day, which is believed. */
export async function forgetTallies(db: Database, now: number): Promise<void> {
  await db.all(forget, ...STEPS.map((step) => slotOf(now, step) - KEPT[step]))
}

/** Whether there is more. */
async function foldSome(tx: Session): Promise<boolean> {
  const [locked] = await tx.all<{ got: boolean }>(lock)
  if (locked?.got !== true) return false
  const told = await tx.all<ToldRow>(takeTold, PORTION)
  const receipts = await tx.all<ReceiptRow>(takeReceipts, PORTION)
  if (told.length + receipts.length === 0) return false
  const ids = new Map((await tx.all<{ id: number; text: string }>(readWords)).map(({ id, text }) => [text, id]))
  await addCounts(tx, countsOf(told, receipts, ids.keys()), ids)
  if (receipts.length > 0) await addReceipts(tx, receipts)
  const taken = (rows: readonly { readonly rows: number }[]) => rows.reduce((sum, one) => sum + one.rows, 0)
  return taken(told) === PORTION || taken(receipts) === PORTION
}

/** What several processes have named together may be more than is told apart. */
function countsOf(told: readonly ToldRow[], receipts: readonly ReceiptRow[], known: Iterable<string>): Counts {
  const words = new Words()
  for (const text of known) words.add(JSON.parse(text))
  const counts = new Counts(words)
  for (const { at, source, word, n, sum } of told) counts.tell(at * STEP_MS.minute, source, JSON.parse(word), n, sum)
  for (const { at, source, n, bytes, stored, stored_bytes } of receipts) {
    if (stored > 0) counts.tell(at * STEP_MS.minute, source, 'in', stored, stored_bytes)
    if (n > stored) counts.tell(at * STEP_MS.minute, source, 'dup', n - stored, bytes - stored_bytes)
  }
  return counts
}

async function addCounts(tx: Session, counts: Counts, ids: Map<string, number>): Promise<void> {
  const [at, source, word, n, sum] = columnsOf(counts)
  const missing = [...new Set(word)].filter((text) => !ids.has(text))
  if (missing.length > 0)
    for (const { id, text } of await tx.all<{ id: number; text: string }>(insertWords, missing)) ids.set(text, id)
  const words = word.map((text) => ids.get(text) ?? 0)
  for (const step of STEPS) await tx.all(addTo(step), at, source, words, n, sum)
}

async function addReceipts(tx: Session, receipts: readonly ReceiptRow[]): Promise<void> {
  const uses = new Uses<{ -readonly [K in keyof UseRow]: UseRow[K] }>()
  const of = (source: string, label: string | null) =>
    uses.of(source, label, (credential) => ({
      ...{ source, credential: JSON.stringify(credential), firstAt: Number.POSITIVE_INFINITY },
      ...{ lastAt: Number.NEGATIVE_INFINITY, count: 0 },
    }))
  for (const { source, credential } of await tx.all<{ source: string; credential: string }>(readLabels))
    of(source, JSON.parse(credential))
  for (const { source, credential, n, first_at, last_at } of receipts) {
    const use = of(source, JSON.parse(credential))
    use.firstAt = Math.min(use.firstAt, first_at)
    use.lastAt = Math.max(use.lastAt, last_at)
    use.count += n
  }
  const used = [...uses.all()].filter(({ count }) => count > 0)
  await tx.all(
    addUses,
    used.map(({ source }) => source),
    used.map(({ credential }) => credential),
    used.map(({ firstAt }) => firstAt),
    used.map(({ lastAt }) => lastAt),
    used.map(({ count }) => count),
  )
}

interface UseRow {
  readonly source: string
  readonly credential: string
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
}
