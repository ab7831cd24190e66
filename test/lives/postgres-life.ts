/**
 * A life of a schema: two to four processes work on it, are killed, stopped past their lease, replaced in order, and lose
 * their server; a sender keeps a ledger. Triggers write down who took what, and whose lease was over when it was taken away.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { migrateAt } from '../../src/inboxes/postgres/copy/index.ts'
import { between, type Random } from '../faults/harness/random.ts'
import { Child } from '../support/child.ts'
import type { Server } from '../support/postgres.ts'

const script = join(import.meta.dirname, '../support/postgres-child.ts')
const authorization = `Basic ${Buffer.from('mailjet:a-password-of-some-length').toString('base64')}`
const LEASE_MS = 1_500
const PATIENCE_MS = 120_000

const TRACE = `
CREATE TABLE @trace (n bigserial PRIMARY KEY, what text, seq int8, owner int8, until timestamptz, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION @trace_pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF old.owner IS NULL AND new.owner IS NOT NULL THEN INSERT INTO @trace (what, seq, owner) VALUES ('claimed', new.seq, new.owner); END IF;
  IF old.owner IS NOT NULL AND new.owner IS NULL AND new.careful AND NOT old.careful THEN
    INSERT INTO @trace (what, seq, owner) VALUES ('reaped', new.seq, old.owner); END IF;
  IF old.owner <> new.owner THEN INSERT INTO @trace (what, seq, owner) VALUES ('robbed', new.seq, old.owner); END IF;
  RETURN new; END $$;
CREATE TRIGGER trace BEFORE UPDATE OF owner, careful ON @pass FOR EACH ROW EXECUTE FUNCTION @trace_pass();
CREATE FUNCTION @trace_process() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO @trace (what, owner, until) VALUES ('gone', old.owner, old.until); RETURN old; END $$;
CREATE TRIGGER trace BEFORE DELETE ON @process FOR EACH ROW EXECUTE FUNCTION @trace_process();`

/** Claims that were taken from a process whose lease had not ended; and settlements of others than the last to claim. */
const OVERLAPS = `
SELECT 'robbed' AS what, seq FROM @trace WHERE what = 'robbed'
UNION ALL
SELECT 'reaped early', r.seq FROM @trace r JOIN @trace g ON g.what = 'gone' AND g.owner = r.owner
  WHERE r.what = 'reaped' AND g.until > g.at
UNION ALL
SELECT 'settled by another', s.seq FROM @settled s WHERE s.owner <> (
  SELECT owner FROM @trace t WHERE t.what = 'claimed' AND t.seq = s.seq ORDER BY n DESC LIMIT 1)`

export interface Lived {
  /** Sentences; none: all is well. */
  readonly faults: readonly string[]
  readonly acknowledged: number
  readonly refused: number
  readonly kills: number
}

export async function livePostgres(server: Server, random: Random, steps: number): Promise<Lived> {
  const schema = `life_${randomBytes(6).toString('hex')}`
  const at = (text: string) => text.replaceAll('@', `"${schema}".`)
  await migrateAt({ url: server.url, schema })
  await server.run(at(TRACE))
  const life = new Life(server.url, schema)
  try {
    for (let n = between(random, 2, 4); n > 0; n--) await life.join()
    const senders = [life.send(), life.send()]
    let kills = 0
    for (let step = 0; step < steps; step++) {
      await life.acknowledgedMore(between(random, 1, 25))
      const what = between(random, 0, 5)
      if (what === 5) {
        server.stop('immediate')
        server.start()
      } else if (what === 4) await life.leave(random)
      else if (what === 3) await life.freeze(random)
      else if (what > 0) {
        await life.kill(random)
        kills += 1
      }
      if (life.size < 4 && (life.size < 2 || random() < 0.5)) await life.join()
    }
    life.isOver = true
    await Promise.all(senders)
    const faults = await life.faults(async (text) => server.run(at(text)))
    const overlaps = await server.run(at(OVERLAPS))
    faults.push(...overlaps.map(({ what, seq }) => `${what}: ${seq}`))
    return { faults, acknowledged: life.acknowledged.size, refused: life.refused, kills }
  } finally {
    await life.end()
  }
}

class Life {
  readonly acknowledged = new Set<string>()
  refused = 0
  isOver = false
  readonly #url: string
  readonly #schema: string
  readonly #all: Child[] = []
  #current: Child[] = []
  #id = 0

  constructor(url: string, schema: string) {
    this.#url = url
    this.#schema = schema
  }

  get size(): number {
    return this.#current.length
  }

  /** One that cannot start, as while the server is away, is started again. */
  async join(): Promise<void> {
    for (;;) {
      const child = new Child(script, [this.#url, this.#schema, String(LEASE_MS), 'slow'])
      this.#all.push(child)
      const isUp = await child.line('port').then(
        () => true,
        () => false,
      )
      if (isUp) {
        this.#current.push(child)
        return
      }
    }
  }

  #take(random: Random): Child | undefined {
    return this.#current.splice(between(random, 0, this.#current.length - 1), 1)[0]
  }

  async kill(random: Random): Promise<void> {
    await this.#take(random)?.kill()
  }

  async leave(random: Random): Promise<void> {
    await this.#take(random)?.kill('SIGTERM')
  }

  /** Past its lease; it goes on as another process. */
  async freeze(random: Random): Promise<void> {
    const child = this.#current[between(random, 0, this.#current.length - 1)]
    child?.process.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS * 2))
    child?.process.kill('SIGCONT')
  }

  async send(): Promise<void> {
    while (!this.isOver) {
      const id = ++this.#id
      const child = this.#current[id % Math.max(1, this.#current.length)]
      if (child !== undefined && (await post(child, id))) this.acknowledged.add(String(id))
      else {
        this.refused += 1
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  async acknowledgedMore(count: number): Promise<void> {
    const enough = this.acknowledged.size + count
    await until(() => this.acknowledged.size >= enough)
  }

  /** Once nothing is left to do. */
  async faults(run: (text: string) => Promise<readonly Record<string, unknown>[]>): Promise<string[]> {
    if (this.#current.length === 0) await this.join()
    const count = async (text: string) => Number((await run(`SELECT count(*)::int AS n FROM ${text}`))[0]?.n)
    const isDone = await until(async () => (await count('@pass')) + (await count('@work')) === 0)
    const done = new Set(this.#all.flatMap(({ lines }) => lines.flatMap(({ done: id }) => (id ? [String(id)] : []))))
    const lost = [...this.acknowledged].filter((id) => !done.has(id))
    const left = {
      quarantined: await count('@quarantine'),
      held: await count('@held'),
      notes: await count('@under_way'),
    }
    const unsettled = (await count('@delivery')) - (await count('@settled'))
    return [
      ...(isDone ? [] : ['work is left']),
      ...lost.map((id) => `acknowledged and never handled: ${id}`),
      ...Object.entries(left).flatMap(([what, n]) => (n === 0 ? [] : [`${what}: ${n}`])),
      ...(unsettled === 0 ? [] : [`not settled: ${unsettled}`]),
    ]
  }

  async end(): Promise<void> {
    this.isOver = true
    for (const child of this.#all) await child.kill()
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
    if (await isSo()) return true
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return false
}

async function post(child: Child, id: number): Promise<boolean> {
  const { port } = await child.line('port')
  const sent = fetch(`http://127.0.0.1:${port}/webhooks/news`, {
    method: 'POST',
    body: JSON.stringify([{ event: 'open', time: 1_780_000_000, MessageID: id, email: 'jo@shop.example' }]),
    headers: { authorization },
    signal: AbortSignal.timeout(10_000),
  })
  return sent.then(
    (response) => response.ok,
    () => false,
  )
}
