import type { HistoryPage, HistoryRow, Listings, Page } from '../../../ports/inbox/records.ts'
import type { CallName, Calls } from '../wire/calls.ts'

interface Caller {
  call<K extends CallName>(name: K, request: Calls[K][0]): Promise<Calls[K][1]>
}

/** One page, gathered in stretches between which the thread takes other calls. */
export async function listPage<K extends keyof Listings>(caller: Caller, name: K, asked: Page): Promise<Listings[K][]> {
  // A signal does not go to another thread.
  const { signal, ...page } = asked
  const rows: Listings[K][] = []
  for (let before = page.before; rows.length < page.limit && !signal?.aborted; ) {
    const stretch = await caller.call(name, { page, before, limit: page.limit - rows.length })
    // The name pairs the call with its rows, which is lost on a type parameter.
    rows.push(...(stretch.rows as Listings[K][]))
    if (stretch.next === null) break
    before = stretch.next
  }
  return rows
}

/** One page of the history, gathered likewise. */
export async function listHistory(caller: Caller, page: HistoryPage): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = []
  for (let after = page.after; rows.length < page.limit; ) {
    const stretch = await caller.call('history', { page, after, limit: page.limit - rows.length })
    rows.push(...stretch.rows)
    if (stretch.next === null) break
    after = stretch.next
  }
  return rows
}
