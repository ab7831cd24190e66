/** `view=storage`: will the disk hold, and what was done here. */
import { bytes, number, percent } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import { lacking, mark, section, verbForm } from '../parts/pieces.ts'
import type { See } from '../parts/see.ts'
import { facts, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { when } from '../parts/time.ts'
import type { StorageData } from './load/storage.ts'

const orDash = (value: number | null | undefined): Markup =>
  value === null || value === undefined ? html`<span class="none">–</span>` : bytes(value)

export function drawStorage(data: StorageData, see: See): Markup {
  const { files, days } = data
  const aDay = days === null || days.length === 0 ? null : days.reduce((sum, day) => sum + day.bytes, 0) / days.length
  const left = files?.free == null || aDay === null || aDay === 0 ? null : files.free / aDay
  return html`${facts([
    ['Inbox', data.kind],
    ['File', files && orDash(files.db)],
    ['Log of SQLite', files && orDash(files.wal)],
    [
      'Free on its disk',
      files &&
        html`${orDash(files.free)}${files.free !== null && files.size !== null && ` (${percent(files.free / Math.max(1, files.size))})`}`,
    ],
    ['Bodies a day', aDay === null ? null : `${bytes(Math.round(aDay))} as received, before they are packed`],
    [
      'Days left',
      left === null
        ? null
        : left > 3_650
          ? 'over ten years at this rate'
          : `about ${number(left)}, were nothing packed or let go`,
    ],
    ['SQLite', data.kind === 'sqlite' ? data.sqlite : null],
    ['Node', data.node],
    ['Gone by retention', `${number(data.expired)} dead letters and items of quarantine`],
    ['Erased', `${number(data.erased)} elements`],
    ['Given up', number(data.cancelled)],
  ])}
  <div class="verbs">${verbForm(see, { verb: 'prune', filter: '', label: 'Let go now of what retention says…' })}</div>
  ${lacking(see, 'prune', 'erase')}
  ${see.frame.act.includes('erase') && html`<p>To erase a person, search for the address: the form stands below their history.</p>`}
  ${section('What was done', actions(data, see))}`
}

function actions({ actions: rows }: StorageData, see: See): Markup {
  if (rows === null) return html`<p class="notice">This inbox keeps no list of what was done.</p>`
  if (rows.length === 0) return html`<p>${mark('none', 'Nothing yet.')}</p>`
  return table({
    caption: 'What verbs have changed, newest first',
    quiet: true,
    rows,
    key: ({ at, verb, filter }) => `${at} ${verb} ${filter}`,
    columns: [
      {
        head: 'What',
        is: 'what',
        of: ({ verb, filter }) => html`<strong>${text(verb)}</strong> <code>${text(filter)}</code>`,
      },
      { head: 'When', is: 'when', of: ({ at }) => when(at, see) },
      { head: 'Who', of: ({ who }) => (who === null ? html`<span class="none">a program</span>` : text(who)) },
      { head: 'Matched', is: 'many', of: ({ matched }) => number(matched) },
      { head: 'Changed', is: 'many', of: ({ queued }) => number(queued) },
    ],
  })
}
