/** Will the disk hold? What was done here? */
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { watchDoor } from '../../../lib/symbols.ts'
import type { ViewRequest } from '../../types.ts'
import { countsOf } from './counts.ts'
import { standingOf } from './frame.ts'
import { cut, iso, type Loaded, orNull } from './loading.ts'

export interface StorageData {
  readonly kind: string
  /** null: the inbox has no file. */
  readonly files: {
    readonly db: number | null
    readonly wal: number | null
    readonly free: number | null
    readonly size: number | null
  } | null
  readonly sqlite: string | null
  /** Bytes of bodies as received, by day, oldest first; null: not kept. */
  readonly days: readonly { readonly at: string; readonly bytes: number }[] | null
  readonly expired: number
  readonly erased: number
  readonly cancelled: number
  readonly actions:
    | readonly {
        readonly at: string | null
        readonly who: string | null
        readonly verb: string
        readonly filter: string
        readonly matched: number
        readonly queued: number
      }[]
    | null
  readonly node: string
}

const DAYS = 14
const MOST_ACTIONS = 100

export async function load(request: ViewRequest): Promise<Loaded<StorageData>> {
  const { receiver } = request
  const door = receiver[watchDoor]
  const [{ stats }, days, actions, files] = await Promise.all([
    standingOf(request),
    countsOf(request, 'day', DAYS),
    orNull(() => receiver.inbox.actions()),
    filesOf(door.path()),
  ])
  const byDay = new Map<string, number>()
  for (const { at, word, sum } of days ?? [])
    if (word === 'in') byDay.set(at.toISOString(), (byDay.get(at.toISOString()) ?? 0) + sum)
  return {
    title: 'Storage',
    data: {
      kind: door.inboxKind,
      files,
      sqlite: process.versions.sqlite ?? null,
      days: days && [...byDay].map(([at, bytes]) => ({ at, bytes })),
      ...{ expired: stats?.expired ?? 0, erased: stats?.erased ?? 0, cancelled: stats?.cancelled ?? 0 },
      actions:
        actions === null
          ? null
          : actions.slice(0, MOST_ACTIONS).map((one) => ({
              at: iso(one.at),
              who: (one as { who?: string | null }).who ?? null,
              verb: one.verb,
              filter: cut(filterText(one.filter), 300),
              matched: one.matched,
              queued: one.queued,
            })),
      node: process.version,
    },
  }
}

/** As it would be typed. */
export function filterText(filter: Readonly<Record<string, unknown>>): string {
  return Object.entries(filter)
    .map(([name, value]) =>
      name === 'filter' ? String(value) : `${name}:${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join(' ')
}

async function filesOf(path: string | null): Promise<StorageData['files']> {
  if (path === null) return null
  const sizeOf = (file: string) =>
    stat(file).then(
      ({ size }) => size,
      () => null,
    )
  const [db, wal, disk] = await Promise.all([
    sizeOf(path),
    sizeOf(`${path}-wal`),
    statfs(dirname(path)).catch(() => null),
  ])
  return { db, wal, free: disk && disk.bavail * disk.bsize, size: disk && disk.blocks * disk.bsize }
}
