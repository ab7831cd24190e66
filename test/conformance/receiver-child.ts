/**
 * A receiver of Momentum's webhooks in a process of its own, to be killed. `<kind> <port> <folder>`; kinds: `ours`, and two
 * as one writes them in a hurry, `answers-last` and `answers-first`. Tells `{ port }` when it listens. `GET /handled/<text>`
 * counts the events with that text in their address that were handled.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import express, { type Express } from 'express'
import { webhooks } from '../../src/adapters/express.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { everySource, TOKEN } from './sources.ts'

const [kind, port, folder = ''] = process.argv.slice(2)
const file = join(folder, 'handled')
const app = express()

const save = (address: unknown) => appendFileSync(file, `${address}\n`)

/** The work of the hurried: each element is taken for an event. */
async function work(element: { msys: Record<string, { rcpt_to: string }> }, ms = 0): Promise<void> {
  if (ms > 0) await wait(ms)
  for (const event of Object.values(element.msys)) save(event.rcpt_to)
}

function hurried(app: Express, answersFirst: boolean): void {
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
}

/** What must be over before the count is true. */
let settled = async () => {}

if (kind === 'ours') {
  const receiver = everySource(sqlite({ path: join(folder, 'inbox.db') }))
  receiver.on('*', { name: 'save' }, async ({ email }) => {
    // Only the events that are asked for, and slowly: the kill comes while they are being handled.
    if (!email?.startsWith('conformance-')) return
    await wait(200)
    save(email)
  })
  await receiver.start()
  settled = () => receiver.whenIdle()
  app.use(webhooks(receiver))
} else hurried(app, kind === 'answers-first')

app.get('/handled/:text', async ({ params }, response) => {
  await settled()
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  response.json(lines.filter((line) => line.includes(params.text)).length)
})

const server = app.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)
})
