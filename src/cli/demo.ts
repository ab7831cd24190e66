/** `posthorn demo`: a receiver on this machine, killed once under the traffic of every sender, without any account. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropAt } from '../inboxes/postgres/copy/index.ts'
import { type HandledEvent, ReceiverProcess } from './demo-process.ts'
import { type DemoSenders, demoSenders } from './demo-senders.ts'
import { say } from './out/streams.ts'
import { showEvent } from './show.ts'

export interface DemoOptions {
  readonly port: number
  /** The inbox in this database, in the place of a file. */
  readonly postgres?: string | undefined
  /** End after the show instead of listening on. */
  readonly once: boolean
}

const MESSAGES = 200

const secret = () => randomBytes(27).toString('base64url')

/** Resolves with 0 when every event that was sent was handled, else with 1; without `once` at the first signal. */
export async function demo(options: DemoOptions): Promise<0 | 1> {
  const place = placeOf(options)
  const secrets = { shop: secret(), cloud: secret(), news: secret(), crm: secret(), signing: secret() }
  const tally = new Tally()
  const setting = { inbox: place.inbox, port: options.port, opsPort: 0, secrets }
  const receiver = new ReceiverProcess(setting, (events) => tally.take(events))
  const senders = demoSenders(secrets, () => killed(receiver))
  const stop = firstSignal()
  try {
    await receiver.start()
    const base = `http://127.0.0.1:${receiver.port}/webhooks`
    say(`Receiver: process ${receiver.pid} at ${base}; inbox: ${place.name}`)
    say(`Dashboard: http://127.0.0.1:${receiver.opsPort}/`)
    say(receiver.metrics === null ? '' : `Metrics, for a Prometheus: ${receiver.metrics}\n`)
    await Promise.race([show(senders, base, tally), stop])
    const code = tally.code
    if (options.once || code === null) return code ?? 0
    tally.onNew = showPosted
    invite(`${base}/shop`, secrets.shop, receiver.opsPort)
    await Promise.race([senders.goOn(), stop])
    return code
  } finally {
    tally.stop()
    await senders.close()
    await receiver.stop()
    await place.remove()
  }
}

/** Where the inbox is, for as long as the demo takes. */
function placeOf({ postgres: url }: DemoOptions) {
  if (url !== undefined) {
    const schema = `posthorn_demo_${randomBytes(4).toString('hex')}`
    return { inbox: { url, schema }, name: `PostgreSQL, schema ${schema}`, remove: () => dropAt({ url, schema }) }
  }
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-demo-'))
  const file = join(folder, 'inbox.db')
  return { inbox: { file }, name: file, remove: async () => rmSync(folder, { recursive: true, force: true }) }
}

async function show(senders: DemoSenders, base: string, tally: Tally): Promise<void> {
  for (const sender of senders.senders) {
    await sender.create(`${base}/${sender.source}`)
    say(`  ${sender.name.padEnd(11)}${sender.created}`)
  }
  say(`\n${MESSAGES} messages of each, with their opens, clicks and bounces over hours of virtual time:`)
  const began = performance.now()
  await senders.live(MESSAGES)
  await tally.quiet(() => senders.senders.every((sender) => senders.verdict(sender, tally.of(sender.source)).passed))
  showTally(senders, tally, Math.round(performance.now() - began))
}

/** In the middle of a post. */
async function killed(receiver: ReceiverProcess): Promise<void> {
  const { pid } = receiver
  await receiver.restartKilled()
  say(`\n  kill -9 ${pid}, in the middle of a post; started again as ${receiver.pid}\n`)
}

function showTally({ senders, verdict, report }: DemoSenders, tally: Tally, ms: number): void {
  say(`  ${'sender'.padEnd(11)}${['posts', 'repeated', 'sent', 'handled'].map((head) => head.padStart(10)).join('')}`)
  for (const sender of senders) {
    const { posts, repeated, expected } = report(sender)
    const counts = [posts, repeated, sum(expected), sum(tally.of(sender.source))]
    say(`  ${sender.name.padEnd(11)}${counts.map((count) => String(count).padStart(10)).join('')}`)
  }
  const why = senders.flatMap((sender) => verdict(sender, tally.of(sender.source)).why)
  tally.code = why.length === 0 ? 0 : 1
  say(why.length === 0 ? `\nSent = handled, to the event, in ${ms} ms.` : `\nNot to the event: ${why.join('; ')}`)
  if (tally.again > 0) say(`${tally.again} were handed out again after the kill, with the same id: counted once.`)
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, count) => all + count, 0)

/** What the handler was handed, each event once: by its id. */
class Tally {
  /** Told of each event that comes for the first time. */
  onNew: (event: HandledEvent) => void = () => {}
  /** Of the show; null until it has ended. */
  code: 0 | 1 | null = null
  again = 0
  readonly #known = new Set<string>()
  readonly #counts = new Map<string, Record<string, number>>()
  #lastAt = performance.now()
  #stopped = false

  take(events: readonly HandledEvent[]): void {
    this.#lastAt = performance.now()
    for (const event of events) {
      if (this.#known.has(event.id)) this.again++
      else this.#count(event)
    }
  }

  #count(event: HandledEvent): void {
    this.#known.add(event.id)
    const counts = this.of(event.source)
    const type = event.nativeType.split('.').at(-1) ?? ''
    counts[type] = (counts[type] ?? 0) + 1
    this.#counts.set(event.source, counts)
    this.onNew(event)
  }

  /** Events of a source by the word on the wire. */
  of(source: string): Record<string, number> {
    return this.#counts.get(source) ?? {}
  }

  /** Resolves when it is as it should be, or when nothing has come for some seconds, or at `stop`. */
  async quiet(isComplete: () => boolean): Promise<void> {
    while (!this.#stopped && !isComplete() && performance.now() - this.#lastAt < QUIET_MS)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }

  stop(): void {
    this.#stopped = true
  }
}

const QUIET_MS = 10_000

/** Resolves at the first SIGINT or SIGTERM; the second ends the process as usual. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}

/** Not those of the senders, which go on. */
function showPosted(event: HandledEvent): void {
  if (event.messageId === null) showEvent(event)
}

function invite(url: string, token: string, opsPort: number): void {
  const event =
    '[{"msys":{"track_event":{"type":"click","rcpt_to":"you@example.com","target_link_url":"https://example.com"}}}]'
  say(`\nThe senders go on: watch them at http://127.0.0.1:${opsPort}/\nStill listening, and shows what you post from another terminal:\n
  curl -i ${url} -H 'X-MessageSystems-Webhook-Token: ${token}' -d '${event}'\n
Ctrl-C drains and stops.`)
}
