/**
 * The Events API: the events of the last 10 days, by cursor.
 * Source: SparkPost API, Events (github.com/SparkPost/developers.sparkpost.com, content/api/events.apib).
 */
import type { Tasks } from '../kit/clock.ts'
import type { ApiAnswer, ApiRequest, Route } from '../kit/server.ts'
import { type ApiOptions, refusing } from './api.ts'
import type { NativeEvent } from './edition.ts'
import { Refusal } from './settings.ts'

const PATH = '/api/v1/events/message'
const RETENTION_MS = 10 * 86_400_000
/** An emulator runs for days: the oldest go when there are more, which the real API does not do. */
const MAX_EVENTS = 100_000

interface Kept {
  readonly atMs: number
  readonly event: NativeEvent
}

/** Every event, whether a webhook wants it or not. */
export class KeptEvents {
  readonly #tasks: Tasks
  readonly #all: Kept[] = []

  constructor(tasks: Tasks) {
    this.#tasks = tasks
  }

  keep(event: NativeEvent): void {
    this.#all.push({ atMs: this.#tasks.now(), event })
    if (this.#all.length > MAX_EVENTS) this.#all.splice(0, MAX_EVENTS / 10)
  }

  /** The latest first. */
  within(fromMs: number, toMs: number, types: readonly string[] | null): Kept[] {
    const oldest = Math.max(fromMs, this.#tasks.now() - RETENTION_MS)
    return this.#all
      .filter(({ atMs, event }) => atMs >= oldest && atMs < toMs && (types === null || types.includes(event.type)))
      .reverse()
  }

  get now(): number {
    return this.#tasks.now()
  }
}

export function eventsApi(options: ApiOptions, kept: KeptEvents): readonly Route[] {
  return [{ method: 'GET', path: PATH, answer: refusing(options, (request) => search(kept, request)) }]
}

const DAY_MS = 86_400_000

function search(kept: KeptEvents, { query }: ApiRequest): ApiAnswer {
  const perPage = Number(query.get('per_page') ?? 1_000)
  if (!Number.isSafeInteger(perPage) || perPage < 1 || perPage > 10_000) throw refused('per_page')
  const from = instantIn(query, 'from', kept.now - DAY_MS)
  const to = instantIn(query, 'to', kept.now - 60_000)
  const offset = offsetIn(query.get('cursor') ?? 'initial')
  const found = kept.within(from, to, query.get('events')?.split(',') ?? null)
  const results = found.slice(offset, offset + perPage).map(flat)
  const next = offset + perPage < found.length ? [link(query, cursorOf(offset + perPage), 'next')] : []
  const links = [link(query, 'initial', offset === 0 ? 'first' : 'previous'), ...next]
  return { status: 200, body: { results, total_count: found.length, links } }
}

const refused = (param: string) => new Refusal(400, { message: 'Invalid parameter', param, code: '1115' })

/** `YYYY-MM-DDTHH:MM`, in UTC. */
function instantIn(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) throw refused(name)
  return Date.parse(`${text}Z`)
}

/** Cursors are opaque. */
const cursorOf = (offset: number): string => Buffer.from(JSON.stringify(['at', offset])).toString('base64')

function offsetIn(cursor: string): number {
  if (cursor === 'initial') return 0
  const [, offset] = /^\["at",(\d+)\]$/.exec(Buffer.from(cursor, 'base64').toString()) ?? []
  if (offset === undefined) throw refused('cursor')
  return Number(offset)
}

function link(query: URLSearchParams, cursor: string, rel: string): object {
  const all = new URLSearchParams(query)
  all.set('cursor', cursor)
  return { href: `${PATH}?${all}`, rel }
}

/** No envelope, and an ISO time. */
function flat({ event: { fields } }: Kept): object {
  const at = new Date(Number(fields.timestamp) * 1_000).toISOString().replace('Z', '+00:00')
  return { ...fields, timestamp: at }
}
