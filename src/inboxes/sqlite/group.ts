/** One group: everything that arrived while the last one was written, in one transaction and one commit. */

import { accept } from './accept.ts'
import { planClaim } from './claim.ts'
import type { Database } from './database.ts'
import { isOfTheItem, toFailure } from './failure.ts'
import { draftOf, type Ledger, saveLedger } from './ledger.ts'
import { HASH_BYTES } from './packing.ts'
import type { Accepted, GroupAnswer, GroupRequest, ItemAnswer } from './protocol.ts'
import { condemn, settle } from './settle.ts'
import * as sql from './sql.ts'

export interface GroupResult {
  /** What the ledger is from now on. */
  readonly ledger: Ledger
  readonly answer: Extract<GroupAnswer, { readonly lost: null }>
}

interface Surroundings {
  readonly path: string
  readonly shortage: string | null
}

/**
 * Carries a group out; all of it is durable on return. Settlements come first, so that what they leave due can be
 * claimed at once; claims last, so that they see what was just accepted.
 * @throws when the group as a whole failed. After an error of COMMIT nobody knows whether it is in the file.
 */
export function runGroup(db: Database, ledger: Ledger, request: GroupRequest, at: Surroundings): GroupResult {
  const draft = draftOf(ledger)
  const item = <T>(run: () => T) => attempt(run, at.path)
  let writing = isWriting(request)
  if (writing) db.exec('BEGIN IMMEDIATE')
  const settlements = request.settlements.map((settlement) => item(() => settle(db, draft, settlement)))
  for (const condemned of request.condemned) condemn(db, draft, condemned)
  for (const seq of request.sendersLeft) if (seq <= draft.lastSeq) db.run(sql.noteSenderLeft, seq)
  const accepts = acceptAll(db, draft, request, at, item)
  const claims = request.claims.map((claim) => planClaim(db, draft, claim))
  // A claim that found nothing to record needs no transaction; one connection writes, so nothing can come between.
  if (!writing && draft.progress !== ledger.progress) {
    writing = true
    db.exec('BEGIN IMMEDIATE')
  }
  if (writing) {
    saveLedger(db, ledger, draft)
    db.exec('COMMIT')
  }
  return {
    ledger: draft,
    answer: { lost: null, committed: writing, shortage: at.shortage, settlements, accepts, claims },
  }
}

function isWriting({ settlements, condemned, sendersLeft, accepts }: GroupRequest): boolean {
  return settlements.length + condemned.length + sendersLeft.length + accepts.length > 0
}

function acceptAll(
  db: Database,
  draft: Ledger,
  { accepts, packed }: GroupRequest,
  { shortage }: Surroundings,
  item: <T>(run: () => T) => ItemAnswer<T>,
): ItemAnswer<Accepted>[] {
  let at = 0
  return accepts.map((delivery) => {
    const sha256 = packed.subarray(at, at + HASH_BYTES)
    const body = packed.subarray(at + HASH_BYTES, at + HASH_BYTES + delivery.size)
    at += HASH_BYTES + delivery.size
    return item(() => accept(db, draft, delivery, { sha256, body }, shortage))
  })
}

function attempt<T>(run: () => T, path: string): ItemAnswer<T> {
  try {
    return { value: run() }
  } catch (error) {
    if (!isOfTheItem(error)) throw error
    return { failure: toFailure(error, path) }
  }
}
