/** A request to a dashboard, answered: whatever its path, by its query alone. */

import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { FilterError, OptionError, PosthornError } from '../errors.ts'
import { firstHeader } from '../http/headers.ts'
import { codeOf } from '../lib/code-of.ts'
import { deskDoor, watchDoor } from '../lib/symbols.ts'
import { toldOf } from '../lib/told-error.ts'
import type { BoardAnswer, BoardRequest } from '../ports/board.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { DeskDoor } from '../public/desk.ts'
import { Gate } from './access.ts'
import { replaceEverywhere } from './addresses.ts'
import { csvOf, jsonOf, ndjsonOf } from './forms.ts'
import { ASSET_HEADERS, type HeaderSet, headersFor } from './headers.ts'
import { logLines, logQuestion } from './log-view.ts'
import { Looker, type Looking } from './looker.ts'
import type { DashboardSettings } from './options.ts'
import { Refusal } from './refusal.ts'
import { Seals } from './seal.ts'
import { searched } from './search.ts'
import type { DashboardReceiver, Rights, Shown, Views } from './types.ts'
import { Verbs } from './verb-requests.ts'

/** What a view may take; then it shows what it has. */
const VIEW_MS = 2_000
/** An inbox may hang: then whoever asks is told so, in place of a page that never comes. */
const STUCK_MS = 15_000

const TYPES = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
  bytes: 'application/octet-stream',
} as const

type Form = 'html' | 'json' | 'csv' | 'ndjson' | 'body' | 'attachment'
const FORMS: readonly Form[] = ['html', 'json', 'csv', 'ndjson', 'body', 'attachment']

export class Board {
  readonly #views: Views
  readonly #desk: DeskDoor
  readonly #watch: WatchDoor
  readonly #gate: Gate
  readonly #headers: HeaderSet
  readonly #looker: Looker
  readonly #verbs: Verbs
  #seals: Promise<Seals> | null = null

  constructor(receiver: DashboardReceiver, settings: DashboardSettings, views: Views) {
    this.#views = views
    this.#desk = receiver[deskDoor]
    this.#watch = receiver[watchDoor]
    this.#gate = new Gate(settings, this.#desk, clockOf(this.#watch))
    this.#headers = headersFor(settings.framedBy)
    this.#looker = new Looker(receiver, settings)
    this.#verbs = new Verbs(this.#desk, this.#watch, settings, views)
  }

  /** Never rejects. */
  async answer(request: BoardRequest): Promise<BoardAnswer> {
    const answer = await this.#answer(request).catch((error: unknown) => this.#refused(request, error, null))
    return request.method === 'HEAD' ? { ...answer, body: '' } : answer
  }

  /** What the host has to tell. */
  failed(what: string, error: unknown): void {
    const facts = { event: 'dashboard.failed', what, ...toldOf(error) } as const
    this.#desk.notice(`dashboard.failed:${what}`, 'error', `the dashboard failed: ${what}`, facts)
  }

  async #answer(request: BoardRequest): Promise<BoardAnswer> {
    const rights = await this.#gate.admit(request)
    return this.#admitted(request, rights).catch((error: unknown) => this.#refused(request, error, rights))
  }

  async #admitted(request: BoardRequest, rights: Rights): Promise<BoardAnswer> {
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
      throw new Refusal('method_not_allowed', 'Only GET, HEAD and POST.', { headers: { allow: 'GET, HEAD, POST' } })
    const query = new URLSearchParams(request.query)
    const asset = query.get('asset')
    if (asset !== null && method !== 'POST') return this.#asset(request, asset)
    this.#assertOpen()
    assertNoAddress(query, await this.#namesIn(query))
    const looking = this.#looker.looking(rights, query, await this.#sealed(), this.#signalOf(request))
    return method === 'POST' ? this.#post(request, looking) : this.#get(request, looking)
  }

  async #post(request: BoardRequest, looking: Looking): Promise<BoardAnswer> {
    const { query } = looking
    if (query.has('search')) return this.#seeOther(await searched(request, looking.seals))
    const verb = query.get('do')
    if (verb === null)
      throw new Refusal('method_not_allowed', 'Only ?search and ?do= are posted to.', {
        headers: { allow: 'GET, HEAD' },
      })
    const done = await this.#verbs.answer(request, looking, verb)
    if ('location' in done) return this.#seeOther(done.location)
    const { status, shown, headers = {} } = done
    const isJson = formOf(request, query) === 'json'
    const body = isJson ? jsonOf(shown, query, looking.now) : shown.page()
    return this.#whole(status, isJson ? TYPES.json : TYPES.html, body, headers)
  }

  async #get(request: BoardRequest, looking: Looking): Promise<BoardAnswer> {
    const { query, rights } = looking
    const form = formOf(request, query)
    if (form === 'body') return this.#bytes(looking)
    if (form === 'attachment') return this.#attachment(looking)
    const view = query.get('view') ?? 'now'
    if (view === 'log') return this.#log(looking, form)
    // What a verb has changed shows beside it.
    if (view === 'run') await this.#unlessStuck(this.#views.look(looking.request))
    const shown = view === 'run' ? this.#verbs.run(looking) : await this.#unlessStuck(this.#views.show(looking.request))
    // Of what is not there nothing was seen, and notes of it would push out those of what was done.
    if (shown.status === 200) await this.#looker.noteReveal(rights, view, query)
    return this.#form(request, looking, shown, form)
  }

  #form(request: BoardRequest, { query, now }: Looking, shown: Shown, form: Form): BoardAnswer {
    if (form === 'html') return this.#whole(shown.status, TYPES.html, shown.page())
    if (form === 'json') {
      const { status, data, frame, next, partial } = shown
      const etag = `"${hashOf(JSON.stringify([status, data, frame, next, partial]))}"`
      if (firstHeader(request.rawHeaders, 'if-none-match') === etag) return this.#whole(304, null, '', { etag })
      return this.#whole(status, TYPES.json, jsonOf(shown, query, now), { etag })
    }
    const { rows, view, status } = shown
    if (rows === undefined) throw new Refusal('bad_request', `The view "${view}" has no ${form}.`)
    const file = `posthorn-${view.replaceAll(/[^a-z]/g, '')}.${form}`
    const saved = { 'content-disposition': `attachment; filename="${file}"` }
    return form === 'csv'
      ? this.#whole(status, TYPES.csv, csvOf(rows), saved)
      : this.#whole(status, TYPES.ndjson, ndjsonOf(rows), saved)
  }

  /** The stored bytes of a delivery, as a file and nothing else. */
  async #bytes({ query, rights }: Looking): Promise<BoardAnswer> {
    const id = query.get('id') ?? ''
    if (query.get('view') !== 'delivery') throw new Refusal('bad_request', 'Only a delivery has a body.')
    if (!rights.bytes) throw new Refusal('no_right', 'Stored bytes ask for the right "bytes".')
    const delivery = await this.#desk.as(rights.who).delivery(id)
    if (delivery === null) throw new Refusal('not_found', 'There is no such delivery.')
    const body = await delivery.body().catch((error: unknown) => {
      if (codeOf(error) === 'ERR_BODY_GONE')
        throw new Refusal('gone', 'The bytes of this delivery are not kept any more.')
      throw error
    })
    await this.#looker.noteBytes(rights.who, id)
    return this.#file(`${id}.bin`, body)
  }

  async #attachment({ query, rights }: Looking): Promise<BoardAnswer> {
    const id = query.get('id') ?? ''
    if (!rights.bytes) throw new Refusal('no_right', 'Attachments ask for the right "bytes".')
    const found = await this.#desk.as(rights.who).event(id)
    const { mail } = (found?.event ?? {}) as {
      readonly mail?: { attachments(): Promise<readonly { bytes: Uint8Array }[]> } | null
    }
    const part = (await mail?.attachments())?.[Number(query.get('part') ?? '0')]
    if (part === undefined) throw new Refusal('not_found', 'There is no such attachment.')
    await this.#looker.noteBytes(rights.who, id)
    return this.#file('attachment.bin', part.bytes)
  }

  async #log(looking: Looking, form: Form): Promise<BoardAnswer> {
    const { query, rights, seals, now } = looking
    const asked = logQuestion(query, rights)
    if (form !== 'ndjson') {
      const data = { lastSeq: await this.#desk.lastSeq() }
      const body = JSON.stringify({ posthorn: 1, view: 'log', at: now, query: {}, data, next: null, partial: null })
      return this.#whole(200, TYPES.json, body)
    }
    if (!asked.redacted) await this.#looker.noteBytes(rights.who, 'log')
    const parts = { desk: this.#desk, watch: this.#watch, seals, signal: looking.left }
    // A proxy that gathers an answer would hold back what is waited for.
    const headers = { ...this.#headers, 'content-type': TYPES.ndjson, 'x-accel-buffering': 'no' }
    return { status: 200, headers, body: logLines(parts, asked) }
  }

  #asset({ rawHeaders }: BoardRequest, name: string): BoardAnswer {
    const asset = this.#views.assets.get(name)
    if (asset === undefined) throw new Refusal('not_found', 'There is no such asset.')
    const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(
      firstHeader(rawHeaders, 'accept-encoding') ?? '',
    )
    const vary = { vary: 'accept-encoding', 'content-type': asset.type }
    if (!asset.gzip) return { status: 200, headers: { ...ASSET_HEADERS, ...vary }, body: asset.bytes }
    if (!takesGzip) return { status: 200, headers: { ...ASSET_HEADERS, ...vary }, body: gunzipSync(asset.bytes) }
    return { status: 200, headers: { ...ASSET_HEADERS, ...vary, 'content-encoding': 'gzip' }, body: asset.bytes }
  }

  /** Relative, as all addresses here: right behind whatever prefix. */
  #seeOther(location: string): BoardAnswer {
    return this.#whole(303, TYPES.html, '', { location })
  }

  #file(name: string, body: Uint8Array): BoardAnswer {
    const headers = {
      ...this.#headers,
      'content-type': TYPES.bytes,
      'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.]/g, '')}"`,
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
    return { status: 200, headers, body }
  }

  #whole(status: number, type: string | null, body: string, more: HeaderSet = {}): BoardAnswer {
    const headers = { ...this.#headers, ...(type === null ? {} : { 'content-type': type }), vary: 'accept', ...more }
    return { status, headers, body }
  }

  #assertOpen(): void {
    const state = this.#watch.state()
    if (state === 'open') return
    const why = state === 'new' ? 'has not started' : `is ${state}`
    throw new Refusal('unavailable', `The receiver ${why}.`, { headers: { 'retry-after': '5' } })
  }

  #unlessStuck<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#watch.after(STUCK_MS, () =>
        reject(
          new Refusal('unavailable', `The inbox has not answered for ${STUCK_MS / 1_000} s.`, {
            headers: { 'retry-after': '5' },
          }),
        ),
      )
      void work.then(resolve, reject).finally(cancel)
    })
  }

  #sealed(): Promise<Seals> {
    this.#seals ??= this.#desk.key().then((key) => new Seals(key))
    this.#seals.catch(() => {
      this.#seals = null
    })
    return this.#seals
  }

  /** Names of handlers and sources that stand in it and look like addresses: `@shop/mailer`. They are nobody's. */
  async #namesIn(query: URLSearchParams): Promise<readonly string[]> {
    if (![...query].flat().some((text) => text.includes('@'))) return []
    const known = (await this.#desk.handlers()).map(({ name }) => name)
    return [...this.#watch.handlers(), ...this.#watch.sources.keys(), ...known].filter((name) => name.includes('@'))
  }

  #signalOf({ signal }: BoardRequest) {
    const late = new AbortController()
    this.#watch.after(VIEW_MS, () => late.abort(new DOMException('the time of a view is over', 'TimeoutError')))
    return { left: signal, view: AbortSignal.any([signal, late.signal]) }
  }

  /** `rights`: of whoever was let in, who gets it as a page among the others; null: a stranger. */
  #refused(request: BoardRequest, error: unknown, rights: Rights | null): BoardAnswer {
    const refusal = this.#refusalOf(error)
    const { status, code, message, headers, facts } = refusal
    this.#tell(refusal)
    if (isForProgram(request))
      return this.#whole(status, TYPES.json, JSON.stringify({ posthorn: 1, error: code, message, ...facts }), headers)
    const page = rights === null ? errorPage(status, message) : this.#refusalPage(request, refusal, rights)
    return this.#whole(status, TYPES.html, page, headers)
  }

  #refusalPage({ method, query }: BoardRequest, { status, code, message, reason }: Refusal, rights: Rights): string {
    const isPosted = method === 'POST'
    // Whoever has posted cannot be asked to post again by itself.
    const isClosed = code === 'unavailable' && reason === null && !isPosted
    const asked = { query: new URLSearchParams(isClosed ? query : ''), rights, now: new Date(this.#watch.now()) }
    return this.#views.refusal(this.#watch, { ...asked, status, code, message, isPosted, isClosed })
  }

  #refusalOf(error: unknown): Refusal {
    if (error instanceof Refusal) return error
    if (error instanceof FilterError) {
      const { start, end, nearest } = error
      return new Refusal('bad_filter', sentence(error.message), { facts: { start, end, nearest } })
    }
    if (error instanceof OptionError && !/^access\b/.test(error.message))
      return new Refusal('bad_filter', sentence(error.message))
    if (error instanceof PosthornError && error.code.startsWith('ERR_INBOX_'))
      return new Refusal('unavailable', `The inbox does not answer: ${sentence(error.message)}`, {
        headers: { 'retry-after': '5' },
      })
    this.failed('a request', error)
    return new Refusal('unavailable', 'This could not be shown; the log says why.', {
      ...{ headers: { 'retry-after': '30' }, reason: 'failed' },
    })
  }

  /** What a stranger tries; a person who mistypes a filter is nobody's business. */
  #tell({ status, code, reason }: Refusal): void {
    if (![401, 403, 429].includes(status) || code === 'no_right') return
    if (reason === 'missing') return
    const why = reason ?? code
    const facts = { event: 'dashboard.refused', status, reason: code } as const
    this.#desk.notice(`dashboard.refused:${code}:${why}`, 'warn', `the dashboard refused a request: ${why}`, facts)
  }
}

function clockOf({ now, steady, after }: WatchDoor) {
  return { now, steady, after }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22)

/** Words of ours may repeat what was typed in. */
const sentence = (message: string): string => replaceEverywhere(message, () => '…')

/** @throws Refusal for a form that there is not */
function formOf(request: BoardRequest, query: URLSearchParams): Form {
  const asked = query.get('as')
  if (asked === null) return wantsJson(request) ? 'json' : 'html'
  const form = FORMS.find((one) => one === asked)
  if (form === undefined) throw new Refusal('bad_request', `as is one of ${FORMS.join(', ')}.`)
  return form
}

/** A file that is asked for by a link of a page is refused to a person. */
function isForProgram(request: BoardRequest): boolean {
  const as = new URLSearchParams(request.query).get('as')
  if (as === null) return wantsJson(request)
  return as === 'json' || (as !== 'html' && !/\btext\/html\b/.test(firstHeader(request.rawHeaders, 'accept') ?? ''))
}

function wantsJson({ rawHeaders }: BoardRequest): boolean {
  const accept = firstHeader(rawHeaders, 'accept') ?? ''
  return /\bapplication\/json\b/.test(accept) && !/\btext\/html\b/.test(accept)
}

/** Addresses in addresses end up in histories and logs: a search is posted, and leads to a key. */
function assertNoAddress(query: URLSearchParams, names: readonly string[]): void {
  // As a whole: behind another letter it would be the domain of an address.
  const known = names.map((name) => new RegExp(`(?<![^\\s:,"])${escaped(name)}(?![^\\s:,"])`, 'gu'))
  for (const [name, value] of query)
    if ([name, value].some((text) => /[^\s@]@[^\s@]/.test(known.reduce((rest, one) => rest.replaceAll(one, ''), text))))
      throw new Refusal(
        'address_in_url',
        'No e-mail address stands in a URL here: search for it, and the key of the person stands there.',
      )
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Without a script or a style: a stranger, too, may get it. */
function errorPage(status: number, message: string): string {
  const text = message.replaceAll(/[&<>"']/g, (one) => escapes[one] ?? one)
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${status}</title></head><body><main><h1>${status}</h1><p>${text}</p><p><a href="?view=now">Now</a></p></main></body></html>\n`
}
