/** Why do mails bounce? */

import { maskText } from '../../addresses.ts'
import type { ViewRequest } from '../../types.ts'
import { type Chart, chartOf, countsOf, isOf } from './counts.ts'
import { type EventRow, eventRow, gather, type Loaded, RANGES, type Range, rangeOf } from './loading.ts'

export interface BounceClass {
  readonly source: string
  readonly kind: string
  readonly class: string | null
  readonly count: number
  /** In the same time before. */
  readonly before: number
}

export interface BouncesData {
  readonly range: Range
  readonly chart: Chart | null
  /** null: not kept. */
  readonly classes: readonly BounceClass[] | null
  readonly delivered: number
  /** The newest, with what the receiving side said. */
  readonly newest: readonly EventRow[]
}

const NEWEST = 20

export async function load(request: ViewRequest): Promise<Loaded<BouncesData>> {
  const { receiver, now, signal } = request
  const range = rangeOf(request, '24h')
  const span = RANGES[range]
  const [step, size] =
    span <= RANGES['1h']
      ? (['minute', 60_000] as const)
      : span <= RANGES['7d']
        ? (['hour', 3_600_000] as const)
        : (['day', 86_400_000] as const)
  const counts = await countsOf(request, step, Math.ceil((2 * span) / size) + 1)
  const since = now.getTime() - span
  const newest = await gather(
    receiver.inbox.events({ type: 'bounced', since: new Date(since) }, { signal }),
    signal,
    NEWEST,
  )
  const delivered =
    counts?.filter(({ word, at }) => isOf(word, 'ev') && word.endsWith('/delivered') && at.getTime() >= since) ?? []
  // What is counted over time has the sender's own words for it.
  const shown = request.rights.people === 'masked' ? maskText : (text: string) => text
  const classes =
    counts && classesOf(counts, since).map((one) => ({ ...one, class: one.class === null ? null : shown(one.class) }))
  return {
    title: 'Bounces',
    data: {
      range,
      chart: await chartOf(request, range, ({ word }) =>
        isOf(word, 'bounce') ? (word.split(/[:/]/)[1] ?? null) : null,
      ),
      classes,
      delivered: delivered.reduce((sum, { count }) => sum + count, 0),
      newest: newest.rows.map((event) => eventRow(event, request)),
    },
    rows: (classes ?? []).map((row) => ({ ...row })),
  }
}

function classesOf(counts: NonNullable<Awaited<ReturnType<typeof countsOf>>>, since: number): BounceClass[] {
  const rows = new Map<string, { -readonly [K in keyof BounceClass]: BounceClass[K] }>()
  for (const { at, source, word, count } of counts) {
    if (!isOf(word, 'bounce')) continue
    const slash = word.indexOf('/')
    const [kind, name] = [
      word.slice('bounce:'.length, slash < 0 ? undefined : slash),
      slash < 0 ? '' : word.slice(slash + 1),
    ]
    const key = JSON.stringify([source, word])
    const row = rows.get(key) ?? { source, kind, class: name === '' ? null : name, count: 0, before: 0 }
    rows.set(key, row)
    if (at.getTime() >= since) row.count += count
    else row.before += count
  }
  return [...rows.values()].sort((a, b) => b.count - a.count)
}
