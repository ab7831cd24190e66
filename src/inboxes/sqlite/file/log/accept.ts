import { PosthornError } from '../../../../errors.ts'
import type { Accepted } from '../../../../ports/inbox/intake.ts'
import type { PackedDelivery } from '../../wire/protocol.ts'
import { encode, letCodedGo } from '../bodies/coding.ts'
import { reviveDeadLettersOf } from '../claims/revive.ts'
import { blob, type Database } from '../db/database.ts'
import * as sql from '../db/sql.ts'
import { type DeliverySummary, readSummary } from '../ledger/delivery-summary.ts'
import { rememberId } from '../ledger/ids.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { hasWorkOf, isPassed } from '../ledger/log-totals.ts'
import { atomically } from '../ledger/transaction.ts'
import { findStored } from './dedupe.ts'

interface Bytes {
  readonly sha256: Uint8Array
  readonly body: Uint8Array
}

interface Circumstances {
  readonly now: number
  /** Why new deliveries are refused; null: they are stored. */
  readonly shortage: string | null
}

/** Most entries of `Ledger.fresh`: other deliveries are read when they are claimed. */
const MOST_FRESH = 4_096

/** Stores one delivery or counts the repeat, inside the transaction of the group. */
export function accept(
  db: Database,
  draft: Ledger,
  delivery: PackedDelivery,
  bytes: Bytes,
  { now, shortage }: Circumstances,
): Accepted {
  const stored = findStored(db, draft.ids, delivery.id, bytes.sha256)
  if (stored !== null) {
    const repeated = atomically(db, draft, () => repeat(db, draft, stored, now))
    tell(draft, delivery, 'dup')
    return repeated
  }
  if (shortage !== null) throw new PosthornError('ERR_INBOX_FULL', shortage)
  const seq = draft.lastSeq + 1
  insert(db, seq, draft.total + delivery.size, delivery, bytes)
  rememberId(draft.ids, delivery.id, seq)
  if (draft.fresh.size < MOST_FRESH) draft.fresh.set(seq, toKnown(delivery))
  draft.lastSeq = seq
  draft.total += delivery.size
  tell(draft, delivery, 'in')
  return { status: 'accepted', seq, isDone: false }
}

function toKnown({ source, batchId, isTest, size, receivedAt }: PackedDelivery): DeliverySummary {
  return { source, batchId, isTest, size, receivedAt }
}

const countDuplicate = `
  INSERT INTO note (seq, duplicates) VALUES (?, 1) ON CONFLICT DO UPDATE SET duplicates = duplicates + 1`

const countRedelivery = 'UPDATE dead_letter SET redeliveries = redeliveries + 1 WHERE seq = ?'

function repeat(db: Database, draft: Ledger, seq: number, now: number): Accepted {
  draft.fresh.delete(seq)
  db.run(countDuplicate, seq)
  if (draft.onRedelivery === 'rearm') reviveDeadLettersOf(db, draft, seq, now)
  else db.run(countRedelivery, seq)
  return { status: 'duplicate', seq, isDone: isPassed(db, draft, seq) && !hasWorkOf(db, seq, draft.own) }
}

function tell({ looks }: Ledger, { source, credential, receivedAt, size }: PackedDelivery, word: 'in' | 'dup'): void {
  looks.counts.tell(receivedAt, source, word, 1, size)
  looks.used(source, credential, receivedAt)
}

export function noteSenderLeft(db: Database, draft: Ledger, seq: number, now: number): void {
  const { source } = draft.fresh.get(seq) ?? readSummary(db, seq) ?? {}
  if (source !== undefined) draft.looks.counts.tell(now, source, 'left', 1, 0)
  draft.fresh.delete(seq)
  db.run(sql.noteSenderLeft, seq)
}

function insert(db: Database, seq: number, upTo: number, delivery: PackedDelivery, { sha256, body }: Bytes): void {
  const { id, source, batchId, isTest, receivedAt, meta, size } = delivery
  const { coding, bytes } = encode(body)
  const test = isTest ? 1 : 0
  db.run(sql.insertDelivery, seq, id, source, batchId, test, sha256, receivedAt, meta, size, upTo, coding, blob(bytes))
  letCodedGo(coding, bytes)
}
