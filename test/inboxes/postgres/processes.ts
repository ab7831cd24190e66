/** Receivers in processes of their own at one schema, what is posted to them, and what they tell. */
import { join } from 'node:path'
import { Child } from '../../support/child.ts'
import type { Server } from '../../support/postgres.ts'
import { newSchema } from './store.ts'

const CHILD = 'test/support/postgres-child.ts'
const ROOT = join(import.meta.dirname, '../../..')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`
const POST_MS = 60_000

/** As `postgres-child.ts` says. */
export type Mode = 'none' | 'handle' | 'slow' | 'hang' | 'spin' | 'fail' | 'ordered' | 'stuck' | 'lives'

export interface Starting {
  readonly leaseMs?: number
  /** Where its code lies. */
  readonly root?: string | undefined
  readonly build?: 'former' | 'renamed'
  /** Its way to the server. */
  readonly url?: string
  /** The file of an `OrderedLedger`. */
  readonly ledger?: string
  readonly env?: Readonly<Record<string, string>>
}

export class Processes {
  readonly schema: string
  readonly all: Child[] = []
  readonly #server: Server

  constructor(server: Server, schema: string = newSchema()) {
    this.#server = server
    this.schema = schema
  }

  start(mode: Mode = 'handle', starting: Starting = {}): Child {
    const { leaseMs = 1_500, root = ROOT, build = 'former', url = this.#server.url, ledger } = starting
    const env = { ...starting.env, ...(ledger !== undefined && { POSTHORN_LEDGER: ledger }) }
    const child = new Child(join(root, CHILD), [url, this.schema, String(leaseMs), mode, build], env)
    this.all.push(child)
    return child
  }

  /** Resolves when it receives. */
  async join(mode: Mode = 'handle', starting: Starting = {}): Promise<Child> {
    const child = this.start(mode, starting)
    await child.line('port')
    return child
  }

  /** What processes have told under this key. */
  said(key: string, some: readonly Child[] = this.all): string[] {
    return some.flatMap(({ lines }) => lines.flatMap((line) => (key in line ? [String(line[key])] : [])))
  }

  sql(text: string): Promise<readonly Record<string, unknown>[]> {
    return this.#server.run(text.replaceAll('@', `"${this.schema}".`))
  }

  async count(table: string): Promise<number> {
    return Number((await this.sql(`SELECT count(*)::int AS n FROM @${table}`))[0]?.n)
  }

  async pending(): Promise<number> {
    return (await this.count('pass')) + (await this.count('work'))
  }

  async end(): Promise<void> {
    for (const child of this.all) await child.kill()
  }
}

/** Whether it was acknowledged. */
export async function post(
  child: Child,
  ids: readonly number[],
  { source = 'news', email = 'jo@shop.example' } = {},
): Promise<boolean> {
  const { port } = await child.line('port')
  const events = ids.map((id) => ({ event: 'open', time: 1_780_000_000, MessageID: id, email }))
  const sent = fetch(`http://127.0.0.1:${port}/webhooks/${source}`, {
    method: 'POST',
    body: JSON.stringify(events),
    headers: { authorization },
    signal: AbortSignal.timeout(POST_MS),
  })
  return sent.then(
    ({ ok }) => ok,
    () => false,
  )
}

/** What was posted: each of them again until it is acknowledged, so that all of it counts. */
export class Ledger {
  readonly ids = new Set<number>()
  /** Answers other than 200, and none. */
  refused = 0
  #next = 1

  /** `to`: whom the nth attempt goes to. */
  async send(to: (attempt: number) => Child): Promise<void> {
    const id = this.#next++
    this.ids.add(id)
    for (let attempt = 0; !(await post(to(attempt), [id])); attempt++) {
      this.refused += 1
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const PATIENCE_MS = 120_000

/** Whether it has come so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
    if (await isSo()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

const EMPTY = ['pass', 'work', 'quarantine', 'held', 'under_way', 'dead_letter', 'progress', 'death']

/** What is wrong once all that was posted is done, with so many processes that live. Sentences; none: all is well. */
export async function faultsOf(processes: Processes, { ids }: Ledger, alive: number): Promise<string[]> {
  const isDone = await until(
    async () => (await processes.pending()) === 0 && (await processes.count('process')) === alive,
  )
  const done = new Set(processes.said('done').map(Number))
  const counts = await Promise.all(EMPTY.map(async (table) => ({ table, n: await processes.count(table) })))
  const [stored, settled] = [await processes.count('delivery'), await processes.count('settled')]
  return [
    ...(isDone ? [] : ['work is left, or the row of a process']),
    ...[...ids].filter((id) => !done.has(id)).map((id) => `acknowledged and never handled: ${id}`),
    ...counts.flatMap(({ table, n }) => (n === 0 ? [] : [`${table}: ${n}`])),
    ...(stored === ids.size ? [] : [`stored: ${stored} of ${ids.size}`]),
    ...(settled === stored ? [] : [`settled: ${settled} of ${stored}`]),
  ]
}
