/** `posthorn inbox show`: one delivery, or one event, with all that is known of it. */
import { PosthornError } from '../../errors.ts'
import type { StoredEvent } from '../../public/inbox.ts'
import { type ReadResult, read } from '../../read/index.ts'
import type { AnyEvent, AttemptError, DeadLetter, Delivery, ErrorRecord } from '../../types.ts'
import { bytesText, counted, idText, timeText, whoText } from '../out/format.ts'
import { type OutOptions, showFacts, showRows } from '../out/lines.ts'
import { say } from '../out/streams.ts'
import { type LookOptions, remarksOf } from './look.ts'
import { type OpenInbox, withInbox } from './open.ts'

export interface ShowOptions extends LookOptions {
  /** The bytes of the delivery, and nothing else. */
  readonly body: boolean
}

/** The exit code: 1 when there is no such delivery or event. */
export async function show(id: string, options: ShowOptions): Promise<0 | 1> {
  return withInbox(options, (opened) =>
    id.includes('.') ? showEvent(id, opened, options) : showDelivery(id, opened, options),
  )
}

async function showDelivery(id: string, { control, sources }: OpenInbox, options: ShowOptions): Promise<0 | 1> {
  const delivery = await control.delivery(id)
  if (delivery === null) return notThere(id)
  if (options.body) {
    process.stdout.write(await delivery.body())
    return 0
  }
  const { body: _, ...facts } = delivery
  const reading = await readingOf(delivery, sources[delivery.source])
  if (options.json) say(JSON.stringify({ delivery: facts, ...reading }))
  else await showDeliveryText(delivery, elementsOf(delivery, reading), options)
  return 0
}

/** What is known of a delivery, without its bytes. */
export type DeliveryFacts = Omit<Delivery, 'body'>

export async function showDeliveryText(delivery: DeliveryFacts, elements: readonly Element[], options: OutOptions) {
  showFacts(factsOf(delivery, options))
  say('')
  await showRows(elements, ELEMENTS, options)
}

/** Its events as they read now: the same ids as when it was handled. Nothing where its bytes are gone. */
async function readingOf(delivery: Delivery, source: OpenInbox['sources'][string] | undefined) {
  const nothing: ReadResult<AnyEvent> = { events: [], unreadable: [] }
  if (source === undefined || delivery.kept === 'none') return nothing
  const { source: name, headers, receivedAt } = delivery
  return read(source, await delivery.body(), { source: name, headers: Object.fromEntries(headers), receivedAt })
}

export interface Element {
  readonly id: string
  readonly what: string
  readonly who: string
}

function elementsOf({ id }: Delivery, { events, unreadable }: ReadResult<AnyEvent>): Element[] {
  const read = events.map((event) => ({ id: `${id}.${event.delivery.index}`, what: event.name, who: whoText(event) }))
  return [...read, ...unreadable.map((one) => elementOf(id, one))]
}

/** One that cannot be read. */
export const elementOf = (id: string, { index, reason, at }: ReadResult<AnyEvent>['unreadable'][number]): Element => ({
  id: index === null ? id : `${id}.${index}`,
  what: `unreadable: ${reason}`,
  who: at ?? '',
})

const ELEMENTS = [
  { head: 'event', of: ({ id }: Element) => id },
  { head: 'who', of: ({ who }: Element) => who },
  { head: 'what', of: ({ what }: Element) => what },
]

function factsOf(delivery: DeliveryFacts, { utc }: OutOptions): Array<[string, string | null]> {
  const { events, duplicates: _, ...rest } = delivery
  return [
    ['delivery', rest.id],
    ['source', rest.source],
    ['received', timeText(rest.receivedAt, utc)],
    ['bytes', `${rest.bytes} (${bytesText(rest.bytes)})`],
    ['sha256', rest.sha256],
    ['events', events === null ? null : String(events)],
    ['batch', rest.batchId],
    ['credential', rest.credential],
    ['remarks', remarksOf(delivery)],
    ['headers', rest.headers.map(([name, value]) => `${name}: ${value}`).join('\n')],
  ]
}

async function showEvent(id: string, { control }: OpenInbox, options: ShowOptions): Promise<0 | 1> {
  const stored = await control.event(id)
  if (stored === null) return notThere(id)
  if (options.body)
    throw new PosthornError('ERR_BODY_GONE', 'the bytes are those of a delivery: leave out what follows the dot')
  const dead: DeadLetter[] = []
  for await (const letter of control.deadLetters({ ids: [id] })) dead.push(await withStacks(control, letter))
  if (options.json) say(JSON.stringify({ ...stored, dead: dead.map(({ event: _, ...letter }) => letter) }))
  else showEventText(factsIn(stored), dead, options)
  return 0
}

export function showEventText(event: EventFacts, dead: readonly LetterFacts[], options: OutOptions): void {
  showFacts(eventFacts(event, options))
  for (const letter of dead) showLetter(letter, options)
}

/** Equal stacks of one delivery are kept once, with the event that failed first. */
async function withStacks(control: OpenInbox['control'], letter: DeadLetter): Promise<DeadLetter> {
  const at = letter.errors.find(({ stackAt }) => stackAt !== undefined)?.stackAt
  if (at === undefined) return letter
  const { value: first } = await control
    .deadLetters({ ids: [`${letter.event.delivery.id}.${at}`] })
    [Symbol.asyncIterator]()
    .next()
  const stack = first?.errors.find((error: AttemptError) => error.stack !== undefined)?.stack
  return { ...letter, errors: letter.errors.map((error) => (error.stackAt === at ? { ...error, stack } : error)) }
}

/** What is shown of an event. */
export interface EventFacts
  extends Pick<AnyEvent, 'id' | 'name' | 'type' | 'source' | 'occurredAt' | 'receivedAt' | 'messageId' | 'effect'> {
  readonly who: string
  readonly bounce: { readonly kind: string; readonly class: string | null; readonly reason: string | null } | null
  readonly reply: string | null
  readonly progress: readonly { readonly handler: string; readonly outcome: string; readonly attempts: number | null }[]
}

export type LetterFacts = Pick<DeadLetter, 'handler' | 'attempts' | 'errors' | 'since'>

function factsIn({ event, progress }: StoredEvent): EventFacts {
  const { bounce = null, smtp } = event as {
    bounce?: EventFacts['bounce']
    smtp?: { text: string | null } | null
  }
  return { ...event, who: whoText(event), bounce, reply: smtp?.text ?? null, progress }
}

function eventFacts({ progress, bounce, ...event }: EventFacts, { utc }: OutOptions): Array<[string, string | null]> {
  const times = (attempts: number | null) => (attempts ? `, after ${counted(attempts, 'call')}` : '')
  return [
    ['event', event.id],
    ['name', `${event.name} (${event.type})`],
    ['source', event.source],
    ['occurred', timeText(event.occurredAt, utc)],
    ['received', timeText(event.receivedAt, utc)],
    ['who', event.who],
    ['message', event.messageId === null ? null : idText(event.messageId)],
    ['effect', event.effect],
    ['bounce', bounce === null ? null : [bounce.kind, bounce.class].filter(Boolean).join(', class ')],
    ['reason', bounce?.reason ?? null],
    ['reply', event.reply],
    [
      'handlers',
      progress.map(({ handler, outcome, attempts }) => `${handler}: ${outcome}${times(attempts)}`).join('\n'),
    ],
  ]
}

function showLetter({ handler, attempts, errors, since }: LetterFacts, { utc }: OutOptions): void {
  say('')
  showFacts([
    ['dead for', `${handler}, since ${timeText(since, utc)}, after ${counted(attempts, 'call')}`],
    ...errors.map((error): [string, string] => [
      `call ${error.attempt}`,
      `${timeText(error.at, utc)} ${causes(error)}`,
    ]),
  ])
}

/** The error, its stack where it has one, and what it was caused by. */
function causes({ name, code, message, stack, cause }: ErrorRecord): string {
  const own = `${name}${code === null ? '' : ` ${code}`}: ${message}${stack === undefined ? '' : `\n${stack}`}`
  return cause === undefined ? own : `${own}\ncaused by ${causes(cause)}`
}

function notThere(id: string): 1 {
  process.stderr.write(`posthorn inbox show: there is no ${idText(id)} in this inbox\n`)
  return 1
}
