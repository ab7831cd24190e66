/** A page of a listing, fetched in stretches. */
import type { Page } from '../../core/ports.ts'
import type { Calls, Stretch } from './protocol.ts'

export type Listing = 'deliveries' | 'deadLetters' | 'quarantine'

type Row<N extends Listing> = Calls[N][1]['rows'][number]

export async function listPage<N extends Listing>(
  call: (name: N, request: Calls[N][0]) => Promise<Calls[N][1]>,
  name: N,
  page: Page,
): Promise<Row<N>[]> {
  const rows: Row<N>[] = []
  for (let before = page.before; rows.length < page.limit; ) {
    const stretch: Stretch<Row<N>> = await call(name, { page, before, limit: page.limit - rows.length })
    rows.push(...stretch.rows)
    if (stretch.next === null) break
    before = stretch.next
  }
  return rows
}
