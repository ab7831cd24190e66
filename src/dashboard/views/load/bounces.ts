/** Why do mails bounce? */

import { OptionError } from '../../../errors.ts'
import type { AnyEvent } from '../../../types.ts'
import { maskText } from '../../addresses.ts'
import type { ViewRequest } from '../../types.ts'
import { type Chart, chartOf, countsOf, isOf } from './counts.ts'
import {
  type EventRow,
  eventRow,
  type Gathered,
  gather,
  LATE,
  type Loaded,
  RANGES,
  type Range,
  rangeOf,
} from './loading.ts'

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
  /** By receiving domain; null: nobody has asked. */
  readonly domains: {
    /** So many bounces were read, the newest. */
    readonly of: number
    readonly rows: readonly DomainRow[]
  } | null
}

export interface DomainRow {
  readonly domain: string
  readonly count: number
  readonly hard: number
  /** Distinct addresses that are to be taken off. */
  readonly suppress: number
  /** What was said last. */
  readonly said: string | null
}

const NEWEST = 20
/** Read for the domains, and shown of them. */
const [MOST_READ, MOST_DOMAINS] = [10_000, 100]

export async function load(request: ViewRequest): Promise<Loaded<BouncesData>> {
  const { now } = request
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
  const isByDomain = request.query.get('domains') === '1'
  const { rows: found, late } = await newestOf(request, since, isByDomain ? MOST_READ : NEWEST)
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
      newest: found.slice(0, NEWEST).map((event) => eventRow(event, request)),
      domains: isByDomain ? { of: found.length, rows: domainsOf(found, request) } : null,
    },
    partial: late ? LATE : null,
    rows: (classes ?? []).map((row) => ({ ...row })),
  }
}

/** None, where no sender of this receiver can tell of a bounce. */
async function newestOf({ receiver, signal }: ViewRequest, since: number, most: number): Promise<Gathered<AnyEvent>> {
  try {
    const events = receiver.inbox.events({ type: 'bounced', since: new Date(since) }, { signal, counted: true })
    return await gather(events, signal, most)
  } catch (error) {
    if (error instanceof OptionError) return { rows: [], more: false, late: false }
    throw error
  }
}

function domainsOf(events: readonly AnyEvent[], request: ViewRequest): DomainRow[] {
  const rows = new Map<string, { -readonly [K in keyof DomainRow]: DomainRow[K] }>()
  const off = new Set<string>()
  for (const event of events) {
    const { who, effect, bounce, reply } = eventRow(event, request)
    const domain = who?.split('@').at(-1)?.toLowerCase() ?? ''
    const row = rows.get(domain) ?? { domain, count: 0, hard: 0, suppress: 0, said: bounce?.reason ?? reply }
    rows.set(domain, row)
    row.count++
    if (bounce?.kind === 'hard') row.hard++
    // By key, which is there of masked people, too.
    const person = request.keyOf(event) ?? event.id
    if (effect === 'suppress' && !off.has(person)) row.suppress++
    if (effect === 'suppress') off.add(person)
  }
  return [...rows.values()].sort((a, b) => b.count - a.count).slice(0, MOST_DOMAINS)
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
