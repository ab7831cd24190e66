/** Is it working? */
import { watchDoor } from '../../../lib/symbols.ts'
import type { TallyCount } from '../../../public/look.ts'
import type { ViewRequest } from '../../types.ts'
import { type Chart, chartOf, countsOf, isOf, perStep, sumOf } from './counts.ts'
import type { FindingRow } from './findings.ts'
import { standingOf } from './frame.ts'
import { cut, gather, iso, type Loaded, rangeOf } from './loading.ts'

export interface SenderRow {
  readonly source: string
  readonly provider: string
  readonly lastAt: string | null
  /** Deliveries by minute of the last hour; null: not kept. */
  readonly minutes: readonly number[] | null
  /** In this hour of each of the seven days before, on the average; null: not known. */
  readonly usual: number | null
  readonly hour: number
  readonly events: number
  readonly repeats: number
  readonly late: number
  readonly ackLimitMs: number
  readonly level: 'well' | 'look' | 'act'
}

export interface HandlerRow {
  readonly name: string
  readonly done: number
  readonly dead: number
  readonly paused: { readonly by: string; readonly since: string | null } | null
  /** Work that waits for it, when nobody has it any more. */
  readonly orphaned: number
}

export interface Trouble {
  readonly kind: 'dead' | 'quarantine'
  readonly id: string
  readonly about: string
  readonly text: string
  readonly at: string | null
}

export interface NowData {
  readonly findings: readonly FindingRow[]
  readonly senders: readonly SenderRow[]
  readonly handlers: readonly HandlerRow[]
  readonly troubles: readonly Trouble[]
  readonly backlog: { readonly deliveries: number; readonly bytes: number; readonly oldestAt: string | null }
  readonly chart: Chart | null
  /** Nothing has ever come: how to set it up. */
  readonly isNew: boolean
}

const MINUTES = 60
const DAYS = 7

export async function load(request: ViewRequest): Promise<Loaded<NowData>> {
  const { receiver, now } = request
  const door = receiver[watchDoor]
  const { stats, findings } = await standingOf(request)
  const [minutes, hours, seen, newest] = await Promise.all([
    countsOf(request, 'minute', MINUTES),
    countsOf(request, 'hour', DAYS * 24 + 1),
    receiver.inbox.seen().catch(() => []),
    gather(receiver.inbox.deliveries(), request.signal, 1),
  ])
  const lastBySource = new Map<string, number>()
  for (const { source, lastUsedAt } of seen)
    lastBySource.set(source, Math.max(lastBySource.get(source) ?? 0, lastUsedAt.getTime()))
  const senders = [...door.sources].map(([source, { provider, ackLimitMs = 10_000 }]): SenderRow => {
    const own = minutes?.filter((one) => one.source === source) ?? null
    const last = lastBySource.get(source) ?? door.lastBefore(source)
    const about = findings.filter((finding) => finding.about === source)
    return {
      ...{ source, provider: provider.name, ackLimitMs },
      lastAt: last === null || last === undefined ? null : new Date(last).toISOString(),
      minutes: own && perStep(own, 'in', request, 'minute', MINUTES),
      usual: hours === null ? null : usualOf(hours, source, now),
      hour: own === null ? 0 : sumOf(own, 'in'),
      events: own === null ? 0 : sumOf(own, 'ev'),
      repeats: own === null ? 0 : sumOf(own, 'dup'),
      late: own === null ? 0 : LATE.reduce((sum, word) => sum + sumOf(own, word), 0),
      level: about.some(({ severity }) => severity === 'act') ? 'act' : about.length > 0 ? 'look' : 'well',
    }
  })
  const isNew = newest.rows.length === 0
  return {
    title: 'Now',
    data: {
      findings,
      senders,
      handlers: handlersOf(request, minutes ?? [], stats),
      troubles: await troublesOf(request),
      backlog: {
        deliveries: stats?.pending ?? 0,
        bytes: stats?.pendingBytes ?? 0,
        oldestAt: iso(stats?.oldestPendingAt),
      },
      chart: await chartOf(request, rangeOf(request, '1h'), typeOf),
      isNew,
    },
  }
}

/** Over ten minutes. */
const LATE = ['late:4', 'late:5', 'late:6', 'late:7']

/** `ev:momentum.bounce/bounced` → `bounced`. */
export function typeOf({ word }: TallyCount): string | null {
  return isOf(word, 'ev') ? word.slice(word.lastIndexOf('/') + 1) : null
}

/** Of the same hour of the days before; null where there is none. */
function usualOf(hours: readonly TallyCount[], source: string, now: Date): number | null {
  const hour = now.getUTCHours()
  const today = Math.floor(now.getTime() / 3_600_000)
  const before = hours.filter(
    ({ at, word, ...one }) =>
      word === 'in' &&
      one.source === source &&
      at.getUTCHours() === hour &&
      Math.floor(at.getTime() / 3_600_000) !== today,
  )
  const days = new Set(hours.map(({ at }) => Math.floor(at.getTime() / 86_400_000))).size - 1
  return before.length === 0
    ? null
    : before.reduce((sum, { count }) => sum + count, 0) / Math.min(DAYS, Math.max(1, days))
}

export function handlersOf(
  { receiver }: Pick<ViewRequest, 'receiver'>,
  minutes: readonly TallyCount[],
  stats: Awaited<ReturnType<typeof standingOf>>['stats'],
): HandlerRow[] {
  const orphaned = stats?.orphaned ?? {}
  const names = new Set([
    ...receiver[watchDoor].handlers(),
    ...Object.keys(orphaned),
    ...(stats?.paused ?? []).map(({ handler }) => handler),
  ])
  return [...names].map((name) => {
    const paused = stats?.paused.find(({ handler }) => handler === name)
    return {
      name,
      done: sumOf(minutes, `done:${name}`),
      dead: sumOf(minutes, `dead:${name}`),
      paused: paused === undefined ? null : { by: paused.by, since: iso(paused.since) },
      orphaned: orphaned[name] ?? 0,
    }
  })
}

const MOST_TROUBLES = 5

async function troublesOf({ receiver, signal }: ViewRequest): Promise<Trouble[]> {
  const [letters, items] = await Promise.all([
    gather(receiver.inbox.deadLetters(), signal, MOST_TROUBLES),
    gather(receiver.inbox.quarantine(), signal, MOST_TROUBLES),
  ])
  const dead = letters.rows.map(({ event, handler, errors, since }): Trouble => {
    const error = errors.at(-1)
    const text = error === undefined ? '' : `${error.code ?? error.name}: ${error.message}`
    return { kind: 'dead', id: event.id, about: handler, text: cut(text, 200), at: iso(since) }
  })
  const read = items.rows.map(({ deliveryId, index, source, reason, since }): Trouble => {
    const id = index === null ? deliveryId : `${deliveryId}.${index}`
    return { kind: 'quarantine', id, about: source, text: cut(reason, 200), at: iso(since) }
  })
  return [...dead, ...read].sort((a, b) => String(b.at).localeCompare(String(a.at)))
}
