/** `posthorn inbox events`, `message`, `person`: what happened, to whom and to which mail. */
import type { AnyEvent } from '../../types.ts'
import { timeText, whoText } from '../out/format.ts'
import { type Column, type OutOptions, showRows, tell } from '../out/lines.ts'
import { Progress } from '../out/progress.ts'
import { firstOf } from './first-of.ts'
import type { ListOptions, LookOptions } from './look.ts'
import { type OpenInbox, withInbox } from './open.ts'
import { storedEvents } from './stored-events.ts'

const columnsOf = ({ utc }: OutOptions): Column<AnyEvent>[] => [
  { head: 'occurred', of: ({ occurredAt }) => timeText(occurredAt, utc) },
  { head: 'type', of: ({ type }) => type },
  { head: 'event', of: ({ id }) => id, from: 100 },
  { head: 'source', of: ({ source }) => source, from: 120 },
  { head: 'who', of: whoText },
  { head: 'message', of: ({ messageId }) => messageId ?? '', from: 160 },
  { head: 'why', of: whyOf },
]

/** Of a bounce, a delay or a refusal: its kind, and the reply. */
function whyOf(event: AnyEvent): string {
  if (!('bounce' in event)) return ''
  const { kind, reason } = event.bounce as { readonly kind: string; readonly reason: string | null }
  return reason === null ? kind : `${kind}: ${reason}`
}

/** Newest first, by receipt. The exit code: 130 when it was stopped. */
export async function events(filter: { readonly filter?: string }, options: ListOptions): Promise<0 | 130> {
  return withInbox(options, async (opened) => {
    const found = storedEvents(opened, filter.filter ?? '')
    const shown = await showRows(firstOf(found, options.limit), columnsOf(options), options)
    if (shown === 0) tell('No events.')
    if (shown === options.limit) tell(`The newest ${options.limit}; --limit asks for more.`)
    return opened.stop.aborted ? 130 : 0
  })
}

/** What became of one mail, in the order in which it happened. The exit code: 1 when nothing is stored of it. */
export async function message(id: string, { filter = '' }: { readonly filter?: string }, options: LookOptions) {
  return withInbox(options, async (opened) => {
    const asked = `message:${JSON.stringify(id)} ${filter}`
    return showTimeline(
      await gathered(storedEvents(opened, asked)),
      opened,
      options,
      `nothing is stored of message ${id}`,
    )
  })
}

/** All that is stored of one person, in the order in which it happened, and whether they may be written to. */
export async function person(email: string, filter: { readonly filter?: string }, options: LookOptions) {
  return withInbox(options, async (opened) => {
    const found = await gathered(eventsOfPerson(opened, { email, ...filter }))
    const verdict = found.findLast(({ effect, isTest }) => effect !== 'none' && !isTest)
    if (verdict !== undefined)
      tell(
        `${verdict.effect}: ${verdict.type}, ${timeText(verdict.occurredAt, options.utc)} ${whyOf(verdict)}`.trimEnd(),
      )
    return showTimeline(found, opened, options, 'nothing is stored of this person')
  })
}

async function* eventsOfPerson(
  { control, stop }: OpenInbox,
  person: { email: string; filter?: string },
): AsyncGenerator<AnyEvent> {
  const progress = new Progress()
  progress.show('searching …')
  for await (const { event } of control.export(person)) {
    if (stop.aborted) break
    if (event !== null) yield event
  }
  progress.end()
}

async function gathered(found: AsyncIterable<AnyEvent>): Promise<AnyEvent[]> {
  const events: AnyEvent[] = []
  for await (const event of found) events.push(event)
  return events.sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime())
}

async function showTimeline(found: readonly AnyEvent[], { stop }: OpenInbox, options: OutOptions, otherwise: string) {
  await showRows(found, columnsOf(options), options)
  if (stop.aborted) return 130
  if (found.length === 0) tell(`posthorn inbox: ${otherwise}`)
  return found.length === 0 ? 1 : 0
}
