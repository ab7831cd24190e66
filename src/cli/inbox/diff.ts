/** `posthorn inbox diff`: what reads otherwise now than it did, or how two deliveries differ. */
import type { DifferenceFilter, ReparseDifference } from '../../public/inbox.ts'
import { read } from '../../read/index.ts'
import type { AnyEvent, Delivery } from '../../types.ts'
import { counted, timeText } from '../out/format.ts'
import { type Column, showFacts, showRows } from '../out/lines.ts'
import { say, tell } from '../out/streams.ts'
import { firstOf } from './first-of.ts'
import type { ListOptions } from './look.ts'
import { type OpenInbox, withInbox } from './open.ts'

/** What an upgrade reads otherwise. The exit code: 1 when there is something. */
export async function differences(filter: DifferenceFilter, options: ListOptions): Promise<0 | 1> {
  return withInbox(options, async ({ control }) => {
    const shown = await showRows(firstOf(control.differences(filter), options.limit), DIFFERENCES, options)
    if (shown === 0) tell('Everything reads as it did.')
    return shown === 0 ? 0 : 1
  })
}

const DIFFERENCES: Column<ReparseDifference>[] = [
  { head: 'delivery', of: ({ deliveryId }) => deliveryId },
  { head: 'source', of: ({ source }) => source },
  { head: 'then', of: ({ elements }) => (elements.recorded === null ? '-' : String(elements.recorded)), right: true },
  { head: 'now', of: ({ elements }) => String(elements.now), right: true },
  { head: 'what', of: whatOf },
]

function whatOf({ readable, unreadable }: ReparseDifference): string {
  const names = [...new Set(readable.map(({ name }) => name))].join(', ')
  return [
    readable.length > 0 && `${readable.length} can be read now: ${names}`,
    unreadable.length > 0 && `${unreadable.length} cannot be read any more: ${unreadable[0]?.reason}`,
  ]
    .filter(Boolean)
    .join('; ')
}

interface Compared {
  /** Fields of the two that are not equal. */
  readonly facts: ReadonlyArray<{ readonly field: string; readonly a: unknown; readonly b: unknown }>
  /** Events that both have, whatever their place. */
  readonly inBoth: number
  readonly onlyInA: readonly string[]
  readonly onlyInB: readonly string[]
}

/** Two deliveries, such as two with one batch id. The exit code: 0 when they hold the same, 1 when not. */
export async function compare(ids: readonly [string, string], options: ListOptions): Promise<0 | 1 | 3> {
  return withInbox(options, async (opened) => {
    const [a, b] = [await opened.control.delivery(ids[0]), await opened.control.delivery(ids[1])]
    if (a === null || b === null) {
      tell(`posthorn inbox diff: there is no ${a === null ? ids[0] : ids[1]} in this inbox`)
      return 3
    }
    const compared = await comparedOf(opened, a, b)
    if (options.json) say(JSON.stringify({ a: a.id, b: b.id, ...compared }))
    else showCompared(compared, options.utc)
    return compared.onlyInA.length + compared.onlyInB.length === 0 ? 0 : 1
  })
}

const FIELDS = ['source', 'receivedAt', 'bytes', 'sha256', 'batchId', 'events', 'duplicates', 'isTest', 'kept'] as const

async function comparedOf(opened: OpenInbox, a: Delivery, b: Delivery): Promise<Compared> {
  const facts = FIELDS.filter((field) => String(a[field]) !== String(b[field]))
  const [ofA, ofB] = [await contentsOf(opened, a), await contentsOf(opened, b)]
  return {
    facts: facts.map((field) => ({ field, a: a[field], b: b[field] })),
    inBoth: [...ofA.keys()].filter((content) => ofB.has(content)).length,
    onlyInA: [...ofA].flatMap(([content, id]) => (ofB.has(content) ? [] : [id])),
    onlyInB: [...ofB].flatMap(([content, id]) => (ofA.has(content) ? [] : [id])),
  }
}

/** The id of each event, by what its sender wrote; of an element that cannot be read, by its place. */
async function contentsOf({ sources }: OpenInbox, delivery: Delivery): Promise<Map<string, string>> {
  const source = sources[delivery.source]
  if (source === undefined) return new Map([[delivery.sha256, delivery.id]])
  const { events, unreadable } = read(source, await delivery.body(), { source: delivery.source })
  const content = ({ nativeType, payload }: AnyEvent) => `${nativeType} ${JSON.stringify(payload)}`
  return new Map([
    ...events.map((event) => [content(event), `${delivery.id}.${event.delivery.index}`] as const),
    ...unreadable.map(({ index, reason }) => [`${index} ${reason}`, `${delivery.id}.${index ?? '*'}`] as const),
  ])
}

function showCompared({ facts, inBoth, onlyInA, onlyInB }: Compared, utc: boolean): void {
  const text = (value: unknown) => (value instanceof Date ? timeText(value, utc) : String(value))
  showFacts([
    ...facts.map(({ field, a, b }): [string, string] => [field, `${text(a)} | ${text(b)}`]),
    ['in both', counted(inBoth, 'event')],
    ['only in a', onlyInA.join('\n')],
    ['only in b', onlyInB.join('\n')],
  ])
}
