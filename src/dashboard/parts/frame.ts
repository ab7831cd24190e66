/** What stands around every view: verdict, navigation with counts, clock, search, who looks and what they may. */
import { counted, number } from './format.ts'
import { html, type Markup } from './html.ts'
import { mark, WORDS } from './pieces.ts'
import { type Counts, type Frame, type See, to } from './see.ts'
import { text } from './text.ts'
import { spanText, when, zoneText } from './time.ts'

interface Entry {
  readonly view: string
  readonly name: string
  /** Where there is little room. */
  readonly short?: string
  readonly key: string
  readonly count?: (counts: Counts) => number
  /** What a number there means. */
  readonly level?: 'look'
}

/** Keys follow `g`. */
export const ENTRIES: readonly Entry[] = [
  { view: 'now', name: 'Now', key: 'n' },
  { view: 'deliveries', name: 'Deliveries', key: 'l', count: ({ pending }) => pending },
  { view: 'events', name: 'Events', key: 'e' },
  { view: 'bounces', name: 'Bounces', key: 'b' },
  { view: 'suppression', name: 'Suppression', key: 'u' },
  { view: 'dead', name: 'Dead letters', short: 'Dead', key: 'd', count: ({ dead }) => dead, level: 'look' },
  { view: 'quarantine', name: 'Quarantine', key: 'q', count: ({ quarantine }) => quarantine, level: 'look' },
  { view: 'replays', name: 'Replays', key: 'r', count: ({ replays }) => replays },
  { view: 'handlers', name: 'Handlers', key: 'h', count: ({ paused }) => paused, level: 'look' },
  { view: 'storage', name: 'Storage', key: 's' },
]

/** Under which entry a view stands. */
const PARENTS: Readonly<Record<string, string>> = {
  sender: 'now',
  delivery: 'deliveries',
  event: 'events',
  message: 'events',
  person: 'events',
}

const BOTTOM = ['now', 'events', 'dead', 'quarantine']

function entry(see: See, { view, name, key, count, level }: Omit<Entry, 'short'>): Markup {
  const counts = see.frame.counts
  const n = counts === null || count === undefined ? 0 : count(counts)
  const isHere = view === see.view || PARENTS[see.view] === view
  return html`<li><a href=${to(view)} data-go=${key} aria-current=${isHere ? 'page' : null}><span>${name}</span>${
    n > 0 && html` <span class="count ${level ?? ''}">${number(n)}</span>`
  }</a></li>`
}

function verdict({ verdict: level, findings }: Frame): Markup {
  if (level === 'unknown') return null
  const words =
    level === 'well' ? WORDS.well : html`${WORDS[level]}${findings > 0 && html` · ${counted(findings, 'finding')}`}`
  return html`<p class="verdict" aria-live="polite"><a href=${to('now')} class=${level}>${mark(level, words)}</a></p>`
}

export function frame(see: See, title: string, inner: Markup): Markup {
  const { frame: f, now } = see
  const [bottom, rest] = [
    ENTRIES.filter(({ view }) => BOTTOM.includes(view)),
    ENTRIES.filter(({ view }) => !BOTTOM.includes(view)),
  ]
  const people = f.people === 'clear' ? 'addresses shown' : 'addresses masked'
  const may = f.act.length === 0 ? 'reading only' : `may ${f.act.join(', ')}`
  return html`<div class="frame" data-view=${see.view}>
    <a class="skip" href="#main">To the content</a>
    <header class="top">
      <a class="brand" href=${to('now')}>Posthorn</a>
      ${verdict(f)}
      <form class="search" method="post" action="?search" role="search">
        <label class="hidden" for="search">Search: an address, an id of a message, delivery or event, or a filter</label>
        <input id="search" name="q" type="search" placeholder="Address, id, or filter" autocomplete="off" spellcheck="false" required />
        <button type="submit">Find</button>
      </form>
      <p class="clock">${see.stale !== null && html`<span class=${see.stale > 12_000 ? 'mark look' : ''}>as of </span>`}${when(new Date(now).toISOString(), { ...see, times: see.times === 'relative' ? 'local' : see.times })} <span class="zone">${zoneText(now, see.times)}</span>${see.stale !== null && see.stale > 12_000 && html` <span class="mark look">${spanText(see.stale)} old</span>`}</p>
      <div class="tools">${see.tools ?? null}</div>
    </header>
    <nav class="side" aria-label="Views"><ul>${ENTRIES.map((one) => entry(see, one))}</ul></nav>
    <main id="main" tabIndex="-1"><h1>${text(title)}</h1>${inner}</main>
    <nav class="bottom" aria-label="Views, short"><ul>${bottom.map(({ short, ...one }) => entry(see, { ...one, name: short ?? one.name }))}
      <li><details><summary>More</summary><ul>${rest.map((one) => entry(see, one))}</ul></details></li></ul></nav>
    <footer><p>${text(f.who)} · ${people} · ${may}${f.bytes && ' · may download bytes'}</p></footer>
  </div>`
}
