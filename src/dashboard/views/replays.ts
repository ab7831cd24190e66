/** `view=replays`: run it again, safely. */
import { counted, number } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { code, lacking, mark, section, verbForm } from '../parts/pieces.ts'
import { mayAct, type See } from '../parts/see.ts'
import { table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import type { ReplaysData } from './load/replays.ts'

export function drawReplays({ waiting, past, handlers }: ReplaysData, see: See): Markup {
  return html`${section(
    'Under way',
    waiting.length === 0
      ? html`<p>${mark('none', 'No replay is under way.')}</p>`
      : table({
          caption: 'Replays with events that wait',
          quiet: true,
          rows: waiting,
          key: ({ run }) => run,
          columns: [
            { head: 'Run', is: 'what', of: ({ run }) => code(run) },
            { head: 'Wait', is: 'many', of: ({ events }) => counted(events, 'event') },
            {
              head: 'Do',
              of: ({ run }) => verbForm(see, { verb: 'drop', filter: `run:${run}`, label: 'Give up the rest…' }),
            },
          ],
        }),
  )}
  ${mayAct(see, 'replay') && section('Replay', form(handlers))}
  ${lacking(see, 'replay', 'drop')}
  ${
    past !== null &&
    past.length > 0 &&
    section(
      'The latest',
      table({
        caption: 'Replays that were started, newest first',
        quiet: true,
        rows: past,
        key: ({ at, filter }) => `${at} ${filter}`,
        columns: [
          { head: 'What', is: 'what', of: ({ filter }) => html`<code>${text(filter)}</code>` },
          { head: 'When', is: 'when', of: ({ at }) => when(at, see) },
          { head: 'Matched', is: 'many', of: ({ matched }) => number(matched) },
          { head: 'Queued', is: 'many', of: ({ queued }) => number(queued) },
        ],
      }),
    )
  }`
}

const form = (handlers: readonly string[]): Markup => html`<form method="post" action="?do=replay" class="wide">
    <p><label for="replay-filter">Which</label><input id="replay-filter" name="filter" placeholder="source:shop since:6h" required spellcheck="false" autocomplete="off" /></p>
    <p><label for="replay-to">To which handlers, with commas; empty: those it belongs to</label><input id="replay-to" name="to" placeholder=${handlers.slice(0, 2).join(',')} spellcheck="false" autocomplete="off" /></p>
    <p><label for="replay-rate">At most how many events a second; empty: as fast as it goes</label><input id="replay-rate" name="rate" inputMode="numeric" autocomplete="off" /></p>
    <p><button type="submit">Count first…</button></p>
  </form>`
