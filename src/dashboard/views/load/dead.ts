/** What failed, and can I retry? */
import { letterName } from '../../../lib/letter-name.ts'
import type { ListOptions } from '../../../public/look.ts'
import type { DeadLetter } from '../../../types.ts'
import type { ViewRequest } from '../../types.ts'
import { asked, cut, type EventRow, eventRow, gather, gatherListed, iso, LATE, type Loaded } from './loading.ts'

export interface DeadGroup {
  readonly handler: string
  readonly error: string
  readonly count: number
  readonly firstAt: string | null
  readonly lastAt: string | null
  readonly message: string
  /** The newest. */
  readonly eventId: string
}

export interface DeadRow extends EventRow {
  readonly handler: string
  /** The replay it died in; null: in its first run. */
  readonly run: string | null
  readonly attempts: number
  readonly since: string | null
  readonly error: string
  readonly message: string
  readonly redeliveries: number
}

export interface DeadData {
  readonly q: string
  readonly total: number
  /** Of the newest so many. */
  readonly grouped: number
  readonly groups: readonly DeadGroup[] | null
  readonly rows: readonly DeadRow[]
}

/** Read for the groups. */
const NEWEST = 500

export async function load(request: ViewRequest): Promise<Loaded<DeadData>> {
  const { receiver, query, signal } = request
  const filter = asked(request)
  const q = query.get('filter') ?? ''
  const { deadLetters: total } = await receiver.inbox.stats()
  if (q === '' && filter.after === undefined && query.get('as') === null) {
    const { rows, late } = await gather(receiver.inbox.deadLetters(), signal, NEWEST)
    const groups = groupsOf(rows)
    return {
      title: 'Dead letters',
      data: { q, total, grouped: rows.length, groups, rows: [] },
      partial: late ? LATE : null,
    }
  }
  const list = (options: ListOptions) => receiver.inbox.deadLetters(filter, options)
  const { rows: found, more, place, partial } = await gatherListed(list, signal)
  const rows = found.map((letter) => deadRow(letter, request))
  const last = found.at(-1)
  return {
    title: 'Dead letters',
    data: { q, total, grouped: 0, groups: null, rows },
    next: more && last !== undefined ? letterName(last.event, last.handler) : place,
    partial,
    rows: rows.map(({ bounce, ...row }) => ({ ...row, bounceKind: bounce?.kind ?? null })),
  }
}

const errorOf = ({ errors }: DeadLetter) => errors.at(-1)
const wordOf = (letter: DeadLetter): string => errorOf(letter)?.code ?? errorOf(letter)?.name ?? ''

function deadRow(letter: DeadLetter, request: ViewRequest): DeadRow {
  const { event, handler, attempts, since, redeliveries } = letter
  const message = cut(errorOf(letter)?.message ?? '', 300)
  return {
    ...eventRow(event, request),
    handler,
    run: event.run,
    attempts,
    since: iso(since),
    error: wordOf(letter),
    message,
    redeliveries,
  }
}

function groupsOf(letters: readonly DeadLetter[]): DeadGroup[] {
  const groups = new Map<string, { -readonly [K in keyof DeadGroup]: DeadGroup[K] }>()
  for (const letter of letters) {
    const { handler, since, event } = letter
    const error = wordOf(letter)
    const key = JSON.stringify([handler, error])
    const group = groups.get(key)
    if (group === undefined) {
      const at = iso(since)
      const message = cut(errorOf(letter)?.message ?? '', 300)
      groups.set(key, { handler, error, count: 1, firstAt: at, lastAt: at, message, eventId: event.id })
      continue
    }
    group.count++
    const at = iso(since)
    if (at !== null && (group.firstAt === null || at < group.firstAt)) group.firstAt = at
  }
  return [...groups.values()].sort((a, b) => b.count - a.count)
}
