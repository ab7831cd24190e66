/** Reads stored deliveries, and never returns bytes other than the accepted ones. */
import { hash } from 'node:crypto'
import type { StoredDelivery } from '../../../../ports/inbox/rows.ts'
import { isCorrupt } from '../../wire/failure.ts'
import { unpackMeta } from '../../wire/packing.ts'
import type { StoredRead } from '../../wire/protocol.ts'
import type { Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { decode, letCodedGo } from './coding.ts'

/** A file to read from. */
export interface Reader {
  readonly db: Database
  /** `seq` of each delivery with this id, ascending. */
  find(id: string): readonly number[]
}

/** The columns of a delivery without its body, with those of its tables written later. */
export interface DeliveryColumns {
  readonly seq: number
  readonly id: string
  readonly source: string
  readonly batch_id: string | null
  readonly is_test: number
  readonly sha256: Uint8Array
  readonly received_at: number
  readonly meta: string
  readonly size: number
  readonly sender_left: number | null
  readonly duplicates: number | null
  readonly events: number | null
  /** Size of the body that replaced the received one; null: the received one is stored. */
  readonly altered: number | null
}

interface BodyColumns {
  readonly coding: string | null
  readonly body: Uint8Array
  readonly stored_sha256: Uint8Array | null
}

/** @throws when the store as such cannot be read. */
export function readDelivery(db: Database, seq: number): StoredRead {
  try {
    const row = db.get<DeliveryColumns & BodyColumns>(sql.readDelivery, seq)
    if (!row) return { damage: 'the stored delivery is missing' }
    const body = readBody(row)
    return body ? { delivery: { ...toDelivery(row), body } } : { damage: 'the stored bytes are not those accepted' }
  } catch (error) {
    if (isCorrupt(error)) return { damage: 'the stored bytes lie in a damaged part of the file' }
    throw error
  }
}

/** The last of `seqs`; null: there are none. */
export function readLatest(db: Database, seqs: readonly number[]): StoredRead | null {
  const seq = seqs.at(-1)
  return seq === undefined ? null : readDelivery(db, seq)
}

export function toDelivery(row: DeliveryColumns): Omit<StoredDelivery, 'body'> {
  return {
    seq: row.seq,
    id: row.id,
    source: row.source,
    batchId: row.batch_id,
    isTest: row.is_test === 1,
    sha256: row.sha256,
    receivedAt: row.received_at,
    ...unpackMeta(row.meta),
    senderLeft: row.sender_left === 1,
    duplicates: row.duplicates ?? 0,
    events: row.events,
    ...keptOf(row),
  }
}

function keptOf({ altered, size }: DeliveryColumns): Pick<StoredDelivery, 'kept' | 'bytes'> {
  return altered === null ? {} : { kept: altered === 0 ? 'none' : 'some', bytes: size }
}

/** The body; null: its bytes do not match the stored hash. */
function readBody(row: DeliveryColumns & BodyColumns): Uint8Array | null {
  const { coding, body, size, altered, sha256, stored_sha256 } = row
  const bytes = tryDecode(coding, body, altered ?? size)
  return bytes && Buffer.compare(hash('sha256', bytes, 'buffer'), stored_sha256 ?? sha256) === 0 ? bytes : null
}

function tryDecode(coding: string | null, body: Uint8Array, size: number): Uint8Array | null {
  try {
    return decode(coding, body, size)
  } catch {
    return null
  } finally {
    letCodedGo(coding, body)
  }
}
