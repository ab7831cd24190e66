/** `posthorn demo`: the whole way of a delivery, on this machine, without any account. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeOnSignals, webhooks } from '../adapters/node.ts'
import { basic, header, token } from '../auth/index.ts'
import { createReceiver } from '../core/receiver.ts'
import { sqlite } from '../inboxes/sqlite/index.ts'
import { esputnik } from '../providers/esputnik/index.ts'
import { mailjet } from '../providers/mailjet/index.ts'
import { momentum } from '../providers/momentum/index.ts'
import type { AnyEvent } from '../types.ts'
import { type Credentials, traffic } from './demo-traffic.ts'
import { post } from './post.ts'
import { say, showCounts, showEvent, showPosts } from './show.ts'

export interface DemoOptions {
  readonly port: number
  /** End after the show instead of listening on. */
  readonly once: boolean
}

const secret = () => randomBytes(18).toString('base64url')

/** Of its log the demo shows the stop, which it is asked for. */
const stopLines = {
  info: (facts: object, message: string) => {
    if ('event' in facts && String(facts.event).startsWith('stop')) say(message)
  },
  warn: () => {},
  error: () => {},
}

function newReceiver(path: string, { token: value, password, key }: Credentials) {
  return createReceiver({
    inbox: sqlite({ path }),
    sources: {
      shop: momentum({ auth: token(value) }),
      news: mailjet({ auth: basic({ username: 'mailjet', password }) }),
      crm: esputnik({ auth: header('x-esputnik-key', key), timeZone: 'Europe/Kyiv' }),
    },
    logger: stopLines,
  })
}

/** Counts events by provider and normalised type, and keeps the first of each provider that has an address. */
function newTally() {
  const counts = new Map<string, number>()
  const samples = new Map<string, AnyEvent>()
  const take = (event: AnyEvent) => {
    const key = `${event.provider} ${event.type}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
    if (event.email !== null && !samples.has(event.provider)) samples.set(event.provider, event)
  }
  return { counts, samples, take }
}

export async function demo(options: DemoOptions): Promise<0> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-demo-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const credentials = { token: secret(), password: secret(), key: secret() }
  const receiver = newReceiver(join(folder, 'inbox.db'), credentials)
  const tally = newTally()
  receiver.on('*', { name: 'count' }, tally.take)
  receiver.on('momentum.bounce', { name: 'suppress' }, async () => {})
  await receiver.start()
  const server = await listen(createServer(webhooks(receiver, { prefix: '/webhooks' })), options.port)
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`
  closeOnSignals(server, receiver)
  say(`Receiving on ${base}/shop (Momentum), /news (Mailjet) and /crm (eSputnik); inbox: ${join(folder, 'inbox.db')}\n`)
  await show(base, credentials, receiver, tally)
  if (options.once) process.kill(process.pid, 'SIGTERM')
  else invite(base, credentials)
  return 0
}

async function listen(server: Server, port: number): Promise<Server> {
  const tryPort = (wanted: number) =>
    new Promise<Server>((resolve, reject) => {
      server.once('error', reject).listen(wanted, '127.0.0.1', () => resolve(server.off('error', reject)))
    })
  return tryPort(port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    say(`Port ${port} is taken; another one will do.`)
    return tryPort(0)
  })
}

async function show(
  base: string,
  credentials: Credentials,
  receiver: ReturnType<typeof newReceiver>,
  tally: ReturnType<typeof newTally>,
): Promise<void> {
  const began = performance.now()
  const posts = []
  for (const { what, source, method, headers, body } of traffic(credentials))
    posts.push({ what, bytes: body.length, ...(await post(`${base}/${source}`, method, headers, body)) })
  showPosts(posts)
  await receiver.whenIdle()
  const events = [...tally.counts.values()].reduce((sum, count) => sum + count, 0)
  say(`\n${events} events handled in ${Math.round(performance.now() - began)} ms, by type:\n`)
  showCounts(tally.counts)
  for (const event of tally.samples.values()) showEvent(event)
  for await (const { source, index, reason } of receiver.inbox.quarantine())
    say(`\nIn quarantine, with its bytes kept: element ${index} of a delivery to "${source}": ${reason}.`)
  const { pending, deadLetters, quarantined } = await receiver.inbox.stats()
  say(`Inbox: ${pending} pending, ${deadLetters} dead letters, ${quarantined} quarantined.`)
}

function invite(base: string, { token: value }: Credentials): void {
  const event =
    '[{"msys":{"track_event":{"type":"click","rcpt_to":"you@example.com","target_link_url":"https://example.com"}}}]'
  say(`\nStill listening. Try it from another terminal:\n
  curl -i ${base}/shop -H 'X-MessageSystems-Webhook-Token: ${value}' -d '${event}'\n
Ctrl-C drains and stops.`)
}
