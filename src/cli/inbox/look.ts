/** `posthorn inbox stats`, `ls`, `dead`, `quarantine`: what is stored, as it stands. */
import { letterName } from '../../lib/letter-name.ts'
import type { DeadLetterFilter, DeliveryFilter, InboxStats, QuarantineFilter } from '../../public/inbox.ts'
import type { ListOptions as Listed } from '../../public/look.ts'
import type { DeadLetter, DeliverySummary, Quarantined } from '../../types.ts'
import { bytesText, counted, spanText, timeText, whoText } from '../out/format.ts'
import { type Column, type OutOptions, showFacts } from '../out/lines.ts'
import { say } from '../out/streams.ts'
import { type View, type WatchOptions, watch } from '../out/watch.ts'
import { type List, showList } from './list.ts'
import { type InboxOptions, withInbox } from './open.ts'

export interface LookOptions extends InboxOptions, OutOptions, WatchOptions {}

export interface ListOptions extends LookOptions {
  readonly limit: number
}

export async function stats(options: LookOptions): Promise<0> {
  return withInbox(options, async ({ control, stop }) => {
    const view: View = {
      name: 'posthorn inbox stats',
      draw: async () => showFacts(factsOf(await control.stats(), options.utc)),
      lines: async () => [['stats', JSON.stringify(await control.stats())]],
    }
    if (options.watch) await watch(view, options, stop)
    else if (options.json) say(JSON.stringify(await control.stats()))
    else await view.draw()
    return 0
  })
}

/** What a dashboard tells of it. */
export type Standing = Pick<
  InboxStats,
  'pending' | 'pendingBytes' | 'oldestPendingAt' | 'deadLetters' | 'quarantined' | 'paused' | 'orphaned'
>

/** What is not known is left out. */
export function factsOf(found: Standing & Partial<InboxStats>, utc: boolean): Array<[string, string | null]> {
  const { oldestPendingAt: oldest, paused, orphaned } = found
  const waits = oldest === null ? '' : `, oldest of ${timeText(oldest, utc)} (${spanText(Date.now() - +oldest)})`
  const pauses = paused.map(({ handler, by, since }) => `${handler}, ${byWhom(by)}, since ${timeText(since, utc)}`)
  return [
    ['pending', `${counted(found.pending, 'delivery', 'deliveries')}, ${bytesText(found.pendingBytes)} unread${waits}`],
    ['dead letters', String(found.deadLetters)],
    ['quarantined', String(found.quarantined)],
    ['paused', pauses.join('\n')],
    ['orphaned', countsText(orphaned)],
    ['sources gone', countsText(found.orphanedSources)],
    ['replays', countsText(found.replays)],
    ['unhandled', countsText(found.unhandled)],
    ['copies absorbed', countsText(found.duplicateEvents)],
    ['given up', orNull(found.cancelled)],
    ['expired', orNull(found.expired)],
    ['erased', orNull(found.erased)],
  ]
}

const orNull = (count: number | undefined) => (count === undefined ? null : String(count))

export const byWhom = (by: 'hand' | 'failures'): string => (by === 'hand' ? 'by hand' : 'by failures')

const countsText = (counts: Readonly<Record<string, number>> = {}): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join('\n')

/** Deliveries, newest first. */
export async function ls(filter: DeliveryFilter, options: ListOptions): Promise<0 | 130> {
  return withInbox(options, async ({ control, stop }) => {
    const list: List<DeliverySummary> = {
      ...{ name: 'posthorn inbox ls', what: 'deliveries', columns: deliveryColumns(options) },
      ...{ rows: (listing) => control.deliveries(filter, listing), key: ({ id }) => id },
    }
    await showList(list, options, stop)
    return stop.aborted && !options.watch ? 130 : 0
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
export async function dead(
  filter: DeadLetterFilter,
  options: ListOptions & { readonly group: boolean },
): Promise<0 | 130> {
  return withInbox(options, async ({ control, stop }) => {
    const letters = (listing: Listed) => control.deadLetters(filter, listing)
    const ofAll = { name: 'posthorn inbox dead', what: 'dead letters' }
    const list: List<DeadLetter> = {
      ...{ ...ofAll, columns: letterColumns(options), rows: letters },
      key: ({ event, handler }) => letterName(event, handler),
    }
    const groups: List<Group> = {
      ...{ ...ofAll, columns: groupColumns(options), rows: (listing) => groupsOf(failuresIn(letters(listing))) },
      key: ({ handler, error, code }) => JSON.stringify([handler, error, code]),
    }
    if (options.group) await showList(groups, { ...options, limit: undefined }, stop)
    else await showList(list, options, stop)
    return stop.aborted && !options.watch ? 130 : 0
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

/** `TypeError: …`, of the latest attempt. */
export function errorText({ errors }: Pick<DeadLetter, 'errors'>): string {
  const error = errors.at(-1)
  if (error === undefined) return ''
  return toldOnce(error.code ?? error.name, error.message)
}

/** Messages of the system begin with what they are: `connect ECONNREFUSED …`. */
export const toldOnce = (word: string, message: string) =>
  (message.includes(word) ? message : `${word}: ${message}`).replaceAll(/\s+/g, ' ')

/** A dead letter, with its latest error. */
export interface Failure {
  readonly handler: string
  readonly error: string | null
  readonly code: string | null
  readonly since: Date
  readonly eventId: string
  readonly message: string | null
}

export interface Group extends Omit<Failure, 'since'> {
  count: number
  firstSince: Date
  readonly lastSince: Date
}

async function* failuresIn(letters: AsyncIterable<DeadLetter>): AsyncGenerator<Failure> {
  for await (const { handler, errors, since, event } of letters) {
    const { name: error = null, code = null, message = null } = errors.at(-1) ?? {}
    yield { handler, error, code, since, eventId: event.id, message }
  }
}

/** By handler, name and code of the error, with the newest of each; most first. */
export async function* groupsOf(failures: AsyncIterable<Failure>): AsyncGenerator<Group> {
  const groups = new Map<string, Group>()
  for await (const { handler, error, code, since, eventId, message } of failures) {
    const key = JSON.stringify([handler, error, code])
    const known = groups.get(key)
    if (known === undefined) {
      const first = { ...{ handler, error, code, count: 1 }, ...{ firstSince: since, lastSince: since } }
      groups.set(key, { ...first, eventId, message })
    } else {
      known.count++
      if (since < known.firstSince) known.firstSince = since
    }
  }
  yield* [...groups.values()].sort((a, b) => b.count - a.count)
}

export const groupColumns = ({ utc }: OutOptions): Column<Group>[] => [
  { head: 'count', of: ({ count }) => String(count), right: true },
  { head: 'handler', of: ({ handler }) => handler },
  { head: 'first', of: ({ firstSince }) => timeText(firstSince, utc), from: 120 },
  { head: 'last', of: ({ lastSince }) => timeText(lastSince, utc), from: 100 },
  { head: 'newest', of: ({ eventId }) => eventId },
  { head: 'error', of: ({ error, code, message }) => toldOnce(code ?? error ?? '', message ?? '') },
]

/** What could not be read, newest first. */
export async function quarantine(filter: QuarantineFilter, options: ListOptions): Promise<0 | 130> {
  return withInbox(options, async ({ control, stop }) => {
    const list: List<Quarantined> = {
      ...{ name: 'posthorn inbox quarantine', what: 'rows of quarantine', columns: quarantineColumns(options) },
      rows: (listing) => control.quarantine(filter, listing),
      key: ({ deliveryId, index }) => (index === null ? deliveryId : `${deliveryId}.${index}`),
    }
    await showList(list, options, stop)
    return stop.aborted && !options.watch ? 130 : 0
  })
}

const quarantineColumns = ({ utc }: OutOptions): Column<Quarantined>[] => [
  { head: 'since', of: ({ since }) => timeText(since, utc), from: 120 },
  ...itemColumns,
]

export const itemColumns: readonly Column<Quarantined>[] = [
  { head: 'delivery', of: ({ deliveryId }) => deliveryId },
  { head: 'element', of: ({ index }) => (index === null ? 'all' : String(index)), right: true },
  { head: 'source', of: ({ source }) => source },
  { head: 'at', of: ({ path }) => path ?? '' },
  { head: 'reason', of: ({ reason }) => reason },
]
