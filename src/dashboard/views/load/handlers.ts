/** Who is slow, who is paused, who is gone? */
import { watchDoor } from '../../../lib/symbols.ts'
import type { ViewRequest } from '../../types.ts'
import { countsOf, perStep, sumOf } from './counts.ts'
import { standingOf } from './frame.ts'
import { iso, type Loaded } from './loading.ts'
import { type HandlerRow, handlersOf } from './now.ts'

export interface HandlersData {
  readonly rows: readonly (HandlerRow & {
    readonly isHere: boolean
    readonly seenAt: string | null
    readonly minutes: readonly number[] | null
    readonly doneDay: number
    readonly deadDay: number
  })[]
  readonly unhandled: Readonly<Record<string, number>>
  readonly backlog: { readonly deliveries: number; readonly oldestAt: string | null }
}

const MINUTES = 60

export async function load(request: ViewRequest): Promise<Loaded<HandlersData>> {
  const { receiver } = request
  const [{ stats }, minutes, hours, known] = await Promise.all([
    standingOf(request),
    countsOf(request, 'minute', MINUTES),
    countsOf(request, 'hour', 25),
    request.handlers(),
  ])
  const here = new Set(receiver[watchDoor].handlers())
  const rows = handlersOf(request, minutes ?? [], stats)
  const others = known.filter(({ name }) => !rows.some((row) => row.name === name))
  const all = [
    ...rows,
    ...others.map(({ name }): HandlerRow => ({ name, done: 0, dead: 0, paused: null, orphaned: 0 })),
  ]
  return {
    title: 'Handlers',
    data: {
      rows: all.map((row) => ({
        ...row,
        isHere: here.has(row.name),
        seenAt: seenAt(known.find(({ name }) => name === row.name)?.seenAt),
        minutes: minutes && perStep(minutes, `done:${row.name}`, request, 'minute', MINUTES),
        doneDay: sumOf(hours ?? [], `done:${row.name}`),
        deadDay: sumOf(hours ?? [], `dead:${row.name}`),
      })),
      unhandled: stats?.unhandled ?? {},
      backlog: { deliveries: stats?.pending ?? 0, oldestAt: iso(stats?.oldestPendingAt) },
    },
  }
}

const seenAt = (ms: number | undefined) => (ms === undefined || ms <= 0 ? null : new Date(ms).toISOString())
