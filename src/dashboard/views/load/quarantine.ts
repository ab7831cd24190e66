/** What could not be read? */
import type { ListOptions } from '../../../public/look.ts'
import type { ViewRequest } from '../../types.ts'
import { asked, cut, gather, gatherListed, iso, LATE, type Loaded } from './loading.ts'

export interface QuarantineRow {
  readonly source: string
  readonly deliveryId: string
  readonly index: number | null
  readonly reason: string
  readonly path: string | null
  /** When it was set aside. */
  readonly since: string | null
}

export interface QuarantineGroup extends Pick<QuarantineRow, 'source' | 'reason' | 'path'> {
  readonly count: number
  readonly firstAt: string | null
  readonly lastAt: string | null
  /** The newest. */
  readonly deliveryId: string
  readonly index: number | null
}

export interface QuarantineData {
  readonly q: string
  readonly total: number
  readonly groups: readonly QuarantineGroup[]
  readonly rows: readonly QuarantineRow[]
  /** Elements that read now, of the newest deliveries; null: nobody has asked. */
  readonly readable: readonly { readonly deliveryId: string; readonly index: number; readonly name: string }[] | null
}

export async function load(request: ViewRequest): Promise<Loaded<QuarantineData>> {
  const { receiver, query, signal } = request
  const { quarantined: total } = await receiver.inbox.stats()
  const list = (options: ListOptions) => receiver.inbox.quarantine(asked(request), options)
  const { rows: found, more, place, partial } = await gatherListed(list, signal)
  const rows = found.map(({ source, deliveryId, index, reason, path, since }) => ({
    source,
    deliveryId,
    index,
    reason: cut(reason, 500),
    path: path === null ? null : cut(path, 500),
    since: iso(since),
  }))
  const last = rows.at(-1)
  const differences =
    query.get('readable') === '1' ? await gather(receiver.inbox.differences({}, { signal }), signal) : null
  const readable =
    differences?.rows.flatMap(({ deliveryId, readable: ones }) =>
      ones.map(({ index, name }) => ({ deliveryId, index, name })),
    ) ?? null
  return {
    title: 'Quarantine',
    data: {
      q: query.get('filter') ?? '',
      total,
      groups: groupsOf(rows),
      rows,
      readable: readable?.slice(0, 1_000) ?? null,
    },
    next:
      more && last !== undefined ? (last.index === null ? last.deliveryId : `${last.deliveryId}.${last.index}`) : place,
    partial: partial ?? (differences?.late ? LATE : null),
    rows: rows.map((row) => ({ ...row })),
  }
}

function groupsOf(rows: readonly QuarantineRow[]): QuarantineGroup[] {
  const groups = new Map<string, QuarantineGroup>()
  for (const { source, reason, path, deliveryId, index, since } of rows) {
    const key = JSON.stringify([source, reason, path])
    const group = groups.get(key)
    groups.set(
      key,
      group === undefined
        ? { source, reason, path, count: 1, firstAt: since, lastAt: since, deliveryId, index }
        : { ...group, count: group.count + 1, firstAt: since },
    )
  }
  return [...groups.values()].sort((a, b) => b.count - a.count)
}
