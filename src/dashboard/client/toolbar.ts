/** Controls that need a script. */
import { html, type Markup } from '../parts/html.ts'
import type { TimeMode } from '../parts/see.ts'

export interface Tools {
  readonly times: TimeMode
  readonly every: number
  readonly isPaused: boolean
  readonly isHelpOpen: boolean
  readonly canLookAgain: boolean
  readonly do: {
    times(): void
    theme(): void
    pause(): void
    every(): void
    help(isOpen?: boolean): void
    keys(): void
  }
}

const NAMES: Readonly<Record<TimeMode, string>> = { utc: 'UTC', local: 'Local', relative: 'Ago' }

const KEYS = [
  ['/', 'search'],
  [
    'g then n l e b u d q r h s',
    'now, deliveries, events, bounces, suppression, dead letters, quarantine, replays, handlers, storage',
  ],
  ['j k', 'next, previous row'],
  ['Enter o', 'open the row, in a new tab'],
  ['y', 'copy the id of the row'],
  ['r', 'retry what is shown: counts first'],
  ['f', 'filter'],
  ['[ ]', 'newest, older'],
  ['1 … 6', 'range'],
  ['u', 'local time, UTC, how long ago'],
  ['p', 'pause looking again'],
  ['t', 'light, dark'],
  ['? Esc', 'this help, close it'],
] as const

export function toolbar({ times, every, isPaused, isHelpOpen, canLookAgain, do: act }: Tools): Markup {
  return html`<button type="button" onClick=${act.times} title="How times are written (u)">${NAMES[times]}</button>
    ${
      canLookAgain &&
      html`<button type="button" onClick=${act.every} title="How often this page looks again">${every === 0 ? 'by hand' : `${every} s`}</button>
    <button type="button" onClick=${act.pause} aria-pressed=${isPaused ? 'true' : 'false'} title="Pause (p)">${isPaused ? 'Paused' : 'Pause'}</button>`
    }
    <button type="button" onClick=${act.theme} title="Light or dark (t)">Theme</button>
    <button type="button" onClick=${() => act.help()} aria-expanded=${isHelpOpen ? 'true' : 'false'} title="Keys (?)">Keys</button>
    ${
      isHelpOpen &&
      html`<div class="help" role="dialog" aria-label="Keys" tabIndex="-1"><h2>Keys</h2><dl>${KEYS.map(
        ([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`,
      )}</dl><p><button type="button" onClick=${act.keys}>Keys on or off</button> <button type="button" onClick=${() => act.help(false)}>Close</button></p></div>`
    }`
}
