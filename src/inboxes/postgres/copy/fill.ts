/** Takes over all that another inbox has stored, into a schema where nothing is: all of it, or nothing. */
import { PosthornError } from '../../../errors.ts'
import type { CopiedDelivery, CopiedTable, CopySource } from '../../../ports/inbox/copied.ts'
import { setIdOf } from '../claims/sets.ts'
import type { Session } from '../db/database.ts'
import { hashOfBatch, hashOfId } from '../log/hashes.ts'
import { packMeta, packText } from '../log/meta.ts'
import { Digest, digestOf } from './digest.ts'
import * as to from './tables.ts'

const lock = 'SELECT 1 FROM @control FOR UPDATE'
const isUsed = `
  SELECT (SELECT 1 FROM @delivery LIMIT 1) IS NOT NULL OR (SELECT 1 FROM @handler LIMIT 1) IS NOT NULL
    OR (SELECT 1 FROM @process WHERE until > clock_timestamp() LIMIT 1) IS NOT NULL AS used`
const insertBatches = `
  INSERT INTO @batch (hash, seq) SELECT DISTINCT ON (hash) hash, seq FROM unnest($1::uuid[], $2::int8[]) t(hash, seq)
  ORDER BY hash, seq ON CONFLICT (hash) DO UPDATE SET seq = least(@batch.seq, excluded.seq)`
/** The first of an id is its key, those with other bytes are the others. */
const insertKeys = `
  INSERT INTO @key (hash, seq, sha256, duplicates, sender_left)
  SELECT DISTINCT ON (hash) * FROM unnest($1::uuid[], $2::int8[], $3::bytea[], $4::int4[], $5::bool[])
    t(hash, seq, sha256, duplicates, sender_left) ORDER BY hash, seq
  ON CONFLICT DO NOTHING RETURNING seq`
const setSequences = `
  SELECT setval('@delivery_seq', (SELECT max(seq) FROM @delivery)) WHERE EXISTS (SELECT 1 FROM @delivery)
  UNION ALL
  SELECT setval('@row_id', n) FROM (SELECT greatest((SELECT max(id) FROM @work), (SELECT max(id) FROM @dead_letter),
    (SELECT max(id) FROM @quarantine)) AS n) m WHERE n IS NOT NULL`
const setTimes = 'UPDATE @control SET believed_at = $1, latest_at = $2'

const ROWS = 1_000
const BYTES = 8 << 20

/** How many rows of each table were copied. */
export type Copied = Readonly<Record<string, number>>

/**
 * In the transaction: written, read back, counted and hashed.
 * @throws ERR_INBOX_OWNED where something is there already, ERR_INBOX_CORRUPT where something else has arrived than was sent
 */
export async function fill(tx: Session, source: CopySource, progress: (rows: number) => void): Promise<Copied> {
  await tx.all(lock)
  const [found] = await tx.all<{ used: boolean }>(isUsed)
  if (found?.used)
    throw new PosthornError('ERR_INBOX_OWNED', 'The schema is an inbox in use: copy into one where nothing is stored.')
  const filling = new Filling(tx, progress)
  await filling.deliveries(source.rows('deliveries'))
  for (const name of Object.keys(to.TARGETS) as Exclude<CopiedTable, 'deliveries'>[]) await filling.table(name, source)
  await tx.all(setSequences)
  await tx.all(setTimes, source.times.believedAt, source.times.latestAt)
  return filling.verified()
}

class Filling {
  readonly #tx: Session
  readonly #progress: (rows: number) => void
  readonly #sent = new Map<to.Columns, Digest>()
  readonly #sets = new Map<string, number>()
  #rows = 0

  constructor(tx: Session, progress: (rows: number) => void) {
    this.#tx = tx
    this.#progress = progress
  }

  async table<T extends Exclude<CopiedTable, 'deliveries'>>(name: T, source: CopySource): Promise<void> {
    const target: to.Target<never> = to.TARGETS[name]
    for (const rows of portions(source.rows(name), bytesOf))
      await this.#insert(
        target,
        rows.map((row) => target.values(row as never)),
      )
  }

  async deliveries(rows: Iterable<CopiedDelivery>): Promise<void> {
    for (const some of portions(rows, ({ body }) => body?.byteLength ?? 0)) await this.#deliveries(some)
  }

  async #deliveries(some: readonly CopiedDelivery[]): Promise<void> {
    const sets = new Map<CopiedDelivery, number | null>()
    for (const one of some) sets.set(one, await this.#setOf(one.handlers))
    await this.#insert(to.DELIVERY, some.map(deliveryOf))
    await this.#keys(some)
    await this.#insert(
      to.BODY,
      some.flatMap(({ seq, body }) => (body === null ? [] : [[seq, body]])),
    )
    await this.#insert(
      to.ALTERED,
      some.flatMap(({ seq, altered: a }) => (a === null ? [] : [[seq, a.sha256, a.size, a.taken]])),
    )
    const passed = some.filter((one) => one.passed)
    await this.#insert(
      to.SETTLED,
      passed.map((one) => [one.seq, 0, one.events, sets.get(one) ?? null]),
    )
    await this.#insert(
      to.PASS,
      some
        .filter((one) => !one.passed)
        .map((one) => [one.seq, one.source, one.size, sets.get(one) ?? null, one.careful]),
    )
    const parts = passed.flatMap(({ seq, source, batchId, isTest }) =>
      batchId === null || isTest ? [] : [{ seq, hash: hashOfBatch(source, batchId) }],
    )
    await this.#tx.all(
      insertBatches,
      parts.map(({ hash }) => hash),
      parts.map(({ seq }) => seq),
    )
  }

  async #keys(some: readonly CopiedDelivery[]): Promise<void> {
    const rows = some.map(({ seq, id, sha256, duplicates, senderLeft }) => [
      ...[hashOfId(id), seq, sha256, duplicates, senderLeft],
    ])
    const columns = Object.keys(to.KEY.columns).map((_, at) => rows.map((row) => bound(row[at] ?? null)))
    const made = new Set((await this.#tx.all<{ seq: number }>(insertKeys, ...columns)).map(({ seq }) => seq))
    const isFirst = (row: readonly to.Value[]) => made.has(Number(row[1]))
    for (const row of rows.filter(isFirst)) this.#digest(to.KEY).add(row)
    await this.#insert(
      to.KEY_OTHER,
      rows.filter((row) => !isFirst(row)),
    )
  }

  async #setOf(names: readonly string[] | null): Promise<number | null> {
    if (names === null) return null
    const text = JSON.stringify(names)
    const known = this.#sets.get(text) ?? (await setIdOf(this.#tx, names))
    this.#sets.set(text, known)
    return known
  }

  async #insert(into: to.Columns, rows: readonly (readonly to.Value[])[]): Promise<void> {
    const digest = this.#digest(into)
    for (const row of rows) digest.add(row)
    if (rows.length === 0) return
    const types = Object.values(into.columns).map((type, at) => `$${at + 1}::${type}[]`)
    const names = Object.keys(into.columns).join(', ')
    const columns = types.map((_, at) => rows.map((row) => bound(row[at] ?? null)))
    await this.#tx.all(`INSERT INTO @${into.table} (${names}) SELECT * FROM unnest(${types.join(', ')})`, ...columns)
    this.#rows += rows.length
    this.#progress(this.#rows)
  }

  #digest(of: to.Columns): Digest {
    const known = this.#sent.get(of) ?? new Digest()
    this.#sent.set(of, known)
    return known
  }

  async verified(): Promise<Copied> {
    const counts: Record<string, number> = {}
    for (const [of, sent] of this.#sent) {
      if ((await digestOf(this.#tx, of)) !== sent.text)
        throw new PosthornError(
          'ERR_INBOX_CORRUPT',
          `What has arrived in ${of.table} is not what was sent: nothing is copied.`,
        )
      counts[of.table] = sent.rows
    }
    return counts
  }
}

function deliveryOf(one: CopiedDelivery): to.Value[] {
  const { seq, id, source, batchId, isTest, sha256, receivedAt, size, coding } = one
  const bytes = coding === null ? 0 : 1
  return [seq, hashOfId(id), id, source, packText(batchId), isTest, sha256, receivedAt, size, bytes, packMeta(one)]
}

/** As the driver takes bytes in a list. */
const bound = (value: to.Value) =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value

const bytesOf = (row: object): number =>
  Object.values(row).reduce((sum: number, value) => (value instanceof Uint8Array ? sum + value.byteLength : sum), 0)

function* portions<T extends object>(rows: Iterable<T>, sizeOf: (row: T) => number): Iterable<T[]> {
  let [some, bytes]: [T[], number] = [[], 0]
  for (const row of rows) {
    const size = sizeOf(row)
    if (some.length > 0 && (some.length === ROWS || bytes + size > BYTES)) {
      yield some
      ;[some, bytes] = [[], 0]
    }
    some.push(row)
    bytes += size
  }
  if (some.length > 0) yield some
}
