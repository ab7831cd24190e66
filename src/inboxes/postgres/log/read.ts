/** Reads deliveries back, and never hands out bytes that are not the ones that were accepted. */
import { hash } from 'node:crypto'
import type { StoredDelivery } from '../../../ports/inbox/rows.ts'
import type { Fields } from '../db/copy-out.ts'
import { decode } from './coding.ts'
import { unpackMeta, unpackText } from './meta.ts'

/** A delivery, or why its bytes cannot be used. */
export type StoredRead = { readonly delivery: StoredDelivery } | { readonly seq: number; readonly damage: string }

/** The columns of a delivery without its body, with what became known of it later. */
export interface DeliveryRow {
  readonly seq: number
  readonly id: string
  readonly source: string
  readonly batch_id: string | null
  readonly is_test: boolean
  readonly sha256: Uint8Array
  readonly received_at: number
  readonly meta: string
  readonly size: number
  readonly sender_left: boolean | null
  readonly duplicates: number | null
  readonly events: number | null
  /** Size of what is stored in the place of what was received; null: that is stored. */
  readonly altered: number | null
}

/** For a statement that names the table of deliveries `d`. */
export const DELIVERY_COLUMNS = `d.seq, d.id, d.source, d.batch_id, d.is_test, d.sha256, d.received_at, d.meta, d.size,
  coalesce(k.sender_left, o.sender_left) AS sender_left, coalesce(k.duplicates, o.duplicates) AS duplicates,
  s.events, a.size AS altered`

/** Each by its key: a LIMIT keeps a plan that was made for small tables from reading whole ones. */
export const DELIVERY_JOINS = `
  LEFT JOIN LATERAL (SELECT * FROM @key WHERE hash = d.hash AND seq = d.seq LIMIT 1) k ON true
  LEFT JOIN LATERAL (SELECT * FROM @key_other WHERE hash = d.hash AND sha256 = d.sha256 AND seq = d.seq LIMIT 1) o ON true
  LEFT JOIN LATERAL (SELECT * FROM @settled WHERE seq = d.seq LIMIT 1) s ON true
  LEFT JOIN LATERAL (SELECT * FROM @altered WHERE seq = d.seq LIMIT 1) a ON true`

/** A COPY takes no parameters. */
export function selectWithBodies(seqs: readonly number[]): string {
  const list = seqs.map((seq) => Math.trunc(seq)).join(',')
  return `SELECT ${DELIVERY_COLUMNS}, d.coding, a.sha256 AS stored_sha256, b.body
    FROM @delivery d ${DELIVERY_JOINS} LEFT JOIN LATERAL (SELECT body FROM @body WHERE seq = d.seq LIMIT 1) b ON true
    WHERE d.seq IN (${list}) ORDER BY d.seq`
}

export function toDelivery(row: DeliveryRow): Omit<StoredDelivery, 'body'> {
  const { seq, id, source, size, altered } = row
  return {
    ...{ seq, id, source, batchId: unpackText(row.batch_id), isTest: row.is_test, sha256: row.sha256 },
    receivedAt: row.received_at,
    ...unpackMeta(row.meta),
    senderLeft: row.sender_left ?? false,
    duplicates: row.duplicates ?? 0,
    events: row.events,
    ...(altered !== null && { kept: altered === 0 ? ('none' as const) : ('some' as const), bytes: size }),
  }
}

/** From a row of `selectWithBodies` in binary format. */
export async function toRead(fields: Fields): Promise<StoredRead> {
  const row = fromBinary(fields)
  const body = await bodyOf(row, fields)
  if (body === null) return { seq: row.seq, damage: 'the stored bytes are not those accepted' }
  return { delivery: { ...toDelivery(row), body } }
}

async function bodyOf({ size, altered, sha256 }: DeliveryRow, fields: Fields): Promise<Uint8Array | null> {
  const [coding, storedHash, stored] = fields.slice(13)
  if (altered === 0) return new Uint8Array(0)
  if (!stored) return null
  try {
    // What is altered is stored as it is.
    const body = await decode(altered === null ? (coding?.readInt16BE() ?? 0) : 0, stored, size)
    return Buffer.compare(hash('sha256', body, 'buffer'), storedHash ?? sha256) === 0 ? body : null
  } catch {
    return null
  }
}

function fromBinary(fields: Fields): DeliveryRow {
  const text = (at: number) => fields[at]?.toString('utf8') ?? null
  const int4 = (at: number) => fields[at]?.readInt32BE() ?? null
  const bool = (at: number) => (fields[at] ? fields[at][0] === 1 : null)
  return {
    seq: Number(fields[0]?.readBigInt64BE() ?? 0n),
    id: text(1) ?? '',
    source: text(2) ?? '',
    batch_id: text(3),
    is_test: bool(4) ?? false,
    sha256: fields[5] ?? Buffer.alloc(0),
    received_at: fields[6]?.readDoubleBE() ?? 0,
    meta: text(7) ?? '[[],null,"wire",null]',
    size: int4(8) ?? 0,
    sender_left: bool(9),
    duplicates: int4(10),
    events: int4(11),
    altered: int4(12),
  }
}
