/** What several views are made of: sections, states, marks, links to what things are about. */

import type { Action } from '../types.ts'
import { html, type Markup } from './html.ts'
import { mayAct, type See, to } from './see.ts'
import { plain, text } from './text.ts'

export type Level = 'well' | 'look' | 'act' | 'closed'

/** State is never colour alone: each has its shape and its word. */
const SHAPES: Readonly<Record<Level | 'none', string>> = { well: '●', look: '▲', act: '■', closed: '◆', none: '○' }
export const WORDS: Readonly<Record<Level, string>> = {
  well: 'all well',
  look: 'look',
  act: 'act',
  closed: 'no answer',
}

export function mark(level: Level | 'none', words: Markup): Markup {
  return html`<span class="mark ${level}"><span class="shape" aria-hidden="true">${SHAPES[level]}</span> ${words}</span>`
}

export function section(title: string, inner: Markup, more: Markup = null): Markup {
  const id = `s-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
  return html`<section aria-labelledby=${id}><header><h2 id=${id}>${title}</h2>${more}</header>${inner}</section>`
}

/** A view that has nothing to list says why, and what to do. */
export function empty(title: Markup, ...lines: readonly Markup[]): Markup {
  return html`<div class="empty"><p><strong>${title}</strong></p>${lines.filter(Boolean).map((line) => html`<p>${line}</p>`)}</div>`
}

export const notice = (inner: Markup): Markup => html`<p class="notice">${inner}</p>`

export const link = (href: string, inner: Markup): Markup => html`<a href=${href}>${inner}</a>`

/** A name that its owner has chosen: not broken in the middle. */
export const name = (value: string): Markup => html`<code class="name">${text(value)}</code>`

export const code = (value: string): Markup => html`<code>${text(value)}</code>`

/** A JSON pointer, which breaks before a slash where it has to. */
export const pathOf = (path: string): Markup =>
  html`<code>${path.split('/').map((part, n) => (n === 0 ? text(part) : html`<wbr />/${text(part)}`))}</code>`

/** An id that can be copied. */
export function id(value: string, href: string | null = null): Markup {
  const shown = html`<code class="id">${text(value)}</code>`
  return html`<span class="copied">${href === null ? shown : link(href, shown)}<button type="button" class="copy" data-copy=${value} aria-label=${`Copy ${plain(value)}`} hidden>copy</button></span>`
}

const HTTP = /^https?:\/\/[^\s]+$/i

/**
 * An address in an event is text. One that a browser could follow safely is shown with its host behind a second step.
 */
export function strange(url: string | null): Markup {
  if (url === null) return null
  const host = hostOf(url)
  if (host === null) return html`<span class="url">${text(url)}</span>`
  return html`<span class="url">${text(url)}</span>
    <details class="leave"><summary>Open…</summary><p>Leads to <strong>${host}</strong>, which somebody else wrote.${' '}<a href=${url} rel="noopener noreferrer nofollow" target="_blank">Open ${host}</a></p></details>`
}

/** As it is asked for in DNS, so that look-alikes show; null for what must not be a link. */
function hostOf(url: string): string | null {
  if (!HTTP.test(url) || plain(url) !== url || !URL.canParse(url)) return null
  const { username, password, protocol, host } = new URL(url)
  const isWeb = protocol === 'http:' || protocol === 'https:'
  return isWeb && username === '' && password === '' ? host : null
}

interface VerbForm {
  readonly verb: Action
  readonly filter: string
  readonly label: string
  readonly fields?: Readonly<Record<string, string>>
  /** Further controls of the form. */
  readonly inner?: Markup
  readonly key?: string
}

/** The button of a verb; it leads to the dry run. Without the right: nothing, and `lacking` says so once. */
export function verbForm(see: See, { verb, filter, label, fields = {}, inner = null, key }: VerbForm): Markup {
  if (!mayAct(see, verb)) return null
  const all = { filter, ...fields }
  return html`<form method="post" action=${`?do=${verb}`} class="verb">
    ${Object.entries(all).map(([name, value]) => html`<input type="hidden" name=${name} value=${value} />`)}
    ${inner}<button type="submit" data-key=${key}>${label}</button>
  </form>`
}

export function lacking(see: See, ...verbs: readonly Action[]): Markup {
  const missing = verbs.filter((verb) => !mayAct(see, verb))
  if (missing.length === 0) return null
  return html`<p class="lack">You may not ${missing.join(', ')} here: the right is not given to ${text(see.frame.who)}.</p>`
}

export const sourceLink = (source: string): Markup => link(to('sender', { source }), text(source))

/** Value of a clause of the filter language. */
export function word(value: string): string {
  return /^[\w.\-@+]+$/.test(value) ? value : `"${value.replaceAll(/(["\\])/g, '\\$1')}"`
}

/** Ways to tools of the reader's own, as the options of the dashboard have them. */
export function ownLinks(links: readonly { readonly label: string; readonly href: string }[]): Markup {
  if (links.length === 0) return null
  return html`<p class="verbs">${links.map(({ label, href }) => html`<a href=${href} rel="noopener noreferrer" target="_blank">${text(label)}</a>`)}</p>`
}
