/**
 * `posthorn inbox … --url`: the inbox of a receiver that runs elsewhere, by its dashboard. What is shown, masked and allowed
 * is as there; with `--json` it is what the dashboard gives (`schemas/dashboard`).
 */
import { OptionError } from '../../errors.ts'
import { letterName } from '../../lib/letter-name.ts'
import type { Quarantined } from '../../types.ts'
import { type Asked, askDashboard, bytesAt, type DashboardAt, searchAt, type ViewAnswer, viewAt } from '../dashboard.ts'
import type { ExitCode } from '../exit.ts'
import { counted, idText, redacted, timeText } from '../out/format.ts'
import { type Column, type OutOptions, showFacts, showRows } from '../out/lines.ts'
import { isRead, say, tell } from '../out/streams.ts'
import { type View, type WatchOptions, watch } from '../out/watch.ts'
import { untilSignal } from '../signals.ts'
import { itemColumns, remarksOf } from './look.ts'
import { zoned } from './zoned.ts'

export interface ElsewhereOptions extends OutOptions, WatchOptions {
  readonly url: string
  readonly limit?: number | undefined
}

interface Said {
  readonly filter?: string
  readonly after?: string
}

/** Of any view; what is not there is empty. */
interface Row {
  readonly [field: string]: unknown
}

const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value))
const at = (value: unknown, utc: boolean): string => (typeof value === 'string' ? timeText(new Date(value), utc) : '')
const column = (head: string, field: string, more: Partial<Column<Row>> = {}): Column<Row> => ({
  ...{ head, of: (row) => textOf(row[field]) },
  ...more,
})
const time = (head: string, field: string, utc: boolean, more: Partial<Column<Row>> = {}): Column<Row> => ({
  ...{ head, of: (row) => at(row[field], utc) },
  ...more,
})
const who = (from: number): Column<Row> => ({
  ...{ head: 'who', of: ({ who: text }) => (textOf(text).includes('@') ? redacted(textOf(text)) : textOf(text)) },
  from,
})

function whyOf({ bounce }: Row): string {
  const { kind = '', reason = null } = (bounce ?? {}) as { kind?: string; reason?: string | null }
  return reason === null ? kind : `${kind}: ${reason}`
}

const events = (utc: boolean): Column<Row>[] => [
  time('occurred', 'occurredAt', utc),
  column('type', 'type'),
  column('event', 'id', { from: 100 }),
  column('source', 'source', { from: 120 }),
  who(0),
  column('message', 'messageId', { from: 160 }),
  { head: 'why', of: whyOf },
]

const COLUMNS = {
  deliveries: (utc: boolean): Column<Row>[] => [
    time('received', 'receivedAt', utc),
    column('id', 'id'),
    column('source', 'source'),
    { head: 'events', of: ({ events: count }) => (count === null ? '-' : textOf(count)), right: true },
    column('bytes', 'bytes', { right: true, from: 90 }),
    { head: 'remarks', of: ({ copies, ...row }) => remarksOf({ ...row, duplicates: copies } as never) },
  ],
  events,
  message: events,
  person: events,
  dead: (utc: boolean): Column<Row>[] => [
    time('since', 'since', utc, { from: 120 }),
    column('event', 'id'),
    column('handler', 'handler'),
    column('type', 'type', { from: 120 }),
    who(120),
    column('tries', 'attempts', { right: true }),
    { head: 'error', of: ({ error, message }) => `${textOf(error)}: ${textOf(message)}`.replaceAll(/\s+/g, ' ') },
  ],
  quarantine: (utc: boolean): Column<Row>[] => [
    time('since', 'since', utc, { from: 120 }),
    ...itemColumns.map((one) => ({ ...one, of: (row: Row) => one.of(row as unknown as Quarantined) })),
  ],
  handlers: (utc: boolean): Column<Row>[] => [
    column('handler', 'name'),
    column('done today', 'doneDay', { right: true }),
    column('dead today', 'deadDay', { right: true }),
    column('orphaned', 'orphaned', { right: true }),
    time('last seen', 'seenAt', utc),
    { head: 'paused', of: ({ paused }) => textOf((paused as { by?: string } | null)?.by) },
  ],
  senders: (utc: boolean): Column<Row>[] => [
    column('source', 'source'),
    column('sender', 'provider'),
    { head: 'last delivery', of: ({ lastAt }) => at(lastAt, utc) || 'never' },
    column('state', 'level'),
  ],
} satisfies Record<string, (utc: boolean) => Column<Row>[]>

export type ListView = keyof typeof COLUMNS

/** A list, or what became of one message or person: the exit code is 1 where there is no such one. */
export async function list(view: ListView, said: Said, options: ElsewhereOptions, id?: string): Promise<ExitCode> {
  const filter = zoned(view, said.filter ?? '')
  return untilSignal<ExitCode>(async (stop) => {
    const dashboard = { url: options.url, stop }
    const first = await firstAsked(dashboard, view, { ...said, filter }, id)
    const look: View = {
      name: `posthorn inbox ${view === 'deliveries' ? 'ls' : view}`,
      draw: () => showRows(rowsOf(dashboard, first, options), COLUMNS[view](options.utc), options),
      lines: () => linesOf(rowsOf(dashboard, first, options)),
    }
    if (options.watch) {
      await untilStopped(look, options, stop)
      return 0
    }
    try {
      const shown = await showRows(rowsOf(dashboard, first, options), COLUMNS[view](options.utc), options)
      if (shown === 0) tell(id === undefined ? 'Nothing matches.' : 'posthorn inbox: nothing is stored of it')
      return shown === 0 && id !== undefined ? 1 : 0
    } catch (error) {
      if (stop.aborted) return 130
      throw error
    }
  })
}

/** What tells one row from another is its name there. */
async function linesOf(rows: AsyncIterable<Row>): Promise<Array<readonly [string, string]>> {
  const lines: Array<readonly [string, string]> = []
  for await (const row of rows) lines.push([keyOf(row), JSON.stringify(row)])
  return lines
}

function keyOf({ id, run, handler, deliveryId, index, name, source }: Row): string {
  if (handler !== undefined) return letterName({ id: textOf(id), run: run ? textOf(run) : null }, textOf(handler))
  return deliveryId === undefined ? textOf(id ?? name ?? source) : `${textOf(deliveryId)}.${textOf(index)}`
}

async function firstAsked(at: DashboardAt, view: ListView, { filter = '', after }: Said, id?: string): Promise<Asked> {
  const place = after === undefined ? {} : { after }
  if (view === 'message') return { view, id: messageOf(id ?? '', filter) }
  const to = view === 'person' ? `to:"${(id ?? '').replaceAll('"', '')}" ${filter}` : filter
  // An address stands in no URL: the dashboard gives its key. The name of a handler may begin like one.
  const hasAddress = to.replaceAll(/(?<!\S)-?handler:(?:"[^"]*"|\S+)/g, '').includes('@')
  if (hasAddress && view !== 'events' && view !== 'person')
    throw new OptionError(`posthorn inbox ${view}: with --url an address goes with "events" and "person" alone`)
  if (hasAddress || view === 'person') return { ...(await searchAt(at, to.trim())), ...place }
  if (view === 'senders') return { view: 'now' }
  const range = view === 'events' ? { range: '35d' } : {}
  return { view, ...range, ...(filter === '' ? {} : { filter }), ...place }
}

/** Servers and proxies refuse an address of 8 kB; each byte of an id may stand there as three. */
const MOST_IN_URL = 2_000

/** An id that may be an address would stand in the logs of whoever is in between. */
function messageOf(id: string, filter: string): string {
  if (filter !== '') throw new OptionError('posthorn inbox message: with --url it takes no filter')
  if (id.includes('@'))
    throw new OptionError('posthorn inbox message: an id with an @ is looked for with --inbox, not with --url')
  if (Buffer.byteLength(id) > MOST_IN_URL)
    throw new OptionError('posthorn inbox message: an id so long is looked for with --inbox, not with --url')
  return id
}

/** By the view. */
interface Rows {
  readonly rows?: readonly Row[]
  readonly events?: readonly Row[]
  readonly senders?: readonly Row[]
}

/** Page by page; what took the dashboard too long goes on behind it. */
async function* rowsOf(
  at: DashboardAt,
  first: Asked,
  { limit, watch: watching }: ElsewhereOptions,
): AsyncGenerator<Row> {
  let left = limit ?? Number.POSITIVE_INFINITY
  for (let asked: Asked | null = first; asked !== null; ) {
    const found: ViewAnswer<Rows> | null = await viewAt(at, asked)
    for (const row of found?.data.rows ?? found?.data.events ?? found?.data.senders ?? []) {
      if (left-- <= 0) return watching ? undefined : moreBehind(asked)
      yield row
      if (!isRead()) return
    }
    if (found?.partial && found.next === null) tell(found.partial)
    asked = found?.next ? { ...first, after: found.next } : null
  }
}

const moreBehind = ({ view }: Asked) => tell(`More ${view} with --limit, or --after the last of them.`)

/** How it stands, in a few words. */
export async function stats(options: ElsewhereOptions): Promise<ExitCode> {
  return untilSignal<ExitCode>(async (stop) => {
    const frameOf = async (): Promise<Frame> =>
      JSON.parse(await askDashboard({ url: options.url, stop }, { view: 'now', as: 'json' })).frame
    const look: View = {
      name: 'posthorn inbox stats',
      draw: async () => showFacts(standing(await frameOf())),
      lines: async () => [['stats', JSON.stringify(await frameOf())]],
    }
    if (options.watch) await untilStopped(look, options, stop)
    else if (options.json) say(JSON.stringify(await frameOf()))
    else await look.draw()
    return 0
  })
}

interface Frame {
  readonly verdict: string
  readonly findings: number
  readonly counts: Row
}

const standing = ({ verdict, findings, counts }: Frame): [string, string][] => [
  ['verdict', `${verdict}, ${counted(findings, 'finding')}`],
  ...Object.entries(counts).map(([name, count]): [string, string] => [name, textOf(count)]),
]

/** A look that the signal broke off is no error. */
async function untilStopped(look: View, options: ElsewhereOptions, stop: AbortSignal): Promise<void> {
  try {
    await watch(look, options, stop)
  } catch (error) {
    if (!stop.aborted) throw error
  }
}

/** One delivery or event. */
export async function show(id: string, options: ElsewhereOptions & { readonly body: boolean }): Promise<ExitCode> {
  const view = id.includes('.') ? 'event' : 'delivery'
  return untilSignal<ExitCode>(async (stop) => {
    const dashboard = { url: options.url, stop }
    if (options.body) {
      process.stdout.write(await bytesAt(dashboard, { view, id, as: 'body' }))
      return 0
    }
    const found = await viewAt<Row>(dashboard, { view, id })
    if (found === null) {
      tell(`posthorn inbox: there is no ${view} ${idText(id)}`)
      return 1
    }
    if (options.json) say(JSON.stringify(found.data))
    else showFacts(factsOf(found.data, options.utc))
    return 0
  })
}

/** The thing itself first, then what stands beside it, a line for each. */
function factsOf(data: Row, utc: boolean): [string, string][] {
  const own = (data.delivery ?? data.event ?? {}) as Row
  const beside = Object.entries(data).filter(([, value]) => Array.isArray(value) && value.length > 0)
  return [
    ...Object.entries(own).map(([name, value]): [string, string] => [
      name,
      /At$/.test(name)
        ? at(value, utc)
        : typeof value === 'object' && value !== null
          ? JSON.stringify(value)
          : textOf(value),
    ]),
    ...beside.map(([name, rows]): [string, string] => [
      name,
      (rows as unknown[]).map((row) => JSON.stringify(row)).join('\n'),
    ]),
    ['payload', textOf(data.payload)],
  ]
}
