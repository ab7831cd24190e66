/** The log of an inbox, read in order, beside its owner. */
import type { Records } from '../../ports/inbox/records.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'

export type Log = Pick<Records, 'list' | 'history' | 'read'>

/** 0: nothing was ever stored. */
export async function lastSeq(log: Log): Promise<number> {
  const [newest] = await log.list('deliveries', { before: null, limit: 1 })
  return newest?.seq ?? 0
}

/** The first delivery behind a place that is still there; null: there is none yet. */
export async function nextAfter(log: Log, seq: number): Promise<StoredDelivery | null> {
  const next = await log.read(seq + 1)
  if (next !== null) return next
  const found = await firstBehind(log, seq)
  return found === null ? null : log.read(found)
}

/**
 * Where rows are gone, the next one is found from above: listings go backwards. What has been handled goes forwards, and
 * all that is not handled yet stands behind it or close to it.
 */
async function firstBehind(log: Log, seq: number): Promise<number | null> {
  const last = await lastSeq(log)
  if (last <= seq) return null
  const [handled] = await log.history({ after: seq, limit: 1 })
  let first = handled?.seq ?? last
  for (;;) {
    const below = await log.list('deliveries', { before: first, limit: PAGE })
    const behind = below.filter((row) => row.seq > seq)
    first = behind.at(-1)?.seq ?? first
    if (behind.length < PAGE) return first
  }
}

const PAGE = 1_000
