/** Events in lists: the columns that several views share. */
import { ID_CHARS } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { link, mark, sourceLink } from '../parts/pieces.ts'
import { here, type See, to } from '../parts/see.ts'
import type { Column } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { spanText, when } from '../parts/time.ts'
import type { EventRow } from './load/loading.ts'

const BAD = new Set(['bounced', 'complained', 'rejected', 'failed'])
const LATE_MS = 600_000

export function typeMark({ type, effect, isTest, lateMs, automated, bounce }: EventRow): Markup {
  const words = bounce === null ? type : `${type}, ${bounce.kind}`
  const shown =
    BAD.has(type) || effect === 'suppress' ? mark('act', words) : effect === 'unsubscribe' ? mark('look', words) : words
  return html`${shown}${isTest && html`<span class="flag">test</span>`}${automated && html`<span class="flag">machine</span>`}${lateMs > LATE_MS && html`<span class="flag">${spanText(lateMs)} late</span>`}`
}

export function whoLink({ who, key }: Pick<EventRow, 'who' | 'key'>): Markup {
  if (who === null) return html`<span class="none">–</span>`
  // Where it has to be broken, then before its domain.
  const at = who.lastIndexOf('@')
  const shown = at <= 0 ? text(who) : html`${text(who.slice(0, at))}<wbr />${text(who.slice(at))}`
  return key === null ? shown : link(to('person', { key }), shown)
}

export function messageLink({ messageId, messageKey }: Pick<EventRow, 'messageId' | 'messageKey'>): Markup {
  if (messageId === null) return null
  const shown = html`<code>${text(messageId)}</code>`
  if (messageKey !== null) return link(to('message', { key: messageKey }), shown)
  // What is not whole, and what no URL can say, leads nowhere.
  const leads = !messageId.includes('@') && messageId.length <= ID_CHARS && messageId.isWellFormed()
  return leads ? link(to('message', { id: messageId }), shown) : shown
}

export function eventColumns(see: See, more: readonly Column<EventRow>[] = []): readonly Column<EventRow>[] {
  return [
    {
      head: 'Event',
      is: 'what',
      of: (row) => html`<a href=${to('event', { id: row.id })} data-open="">${typeMark(row)}</a>`,
    },
    { head: 'Who', is: 'who', of: whoLink },
    { head: 'Happened', is: 'when', of: ({ occurredAt }) => when(occurredAt, see) },
    { head: 'Source', of: ({ source }) => sourceLink(source) },
    ...more,
  ]
}

/** What each listing can be asked for. */
const HINTS: Readonly<Record<string, string>> = {
  events: 'type:bounced -bounce:soft source:shop since:6h',
  deliveries: 'source:shop test:no since:6h',
  dead: 'handler:warehouse type:bounced since:6h',
}

/** The box of a filter, with the ranges beside it. */
export function filterForm(see: See, view: string, q: string, ranges: readonly string[] = [], range = ''): Markup {
  const hint = HINTS[view] ?? 'source:shop since:6h'
  return html`<form method="get" class="filter" role="search" aria-label="Filter">
    <input type="hidden" name="view" value=${view} />
    <label for="filter">Filter</label>
    <input id="filter" name="filter" value=${q} placeholder=${hint} autocomplete="off" spellcheck="false" />
    ${range !== '' && html`<input type="hidden" name="range" value=${range} />`}
    <button type="submit">Apply</button>
    ${q !== '' && html`<a href=${here(see, { filter: null, after: null })}>Clear</a>`}
  </form>${rangeLinks(see, ranges, range)}`
}

export function rangeLinks(see: See, ranges: readonly string[], range: string): Markup {
  if (ranges.length === 0) return null
  return html`<nav class="ranges" aria-label="Range"><ul>${ranges.map(
    (one, i) =>
      html`<li><a href=${here(see, { range: one, after: null })} aria-current=${one === range ? 'true' : null} data-key=${String(i + 1)}>${one}</a></li>`,
  )}</ul></nav>`
}

/** Its clauses, each with a link to the view without it. */
export function withoutEach(see: See, q: string): Markup {
  const clauses = q.match(/\S+:"(?:[^"\\]|\\.)*"|\S+/g) ?? []
  if (clauses.length === 0) return null
  return html`<p>Asked for ${clauses.map(
    (clause, i) =>
      html`<span class="clause"><code>${text(clause)}</code> <a href=${here(see, { filter: clauses.filter((_, other) => other !== i).join(' '), after: null })}>without it</a></span> `,
  )}</p>`
}
