/** A file, read row by row for another inbox. Whoever reads owns it: no receiver may have it meanwhile. */
import { PosthornError } from '../../../errors.ts'
import type {
  CopiedDelivery,
  CopiedLetter,
  CopiedProgress,
  CopiedQuarantine,
  CopiedRows,
  CopiedTable,
  CopiedWork,
  CopySource,
} from '../../../ports/inbox/copied.ts'
import { PLACES } from '../../rules/key-slices.ts'
import { decode } from '../file/bodies/coding.ts'
import { connect } from '../file/db/connect.ts'
import type { Database } from '../file/db/database.ts'
import { acquireOwnership } from '../file/db/ownership.ts'
import { readLatestTime } from '../file/db/sql.ts'
import { readWhat } from '../file/ledger/quarantine-what.ts'
import { unpackMeta } from '../wire/packing.ts'

/** What is given up of the name of a place that many slices use in turn. */
const tableOf = ({ width, number }: { width: number; number: number }) => `event_keys_${width}_${number % PLACES}`

const readProgress = `
  SELECT mark, claimed, cancelled, (SELECT expired FROM upkeep) AS expired, (SELECT erased FROM upkeep) AS erased,
    (SELECT believed_at FROM upkeep) AS believed_at
  FROM progress`
const belonging = `(SELECT e.handlers FROM epoch e WHERE e.from_seq <= d.seq ORDER BY e.from_seq DESC LIMIT 1) AS epoch`
const known = `
  n.duplicates, n.sender_left, s.seq AS settled, s.events, p.state, p.careful, p.handlers, ${belonging}`
const joins = 'LEFT JOIN note n USING (seq) LEFT JOIN settled s USING (seq) LEFT JOIN first_pass p USING (seq)'
const facts = 'd.seq, d.id, d.source, d.batch_id, d.is_test, d.sha256, d.received_at, d.size'
const readDeliveries = `
  SELECT ${facts}, d.meta, d.coding, d.body, a.sha256 AS altered_sha256, a.size AS altered, a.taken, ${known}
  FROM delivery d LEFT JOIN altered a USING (seq) ${joins} ORDER BY d.seq`
/** With the SHA-256 of nothing. */
const readForgotten = `
  SELECT ${facts}, json_object('headers', json_array(), 'credential', credential, 'origin', origin, 'undecoded', NULL) AS meta,
    NULL AS coding, x'' AS body, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' AS altered_sha256,
    0 AS altered, 1 AS taken, ${known}
  FROM forgotten d ${joins} ORDER BY d.seq`
/** What is claimed was under way when a process died. */
const readWork = `
  SELECT w.*, k.source FROM work w JOIN known k USING (seq) ORDER BY w.id`
const readLetters = 'SELECT * FROM dead_letter ORDER BY id'
const readQuarantine = 'SELECT * FROM quarantine ORDER BY id'
const readParts = 'SELECT seq, work_id, part, what FROM pass_progress ORDER BY seq, work_id, part'
/** With the calls that were under way when a process died that nobody has followed. */
const readDeaths = `
  SELECT seq, element_index, handler, sum(times) AS times FROM (
    SELECT seq, element_index, handler, times FROM death
    UNION ALL SELECT seq, element_index, handler, 1 FROM under_way)
  GROUP BY seq, element_index, handler ORDER BY seq, element_index, handler`

interface DeliveryRow {
  readonly seq: number
  readonly id: string
  readonly source: string
  readonly batch_id: string | null
  readonly is_test: number
  readonly sha256: Uint8Array
  readonly received_at: number
  readonly size: number
  readonly meta: string
  readonly coding: string | null
  readonly body: Uint8Array
  readonly altered_sha256: Uint8Array | null
  readonly altered: number | null
  readonly taken: number | null
  readonly duplicates: number | null
  readonly sender_left: number | null
  readonly settled: number | null
  readonly events: number | null
  readonly state: string | null
  readonly careful: number | null
  readonly handlers: string | null
  readonly epoch: string | null
}

interface Marks {
  readonly mark: number
  readonly claimed: number
  readonly cancelled: number
  readonly expired: number
  readonly erased: number
  readonly believed_at: number
}

/** @throws ERR_INBOX_OWNED while a receiver has the file, and what `connect` throws */
export function openForCopy(path: string): CopySource {
  const ownership = acquireOwnership(path)
  if (ownership === null)
    throw new PosthornError('ERR_INBOX_OWNED', `${path} is owned by a running receiver: stop it, and copy then.`)
  try {
    const db = connect(path, null)
    return sourceOf(db, () => ownership.release())
  } catch (error) {
    ownership.release()
    throw error
  }
}

function sourceOf(db: Database, release: () => void): CopySource {
  const marks = db.get<Marks>(readProgress) as Marks // the table has one row
  const readers: { readonly [T in CopiedTable]: () => Iterable<CopiedRows[T]> } = {
    deliveries: () => deliveries(db, marks),
    work: () => map(db.iterate<WorkRow>(readWork), toWork),
    deadLetters: () => map(db.iterate<LetterRow>(readLetters), toLetter),
    quarantine: () => map(db.iterate<QuarantineRow>(readQuarantine), toQuarantine),
    progress: () => map(db.iterate<PartRow>(readParts), toProgress),
    deaths: () => map(db.iterate<DeathRow>(readDeaths), ({ element_index: index, ...death }) => ({ ...death, index })),
    eventKeys: () => eventKeys(db),
    handlers: () =>
      map(
        db.iterate<{ name: string; seen_at: number; ordered: number }>('SELECT name, seen_at, ordered FROM handler'),
        ({ name, seen_at, ordered }) => ({ name, seenAt: seen_at, ordered: ordered === 1 }),
      ),
    pauses: () => db.iterate('SELECT handler, reason, since FROM pause'),
    cancelledRuns: () => db.iterate('SELECT id FROM run WHERE cancelled = 1'),
    counts: () => counts(db, marks),
  }
  return {
    rows: (table) => readers[table](),
    times: { believedAt: marks.believed_at, latestAt: db.get<{ at: number | null }>(readLatestTime)?.at ?? 0 },
    close() {
      db.close()
      release()
    },
  }
}

function* map<A, B>(rows: Iterable<A>, change: (row: A) => B): Iterable<B> {
  for (const row of rows) yield change(row)
}

function* deliveries(db: Database, marks: Marks): Iterable<CopiedDelivery> {
  for (const text of [readDeliveries, readForgotten])
    for (const row of db.iterate<DeliveryRow>(text)) yield toDelivery(row, marks)
}

function toDelivery(row: DeliveryRow, { mark, claimed }: Marks): CopiedDelivery {
  const { seq, state, altered, altered_sha256: sha256 } = row
  const passed = row.settled !== null || seq <= mark || state === 'ended'
  const wasClaimed = seq <= claimed || state !== null
  const names: readonly string[] = JSON.parse(row.handlers ?? row.epoch ?? '[]')
  return {
    ...{ seq, id: row.id, source: row.source, batchId: row.batch_id, isTest: row.is_test === 1, sha256: row.sha256 },
    ...{ receivedAt: row.received_at, size: row.size, ...unpackMeta(row.meta) },
    ...bytesOf(row),
    altered: altered === null || sha256 === null ? null : { sha256, size: altered, taken: row.taken === 1 },
    duplicates: row.duplicates ?? 0,
    senderLeft: row.sender_left === 1,
    passed,
    events: row.events,
    // A first pass that was claimed and is told of nowhere was under way.
    careful: !passed && (row.careful === 1 || state === 'claimed' || (state === null && seq <= claimed)),
    handlers: wasClaimed || passed ? [...names].sort() : null,
  }
}

/** What was altered is stored as it is by others. */
function bytesOf({ altered, coding, body }: DeliveryRow): Pick<CopiedDelivery, 'body' | 'coding'> {
  if (altered === 0) return { body: null, coding: null }
  if (altered === null) return { body, coding: coding === null ? null : 'zstd' }
  return { body: decode(coding, body, altered), coding: null }
}

interface WorkRow {
  readonly id: number
  readonly seq: number
  readonly source: string
  readonly handler: string
  readonly first: number
  readonly last: number
  readonly attempts: number
  readonly order_key: number | null
  readonly due_at: number
  readonly waits_for: string
  readonly claimed: number
  readonly careful: number
  readonly errors: string
  readonly run: string | null
  readonly only_name: string | null
  readonly only_unhandled: number
}

function toWork(row: WorkRow): CopiedWork {
  const { id, seq, source, handler, first, last, attempts, errors, run, order_key: key } = row
  return {
    ...{ id, seq, source, handler, first, last, attempts, errors, run, dueAt: row.due_at },
    state: key === -1 ? 'unread' : row.waits_for === 'turn' ? 'parked' : 'waiting',
    orderKey: key === -1 ? null : key,
    careful: row.careful === 1 || row.claimed === 1,
    onlyName: row.only_name,
    onlyUnhandled: row.only_unhandled === 1,
  }
}

interface LetterRow extends Omit<CopiedLetter, 'index'> {
  readonly element_index: number
}

const toLetter = ({ element_index: index, ...letter }: LetterRow): CopiedLetter => ({ ...letter, index })

interface QuarantineRow {
  readonly id: number
  readonly seq: number
  readonly element_index: number | null
  readonly at: number
  readonly what: string
}

const toQuarantine = ({ id, seq, element_index: index, at, what }: QuarantineRow): CopiedQuarantine => ({
  ...{ id, seq, index, at, ...readWhat(what) },
})

interface PartRow {
  readonly seq: number
  readonly work_id: number
  readonly part: number
  readonly what: string
}

const toProgress = ({ seq, work_id: work, part, what }: PartRow): CopiedProgress => ({
  ...{ seq, what, work: work === 0 ? null : work, part: part === 0 ? null : part - 1 },
})

interface DeathRow {
  readonly seq: number
  readonly element_index: number
  readonly handler: string
  readonly times: number
}

function* eventKeys(db: Database): Iterable<CopiedRows['eventKeys']> {
  for (const slice of db.all<{ width: number; number: number }>('SELECT width, number FROM key_slice'))
    for (const row of db.iterate<{ high: number; low: number; seq: number }>(
      `SELECT high, low, seq FROM ${tableOf(slice)}`,
    ))
      yield { width: slice.width, slice: slice.number, ...row }
}

function* counts(db: Database, { cancelled, expired, erased }: Marks): Iterable<CopiedRows['counts']> {
  type Named = { readonly name: string; readonly count: number }
  for (const { name, count: n } of db.iterate<Named>('SELECT name, count FROM unhandled'))
    yield { kind: 'unhandled', name, n }
  for (const { name, count: n } of db.iterate<Named>('SELECT source AS name, count FROM duplicate_event'))
    yield { kind: 'duplicate', name, n }
  for (const [kind, n] of Object.entries({ cancelled, expired, erased }) as [
    'cancelled' | 'expired' | 'erased',
    number,
  ][])
    if (n > 0) yield { kind, name: '', n }
}
