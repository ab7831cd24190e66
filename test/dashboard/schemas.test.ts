/** Every view as data: as its published schema says, and without the people in it where they are masked. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, unauthenticated } from '../../src/auth/index.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, PermanentError } from '../../src/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { newFolder } from '../cli/inbox-file.ts'
import { endAll, ends } from './kit.ts'

const FOLDER = join(import.meta.dirname, '../../schemas/dashboard')
const AUTH = { authorization: 'Bearer a secret of some length' }
const WHO = 'jo.doe@shop.example'
/** What is known of one person, in the forms in which senders write it. */
const SECRETS = /jo\.doe|Jo Doe|192\.0\.2\.77|private note/i

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
function schemaOf(view: string): ValidateFunction {
  const known = ajv.getSchema(`https://posthorn.dev/schemas/dashboard/${view}.json`)
  return known ?? ajv.compile(JSON.parse(readFileSync(join(FOLDER, `${view}.json`), 'utf8')))
}

type Query = Readonly<Record<string, string>>

async function boardWith(access: { people?: 'masked' | 'clear'; bytes?: boolean; act?: readonly 'retry'[] }) {
  const receiver = createReceiver({
    inbox: sqlite({ path: join(newFolder(), 'inbox.db') }),
    sources: { shop: momentum({ auth: unauthenticated() }), news: mailjet({ auth: unauthenticated() }) },
    logger: false,
  })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  receiver.on('bounced', { name: 'suppress' }, () => {
    throw new PermanentError(`no row of ${WHO}`, { cause: new Error(WHO) })
  })
  receiver.on('*', { name: 'tell' }, () => {})
  const about = {
    rcpt_to: WHO,
    raw_rcpt_to: WHO,
    message_id: '0001',
    rcpt_meta: { name: 'Jo Doe', note: 'private note' },
  }
  await receiver.inject('shop', [
    { msys: { message_event: { ...about, type: 'injection', subject: 'Dear Jo Doe' } } },
    {
      msys: {
        message_event: {
          ...about,
          type: 'bounce',
          bounce_class: '10',
          raw_reason: `550 ${WHO} unknown`,
          reason: `550 ${WHO}`,
        },
      },
    },
    {
      msys: {
        track_event: {
          ...about,
          type: 'click',
          ip_address: '192.0.2.77',
          target_link_url: `https://a.example/?u=${encodeURIComponent(WHO)}`,
        },
      },
    },
    { msys: { track_event: 'nothing that could be read' } },
  ])
  await receiver.inject('news', [
    { event: 'spam', email: WHO, time: 1_790_000_000, MessageID: 7, Payload: `{"name":"Jo Doe"}` },
  ])
  await receiver.whenIdle()
  await receiver.inbox.pause('tell')
  const board = dashboard(receiver, { auth: bearer('a secret of some length'), access })
  const ask = (query: Query, more: RequestInit = {}) =>
    board.handle(
      new Request(`https://ops.example/ops?${new URLSearchParams(query)}`, {
        ...more,
        headers: { ...AUTH, ...more.headers },
      }),
    )
  const ids: string[] = []
  for await (const { id } of receiver.inbox.deliveries()) ids.push(id)
  const search = await ask({ search: '' }, { method: 'POST', body: new URLSearchParams({ q: WHO }) })
  const key = new URLSearchParams(search.headers.get('location')?.slice(1)).get('key') ?? ''
  const shop = ids.at(-1) ?? ''
  const queries: Query[] = [
    ...['now', 'deliveries', 'bounces', 'suppression', 'dead', 'quarantine', 'replays', 'handlers', 'storage'].map(
      (view) => ({ view }),
    ),
    { view: 'sender', source: 'shop' },
    ...ids.map((id) => ({ view: 'delivery', id })),
    { view: 'events', filter: 'since:1d' },
    ...[0, 1, 2].map((index) => ({ view: 'event', id: `${shop}.${index}` })),
    { view: 'message', id: '0001' },
    { view: 'person', key },
    { view: 'dead', handler: 'suppress' },
    { view: 'quarantine', source: 'shop' },
  ]
  return { receiver, ask, queries }
}

let masked: Awaited<ReturnType<typeof boardWith>>
let clear: typeof masked
beforeAll(async () => {
  masked = await boardWith({ act: ['retry'] })
  clear = await boardWith({ people: 'clear', bytes: true })
})
afterAll(endAll)

it('has a schema for each view, and asks for each of them here', () => {
  const asked = new Set([...masked.queries.map(({ view }) => view), 'confirm', 'run', 'log'])
  expect(
    readdirSync(FOLDER)
      .map((name) => name.replace('.json', ''))
      .sort(),
  ).toEqual([...asked].sort())
})

describe.each(['masked', 'clear'])('%s', (people) => {
  it('answers as the schemas say', async () => {
    const { ask, queries } = people === 'masked' ? masked : clear
    for (const query of queries) {
      const answer = await ask({ ...query, as: 'json' })
      const json = await answer.json()
      expect(answer.status, `${JSON.stringify(query)} ${JSON.stringify(json)}`).toBe(200)
      const isValid = schemaOf(query.view ?? '')
      expect(isValid(json), `${JSON.stringify(query)} ${JSON.stringify(isValid.errors)}`).toBe(true)
    }
  })
})

it('tells nothing of people who are masked, in any view and any form', async () => {
  const { ask, queries } = masked
  let forms = 0
  for (const query of queries)
    for (const as of ['html', 'json', 'csv', 'ndjson']) {
      const answer = await ask({ ...query, as })
      const text = await answer.text()
      expect(text, `${JSON.stringify(query)} ${as}`).not.toMatch(SECRETS)
      forms += answer.status === 200 ? 1 : 0
    }
  expect(forms).toBeGreaterThan(queries.length * 2)
  const page = await (await clear.ask({ view: 'events', filter: 'since:1d' })).text()
  expect(page).toMatch(/jo\.doe@shop\.example/)
})

it('shows plans, runs and lines of the log as their schemas say', async () => {
  const { ask } = masked
  const act = { ...AUTH, 'x-posthorn-act': '1', 'content-type': 'application/json' }
  const post = (body: object) =>
    ask({ do: 'retry', as: 'json' }, { method: 'POST', headers: act, body: JSON.stringify(body) })
  const plan = await (await post({ filter: 'handler:suppress' })).json()
  const run = await (await post({ filter: 'handler:suppress', matched: plan.data.matched })).json()
  for (const answer of [plan, run]) {
    const isValid = schemaOf(answer.view)
    expect(isValid(answer), `${answer.view} ${JSON.stringify(isValid.errors)}`).toBe(true)
  }
  const lines = (await (await ask({ view: 'log', as: 'ndjson', redact: '1' })).text()).trim().split('\n')
  const isLine = schemaOf('log')
  for (const line of lines) {
    expect(isLine(JSON.parse(line)), JSON.stringify(isLine.errors)).toBe(true)
    expect(Buffer.from(JSON.parse(line).body, 'base64').toString()).not.toMatch(/jo\.doe/i)
  }
  expect(lines).toHaveLength(2)
})
