import { PosthornError } from '../../errors.ts'
import { encode } from './coding.ts'
import type { Database } from './database.ts'
import { findStored } from './dedupe.ts'
import type { Ledger } from './ledger.ts'
import type { Accepted, PackedDelivery } from './protocol.ts'
import * as sql from './sql.ts'

/** Stores one delivery or counts the repeat, inside the transaction of the group. */
export function accept(
  db: Database,
  draft: Ledger,
  delivery: PackedDelivery,
  bytes: { readonly sha256: Uint8Array; readonly body: Uint8Array },
  shortage: string | null,
): Accepted {
  const stored = findStored(db, delivery.id, bytes.sha256)
  if (stored !== null) {
    db.run(sql.countDuplicate, stored)
    return { status: 'duplicate', seq: stored }
  }
  if (shortage !== null) throw new PosthornError('ERR_INBOX_FULL', shortage)
  const seq = draft.lastSeq + 1
  insert(db, seq, delivery, bytes)
  draft.lastSeq = seq
  return { status: 'accepted', seq }
}

function insert(
  db: Database,
  seq: number,
  delivery: PackedDelivery,
  { sha256, body }: { readonly sha256: Uint8Array; readonly body: Uint8Array },
): void {
  const { id, source, batchId, receivedAt, meta, size } = delivery
  const { coding, bytes } = encode(body)
  db.run(sql.insertDelivery, seq, id, source, batchId, sha256, receivedAt, meta, size, coding, bytes)
}
