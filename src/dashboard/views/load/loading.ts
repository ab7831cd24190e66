/** What loading a view needs: pages that end, ranges, and what came of it. */

import { OptionError } from '../../../errors.ts'
import type { ListOptions, ListProgress } from '../../../public/look.ts'
import type { AnyEvent } from '../../../types.ts'
import { ID_CHARS } from '../../parts/format.ts'
import type { ViewRequest } from '../../types.ts'

export interface Loaded<T> {
  readonly title: string
  readonly data: T
  readonly status?: 200 | 404
  readonly next?: string | null
  readonly partial?: string | null
  readonly rows?: readonly Record<string, unknown>[]
}

export type Load<T> = (request: ViewRequest) => Promise<Loaded<T>>

/** Rows of a page. */
export const PAGE = 100

/** Bodies and texts in lists, and in details. */
const [LIST_CHARS, DETAIL_CHARS] = [2_000, 64_000]

export const cut = (text: string, most = LIST_CHARS): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`

export const cutDetail = (text: string): string => cut(text, DETAIL_CHARS)

export interface Gathered<R> {
  readonly rows: readonly R[]
  /** There is at least one more. */
  readonly more: boolean
  /** The time was over before the page was full. */
  readonly late: boolean
}

/** The first rows, and whether others follow; ends with what there is when the time of the view is over. */
export async function gather<R>(rows: AsyncIterable<R>, signal: AbortSignal, most = PAGE): Promise<Gathered<R>> {
  const found: R[] = []
  const iterator = rows[Symbol.asyncIterator]()
  const over = overAt(signal)
  for (;;) {
    // Where nothing matches the next row may be far away.
    const next = await Promise.race([iterator.next(), over])
    if (next === null) {
      void iterator.return?.()?.catch(() => {})
      return { rows: found, more: found.length > 0, late: true }
    }
    if (next.done) return { rows: found, more: false, late: signal.aborted }
    if (found.length === most) {
      await iterator.return?.()
      return { rows: found, more: true, late: false }
    }
    found.push(next.value)
  }
}

const overAt = (signal: AbortSignal): Promise<null> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(null)
    else signal.addEventListener('abort', () => resolve(null), { once: true })
  })

/** How far a listing has come whose filter may match nothing: where it goes on, and what it says of itself. */
export interface Listed<R> extends Gathered<R> {
  /** Behind the last row that was looked at, where the time was over. */
  readonly place: string | null
  readonly partial: string | null
}

export async function gatherListed<R>(
  list: (options: ListOptions) => AsyncIterable<R>,
  signal: AbortSignal,
): Promise<Listed<R>> {
  let [place, looked] = [null as string | null, 0]
  const onProgress = (progress: ListProgress) => {
    place = progress.place
    looked = progress.rows
  }
  const found = await gather(list({ signal, onProgress }), signal)
  const partial = !found.late ? null : looked === 0 ? LATE : `Looked at ${looked} rows; there are more.`
  return { ...found, place: found.late && !found.more ? place : null, partial }
}

/** For what is bounded by itself. */
export async function allOf<R>(rows: AsyncIterable<R>): Promise<R[]> {
  const found: R[] = []
  for await (const row of rows) found.push(row)
  return found
}

export const LATE = 'The time for one look was over: this is what was found so far.'

/** What the address says of a filter. */
export interface Asked {
  readonly filter?: string
  readonly after?: string
}

export function asked({ query }: Pick<ViewRequest, 'query'>): Asked {
  const [filter, after] = [query.get('filter')?.trim() ?? '', query.get('after') ?? '']
  if (/(?:^|\s)-?to:/.test(filter))
    throw new OptionError('an address does not go into the address of a page: type it into the search box')
  return { ...(filter === '' ? {} : { filter }), ...(after === '' ? {} : { after }) }
}

export const RANGES = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '35d': 3_024_000_000,
} as const

export type Range = keyof typeof RANGES

export function rangeOf({ query }: Pick<ViewRequest, 'query'>, otherwise: Range): Range {
  const range = query.get('range') ?? ''
  return Object.hasOwn(RANGES, range) ? (range as Range) : otherwise
}

/** Where the filter says no time, the range does. */
export function sinceOf(request: Pick<ViewRequest, 'query' | 'now'>, otherwise: Range): { since?: Date } {
  const filter = request.query.get('filter') ?? ''
  if (/(?:^|\s)(?:since|at):|(?:^|\s)d_/.test(filter)) return {}
  return { since: new Date(request.now.getTime() - RANGES[rangeOf(request, otherwise)]) }
}

export const iso = (at: Date | null | undefined): string | null =>
  at === null || at === undefined || Number.isNaN(at.getTime()) ? null : at.toISOString()

/** An event in a list. */
export interface EventRow {
  readonly id: string
  readonly source: string
  readonly provider: string
  readonly name: string
  readonly type: string
  readonly occurredAt: string | null
  readonly receivedAt: string | null
  readonly lateMs: number
  readonly who: string | null
  /** For the view of the person. */
  readonly key: string | null
  readonly messageId: string | null
  /** In the place of an id that could hold an address, or was cut: those stand in no URL. null: the id stands there, or nothing. */
  readonly messageKey: string | null
  readonly effect: string
  readonly isTest: boolean
  readonly bounce: { readonly kind: string; readonly class: string | null; readonly reason: string | null } | null
  readonly automated: boolean | null
  readonly url: string | null
  readonly reply: string | null
}

export function eventRow(event: AnyEvent, request: Pick<ViewRequest, 'keyOf' | 'messageKeyOf'>): EventRow {
  const {
    bounce = null,
    automated = null,
    url = null,
    smtp = null,
  } = event as {
    bounce?: { kind: string; class: string | null; reason: string | null } | null
    automated?: boolean | null
    url?: string | null
    smtp?: { text: string | null } | null
  }
  return {
    ...{ id: event.id, source: event.source, provider: event.provider, name: event.name, type: event.type },
    ...{ occurredAt: iso(event.occurredAt), receivedAt: iso(event.receivedAt), lateMs: event.lateMs },
    who: event.recipient === null ? null : cut(event.recipient, 320),
    key: request.keyOf(event),
    messageId: event.messageId === null ? null : cut(event.messageId, ID_CHARS),
    messageKey: request.messageKeyOf(event),
    ...{ effect: event.effect, isTest: event.isTest, automated },
    bounce: bounce && {
      kind: bounce.kind,
      class: bounce.class === null ? null : cut(bounce.class),
      reason: bounce.reason === null ? null : cut(bounce.reason),
    },
    url: typeof url === 'string' ? cut(url) : null,
    reply: smtp?.text ? cut(smtp.text) : null,
  }
}

/** For CSV and NDJSON. */
export const flatEvent = ({ bounce, key: _, messageKey: __, ...row }: EventRow): Record<string, unknown> => ({
  ...row,
  bounceKind: bounce?.kind ?? null,
  bounceClass: bounce?.class ?? null,
  bounceReason: bounce?.reason ?? null,
})

/** Counts over time; null: this inbox keeps none. */
export async function orNull<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof OptionError) return null
    throw error
  }
}

/** A way from here to a tool of the reader's own. */
export interface LinkRow {
  readonly label: string
  readonly href: string
}

/** The links whose places can all be filled. */
export function linksFor(
  { links }: Pick<ViewRequest, 'links'>,
  places: Readonly<Record<string, string | null>>,
): readonly LinkRow[] {
  return links.flatMap(({ label, href }) => {
    const wanted = [...href.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    if (!wanted.every((name) => typeof places[name] === 'string')) return []
    return [
      {
        label,
        href: href.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          encodeURIComponent((places[name] ?? '').toWellFormed()),
        ),
      },
    ]
  })
}
