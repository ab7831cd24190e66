/** `view=event`: what it says, who took it, and why not. */
import { bytes } from '../parts/format.ts'
import { html, type Markup } from '../parts/html.ts'
import {
  empty,
  id as idOf,
  link,
  mark,
  name as nameOf,
  notice,
  ownLinks,
  section,
  sourceLink,
  strange,
  verbForm,
  word,
} from '../parts/pieces.ts'
import { type See, to } from '../parts/see.ts'
import { type Fact, facts, table } from '../parts/table.ts'
import { text } from '../parts/text.ts'
import { spanText, when } from '../parts/time.ts'
import type { EventData, Failure, LetterData } from './load/event.ts'
import { messageLink, typeMark, whoLink } from './parts-of-events.ts'

const EFFECTS: Readonly<Record<string, string>> = {
  suppress: 'suppress: this address is not to be written to any more',
  unsubscribe: 'unsubscribe: this person wants no more of this list',
  none: 'none: it asks nothing of your list',
}

export function drawEvent(data: EventData, see: See): Markup {
  const { event, id } = data
  if (event === null)
    return empty(
      'There is no such event.',
      html`${idOf(id)} was never stored here, or its bytes are gone: retention or an erasure took them.`,
      link(to('delivery', { id: id.split('.')[0] ?? '' }), 'Its delivery'),
    )
  return html`${facts([
    ['Event', idOf(id)],
    ['What', html`${typeMark(event)} <span class="aside">${text(event.name)}</span>`],
    ['Who', whoLink(event)],
    [
      'Happened',
      html`${when(event.occurredAt, see)} <span class="aside">received ${when(event.receivedAt, see)}, ${event.lateMs >= 0 ? `${spanText(event.lateMs)} later` : `${spanText(event.lateMs)} before: one of the clocks is off`}</span>`,
    ],
    [
      'Bounce',
      event.bounce &&
        html`${event.bounce.kind}${event.bounce.class !== null && html`, class ${text(event.bounce.class)}`}`,
    ],
    ['Reason', event.bounce && text(event.bounce.reason)],
    ['Reply', event.reply !== null && event.reply !== event.bounce?.reason ? text(event.reply) : null],
    ['Link', strange(event.url)],
    ['Effect', EFFECTS[event.effect] ?? text(event.effect)],
    ['Message', messageLink(event)],
    ['Source', sourceLink(event.source)],
    [
      'Delivery',
      link(to('delivery', { id: id.split('.')[0] ?? '' }), html`element ${id.split('.')[1]} of ${event.size}`),
    ],
    ['Credential', event.credential === null ? null : text(event.credential)],
  ])}
  ${ownLinks(data.links)}
  ${mail(data, see)}
  ${progress(data)}
  ${data.letters.map((letter) => letterOf(letter, id, see))}
  <div class="verbs">${data.letters.length > 0 && verbForm(see, { verb: 'retry', filter: id, label: 'Retry it…', key: 'r' })}${verbForm(see, { verb: 'replay', filter: id, label: 'Replay it…' })}${data.letters.length > 0 && verbForm(see, { verb: 'drop', filter: id, label: 'Give it up…' })}</div>
  ${data.payload !== null && section('As the sender wrote it', html`${see.frame.people === 'masked' && notice('Values are masked: names and kinds stay.')}<pre class="raw" tabIndex="0"><code>${text(data.payload, { lines: true })}</code></pre>`)}
  ${data.metadata !== null && section('Metadata', html`<pre class="raw" tabIndex="0"><code>${text(data.metadata, { lines: true })}</code></pre>`)}`
}

function mail({ mail: found, id }: EventData, see: See): Markup {
  if (found === null) return null
  const { from, to: whom, subject, headers, attachments } = found
  return section(
    'The mail',
    html`${facts([
      ['From', text(from)],
      ['To', whom.map((one) => html`${text(one)} `)],
      ['Subject', text(subject)],
      ['Attachments', attachments.map((one, part) => attachment(one, id, part, see))],
    ])}
    ${found.isUnreadable && notice('It cannot be taken apart: what is attached is not told.')}
    ${found.text !== null && html`<pre class="raw" tabIndex="0"><code>${text(found.text, { lines: true })}</code></pre>`}
    ${found.html !== null && html`<details><summary>Its HTML, as text</summary><pre class="raw" tabIndex="0"><code>${text(found.html, { lines: true })}</code></pre></details>`}
    ${headers.length > 0 && html`<details><summary>Its headers</summary>${facts(headers.map(([name, value]): Fact => [text(name), text(value)]))}</details>`}`,
  )
}

function attachment(
  one: { readonly name: string | null; readonly type: string; readonly bytes: number },
  id: string,
  part: number,
  see: See,
): Markup {
  const label = html`${one.name === null ? 'without a name' : text(one.name)}`
  const shown = see.frame.bytes
    ? html`<a href=${to('event', { id, as: 'attachment', part })} download="">${label}</a>`
    : label
  return html`${shown} <span class="aside">${text(one.type)}, ${bytes(one.bytes)}</span> `
}

const OUTCOMES: Readonly<Record<string, Markup>> = {
  done: mark('well', 'done'),
  dead: mark('act', 'dead letter'),
  quarantined: mark('look', 'quarantined'),
  pending: mark('none', 'waits'),
}

function progress({ progress: rows }: EventData): Markup {
  if (rows.length === 0)
    return section('Handlers', html`<p>${mark('look', 'unhandled')} No handler asks for an event like this.</p>`)
  return section(
    'Handlers',
    table({
      caption: 'Where it stands for each handler',
      quiet: true,
      rows,
      key: ({ handler }) => handler,
      columns: [
        { head: 'Handler', is: 'what', of: ({ handler }) => nameOf(handler) },
        { head: 'State', is: 'when', of: ({ outcome }) => OUTCOMES[outcome] ?? text(outcome) },
        {
          head: 'Calls',
          is: 'many',
          of: ({ attempts }) => (attempts === null ? html`<span class="none">–</span>` : attempts),
        },
      ],
    }),
  )
}

function letterOf({ handler, attempts, since, redeliveries, failures }: LetterData, _id: string, see: See): Markup {
  const [first, last] = [failures[0], failures.at(-1)]
  return section(
    `Dead letter for ${handler}`,
    html`<p>Failed for good after ${attempts} ${attempts === 1 ? 'call' : 'calls'}, since ${when(since, see)}${redeliveries > 0 && `; its delivery was repeated ${redeliveries} times since`}. Nothing is lost: it stays until it is retried or given up. ${link(to('dead', { filter: `handler:${word(handler)}` }), 'All of this handler')}</p>
    ${last !== undefined && failureOf(last, see)}${first !== undefined && first !== last && html`<details><summary>The first failure</summary>${failureOf(first, see)}</details>`}`,
  )
}

function failureOf({ attempt, at, chain }: Failure, see: See): Markup {
  return html`<div class="failure"><p class="aside">call ${attempt}, ${when(at, see)}</p>${chain.map(({ name, code: errorCode, message, stack }, i) => html`<p><strong>${i > 0 && 'caused by '}${text(name)}${errorCode !== null && html` <code>${text(errorCode)}</code>`}</strong>: ${text(message)}</p>${stack !== null && html`<pre class="raw" tabIndex="0"><code>${text(stack, { lines: true })}</code></pre>`}`)}</div>`
}
