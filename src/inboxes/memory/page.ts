import type { Page } from '../../ports/inbox/records.ts'

interface Facts {
  readonly id: number
  readonly at: number
  readonly source: string
  readonly deliveryId: string
  /** Absent where rows belong to no handler: the filter then does not apply. */
  readonly handler?: string
  /** Absent where rows belong to no element; null: to the whole delivery. */
  readonly index?: number | null
  /** Absent where rows belong to no run; null: to the first. */
  readonly run?: string | null
}

/** One page of rows that are stored oldest first, newest first. */
export function pageOf<T>(rows: readonly T[], page: Page, factsOf: (row: T) => Facts): T[] {
  return rows
    .filter((row) => matches(page, factsOf(row)))
    .reverse()
    .slice(0, page.limit)
}

function matches(page: Page, { id, at, source, deliveryId, handler, index, run }: Facts): boolean {
  if (page.before !== null && id >= page.before) return false
  if (page.source !== undefined && source !== page.source) return false
  if (page.since !== undefined && at < page.since) return false
  if (page.until !== undefined && at >= page.until) return false
  if (page.deliveryId !== undefined && deliveryId !== page.deliveryId) return false
  if (page.index !== undefined && index !== undefined && index !== page.index) return false
  if (page.run !== undefined && run !== undefined && run !== page.run) return false
  return page.handler === undefined || handler === undefined || handler === page.handler
}
