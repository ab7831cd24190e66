/** The recipes of docs/recipes.md, over real events and a real PostgreSQL. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'pg'
import { createReceiver } from 'posthorn'
import { basic, token } from 'posthorn/auth'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { deliver, moveClock, sampleEvent } from 'posthorn/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { watchBlocks } from '../../examples/recipes/blocked-domain.ts'
import { giveDiscounts, TABLES } from '../../examples/recipes/discount.ts'
import { keepSuppressionList, TABLE as SUPPRESSION } from '../../examples/recipes/suppression.ts'
import { cleanCrm } from '../../examples/recipes/user-unknown.ts'
import { fillWarehouse, TABLE as WAREHOUSE } from '../../examples/recipes/warehouse.ts'
import { programsOf, type Server, startServer } from '../support/postgres.ts'

const make = () =>
  createReceiver({
    inbox: memory(),
    sources: {
      shop: momentum({ auth: token('a token of some length') }),
      news: mailjet({ auth: basic({ username: 'mailjet', password: 'a password of some length' }) }),
    },
    logger: false,
  })
const shopAlone = () =>
  createReceiver({
    inbox: memory(),
    sources: { shop: momentum({ auth: token('a token of some length') }) },
    logger: false,
  })

let open: { close(): Promise<unknown> } | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})
const started = async <R extends { start(): Promise<void>; close(): Promise<unknown> }>(receiver: R): Promise<R> => {
  open = receiver
  await receiver.start()
  return receiver
}

const gone = (rcpt_to: string, event_id: string) =>
  sampleEvent('momentum.bounce', { bounce_class: '10', rcpt_to, raw_rcpt_to: rcpt_to, event_id }, { as: 'bounced' })

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let pool: Pool
  beforeAll(async () => {
    server = await startServer()
    pool = new Pool({ connectionString: server.url })
    await pool.query([SUPPRESSION, WAREHOUSE, TABLES].join(';'))
  }, 60_000)
  afterAll(async () => {
    await pool?.end()
    server?.remove()
  })
  beforeEach(() => pool.query('truncate suppression, mail_event, delivered, discount'))
  const rows = async (sql: string) => (await pool.query(sql)).rows

  it('keeps a list of suppression, with the first reason, whatever is repeated', async () => {
    const receiver = make()
    keepSuppressionList(receiver, pool)
    await started(receiver)
    const bounce = gone('Jo@Shop.example', '1')
    const soft = sampleEvent('momentum.bounce', { bounce_class: '20', rcpt_to: 'al@shop.example', event_id: '2' })
    await deliver(receiver, 'shop', [
      bounce,
      soft,
      sampleEvent('momentum.spam_complaint', { rcpt_to: 'jo@shop.example' }),
    ])
    await deliver(receiver, 'news', [sampleEvent('mailjet.unsub', { email: 'max@shop.example' }, { source: 'news' })])
    expect(await rows('select email, event_id is not null as known from suppression order by email')).toEqual([
      { email: 'jo@shop.example', known: true },
      { email: 'max@shop.example', known: true },
    ])
    const [before] = await rows("select * from suppression where email = 'jo@shop.example'")
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(await rows("select * from suppression where email = 'jo@shop.example'")).toEqual([before])
  })

  it('fills a warehouse, each event once', async () => {
    const receiver = make()
    fillWarehouse(receiver, pool)
    await started(receiver)
    await deliver(
      receiver,
      'shop',
      Array.from({ length: 20 }, (_, n) => gone('jo@shop.example', `${n}`)),
    )
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(await rows("select count(*)::int, payload->>'bounce_class' as class from mail_event group by 2")).toEqual([
      { count: 20, class: '10' },
    ])
  })

  it('gives a discount once, to who opened within a day, and waits for the delivery of a mail that was opened', async () => {
    const receiver = shopAlone()
    const sent: [string, string][] = []
    giveDiscounts(receiver, pool, async (...one) => void sent.push(one))
    await started(receiver)
    const at = Date.now()
    const seconds = (ms: number) => `${Math.floor((at + ms) / 1000)}`
    const mail = (message_id: string) => ({ message_id, rcpt_to: `${message_id}@shop.example` })
    const delivered = (id: string) =>
      sampleEvent('momentum.delivery', { ...mail(id), timestamp: seconds(0), event_id: `d${id}` })
    const opened = (id: string, after: number, event_id: string) =>
      sampleEvent(
        'momentum.initial_open',
        { ...mail(id), timestamp: seconds(after), event_id, user_agent: 'Firefox' },
        { as: 'opened' },
      )
    await deliver(receiver, 'shop', [delivered('a'), delivered('b')])
    await deliver(receiver, 'shop', [opened('a', 1000, '1'), opened('a', 2000, '2'), opened('b', 25 * 3_600_000, '3')])
    expect(sent.map(([email]) => email)).toEqual(['a@shop.example'])
    await receiver.inbox.replay({ all: true })
    await receiver.whenIdle()
    expect(new Set(sent.map(([, key]) => key)).size).toBe(1)
    await deliver(receiver, 'shop', [opened('c', 0, '4')])
    expect((await receiver.inbox.stats()).pending).toBe(1)
  })
})

it('tells of a domain that blocks, once in its time', async () => {
  const receiver = make()
  const told: [string, number][] = []
  watchBlocks(receiver, async (...one) => void told.push(one))
  await started(receiver)
  const at = `${Math.floor(Date.now() / 1000)}`
  const blocked = (n: number) =>
    sampleEvent('momentum.bounce', {
      bounce_class: '51',
      rcpt_to: `u${n}@blocks.example`,
      event_id: `b${n}`,
      timestamp: at,
    })
  const fine = (n: number, domain: string) =>
    sampleEvent('momentum.delivery', { rcpt_to: `u${n}@${domain}`, event_id: `d${domain}${n}`, timestamp: at })
  await deliver(receiver, 'shop', [
    ...Array.from({ length: 20 }, (_, n) => fine(n, 'blocks.example')),
    ...Array.from({ length: 60 }, (_, n) => fine(n, 'takes.example')),
    ...Array.from({ length: 60 }, (_, n) => blocked(n)),
  ])
  expect(told).toEqual([['blocks.example', expect.closeTo(0.6, 1)]])
})

it('takes unknown users out of a CRM: once for each event, later when asked to wait, never when it refuses', async () => {
  const asked: IncomingMessage[] = []
  const answers = [429, 200, 400, 404]
  const crm = createServer((request, response) => {
    asked.push(request)
    response.writeHead(answers[asked.length - 1] ?? 500, { 'retry-after': '0' }).end()
  })
  await new Promise<void>((resolve) => crm.listen(0, '127.0.0.1', resolve))
  const receiver = make()
  cleanCrm(receiver, `http://127.0.0.1:${(crm.address() as AddressInfo).port}`, 'key')
  await started(receiver)
  await deliver(receiver, 'shop', [gone('a@shop.example', '1')])
  moveClock(receiver, 1000)
  await receiver.whenIdle()
  await deliver(receiver, 'shop', [gone('b@shop.example', '2')])
  await deliver(receiver, 'shop', [gone('c@shop.example', '3')])
  const keys = asked.map(({ headers }) => headers['idempotency-key'])
  expect(asked.map(({ url }) => url)).toEqual(['a', 'a', 'b', 'c'].map((name) => `/contacts/${name}%40shop.example`))
  expect(keys[0]).toBe(keys[1])
  expect((await receiver.inbox.stats()).deadLetters).toBe(1)
  await new Promise((resolve) => crm.close(resolve))
})
