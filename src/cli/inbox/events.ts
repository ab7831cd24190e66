/** `posthorn inbox events`, `message`, `person`: what happened, to whom and to which mail. */

import { parseFilter } from '../../core/filter/parse.ts'
import type { EventFilter } from '../../public/inbox.ts'
import type { AnyEvent } from '../../types.ts'
import { idText, timeText, whoText } from '../out/format.ts'
import { type Column, type OutOptions, showRows } from '../out/lines.ts'
import { tell } from '../out/streams.ts'
import { type List, showList } from './list.ts'
import type { ListOptions, LookOptions } from './look.ts'
import { Looking } from './looking.ts'
import { type OpenInbox, withInbox } from './open.ts'

const columnsOf = ({ utc }: OutOptions): Column<AnyEvent>[] => [
  { head: 'occurred', of: ({ occurredAt }) => timeText(occurredAt, utc) },
  { head: 'type', of: ({ type }) => type },
  { head: 'event', of: ({ id }) => id, from: 100 },
  { head: 'source', of: ({ source }) => source, from: 120 },
  { head: 'who', of: whoText },
  { head: 'message', of: ({ messageId }) => idText(messageId ?? ''), from: 160 },
  { head: 'why', of: whyOf },
]

/** Of a bounce, a delay or a refusal: its kind, and the reply. */
export function whyOf({ bounce }: MayBounce): string {
  if (!bounce) return ''
  return bounce.reason === null ? bounce.kind : `${bounce.kind}: ${bounce.reason}`
}

interface MayBounce extends Pick<AnyEvent, 'type'> {
  readonly bounce?: { readonly kind: string; readonly reason: string | null } | null
}

interface Said {
  readonly filter?: string
  readonly after?: string
}

/** Newest first, by receipt. The exit code: 130 when it was stopped; a watch has no other end. */
export async function events(filter: Said, options: ListOptions): Promise<0 | 130> {
  return withInbox(options, async (opened) => {
    const list: List<AnyEvent> = {
      ...{ name: 'posthorn inbox events', what: 'events', columns: columnsOf(options), key: ({ id }) => id },
      rows: ({ signal: stop = opened.stop }) => {
        const looking = new Looking({ stop }, options)
        return looking.found(opened.control.events(inRange(filter), looking.options))
      },
    }
    await showList(list, options, opened.stop)
    return opened.stop.aborted && !options.watch ? 130 : 0
  })
}

/** Everything that is stored, where no time and no id is said: no more is read than --limit asks for. */
function inRange({ filter = '', ...others }: Said): EventFilter {
  const clauses = parseFilter(filter, { now: Date.now(), at: 'inbox.events: filter' })
  const isBounded = clauses.some(({ kind, key }) => kind === 'ids' || (kind === 'time' && key === 'since'))
  return { ...others, filter, ...(isBounded ? {} : { since: new Date(0) }) }
}

/** What became of one mail, in the order in which it happened. The exit code: 1 when nothing is stored of it. */
export async function message(id: string, filter: Omit<Said, 'after'>, options: LookOptions) {
  return withInbox(options, async (opened) => {
    const looking = new Looking(opened, options)
    const found = await opened.control.message(id, filter, looking.options)
    looking.end()
    return showTimeline(found?.events ?? [], opened, options, `nothing is stored of message ${idText(id)}`)
  })
}

/** All that happened with one person, in the order in which it did, and whether they may be written to. */
export async function person(email: string, filter: Omit<Said, 'after'>, options: LookOptions) {
  return withInbox(options, async (opened) => {
    const looking = new Looking(opened, options)
    const found: AnyEvent[] = []
    for await (const event of looking.found(opened.control.person(email, filter, looking.options))) found.push(event)
    // Those of one time in the order in which they were received.
    found.reverse().sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime())
    tellVerdict(found, options)
    return showTimeline(found, opened, options, 'nothing is stored of this person')
  })
}

/** Whether the person may be written to, by the latest event that says something about it. */
export function tellVerdict(events: readonly Judged[], { utc }: OutOptions): void {
  const last = events.findLast(({ effect, isTest }) => effect !== 'none' && !isTest)
  if (last !== undefined)
    tell(`${last.effect}: ${last.type}, ${timeText(last.occurredAt, utc)} ${whyOf(last)}`.trimEnd())
}

type Judged = MayBounce & Pick<AnyEvent, 'effect' | 'isTest' | 'occurredAt'>

async function showTimeline(found: readonly AnyEvent[], { stop }: OpenInbox, options: OutOptions, otherwise: string) {
  await showRows(found, columnsOf(options), options)
  if (stop.aborted) return 130
  if (found.length === 0) tell(`posthorn inbox: ${otherwise}`)
  return found.length === 0 ? 1 : 0
}
