/** `view=confirm`: what a verb would do, before it does; `view=run`: how far it is. */
import { number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { code, link, mark, section, verbForm } from '../parts/pieces.ts'
import { mayAct, type See, to } from '../parts/see.ts'
import { facts } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { spanText, when } from '../parts/time.ts'
import type { Action, Plan } from '../types.ts'

/** JSON of `Plan`. */
export type ConfirmData = Plan

/** JSON of `Progress`. */
export interface RunData {
  readonly run: string
  readonly verb: Action
  readonly filter: string
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly matched: number
  readonly done: number
  readonly startedAt: string
  readonly endedAt: string | null
  readonly error: string | null
  readonly replay: string | null
  readonly again: { readonly filter: string; readonly fields: Readonly<Record<string, string>> } | null
  /** For the button that stops it; null: there is none. */
  readonly token: string | null
}

const DOES: Readonly<Record<Action, string>> = {
  retry: 'runs what failed again, for the handlers for which it failed',
  replay: 'hands events out again, marked as a replay, past every dedupe',
  reparse: 'makes work of what is in quarantine and can be read now',
  drop: 'gives up what failed: it is handled by nobody any more',
  pause: 'stops handing events to this handler; they wait',
  resume: 'hands events to this handler again',
  prune: 'lets go now of what retention says',
  erase: 'takes what is stored of this person out of bytes, dead letters, quarantine and waiting work',
}

/** For these there is no count. */
const WHOLE = new Set<Action>(['pause', 'resume', 'prune'])

export function drawConfirm(plan: ConfirmData, _see: See): Markup {
  const { verb, filter, fields, matched, before, token, confirm, counts } = plan
  const isNothing = matched === 0 && !WHOLE.has(verb)
  return html`<p><strong>${verb}</strong> ${DOES[verb]}. Nothing has been changed yet.</p>
    ${before !== null && html`<p class="notice">${mark('look', html`${number(before)} then, ${number(matched)} now: look again before you go on.`)}</p>`}
    ${facts([
      ['Which', filter === '' ? 'everything' : code(filter)],
      ['Matches', WHOLE.has(verb) ? null : html`<strong class="big">${number(matched)}</strong>`],
      ...Object.entries(fields).map(([name, value]) => [text(name), text(value)] as [string, Markup]),
      ...Object.entries(counts).map(([name, value]) => [text(name), number(value)] as [string, Markup]),
    ])}
    ${
      isNothing
        ? html`<p class="notice">Nothing matches: there is nothing to do.</p>`
        : html`<form method="post" action=${`?do=${verb}`} class="wide confirm">
      ${Object.entries({ filter, ...fields, token, matched: String(matched) }).map(([name, value]) => html`<input type="hidden" name=${name} value=${value} />`)}
      ${confirm !== null && html`<p><label for="confirm">This cannot be undone. Type <strong>${confirm}</strong> to go on.</label><input id="confirm" name="confirm" required autocomplete="off" inputMode="numeric" pattern=${confirm} /></p>`}
      <p><button type="submit" class=${confirm === null ? 'do' : 'do destroys'} data-first="">${WHOLE.has(verb) ? `${verb}` : `${verb} ${number(matched)}`}</button> ${link(to('now'), 'Leave it')}</p>
    </form>`
    }`
}

const STATES = {
  running: mark('none', 'under way'),
  done: mark('well', 'done'),
  stopped: mark('look', 'stopped'),
  failed: mark('act', 'failed'),
}

export function drawRun(data: RunData, see: See): Markup {
  const { verb, filter, state, matched, done, startedAt, endedAt, error, run, token, replay, again } = data
  const took = Date.parse(endedAt ?? new Date(see.now).toISOString()) - Date.parse(startedAt)
  return html`${facts([
    ['State', STATES[state]],
    ['Verb', verb],
    ['Which', filter === '' ? 'everything' : code(filter)],
    ['Done', `${number(done)} of ${number(matched)}`],
    ['Since', html`${when(startedAt, see)}, ${spanText(took)}`],
    ['Why it failed', error === null ? null : text(error)],
  ])}
  <p><progress max=${Math.max(1, matched)} value=${state === 'done' ? Math.max(1, matched) : done} aria-label="Done">${done} of ${matched}</progress></p>
  ${state === 'running' && token !== null && mayAct(see, verb) && html`<form method="post" action="?do=stop" class="verb"><input type="hidden" name="run" value=${run} /><input type="hidden" name="token" value=${token} /><button type="submit">Stop</button></form>`}
  <div class="verbs">${again !== null && verbForm(see, { verb, ...again, label: 'Go on with the rest…', key: 'r' })}${again !== null && replay !== null && verbForm(see, { verb: 'drop', filter: `run:${replay}`, label: 'Give up what waits of it…' })}</div>
  ${state !== 'running' && section('What next', html`<ul><li>${link(to('dead'), 'Dead letters: what is left of them')}</li><li>${link(to('now'), 'Now')}</li><li>${link(to('storage'), 'What was done, with who did it')}</li></ul>`)}`
}
