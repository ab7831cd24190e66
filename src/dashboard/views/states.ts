/** When there is no view to show: what was asked for makes no sense, or the inbox does not answer. */
import { html, type Markup } from '../parts/html.ts'
import { code, empty, link, mark } from '../parts/pieces.ts'
import { here, type See, to } from '../parts/see.ts'
import { text } from '../parts/text.ts'
import { filterForm } from './parts-of-events.ts'

export interface RefusedData {
  readonly error: string
  readonly message: string
  /** Of a filter: where in its text, and what was most likely meant. */
  readonly q: string
  readonly start: number | null
  readonly end: number | null
  readonly nearest: string | null
  /** The view that was asked for. */
  readonly asked: string
}

const WITH_FILTERS = new Set(['events', 'deliveries', 'dead', 'quarantine'])

export function drawRefused({ message, q, start, end, nearest, asked }: RefusedData, see: See): Markup {
  const place =
    start !== null &&
    end !== null &&
    q !== '' &&
    html`<p><code>${text(q.slice(0, start))}<mark>${text(q.slice(start, end))}</mark>${text(q.slice(end))}</code></p>`
  return html`${WITH_FILTERS.has(asked) && filterForm(see, asked, q)}<div class="empty" role="alert"><p>${mark('look', text(message))}</p>${place}${meant(see, { q, start, end, nearest })}<p>${link(to('now'), 'Now')}</p></div>`
}

/** One click away. */
function meant(see: See, { q, start, end, nearest }: Pick<RefusedData, 'q' | 'start' | 'end' | 'nearest'>): Markup {
  if (nearest === null) return null
  if (start === null || end === null) return html`<p>Did you mean ${code(nearest)}?</p>`
  const filter = q.slice(0, start) + nearest + q.slice(end)
  return html`<p>Did you mean ${link(here(see, { filter, after: null }), code(filter))}?</p>`
}

export interface ClosedData {
  readonly reason: string
}

export function drawClosed({ reason }: ClosedData, _see: See): Markup {
  return empty(
    'The inbox does not answer.',
    html`${text(reason)}.`,
    html`What was acknowledged is in its file. Look at the process and its disk: <code>npx posthorn doctor</code>`,
    'This page looks again by itself.',
  )
}
