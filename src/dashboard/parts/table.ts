/** Lists as tables; on a phone each row becomes two lines, by the classes of its cells. */
import { html, type Markup } from './html.ts'
import { here, type See } from './see.ts'

export interface Column<R> {
  readonly head: string
  readonly of: (row: R) => Markup
  /** `what` is the first line on a phone. */
  readonly is?: 'what' | 'when' | 'many' | 'who' | 'long'
}

export interface TableOptions<R> {
  readonly caption: string
  readonly columns: readonly Column<R>[]
  readonly rows: readonly R[]
  readonly key: (row: R) => string
  /** The caption is a heading beside it already. */
  readonly quiet?: boolean
}

export function table<R>({ caption, columns, rows, key, quiet }: TableOptions<R>): Markup {
  const unique = once()
  return html`<table>
    <caption class=${quiet ? 'hidden' : ''}>${caption}</caption>
    <thead><tr>${columns.map(({ head, is }) => html`<th scope="col" class=${is}>${head}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row) =>
        html`<tr key=${unique(key(row))} data-row="">${columns.map(
          ({ of, is, head }) => html`<td class=${is} data-head=${is === 'what' ? null : head}>${of(row)}</td>`,
        )}</tr>`,
    )}</tbody>
  </table>`
}

/** Two rows may be named alike, such as what is in quarantine for two handlers: a name that comes again gets a number. */
function once(): (name: string) => string {
  const seen = new Map<string, number>()
  return (name) => {
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return times === 1 ? name : `${name} #${times}`
  }
}

/** Where a list goes on, and what was not looked at. */
export function pager(see: See, shown: number): Markup {
  const { next, partial } = see
  const isLater = new URLSearchParams(see.query).has('after')
  if (next === null && partial === null && !isLater) return null
  return html`<nav class="pager" aria-label="Pages">
    ${partial !== null && html`<p class="notice">${partial}</p>`}
    ${isLater && html`<a href=${here(see, { after: null })} data-key="[">Newest</a>`}
    ${next !== null && html`<a href=${here(see, { after: next })} data-key="]">${partial === null || shown > 0 ? 'Older' : 'Go on'}</a>`}
  </nav>`
}

export type Fact = readonly [name: Markup, value: Markup]

const isNothing = (value: Markup): boolean => Array.isArray(value) && value.length === 0

/** Names and values; those without a value are left out. */
export function facts(list: readonly (Fact | false | null)[]): Markup {
  const given = list.filter(
    (fact): fact is Fact =>
      Boolean(fact) && (fact as Fact)[1] !== null && (fact as Fact)[1] !== '' && !isNothing((fact as Fact)[1]),
  )
  return html`<dl class="facts">${given.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
