/**
 * Lists of `posthorn inbox … --url`: the inbox of a receiver that runs elsewhere, by its dashboard. What is shown, masked and
 * allowed is as there; with `--json` it is what the dashboard gives (`schemas/dashboard`).
 */
import { OptionError } from '../../../errors.ts'
import { letterName } from '../../../lib/letter-name.ts'
import { type Asked, type DashboardAt, searchAt, type ViewAnswer, viewAt } from '../../dashboard.ts'
import type { ExitCode } from '../../exit.ts'
import { quoted } from '../../out/format.ts'
import { showRows } from '../../out/lines.ts'
import { isRead, tell } from '../../out/streams.ts'
import type { View } from '../../out/watch.ts'
import { untilSignal } from '../../signals.ts'
import { tellVerdict } from '../events.ts'
import { type List, showList } from '../list.ts'
import { type Failure, type Group, groupColumns, groupsOf } from '../look.ts'
import { zoned } from '../zoned.ts'
import { COLUMNS, type Row, textOf } from './columns.ts'
import { type ElsewhereOptions, untilStopped } from './options.ts'

interface Said {
  readonly filter?: string
  readonly after?: string
}

type ListView = keyof typeof COLUMNS

/** Views that go on behind a row. */
const PAGED: readonly ListView[] = ['deliveries', 'events', 'dead', 'quarantine']

/** A list, or what became of one message or person: the exit code is 1 where there is no such one. */
export async function list(view: ListView, said: Said, options: ElsewhereOptions, id?: string): Promise<ExitCode> {
  const { filter, columns } = { filter: zoned(nameOf(view), said.filter ?? ''), columns: COLUMNS[view](options.utc) }
  return untilSignal<ExitCode>(async (stop) => {
    const dashboard = { url: options.url, stop }
    const first = await firstAsked(dashboard, view, { ...said, filter }, id)
    const look: View = {
      name: `posthorn inbox ${nameOf(view)}`,
      draw: () => showRows(rowsOf(dashboard, first, options), columns, options),
      lines: () => linesOf(rowsOf(dashboard, first, options)),
    }
    if (options.watch) {
      await untilStopped(look, options, stop)
      return 0
    }
    const reached: Reached = { place: null }
    try {
      const found = rowsOf(dashboard, first, options, reached)
      const shown = await showRows(id === undefined ? found : await timelineOf(view, found, options), columns, options)
      if (shown === 0) tell(id === undefined ? 'Nothing matches.' : 'posthorn inbox: nothing is stored of it')
      return shown === 0 && id !== undefined ? 1 : 0
    } catch (error) {
      if (!stop.aborted) throw error
      if (reached.place !== null && PAGED.includes(view)) tell(`Stopped: go on with --after ${quoted(reached.place)}.`)
      return 130
    }
  })
}

const nameOf = (view: ListView) => (view === 'deliveries' ? 'ls' : view)

/** All of them, in the order in which they happened; of a person also whether they may be written to. */
async function timelineOf(view: ListView, rows: AsyncIterable<Row>, options: ElsewhereOptions): Promise<Row[]> {
  const found: Row[] = []
  for await (const row of rows) found.push(row)
  if (view !== 'person') return found
  found.reverse().sort((a, b) => textOf(a.occurredAt).localeCompare(textOf(b.occurredAt)))
  tellVerdict(found.map((row) => ({ ...row, occurredAt: new Date(textOf(row.occurredAt)) })) as never, options)
  return found
}

/** Dead letters by handler and error, of all that match. */
export async function deadGroups(said: Said, options: ElsewhereOptions): Promise<ExitCode> {
  const filter = zoned('dead', said.filter ?? '')
  return untilSignal<ExitCode>(async (stop) => {
    const dashboard = { url: options.url, stop }
    const first = await firstAsked(dashboard, 'dead', { ...said, filter })
    const list: List<Group> = {
      ...{ name: 'posthorn inbox dead', what: 'dead letters', columns: groupColumns(options) },
      rows: () => groupsOf(failuresIn(rowsOf(dashboard, first, { ...options, limit: undefined }))),
      key: ({ handler, error }) => JSON.stringify([handler, error]),
    }
    try {
      await showList(list, { ...options, limit: undefined }, stop)
    } catch (error) {
      if (!stop.aborted) throw error
    }
    return stop.aborted && !options.watch ? 130 : 0
  })
}

/** Their word is the code of the error, or its name. */
async function* failuresIn(rows: AsyncIterable<Row>): AsyncGenerator<Failure> {
  for await (const { handler, error, since, id, message } of rows)
    yield {
      ...{ handler: textOf(handler), error: textOf(error), code: null, since: new Date(textOf(since)) },
      ...{ eventId: textOf(id), message: textOf(message) },
    }
}

/** What tells one row from another is its name there. */
async function linesOf(rows: AsyncIterable<Row>): Promise<Array<readonly [string, string]>> {
  const lines: Array<readonly [string, string]> = []
  for await (const row of rows) lines.push([keyOf(row), JSON.stringify(row)])
  return lines
}

function keyOf({ id, run, handler, deliveryId, index, name, source }: Row): string {
  if (handler !== undefined) return letterName({ id: textOf(id), run: run ? textOf(run) : null }, textOf(handler))
  if (deliveryId === undefined) return textOf(id ?? name ?? source)
  return index === null ? textOf(deliveryId) : `${textOf(deliveryId)}.${textOf(index)}`
}

async function firstAsked(at: DashboardAt, view: ListView, { filter = '', after }: Said, id?: string): Promise<Asked> {
  const place = after === undefined ? {} : { after }
  if (view === 'message') return { view, id: messageOf(id ?? '', filter) }
  const to = view === 'person' ? `to:"${(id ?? '').replaceAll('"', '')}" ${filter}` : filter
  // An address stands in no URL: the dashboard gives its key. The name of a handler may begin like one.
  const hasAddress = to.replaceAll(/(?<!\S)-?handler:(?:"[^"]*"|\S+)/g, '').includes('@')
  if (hasAddress && view !== 'events' && view !== 'person')
    throw new OptionError(`with --url an address goes with "events" and "person" alone`)
  if (hasAddress || view === 'person') return { ...(await searchAt(at, to.trim())), ...place }
  if (view === 'senders') return { view: 'now' }
  const range = view === 'events' ? { range: '35d' } : {}
  return { view, ...range, ...(filter === '' ? {} : { filter }), ...place }
}

/** Servers and proxies refuse an address of 8 kB; each byte of an id may stand there as three. */
const MOST_IN_URL = 2_000

/** An id that may be an address would stand in the logs of whoever is in between. */
function messageOf(id: string, filter: string): string {
  if (filter !== '') throw new OptionError('with --url it takes no filter')
  if (id.includes('@')) throw new OptionError('an id with an @ is looked for with --inbox, not with --url')
  if (Buffer.byteLength(id) > MOST_IN_URL)
    throw new OptionError('an id so long is looked for with --inbox, not with --url')
  return id
}

/** By the view. */
interface Rows {
  readonly rows?: readonly Row[]
  readonly events?: readonly Row[]
  readonly senders?: readonly Row[]
}

/** Behind it a list goes on. */
interface Reached {
  place: string | null
}

/** Page by page; what took the dashboard too long goes on behind it. */
async function* rowsOf(
  at: DashboardAt,
  first: Asked,
  { limit = Number.POSITIVE_INFINITY, watch: watching }: ElsewhereOptions,
  reached: Reached = { place: null },
): AsyncGenerator<Row> {
  let count = 0
  for (let asked: Asked | null = first; asked !== null; ) {
    const found: ViewAnswer<Rows> | null = await viewAt(at, asked)
    for (const row of found?.data.rows ?? found?.data.events ?? found?.data.senders ?? []) {
      if (count === limit) {
        if (!watching) tell(`${count} shown; more with --after ${quoted(textOf(reached.place))}, or --limit.`)
        return
      }
      count++
      reached.place = keyOf(row)
      yield row
      if (!isRead()) return
    }
    if (found?.partial && found.next === null) tell(found.partial)
    reached.place = found?.next ?? reached.place
    asked = found?.next ? { ...first, after: found.next } : null
  }
}
