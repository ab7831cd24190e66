/** A dashboard over a receiver with views that show what they were given, and requests to it without a server. */
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { Board } from '../../src/dashboard/board.ts'
import { type DashboardOptions, settingsOf } from '../../src/dashboard/options.ts'
import type { Plan, Shown, ViewRequest, Views } from '../../src/dashboard/types.ts'
import { refusal } from '../../src/dashboard/views/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver, type Hooks } from '../../src/index.ts'
import type { BoardAnswer, BoardRequest } from '../../src/ports/board.ts'
import { rememberingLogger } from '../support/log.ts'
import { toy } from '../support/toy.ts'

/** Ends what a test has begun; to be called after each. */
export const ends: (() => unknown)[] = []

export async function endAll(): Promise<void> {
  for (const end of ends.splice(0)) await end()
}

export async function receiving(hooks: Hooks = {}) {
  const inbox = memory()
  const logger = rememberingLogger()
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger, hooks })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  return { receiver, inbox, logger }
}

/** Views that are asked by these tests: `events`, `person`, `echo` and a few more; all others are not found. */
export const views: Views = {
  async show(request) {
    const view = request.query.get('view') ?? 'now'
    const { inbox } = request.receiver
    if (view === 'now') return shown(view, { rights: request.rights })
    if (view === 'echo')
      return { ...shown(view, Object.fromEntries(request.query)), rows: [Object.fromEntries(request.query)] }
    if (view === 'events') {
      const events = await gathered(inbox.events({ since: new Date(0), filter: request.query.get('filter') ?? '' }))
      return { ...shown(view, events), rows: events.map(({ id, email }) => ({ id, email })) }
    }
    if (view === 'dead') return shown(view, await gathered(inbox.deadLetters()))
    if (view === 'delivery') {
      const found = await inbox.delivery(request.query.get('id') ?? '')
      return shown(view, { ...found, body: Buffer.from((await found?.body()) ?? []).toString() })
    }
    if (view === 'stop') return shown(view, { token: request.token('stop', request.query.get('run') ?? '', 0) })
    if (view === 'slow') {
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
      return { ...shown(view, []), next: 'd_a', partial: 'looked at 12 of 40' }
    }
    if (view === 'stuck') return new Promise(() => {})
    if (view === 'person') return shown(view, await personOf(request))
    return { ...shown(view, null), status: 404 }
  },
  confirm: (_, plan) => shown('confirm', plan),
  look: async () => {},
  run: (_, progress) => shown('run', progress),
  refusal,
  assets: new Map([
    ['main-abc', { type: 'text/javascript', bytes: Buffer.from('1'), gzip: false }],
    ['style-abc', { type: 'text/css', bytes: gzipSync('body{}'), gzip: true }],
  ]),
}

async function personOf(request: ViewRequest) {
  const address = request.addressOf(request.query.get('key') ?? '')
  if (address === null) return null
  const events = await gathered(request.receiver.inbox.person(address))
  return { who: request.shown(address), events, keys: events.map((event) => request.keyOf(event)) }
}

const shown = (view: string, data: unknown): Shown => ({
  ...{ status: 200, view, title: view, data, frame: null, next: null, partial: null },
  page: () => `<!doctype html><title>${view}</title>`,
})

export async function gathered<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const row of rows) all.push(row)
  return all
}

export interface Asked extends Partial<Omit<BoardRequest, 'rawHeaders' | 'access'>> {
  readonly headers?: Readonly<Record<string, string>>
  readonly rawHeaders?: readonly string[]
  /** As `pages` would have it from the host. */
  readonly access?: unknown
}

const LOCAL = { host: 'localhost:8080', connection: 'keep-alive' }

/** A browser's own page on this machine. */
export const OWN = { ...LOCAL, 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080' }

export class Asking {
  readonly board: Board

  constructor(receiver: Awaited<ReturnType<typeof receiving>>['receiver'], options: DashboardOptions = {}) {
    this.board = new Board(receiver, settingsOf(options), views)
  }

  ask(query: string, { headers = {}, rawHeaders, access, ...more }: Asked = {}): Promise<BoardAnswer> {
    const given = { ...LOCAL, ...headers }
    return this.board.answer({
      ...{ method: 'GET', query, body: null, peer: '127.0.0.1', isSecure: false, httpVersion: '1.1' },
      rawHeaders: rawHeaders ?? Object.entries(given).flat(),
      access: access === undefined ? undefined : { given: access },
      signal: new AbortController().signal,
      ...more,
    })
  }

  async json(query: string, asked: Asked = {}) {
    const answer = await this.ask(`${query}&as=json`, asked)
    return { ...answer, json: JSON.parse(String(answer.body)) }
  }

  post(query: string, fields: Readonly<Record<string, string>>, asked: Asked = {}) {
    const headers = { ...OWN, 'content-type': 'application/x-www-form-urlencoded', ...asked.headers }
    return this.ask(query, {
      ...asked,
      method: 'POST',
      headers,
      body: Buffer.from(String(new URLSearchParams(fields))),
    })
  }

  async plan(query: string, fields: Readonly<Record<string, string>>, asked: Asked = {}) {
    const answer = await this.post(`${query}&as=json`, fields, asked)
    const { data, error } = JSON.parse(String(answer.body))
    return { status: answer.status, plan: data as Plan, error: error as string | undefined }
  }
}

export function locationOf({ status, headers }: BoardAnswer): URLSearchParams {
  expect(status).toBe(303)
  expect(headers.location).toMatch(/^\?/)
  return new URLSearchParams(headers.location?.slice(1))
}
