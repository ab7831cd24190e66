/**
 * A receiver of Momentum's webhooks in a process of its own, to be killed. `<kind> <port> <folder>`; kinds: ours on a host,
 * `express`, `fastify`, `node`, `fetch`, and two as one writes them in a hurry, `answers-last` and `answers-first`. Tells `{ port }` when it listens. `GET /handled/<text>`
 * counts the events with that text in their address that were handled.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import * as onExpress from '../../src/adapters/express.ts'
import * as onFastify from '../../src/adapters/fastify.ts'
import * as onNode from '../../src/adapters/node.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { everySource, TOKEN } from './sources.ts'

const [kind, port, folder = ''] = process.argv.slice(2)
const file = join(folder, 'handled')

const save = (address: unknown) => appendFileSync(file, `${address}\n`)

/** The work of the hurried: each element is taken for an event. */
async function work(element: { msys: Record<string, { rcpt_to: string }> }, ms = 0): Promise<void> {
  if (ms > 0) await wait(ms)
  for (const event of Object.values(element.msys)) save(event.rcpt_to)
}

function hurried(answersFirst: boolean): RequestListener {
  const app = express()
  app.use(express.json())
  app.post('/momentum', async (request, response) => {
    if (request.get('X-MessageSystems-Webhook-Token') !== TOKEN) return void response.sendStatus(401)
    if (answersFirst) response.sendStatus(200)
    // Work that is done before the answer can be quick; work behind it is put off.
    for (const element of request.body) await work(element, answersFirst ? 1_000 : 0)
    if (!answersFirst) response.sendStatus(200)
  })
  // Without the stack on stderr.
  app.use(((_error, _request, response, _next) => {
    if (!response.headersSent) response.sendStatus(_error.status ?? 500)
  }) as express.ErrorRequestHandler)
  return app
}

/** What must be over before the count is true. */
let settled = async () => {}

type Ours = ReturnType<typeof everySource>

const HOSTS: Readonly<Record<string, (receiver: Ours) => RequestListener | Promise<RequestListener>>> = {
  express: (receiver) => express().use(onExpress.webhooks(receiver)),
  node: (receiver) => onNode.webhooks(receiver),
  fetch: (receiver) => getRequestListener(new Hono().all('/*', (c) => receiver.handle(c.req.raw)).fetch),
  async fastify(receiver) {
    let listener: RequestListener = () => {}
    const serverFactory = (handler: RequestListener) => {
      listener = handler
      return createServer(handler)
    }
    await fastify({ serverFactory }).register(onFastify.webhooks(receiver)).ready()
    return listener
  },
}

async function ours(host: (receiver: Ours) => RequestListener | Promise<RequestListener>): Promise<RequestListener> {
  const receiver = everySource(sqlite({ path: join(folder, 'inbox.db') }))
  receiver.on('*', { name: 'save' }, async ({ email }) => {
    // Only the events that are asked for, and slowly: the kill comes while they are being handled.
    if (!email?.startsWith('conformance-')) return
    await wait(200)
    save(email)
  })
  await receiver.start()
  settled = () => receiver.whenIdle()
  return host(receiver)
}

async function count(marker: string): Promise<number> {
  await settled()
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return lines.filter((line) => line.includes(marker)).length
}

const host = HOSTS[kind ?? '']
const listener = host === undefined ? hurried(kind === 'answers-first') : await ours(host)
const server = createServer((request, response) => {
  const [, marker] = /^\/handled\/(.+)/.exec(request.url ?? '') ?? []
  if (marker === undefined) listener(request, response)
  else void count(marker).then((handled) => response.end(String(handled)))
}).listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)
})
