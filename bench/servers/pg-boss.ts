/** A job for every event with pg-boss: inserted before the answer, a batch in one call; fetched a thousand at a time. */
import { randomUUID } from 'node:crypto'
import { ANSWER, ANSWER_HEAD, listen, whenRead } from './listen.ts'
import type { Served, ServerPlan } from './plan.ts'
import type { Tally } from './tally.ts'

/** As much as is used; the package is not among our dependencies. */
interface PgBoss {
  on(event: 'error', listener: (error: unknown) => void): void
  start(): Promise<unknown>
  stop(options: { readonly graceful: boolean }): Promise<unknown>
  createQueue(name: string): Promise<void>
  insert(name: string, jobs: readonly { readonly data: object }[]): Promise<unknown>
  fetch(
    name: string,
    options: { readonly batchSize: number },
  ): Promise<readonly { readonly id: string; readonly data: object }[]>
  complete(name: string, ids: readonly string[]): Promise<unknown>
}
type Module = {
  readonly PgBoss: new (options: { readonly connectionString: string; readonly schema: string }) => PgBoss
}

const QUEUE = 'events'
const PORTION = 1_000

export async function pgBoss({ database }: ServerPlan, tally: Tally): Promise<Served> {
  const name: string = 'pg-boss'
  const { PgBoss }: Module = await import(name)
  if (database === null) throw new Error('pg-boss needs a database')
  const schema = `bench_${randomUUID().replaceAll('-', '')}`
  const boss = new PgBoss({ connectionString: database, schema })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  await boss.createQueue(QUEUE)
  const workOff = workerOf(boss, tally)
  const served = await listen((req, res) => {
    whenRead(req, (body) => {
      const events: object[] = JSON.parse(body.toString())
      void boss
        .insert(
          QUEUE,
          events.map((data) => ({ data })),
        )
        .then(() => {
          res.writeHead(200, ANSWER_HEAD).end(ANSWER)
          void workOff()
        })
    })
  })
  const close = async () => {
    await served.close()
    await boss.stop({ graceful: false })
  }
  return { ...served, idle: workOff, close }
}

/** Fetches without the second that `work` would wait between two looks: as fast as the queue can be. */
function workerOf(boss: PgBoss, tally: Tally): () => Promise<void> {
  let working: Promise<void> | null = null
  let again = false
  const portions = async () => {
    for (;;) {
      again = false
      const jobs = await boss.fetch(QUEUE, { batchSize: PORTION })
      for (const { data } of jobs) await tally.handle(data)
      if (jobs.length > 0)
        await boss.complete(
          QUEUE,
          jobs.map(({ id }) => id),
        )
      else if (!again) return
    }
  }
  return () => {
    again = true
    working ??= portions().finally(() => {
      working = null
    })
    return working
  }
}
