/** Goes through the deliveries a replay is about, oldest first, and finds the elements. */

import type { HistoryPage, HistoryRow } from '../../ports/inbox/records.ts'
import type { StoredDeadLetter } from '../../ports/inbox/rows.ts'
import type { Reading, Unreadable } from '../../ports/provider.ts'
import { isUnhandled, type Registry } from '../handlers/registry.ts'
import { deliveryFacts, toEvent } from '../read/event.ts'
import { type Elements, type ReadOptions, type ReadParts, readAgain } from '../read/read-again.ts'
import type { Plan, PlanParts } from './replay-plan.ts'
import { pages, pagesOf } from './verbs.ts'

export interface WalkParts extends ReadParts, PlanParts {
  /** The native name of a dead letter's event. */
  nameOf(row: StoredDeadLetter): string
}

/** What was found in one delivery; nothing, where there is nothing to do. */
export interface Found {
  readonly id: string
  readonly seq: number
  readonly receivedAt: number
  /** What of the delivery was asked for: the same, and only the same, whenever it is walked. */
  readonly asked: string
  readonly targets: readonly string[]
  /** Number of events. */
  readonly count: number
  /** Index of the nth of them. */
  at(n: number): number
  /** Its events were to be looked at, and could not be. */
  readonly unreadable: boolean
}

type Range = Pick<ReadOptions, 'first' | 'last'>

const PAGE = 1_000

/** The latest delivery and the latest dead letter: what comes behind them is none of it. */
export interface Border {
  readonly seq: number
  readonly letter: number
  /** The shards that have not answered since: nothing more of theirs is part of it. */
  readonly missing: Set<number>
}

export async function borderOf({ inbox }: Pick<WalkParts, 'inbox'>, missing: Set<number>): Promise<Border> {
  const latest = { before: null, limit: 1, missing }
  const [delivery] = await inbox.records.list('deliveries', latest)
  const [letter] = await inbox.records.list('deadLetters', latest)
  return { seq: delivery?.seq ?? 0, letter: letter?.id ?? 0, missing }
}

export async function* walk(
  parts: WalkParts,
  plan: Plan,
  border: Border,
  signal: AbortSignal | undefined,
): AsyncGenerator<Found> {
  if (plan.filter.outcome === 'dead') return yield* walkDead(parts, plan, border)
  for await (const [row, range] of history(parts, plan, border))
    yield { ...(await find(parts, plan, row, { ...range, signal })), asked: String(range.first ?? '') }
}

/** By id the way is direct; otherwise what was there at the beginning, in order of the log. */
async function* history(
  { inbox }: WalkParts,
  { filter, after }: Plan,
  { seq: newest, missing }: Border,
): AsyncGenerator<[HistoryRow, Range]> {
  for (const { deliveryId, index, ...page } of pagesOf(dedupedIds(filter))) {
    const range = index === undefined ? {} : { first: index, last: index }
    for await (const row of rowsOf(inbox, { ...page, deliveryId, missing }, after, newest)) yield [row, range]
  }
}

/** An id given twice is handed out once. */
function dedupedIds({ ids, outcome: _, ...filter }: Plan['filter']) {
  return ids === undefined ? filter : { ...filter, ids: [...new Set(ids)] }
}

async function* rowsOf(
  inbox: WalkParts['inbox'],
  page: Omit<HistoryPage, 'after' | 'limit'>,
  first: number,
  newest: number,
): AsyncGenerator<HistoryRow> {
  for (let after = first; after < newest; ) {
    const rows = await inbox.records.history({ ...page, after, limit: PAGE })
    for (const row of rows) if (row.seq <= newest) yield row
    if (rows.length < PAGE) return
    after = rows.at(-1)?.seq ?? newest
  }
}

async function find(parts: WalkParts, plan: Plan, row: HistoryRow, options: ReadOptions): Promise<Found> {
  const targets = plan.targets(row.handlers)
  // A source that is no longer there has nobody to read its events: they would only end in quarantine.
  if (targets.length === 0 || parts.provider(row.source) === undefined) return nothing(row)
  if (plan.reads) return among(parts, plan, row, targets, options)
  const { first = 0, last = Number.POSITIVE_INFINITY } = options
  const size = row.events ?? (await count(parts, row))
  if (size === null) return { ...nothing(row), unreadable: true }
  const found = Math.max(0, Math.min(last + 1, size) - first)
  return { ...nothing(row), targets, count: found, at: (n) => first + n }
}

/** It could not be read when it was first worked on; perhaps it can now. */
async function count(parts: WalkParts, { id }: HistoryRow): Promise<number | null> {
  const elements = await readAgain(parts, id, () => {}, { last: -1 })
  return elements?.count ?? null
}

async function among(
  parts: WalkParts,
  { filter }: Plan,
  row: HistoryRow,
  targets: readonly string[],
  options: ReadOptions,
): Promise<Found> {
  const indices: number[] = []
  const isMeant = meant(parts.registry, filter, row)
  const look = (reading: Reading | Unreadable, index: number, elements: Elements) => {
    if (!('unreadable' in reading) && isMeant(reading, index, elements)) indices.push(index)
  }
  const elements = await readAgain(parts, row.id, look, options)
  return {
    ...nothing(row),
    targets,
    count: indices.length,
    at: (n) => indices[n] as number,
    unreadable: elements === null,
  }
}

function meant(registry: Registry, { name, outcome }: Plan['filter'], { handlers }: HistoryRow) {
  return (reading: Reading, index: number, { delivery, provider, count: size }: Elements): boolean => {
    if (name !== undefined && reading.name !== name) return false
    if (outcome !== 'unhandled') return true
    const event = toEvent(deliveryFacts(provider.name, delivery, size), reading, index)
    return isUnhandled(event, registry.match(event), handlers)
  }
}

/** Newest first, as dead letters are listed; an event that died for several handlers is handed to others once. */
async function* walkDead(
  { inbox, nameOf, provider }: WalkParts,
  { filter }: Plan,
  { letter: newest, missing }: Border,
): AsyncGenerator<Found> {
  const { outcome: _, to, ...rest } = filter
  const handed = new Set<string>()
  for (const page of pagesOf(rest))
    for await (const letters of pages<StoredDeadLetter>(
      (p) => inbox.records.list('deadLetters', p),
      (letter) => letter.id,
      { ...page, missing },
      newest + 1,
    ))
      for (const letter of letters) {
        const key = `${letter.delivery.id}.${letter.index} ${to === undefined ? letter.handler : ''}`
        if (provider(letter.delivery.source) === undefined || handed.has(key)) continue
        if (filter.name !== undefined && nameOf(letter) !== filter.name) continue
        handed.add(key)
        const one = { targets: to ?? [letter.handler], count: 1, at: () => letter.index }
        yield { ...nothing(letter.delivery), ...one, asked: key }
      }
}

function nothing({ id, seq, receivedAt }: Pick<HistoryRow, 'id' | 'seq' | 'receivedAt'>): Found {
  return { id, seq, receivedAt, asked: '', targets: [], count: 0, at: () => 0, unreadable: false }
}
