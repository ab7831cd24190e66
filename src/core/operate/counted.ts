/** When something of the kind was received, by the counts: what is looked for is read there, and nowhere else. */
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Step, TallyRow } from '../../ports/inbox/look.ts'
import type { Provider } from '../../ports/provider.ts'
import type { Selection } from './filters.ts'
import { eventOrDelivery } from './ids.ts'
import { pagesOf } from './verbs.ts'

export interface Span {
  /** Included; absent: to the beginning of the log. */
  readonly since?: number | undefined
  /** Not included; absent: to its end. */
  readonly until?: number | undefined
}

export interface CountedParts {
  readonly inbox: InboxPort
  provider(source: string): Provider | undefined
}

/** How much of it deliveries of a source may hold, by what was counted of the source in one step of time. */
type Holds = (source: string, counts: readonly TallyRow[]) => number

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000]
/** Deliveries come in the order of their times, but where a clock was set. */
export const SLACK_MS = DAY_MS
/** Days that are read at once. */
const DAYS = 30
/** Where so much of it is received, or for so long without a break, a page is full before the counts help. */
const [DENSE, LONG_MS] = [200, 4 * DAY_MS]
/** Counts come a little later than what they count. */
const RECENT_MS = HOUR_MS

const KEYS = ['source', 'name', 'type', 'effect'] as const
type Asked = { readonly [K in (typeof KEYS)[number]]?: readonly string[] }

/**
 * Stretches of time, newest first, outside of which nothing that matches was counted when it was received. Not counted are
 * elements that could not be read then, and what has not been worked on yet.
 */
export async function* countedSpans(
  parts: CountedParts,
  filter: Selection & { readonly type?: string },
  at: { readonly now: number; readonly top: number | null },
): AsyncGenerator<Span> {
  const [since, until] = [filter.since?.getTime(), filter.until?.getTime()]
  const within = (span: Span): Span => ({
    since: span.since === undefined || !Number.isFinite(span.since) ? since : Math.max(span.since, since ?? span.since),
    until: span.until === undefined ? until : Math.min(span.until, until ?? span.until),
  })
  let last: Span | null = null
  for await (const { since: from = Number.NEGATIVE_INFINITY, until: to, isDense } of exactSpans(parts, filter, at)) {
    // Clocks of several processes differ: between two stretches nothing may lie of which the order of the log is another one.
    const span: Span = { since: from - HOUR_MS, until: to === undefined ? undefined : to + HOUR_MS }
    const isNext: boolean = last !== null && (span.until ?? Number.POSITIVE_INFINITY) >= (last.since ?? 0)
    if (last !== null && !isNext) yield within(last)
    last = last !== null && isNext ? { since: span.since, until: last.until } : span
    if (isDense || (last.until ?? at.now) - (last.since ?? 0) > LONG_MS) return yield within({ until: last.until })
  }
  if (last !== null) yield within(last)
}

async function* exactSpans(
  { inbox, provider }: CountedParts,
  filter: Selection & { readonly type?: string },
  { now, top }: { readonly now: number; readonly top: number | null },
): AsyncGenerator<Counted> {
  const { look } = inbox
  const [since, until] = [filter.since?.getTime(), filter.until?.getTime()]
  const asked = askedFor(filter)
  const holds = look && asked && holdsFor(asked, provider)
  if (look === undefined || !holds) return yield { since, until }
  const end = Math.min(until ?? now + 1, top ?? now + 1)
  const { pendingBytes, oldestPendingAt } = await inbox.records.stats()
  // Deliveries are counted with themselves, and it costs little to look at those of others.
  const isOfEvents = asked.name !== undefined || asked.type !== undefined || asked.effect !== undefined
  const uncounted = isOfEvents && pendingBytes > 0
  const recent = Math.min(now - RECENT_MS, uncounted ? (oldestPendingAt ?? now) : now)
  const first = since ?? 0
  if (end > recent) yield { since: Math.max(first, recent), until }
  const read = async (from: number, before: number, step: Step) =>
    Map.groupBy(await look.tallies({ from, to: before, step }), ({ at }) => at)
  for (let to = Math.min(end, recent); to > first; ) {
    const until = Math.ceil(to / DAY_MS) * DAY_MS
    const from = Math.max(Math.floor(first / DAY_MS) * DAY_MS, until - DAYS * DAY_MS)
    const days = await read(from - DAY_MS, until, 'day')
    // From before anything was counted.
    if (days.size === 0) return yield { since, until: to }
    for (let at = until - DAY_MS; at >= from; at -= DAY_MS)
      for (const span of await spansOf(at, days, holds, isOfEvents ? () => read(at, at + DAY_MS, 'hour') : null)) {
        const part = { ...span, since: Math.max(first, span.since), until: Math.min(to, span.until) }
        if (part.since < part.until) yield part
      }
    to = from
  }
}

type Counted = Span & { readonly isDense?: boolean }
type Steps = ReadonlyMap<number, readonly TallyRow[]>

/** Of the day that begins at this time, newest first. */
async function spansOf(at: number, days: Steps, holds: Holds, readHours: (() => Promise<Steps>) | null) {
  const day = days.get(at)
  const whole = [{ since: at, until: at + DAY_MS, isDense: false }]
  if (day === undefined) return whole
  // The counts may begin on this day: by an earlier version, or where it was copied from, nothing was counted before.
  if (!days.has(at - DAY_MS)) return firstSpansOf(at, readHours === null ? null : await readHours(), holds)
  const count = countOf(day, holds)
  if (count === 0) return []
  if (count >= DENSE) return whole.map((span) => ({ ...span, isDense: true }))
  if (readHours === null) return whole
  const hours = await readHours()
  // They are kept for a shorter time than days.
  return hours.size === 0 ? whole : hoursOf(hours, holds)
}

/** Of a day that may be the first of which anything is counted: up to its second counted hour nothing is left out. */
function firstSpansOf(at: number, hours: Steps | null, holds: Holds) {
  const first = hours === null || hours.size === 0 ? null : Math.min(...hours.keys())
  const until = first === null ? at + DAY_MS : Math.min(first + 2 * HOUR_MS, at + DAY_MS)
  const later = new Map([...(hours ?? [])].filter(([hour]) => hour >= until))
  return [...hoursOf(later, holds), { since: at, until, isDense: false }]
}

/** null: by nothing that is counted. */
function askedFor(filter: Selection & { readonly type?: string }): Asked | null {
  const asked: Record<string, readonly string[]> = {}
  for (const key of KEYS) {
    const value = key === 'effect' ? undefined : filter[key]
    if (value !== undefined) asked[key] = [value]
  }
  for (const clause of filter.where?.rows ?? [])
    if (clause.kind === 'words' && !clause.not && KEYS.some((key) => key === clause.key))
      asked[clause.key] = clause.values
  return Object.keys(asked).length === 0 ? null : asked
}

function holdsFor({ source, name, type, effect }: Asked, provider: CountedParts['provider']): Holds {
  const isOne = (values: readonly string[] | undefined, value: string) => values === undefined || values.includes(value)
  return (from, counts) => {
    if (!isOne(source, from)) return 0
    const sum = (isIt: (word: string) => boolean) =>
      counts.reduce((all, { word, n }) => (isIt(word) ? all + n : all), 0)
    if (name === undefined && type === undefined && effect === undefined) return sum((word) => word === 'in')
    const catalogue = provider(from)?.catalogue
    const isEvent = (word: string) => word === 'ev' || word.startsWith('ev:')
    // What was no such event when it was counted may be one as it is read now.
    const isKnown = (word: string) => catalogue?.get(nameIn(word))?.includes(typeIn(word)) === true
    const isAsked = (word: string) => isOne(name, nameIn(word)) && isOne(type, typeIn(word))
    const events = sum((word) => isEvent(word) && (!isKnown(word) || isAsked(word)))
    if (effect === undefined || effect.includes('none') || sum((word) => isEvent(word) && !isKnown(word)) > 0)
      return events
    return Math.min(
      events,
      sum((word) => effect.some((one) => word === `effect:${one}`)),
    )
  }
}

/** `ev:momentum.bounce/bounced`. */
const nameIn = (word: string): string => word.slice('ev:'.length, word.lastIndexOf('/'))
const typeIn = (word: string): string => word.slice(word.lastIndexOf('/') + 1)

function countOf(rows: readonly TallyRow[], holds: Holds): number {
  const bySource = [...Map.groupBy(rows, ({ source }) => source)].filter(([source]) => source !== '')
  return bySource.reduce((all, [source, counts]) => all + holds(source, counts), 0)
}

/** Hours that hold it, those that follow on each other as one. */
function hoursOf(hours: Steps, holds: Holds) {
  const spans: { since: number; until: number; isDense: boolean }[] = []
  for (const [at, hour] of [...hours].sort((a, b) => b[0] - a[0])) {
    if (countOf(hour, holds) === 0) continue
    const last = spans.at(-1)
    if (last !== undefined && last.since === at + HOUR_MS) last.since = at
    else spans.push({ since: at, until: at + HOUR_MS, isDense: false })
  }
  return spans
}

/** One page setting for each stretch of time. */
export async function* placesOf(filter: Selection, spans: AsyncIterable<Span> | null) {
  const places = pagesOf(filter)
  if (spans === null) yield* places
  else for await (const { since, until } of spans) for (const place of places) yield { ...place, since, until }
}

/** Behind this delivery or event nothing was received later; null: it is not given. */
export async function topOf(inbox: InboxPort, after: string | undefined): Promise<number | null> {
  if (after === undefined) return null
  const { deliveryId } = eventOrDelivery('after', after)
  const [row] = await inbox.records.list('deliveries', { before: null, limit: 1, deliveryId })
  return row === undefined ? null : row.receivedAt + SLACK_MS
}
