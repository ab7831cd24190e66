/**
 * A row for every event in SQLite, as a table of jobs: parsed and inserted in one transaction before the answer, then
 * read, handled and deleted, a thousand at a time. WAL and `synchronous=FULL`, as ours.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ProviderName } from '../bodies/bodies.ts'
import { ANSWER, ANSWER_HEAD, listen, whenRead } from './listen.ts'
import type { Served, ServerPlan } from './plan.ts'
import type { Tally } from './tally.ts'

const PORTION = 1_000

export async function rows({ folder, provider }: ServerPlan, tally: Tally): Promise<Served> {
  const table = new Jobs(join(folder, 'rows.db'), provider)
  let working: Promise<void> | null = null
  const work = () => {
    working ??= table.workOff(tally).finally(() => {
      working = null
    })
    return working
  }
  const served = await listen((req, res) => {
    whenRead(req, (body) => {
      table.insert(JSON.parse(body.toString()))
      res.writeHead(200, ANSWER_HEAD).end(ANSWER)
      void work()
    })
  })
  return { ...served, idle: work }
}

class Jobs {
  readonly #db: DatabaseSync
  readonly #keyOf: (event: never) => string
  #batches = 0

  constructor(path: string, provider: ProviderName) {
    this.#db = new DatabaseSync(path)
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE job (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, event TEXT NOT NULL)`)
    this.#keyOf = provider === 'mailjet' ? ({ Message_GUID }: { Message_GUID: string }) => Message_GUID : momentumKey
  }

  /** The load posts the same events over and over; a prefix keeps their keys apart. */
  insert(events: readonly never[]): void {
    const batch = ++this.#batches
    const insert = this.#db.prepare('INSERT INTO job (key, event) VALUES (?, ?) ON CONFLICT DO NOTHING')
    this.#db.exec('BEGIN IMMEDIATE')
    for (const event of events) insert.run(`${batch}:${this.#keyOf(event)}`, JSON.stringify(event))
    this.#db.exec('COMMIT')
  }

  async workOff(tally: Tally): Promise<void> {
    const next = this.#db.prepare('SELECT id, event FROM job ORDER BY id LIMIT ?')
    const done = this.#db.prepare('DELETE FROM job WHERE id BETWEEN ? AND ?')
    for (;;) {
      const jobs = next.all(PORTION)
      const [first, last] = [jobs[0], jobs.at(-1)]
      if (first === undefined || last === undefined) return
      for (const { event } of jobs) await tally.handle(JSON.parse(String(event)))
      done.run(Number(first.id), Number(last.id))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

function momentumKey({ msys }: { msys: Record<string, { event_id: string }> }): string {
  for (const name in msys) return (msys[name] as { event_id: string }).event_id
  return ''
}
