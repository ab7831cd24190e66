/** What `bench/postgres.ts` measures besides: workers with a process each, take-over, a rolling deploy, pg-boss, a long line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from '../test/support/child.ts'
import type { Server } from '../test/support/postgres.ts'

const CHILD = join(import.meta.dirname, '../test/support/postgres-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`

/** Workers with a process each. */
export class Workers {
  readonly #all: { readonly process: ChildProcess; readonly lines: Interface }[]

  constructor(server: Server, schema: string, count: number) {
    const script = join(import.meta.dirname, 'postgres-worker.ts')
    this.#all = Array.from({ length: count }, () => {
      const child = spawn(process.execPath, [script, server.url, schema], { stdio: ['pipe', 'pipe', 'inherit'] })
      return { process: child, lines: createInterface({ input: child.stdout as NodeJS.ReadableStream }) }
    })
  }

  async ready(): Promise<void> {
    await Promise.all(this.#all.map(({ lines }) => once(lines, 'line')))
  }

  /** So many of them drain all that waits; answers how many a second. */
  async drain(count: number): Promise<number> {
    const some = this.#all.slice(0, count)
    const began = performance.now()
    const said = some.map(({ lines }) => once(lines, 'line'))
    for (const one of some) one.process.stdin?.write('\n')
    const done = (await Promise.all(said)).map(([line]) => Number(line))
    return (done.reduce((sum, one) => sum + one, 0) / (performance.now() - began)) * 1_000
  }

  async end(): Promise<void> {
    const ended = this.#all.map(({ process }) => once(process, 'exit'))
    for (const { process } of this.#all) process.stdin?.end()
    await Promise.all(ended)
  }
}

async function post(child: Child, id: number): Promise<boolean> {
  const { port } = await child.line('port')
  const body = JSON.stringify([{ event: 'open', time: 1_780_000_000, MessageID: id, email: 'jo@shop.example' }])
  const init = { method: 'POST', body, headers: { authorization } }
  return fetch(`http://127.0.0.1:${port}/webhooks/news`, init).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** How long after the end of a process another has what it worked on, in ms, with the lease that is the default: after SIGTERM it waits for its handler first. */
export async function takeOver(server: Server, schema: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<number> {
  const start = (mode: string) => new Child(CHILD, [server.url, schema, '15000', mode])
  const [hanging, receiving] = [start('hang'), start('none')]
  try {
    await hanging.line('port')
    await post(receiving, 1)
    await hanging.line('handled')
    const next = start('handle')
    try {
      await next.line('port')
      const began = performance.now()
      hanging.process.kill(signal)
      await hanging.exited
      const ended = signal === 'SIGTERM' ? performance.now() : began
      await next.line('done')
      return performance.now() - ended
    } finally {
      await next.kill()
    }
  } finally {
    for (const child of [hanging, receiving]) await child.kill()
  }
}

/** Three processes are replaced one after the other, under load; answers how many posts came, and how many were refused. */
export async function rollingDeploy(server: Server, schema: string): Promise<{ posts: number; refused: number }> {
  const all: Child[] = []
  const start = async () => {
    const child = new Child(CHILD, [server.url, schema, '15000', 'handle'])
    all.push(child)
    await child.line('port')
    return child
  }
  try {
    const current = [await start(), await start(), await start()]
    const underWay = new Map<Child, number>()
    let [posts, refused, isOver] = [0, 0, false]
    const sender = async () => {
      while (!isOver) {
        const child = current[++posts % current.length] as Child
        underWay.set(child, (underWay.get(child) ?? 0) + 1)
        if (!(await post(child, posts))) refused += 1
        underWay.set(child, (underWay.get(child) ?? 1) - 1)
      }
    }
    const senders = Array.from({ length: 8 }, sender)
    for (const [at, old] of [...current].entries()) {
      current[at] = await start()
      // As a balancer does that sends it nothing more.
      while ((underWay.get(old) ?? 0) > 0) await sleep(1)
      await old.kill('SIGTERM')
      await sleep(500)
    }
    isOver = true
    await Promise.all(senders)
    return { posts, refused }
  } finally {
    for (const child of all) await child.kill()
  }
}

/** As much as is used; the package is not among our dependencies. */
interface Boss {
  on(event: 'error', listener: (error: unknown) => void): void
  start(): Promise<unknown>
  stop(options: { readonly graceful: boolean }): Promise<unknown>
  createQueue(name: string): Promise<void>
  send(name: string, data: object): Promise<unknown>
  insert(name: string, jobs: readonly { readonly data: object }[]): Promise<unknown>
  fetch(name: string, options: { readonly batchSize: number }): Promise<readonly { readonly id: string }[]>
  complete(name: string, ids: readonly string[]): Promise<unknown>
}

export interface Peer {
  send(data: object): Promise<unknown>
  insert(events: readonly object[]): Promise<unknown>
  /** Fetches and completes all that waits; answers how many. */
  drain(): Promise<number>
  close(): Promise<unknown>
}

/** null: pg-boss is not installed. */
export async function pgBoss(server: Server): Promise<Peer | null> {
  const name: string = 'pg-boss'
  const loaded = (await import(name).catch(() => null)) as {
    readonly PgBoss: new (options: { readonly connectionString: string }) => Boss
  } | null
  if (loaded === null) return null
  const boss = new loaded.PgBoss({ connectionString: server.url })
  boss.on('error', () => {})
  await boss.start()
  const queue = 'events'
  await boss.createQueue(queue)
  return {
    send: (data) => boss.send(queue, data),
    insert: (events) =>
      boss.insert(
        queue,
        events.map((data) => ({ data })),
      ),
    async drain() {
      for (let done = 0; ; ) {
        const jobs = await boss.fetch(queue, { batchSize: 1_000 })
        if (jobs.length === 0) return done
        await boss.complete(
          queue,
          jobs.map(({ id }) => id),
        )
        done += jobs.length
      }
    },
    close: () => boss.stop({ graceful: false }),
  }
}

/** So many deliveries that wait, each of a few bytes, written by the server itself. */
export async function fillLine(server: Server, schema: string, count: number): Promise<void> {
  const at = (text: string) => server.run(text.replaceAll('@', `"${schema}".`))
  const body = "'[{}]'::bytea"
  for (let from = 1; from <= count; from += 500_000) {
    const some = `generate_series(${from}, ${Math.min(count, from + 499_999)}) n`
    await at(`INSERT INTO @key (hash, seq, sha256) SELECT md5(n::text)::uuid, n, sha256(n::text::bytea) FROM ${some};
      INSERT INTO @delivery SELECT n, md5(n::text)::uuid, 'd_' || n, 'shop', null, false, sha256(${body}), 1780000000000, 4, 0,
        '[[],null,"wire",null,null]' FROM ${some};
      INSERT INTO @body SELECT n, ${body} FROM ${some};
      INSERT INTO @pass (seq, source, size) SELECT n, 'shop', 4 FROM ${some}`)
  }
  await at(`SELECT setval('@delivery_seq', ${count})`)
}
