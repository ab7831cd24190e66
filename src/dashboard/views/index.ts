/** Views: a request becomes what is shown, as a page and as data. */
import { gzipSync } from 'node:zlib'
import type { VNode } from 'preact'
import { render } from 'preact-render-to-string'
import { FilterError, OptionError, PosthornError } from '../../errors.ts'
import { watchDoor } from '../../lib/symbols.ts'
import type { WatchDoor } from '../../ports/watch-door.ts'
import { frame as frameOf } from '../parts/frame.ts'
import { html, type Markup } from '../parts/html.ts'
import type { Frame, See } from '../parts/see.ts'
import { plain } from '../parts/text.ts'
import type { Action, Plan, Progress, RefusalRequest, Shown, ViewRequest } from '../types.ts'
import { ICON, NAMES, SCRIPT, STYLE } from './assets.generated.ts'
import { draw, type ViewName } from './draws.ts'
import { load as loadBounces } from './load/bounces.ts'
import { load as loadDead } from './load/dead.ts'
import { load as loadDeliveries } from './load/deliveries.ts'
import { load as loadDelivery } from './load/delivery.ts'
import { load as loadEvent } from './load/event.ts'
import { load as loadEvents } from './load/events.ts'
import { lastFrame, frameOf as loadFrame } from './load/frame.ts'
import { load as loadHandlers } from './load/handlers.ts'
import type { Load, Loaded } from './load/loading.ts'
import { load as loadMessage } from './load/message.ts'
import { load as loadNow } from './load/now.ts'
import { load as loadPerson } from './load/person.ts'
import { load as loadQuarantine } from './load/quarantine.ts'
import { load as loadReplays } from './load/replays.ts'
import { load as loadSender } from './load/sender.ts'
import { load as loadStorage } from './load/storage.ts'
import { load as loadSuppression } from './load/suppression.ts'
import type { ClosedData, RefusedData } from './states.ts'

export { watch } from './load/findings.ts'

const LOADS: Readonly<Record<string, Load<unknown>>> = {
  now: loadNow,
  sender: loadSender,
  deliveries: loadDeliveries,
  delivery: loadDelivery,
  events: loadEvents,
  event: loadEvent,
  message: loadMessage,
  person: loadPerson,
  bounces: loadBounces,
  suppression: loadSuppression,
  dead: loadDead,
  quarantine: loadQuarantine,
  replays: loadReplays,
  handlers: loadHandlers,
  storage: loadStorage,
}

export async function show(request: ViewRequest): Promise<Shown> {
  const view = request.query.get('view') ?? 'now'
  const frame = await loadFrame(request)
  const load = Object.hasOwn(LOADS, view) ? LOADS[view] : undefined
  if (load === undefined) return refused(request, frame, 404, 'not_found', `There is no view "${view.slice(0, 40)}".`)
  if (frame.verdict === 'closed') return closed(request, frame, frame.reason)
  try {
    return shown(request, frame, view as ViewName, await load(request))
  } catch (error) {
    if (error instanceof FilterError) {
      const { start, end, nearest } = error
      return refused(request, frame, 400, 'bad_filter', error.message, { start, end, nearest: nearest ?? null })
    }
    if (error instanceof OptionError) return refused(request, frame, 400, 'bad_request', error.message)
    if (error instanceof PosthornError && error.code.startsWith('ERR_INBOX_'))
      return closed(request, frame, error.message)
    throw error
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** The page of a dry run. */
export function confirm(request: ViewRequest, plan: Plan): Shown {
  return shown(request, lastFrame(request), 'confirm', {
    title: `${capital(plan.verb)}: counted, not done yet`,
    data: plan,
  })
}

/** What stands around the page of a run, as it is now. */
export async function look(request: ViewRequest): Promise<void> {
  await loadFrame(request)
}

/** The page of a run. */
export function run(request: ViewRequest, progress: Progress): Shown {
  const { startedAt, endedAt, ...rest } = progress
  // A run is stopped by the same kind of token that began it.
  const token = progress.state === 'running' ? request.token('stop' as Action, progress.run, 0) : null
  const data = { ...rest, startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null, token }
  return shown(request, lastFrame(request), 'run', { title: capital(progress.verb), data })
}

function closed(request: ViewRequest, frame: Frame, reason: string | null): Shown {
  const data: ClosedData = { reason: reason ?? 'it says no more' }
  return { ...shown(request, frame, 'closed', { title: 'No answer', data }), status: 503 }
}

export function refusal(watch: WatchDoor, request: RefusalRequest): string {
  const { message, code: error, isPosted, isClosed } = request
  const last = lastFrame({ ...request, receiver: { [watchDoor]: watch } })
  const common = { next: null, partial: null }
  if (isClosed) {
    const data: ClosedData = { reason: message.replace(/\.$/, '') }
    const frame: Frame = { ...last, verdict: 'closed', findings: 0, reason: message, counts: null }
    return page(request, { view: 'closed', title: 'No answer', data, frame, ...common })
  }
  const data: RefusedData = { error, message, q: '', asked: '', start: null, end: null, nearest: null }
  const title = isPosted ? 'This was not done' : 'This cannot be shown'
  return page(request, { view: 'refused', title, data, frame: last, ...common })
}

type Place = Pick<RefusedData, 'start' | 'end' | 'nearest'>

function refused(
  request: ViewRequest,
  frame: Frame,
  status: 400 | 404,
  error: string,
  message: string,
  place: Place = { start: null, end: null, nearest: null },
): Shown {
  const asked = request.query.get('view') ?? 'now'
  const data: RefusedData = {
    error,
    message: forReaders(message),
    q: request.query.get('filter') ?? '',
    asked,
    ...place,
  }
  return { ...shown(request, frame, 'refused', { title: 'This cannot be shown', data }), status }
}

/** What a program is told begins with the call that it made. */
const forReaders = (message: string): string =>
  message.replace(/^inbox\.\w+: (?:filter: )?/, '').replace(/ \(at character \d+\)(?:; did you mean "[^"]*"\?)?$/, '')

function shown(request: ViewRequest, frame: Frame, view: ViewName, loaded: Loaded<unknown>): Shown {
  const { title, status = 200, next = null, partial = null, rows } = loaded
  const data: unknown = JSON.parse(JSON.stringify(loaded.data))
  return {
    ...{ status, view, title, data, frame, next, partial },
    page: () => page(request, { view, title, data, frame, next, partial }),
    ...(rows === undefined ? {} : { rows }),
  }
}

interface Page {
  readonly view: ViewName
  readonly title: string
  readonly data: unknown
  readonly frame: Frame
  readonly next: string | null
  readonly partial: string | null
}

function page(request: Pick<ViewRequest, 'query' | 'now'>, { view, title, data, frame, next, partial }: Page): string {
  const query = new URLSearchParams(request.query)
  query.delete('as')
  const now = request.now.getTime()
  const see: See = { ...{ view, query: String(query), frame, now, next, partial }, times: 'utc', stale: null }
  const state = JSON.stringify({ view, title, data, frame, next, partial, at: now, query: see.query })
  const inner = frameOf(see, title, draw(view, data, see))
  return `<!doctype html>${render(asNode(whole(title, state, inner)))}\n`
}

/** State travels in an attribute, which a renderer escapes: no script stands in the page, and no JSON in a script. */
function whole(title: string, state: string, inner: Markup): Markup {
  return html`<html lang="en"><head>
    <meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" /><title>${plain(title)} · Posthorn</title>
    <link rel="stylesheet" href=${`?asset=${NAMES.style}`} /><script type="module" src=${`?asset=${NAMES.script}`}></script>
    <link rel="icon" type="image/svg+xml" href=${`?asset=${NAMES.icon}`} /></head>
    <body data-state=${state}><div id="app">${inner}</div></body></html>`
}

/** One element stands at the top of a page. */
const asNode = (markup: Markup): VNode => markup as VNode

interface Asset {
  readonly type: string
  readonly bytes: Uint8Array
  readonly gzip: boolean
}

/** Packed when somebody asks for it first. */
function asset(type: string, text: string): Asset {
  let bytes: Uint8Array | null = null
  return {
    ...{ type, gzip: true },
    get bytes() {
      bytes ??= gzipSync(text, { level: 9 })
      return bytes
    },
  }
}

export const assets: ReadonlyMap<string, Asset> = new Map([
  [NAMES.script, asset('text/javascript; charset=utf-8', SCRIPT)],
  [NAMES.style, asset('text/css; charset=utf-8', STYLE)],
  [NAMES.icon, asset('image/svg+xml', ICON)],
])
