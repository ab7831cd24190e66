/** What exactly came? */
import { randomUUID } from 'node:crypto'
import type { ViewRequest } from '../../types.ts'
import { type DeliveryRow, deliveryRow } from './deliveries.ts'
import {
  cut,
  cutDetail,
  type EventRow,
  eventRow,
  gather,
  LATE,
  type LinkRow,
  type Loaded,
  linksFor,
} from './loading.ts'

export interface DeliveryData {
  /** To tools of the reader's own. */
  readonly links: readonly LinkRow[]
  readonly id: string
  /** null: there is none, or it is forgotten. */
  readonly delivery:
    | (DeliveryRow & {
        readonly sha256: string
        readonly credential: string | null
        readonly headers: ReadonlyArray<readonly [string, string]>
      })
    | null
  readonly events: readonly EventRow[]
  /** Handlers for which an event is a dead letter, by index. */
  readonly dead: Readonly<Record<string, readonly string[]>>
  readonly quarantined: readonly {
    readonly index: number | null
    readonly reason: string
    readonly path: string | null
    /** What came at that place, as JSON, or only its kind; null: there is none. */
    readonly came: string | null
    /** The element around it, with line breaks; null: not of this many, or it is no JSON. */
    readonly around: { readonly before: string; readonly after: string } | null
    /** The native name under which it reads now, after all. */
    readonly readsNow: string | null
  }[]
  /** The bytes as text; null: they are gone, no text, or not to be seen. */
  readonly text: string | null
  readonly hex: string | null
}

const HEX_BYTES = 512

export async function load(request: ViewRequest): Promise<Loaded<DeliveryData>> {
  const { receiver, query, signal, rights } = request
  const id = query.get('id') ?? ''
  const after = query.get('after')
  const found = await receiver.inbox.delivery(id)
  const nothing = { links: [], id, delivery: null, events: [], dead: {}, quarantined: [], text: null, hex: null }
  if (found === null) return { title: 'Delivery', status: 404, data: nothing }
  const isGone = found.kept === 'none'
  const ids = { ids: [id] }
  const events = isGone
    ? { rows: [], more: false, late: false }
    : await gather(receiver.inbox.events(after === null ? ids : { ...ids, after }, { signal }), signal)
  const [letters, items] = await Promise.all([
    gather(receiver.inbox.deadLetters(ids), signal, 1_000),
    gather(receiver.inbox.quarantine(ids), signal),
  ])
  const dead: Record<string, string[]> = {}
  for (const { event, handler } of letters.rows)
    dead[event.delivery.index] = [...(dead[event.delivery.index] ?? []), handler]
  const seesBytes = rights.bytes && !isGone
  const body = seesBytes ? await found.body().catch(() => null) : null
  const now =
    items.rows.length === 0 || isGone ? [] : (await gather(receiver.inbox.differences(ids, { signal }), signal)).rows
  const readable = new Map(now.flatMap(({ readable: ones }) => ones.map(({ index, name }) => [index, name] as const)))
  const places = items.rows.flatMap(({ index, path }) => (index === null || path === null ? [] : [index]))
  const elements = isGone || places.length === 0 ? NONE : await request.elements(id, places)
  return {
    title: 'Delivery',
    data: {
      links: linksFor(request, { messageId: null, key: null, source: found.source, deliveryId: id }),
      id,
      delivery: {
        ...deliveryRow(found),
        sha256: found.sha256,
        credential: found.credential,
        headers: found.headers.map(([name, value]) => [cut(name, 200), cut(value)] as const),
      },
      events: events.rows.map((event) => eventRow(event, request)),
      dead,
      quarantined: items.rows.map(({ index, reason, path }, row) => {
        const came = path === null ? null : cameAt(elements.get(index ?? -1), path)
        return {
          ...{ index, reason: cut(reason), path },
          came: came && cut(came.text, CAME_CHARS),
          around: came && row < MOST_AROUND ? came.around() : null,
          readsNow: index === null ? null : (readable.get(index) ?? null),
        }
      }),
      text: body === null ? null : cutDetail(new TextDecoder().decode(body.subarray(0, 70_000))),
      hex: body === null ? null : hexOf(body.subarray(0, HEX_BYTES)),
    },
    next: events.more ? (events.rows.at(-1)?.id ?? null) : null,
    partial: events.late || signal.aborted ? LATE : null,
  }
}

const NONE: ReadonlyMap<number, unknown> = new Map()
const CAME_CHARS = 300
/** So many elements are shown whole, with so much of each before the place and behind it. */
const [MOST_AROUND, AROUND_CHARS] = [20, 2_000]

/** By the JSON pointer (RFC 6901) that the parser gave for the place. */
function cameAt(element: unknown, path: string) {
  const keys = path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  let [at, holder] = [element, null as object | null]
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return null
    holder = at
    at = (at as Record<string, unknown>)[key]
  }
  const text = JSON.stringify(at)
  if (text === undefined) return null
  return { text, around: () => around(element, holder, keys.at(-1) ?? '') }
}

/** What is written before the place and behind it; null: the place is the whole element. */
function around(element: unknown, holder: object | null, key: string) {
  if (holder === null) return null
  const stand = randomUUID()
  const written = JSON.stringify(
    element,
    function (this: unknown, name: string, value: unknown) {
      return this === holder && name === key ? stand : value
    },
    2,
  )
  const [before = '', after = ''] = written.split(JSON.stringify(stand))
  return {
    before: before.length > AROUND_CHARS ? `… ${before.slice(-AROUND_CHARS)}` : before,
    after: cut(after, AROUND_CHARS),
  }
}

function hexOf(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const ascii = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${ascii}`)
  }
  return lines.join('\n')
}
