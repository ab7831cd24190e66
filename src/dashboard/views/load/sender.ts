/** Is Mailjet late, repeating, silent? */
import { watchDoor } from '../../../lib/symbols.ts'
import type { ViewRequest } from '../../types.ts'
import { type Acks, acksOf } from './acks.ts'
import { type Chart, chartOf, countsOf, isOf, perStep, sumOf } from './counts.ts'
import type { FindingRow } from './findings.ts'
import { standingOf } from './frame.ts'
import { iso, type Loaded, rangeOf } from './loading.ts'

export interface CredentialRow {
  readonly label: string | null
  readonly firstAt: string | null
  readonly lastAt: string | null
  readonly count: number | null
  /** Not the first of its list: on its way out, or in. */
  readonly isLater: boolean
}

export interface SenderData {
  readonly source: string
  /** null: there is no such source now. */
  readonly provider: string | null
  readonly ackLimitMs: number
  /** Of the latest answers of this process; null: it has given none. */
  readonly acks: Acks | null
  readonly lastAt: string | null
  readonly findings: readonly FindingRow[]
  /** Of the last 24 hours; null: not kept. */
  readonly day: {
    readonly deliveries: number
    readonly repeats: number
    readonly left: number
    readonly conflicts: number
    readonly bytes: number
    readonly events: number
    readonly quarantined: number
  } | null
  readonly usualGapMs: number | null
  /** Events by lateness, the classes of docs/looking.md. */
  readonly late: readonly number[]
  readonly types: readonly { readonly name: string; readonly type: string; readonly count: number }[]
  readonly credentials: readonly CredentialRow[]
  readonly chart: Chart | null
}

const DAY_MINUTES = 1_440
const LATE_CLASSES = 8
const LEAST_MINUTES = 24

export async function load(request: ViewRequest): Promise<Loaded<SenderData>> {
  const { receiver, query } = request
  const source = query.get('source') ?? ''
  const door = receiver[watchDoor]
  const port = door.sources.get(source)
  const [{ findings }, hours, seen] = await Promise.all([
    standingOf(request),
    countsOf(request, 'hour', 25),
    receiver.inbox.seen().catch(() => []),
  ])
  const own = hours?.filter((one) => one.source === source) ?? null
  const uses = seen.filter((one) => one.source === source)
  if (port === undefined && uses.length === 0 && (own ?? []).length === 0)
    return { title: 'Sender', status: 404, data: { ...NONE, source } }
  const last = uses.reduce((latest, { lastUsedAt }) => Math.max(latest, lastUsedAt.getTime()), 0)
  const minutes = await countsOf(request, 'minute', DAY_MINUTES, ['in'])
  const active =
    minutes &&
    perStep(
      minutes.filter((one) => one.source === source),
      'in',
      request,
      'minute',
      DAY_MINUTES,
    ).filter((n) => n > 0).length
  return {
    title: `Sender: ${source}`,
    data: {
      source,
      provider: port?.provider.name ?? null,
      ackLimitMs: port?.ackLimitMs ?? 10_000,
      acks: acksOf(receiver, source),
      lastAt: last > 0 ? new Date(last).toISOString() : null,
      findings: findings.filter(({ about }) => about === source),
      day: own && {
        deliveries: sumOf(own, 'in'),
        repeats: sumOf(own, 'dup'),
        left: sumOf(own, 'left'),
        conflicts: sumOf(own, 'conflict'),
        bytes: own.filter(({ word }) => word === 'in').reduce((sum, one) => sum + one.sum, 0),
        events: sumOf(own, 'ev'),
        quarantined: sumOf(own, 'quarantined'),
      },
      usualGapMs: active === null || active < LEAST_MINUTES ? null : (DAY_MINUTES / active) * 60_000,
      late: Array.from({ length: LATE_CLASSES }, (_, i) => sumOf(own ?? [], `late:${i}`)),
      types: typesOf(own ?? []),
      credentials: credentialsOf(request, source, uses),
      chart: await chartOf(request, rangeOf(request, '24h'), ({ word, ...one }) =>
        one.source !== source ? null : word === 'in' ? 'deliveries' : word === 'dup' ? 'repeats' : null,
      ),
    },
  }
}

const NONE: SenderData = {
  source: '',
  provider: null,
  ackLimitMs: 0,
  acks: null,
  lastAt: null,
  findings: [],
  day: null,
  usualGapMs: null,
  late: [],
  types: [],
  credentials: [],
  chart: null,
}

function typesOf(counts: readonly { readonly word: string; readonly count: number }[]): SenderData['types'] {
  const sums = new Map<string, number>()
  for (const { word, count } of counts) if (isOf(word, 'ev')) sums.set(word, (sums.get(word) ?? 0) + count)
  return [...sums]
    .map(([word, count]) => {
      const slash = word.lastIndexOf('/')
      return { name: word.slice(3, slash), type: word.slice(slash + 1), count }
    })
    .sort((a, b) => b.count - a.count)
}

function credentialsOf(
  { receiver }: ViewRequest,
  source: string,
  uses: Awaited<ReturnType<ViewRequest['receiver']['inbox']['seen']>>,
): CredentialRow[] {
  const now = receiver[watchDoor].credentials()[source] ?? []
  const labels = new Set([...now.map(({ label }) => label), ...uses.map(({ credential }) => credential)])
  return [...labels].map((label) => {
    const use = uses.find(({ credential }) => credential === label)
    const own = now.find((one) => one.label === label)
    return {
      label,
      firstAt: iso(use?.firstUsedAt),
      lastAt: iso(use?.lastUsedAt ?? own?.lastUsedAt),
      count: use?.count ?? null,
      isLater: own?.isLater ?? false,
    }
  })
}
