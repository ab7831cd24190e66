/** `posthorn inbox stats`, `ls`, `dead`, `quarantine`: what is stored, as it stands. */
import type { DeadLetterFilter, DeliveryFilter, InboxStats } from '../../public/inbox.ts'
import type { DeadLetter, DeliverySummary, Quarantined } from '../../types.ts'
import { bytesText, counted, spanText, timeText, whoText } from '../out/format.ts'
import { type Column, type OutOptions, showFacts, showRows, tell } from '../out/lines.ts'
import { say } from '../show.ts'
import { firstOf } from './first-of.ts'
import { type InboxOptions, withInbox } from './open.ts'

export interface LookOptions extends InboxOptions, OutOptions {}

export interface ListOptions extends LookOptions {
  readonly limit: number
}

export async function stats(options: LookOptions): Promise<0> {
  return withInbox(options, async ({ control }) => {
    const found = await control.stats()
    if (options.json) say(JSON.stringify(found))
    else showFacts(factsOf(found, options.utc))
    return 0
  })
}

function factsOf(found: InboxStats, utc: boolean): Array<[string, string]> {
  const { oldestPendingAt: oldest, paused, orphaned, replays, unhandled } = found
  const waits = oldest === null ? '' : `, oldest of ${timeText(oldest, utc)} (${spanText(Date.now() - +oldest)})`
  const pauses = paused.map(({ handler, by, since }) => `${handler}, ${byWhom(by)}, since ${timeText(since, utc)}`)
  return [
    ['pending', `${counted(found.pending, 'delivery', 'deliveries')}, ${bytesText(found.pendingBytes)} unread${waits}`],
    ['dead letters', String(found.deadLetters)],
    ['quarantined', String(found.quarantined)],
    ['paused', pauses.join('\n')],
    ['orphaned', countsText(orphaned)],
    ['sources gone', countsText(found.orphanedSources)],
    ['replays', countsText(replays)],
    ['unhandled', countsText(unhandled)],
    ['copies absorbed', countsText(found.duplicateEvents)],
    ['given up', String(found.cancelled)],
    ['expired', String(found.expired)],
    ['erased', String(found.erased)],
  ]
}

export const byWhom = (by: 'hand' | 'failures'): string => (by === 'hand' ? 'by hand' : 'by failures')

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join('\n')

/** Deliveries, newest first. */
export async function ls(filter: DeliveryFilter, options: ListOptions): Promise<0> {
  return withInbox(options, async ({ control }) => {
    const shown = await showRows(firstOf(control.deliveries(filter), options.limit), deliveryColumns(options), options)
    return told(shown, options, 'deliveries')
  })
}

const deliveryColumns = ({ utc }: OutOptions): Column<DeliverySummary>[] => [
  { head: 'received', of: ({ receivedAt }) => timeText(receivedAt, utc) },
  { head: 'id', of: ({ id }) => id },
  { head: 'source', of: ({ source }) => source },
  { head: 'events', of: ({ events }) => (events === null ? '-' : String(events)), right: true },
  { head: 'bytes', of: ({ bytes }) => String(bytes), right: true, from: 90 },
  { head: 'remarks', of: remarksOf },
]

export function remarksOf({ events, duplicates, senderLeft, isTest, kept }: DeliverySummary): string {
  const remarks = [
    events === null && 'not read',
    duplicates > 0 && counted(duplicates, 'repeat'),
    senderLeft && 'sender left',
    isTest && 'test',
    kept === 'some' && 'partly erased',
    kept === 'none' && 'bytes gone',
  ]
  return remarks.filter(Boolean).join(', ')
}

/** Dead letters, newest first; with `group` how many there are of each kind. */
export async function dead(filter: DeadLetterFilter, options: ListOptions & { readonly group: boolean }): Promise<0> {
  return withInbox(options, async ({ control }) => {
    const letters = control.deadLetters(filter)
    if (options.group) return showGroups(await groupsOf(letters), options)
    return told(
      await showRows(firstOf(letters, options.limit), letterColumns(options), options),
      options,
      'dead letters',
    )
  })
}

const letterColumns = ({ utc }: OutOptions): Column<DeadLetter>[] => [
  { head: 'since', of: ({ since }) => timeText(since, utc), from: 120 },
  { head: 'event', of: ({ event }) => event.id },
  { head: 'handler', of: ({ handler }) => handler },
  { head: 'type', of: ({ event }) => event.type, from: 120 },
  { head: 'who', of: ({ event }) => whoText(event), from: 120 },
  { head: 'tries', of: ({ attempts }) => String(attempts), right: true },
  { head: 'error', of: (letter) => errorText(letter) },
]

/** `ECONNREFUSED: connect …`, of the latest attempt. */
export function errorText({ errors }: Pick<DeadLetter, 'errors'>): string {
  const error = errors.at(-1)
  if (error === undefined) return ''
  return `${error.code ?? error.name}: ${error.message}`.replaceAll(/\s+/g, ' ')
}

interface Group {
  readonly handler: string
  readonly error: string | null
  readonly code: string | null
  count: number
  firstSince: Date
  readonly lastSince: Date
  /** Of the newest. */
  readonly eventId: string
  readonly message: string | null
}

/** By handler, name and code of the latest error; most first. */
async function groupsOf(letters: AsyncIterable<DeadLetter>): Promise<Group[]> {
  const groups = new Map<string, Group>()
  for await (const { handler, errors, since, event } of letters) {
    const { name: error = null, code = null, message = null } = errors.at(-1) ?? {}
    const key = JSON.stringify([handler, error, code])
    const known = groups.get(key)
    if (known === undefined)
      groups.set(key, {
        handler,
        error,
        code,
        count: 1,
        firstSince: since,
        lastSince: since,
        eventId: event.id,
        message,
      })
    else {
      known.count++
      if (since < known.firstSince) known.firstSince = since
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count)
}

async function showGroups(groups: readonly Group[], options: OutOptions): Promise<0> {
  const { utc } = options
  await showRows(
    groups,
    [
      { head: 'count', of: ({ count }) => String(count), right: true },
      { head: 'handler', of: ({ handler }) => handler },
      { head: 'first', of: ({ firstSince }) => timeText(firstSince, utc), from: 120 },
      { head: 'last', of: ({ lastSince }) => timeText(lastSince, utc), from: 100 },
      { head: 'newest', of: ({ eventId }) => eventId },
      { head: 'error', of: ({ error, code, message }) => `${code ?? error}: ${message}` },
    ],
    options,
  )
  if (groups.length === 0) tell('No dead letters.')
  return 0
}

/** What could not be read, newest first. */
export async function quarantine(filter: DeliveryFilter, options: ListOptions): Promise<0> {
  return withInbox(options, async ({ control }) => {
    const shown = await showRows(firstOf(control.quarantine(filter), options.limit), quarantineColumns, options)
    return told(shown, options, 'rows of quarantine')
  })
}

const quarantineColumns: Column<Quarantined>[] = [
  { head: 'delivery', of: ({ deliveryId }) => deliveryId },
  { head: 'element', of: ({ index }) => (index === null ? 'all' : String(index)), right: true },
  { head: 'source', of: ({ source }) => source },
  { head: 'at', of: ({ path }) => path ?? '' },
  { head: 'reason', of: ({ reason }) => reason },
]

/** A list that was cut says so, on stderr: it must not be taken for all there is. */
function told(shown: number, { limit }: ListOptions, what: string): 0 {
  if (shown === 0) tell(`No ${what}.`)
  if (shown === limit) tell(`The newest ${limit}; --limit asks for more.`)
  return 0
}
