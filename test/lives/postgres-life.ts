/**
 * A life of a schema: two to four processes work on it, are killed, stopped past their lease, replaced in order, and lose
 * their server; senders keep a ledger. One handler of the processes has an order: each of them runs it when the one before
 * has ended, and what it does is written down. Triggers write down who took what, and whose lease was over when it was taken away.
 */
import { randomBytes } from 'node:crypto'
import { migrateAt } from '../../src/inboxes/postgres/copy/index.ts'
import { between, type Random } from '../faults/harness/random.ts'
import { Processes, post, until } from '../inboxes/postgres/processes.ts'
import type { Child } from '../support/child.ts'
import { OrderedLedger } from '../support/ordered-ledger.ts'
import type { Server } from '../support/postgres.ts'

const LEASE_MS = 1_500
const STILL_MS = 60_000

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
  /** What began before earlier events of its key had ended. */
  readonly outOfOrder: readonly string[]
  readonly acknowledged: number
  readonly refused: number
  readonly kills: number
}

/** `root`: the checkout that the processes run from; default this one. */
export async function livePostgres(server: Server, random: Random, steps: number, root?: string): Promise<Lived> {
  const schema = `life_${randomBytes(6).toString('hex')}`
  const at = (text: string) => text.replaceAll('@', `"${schema}".`)
  await migrateAt({ url: server.url, schema })
  await server.run(at(TRACE))
  const life = new Life(new Processes(server, schema), root)
  try {
    for (let n = between(random, 2, 4); n > 0; n--) await life.join()
    const senders = [1, 2, 3].map((address) => life.send(address))
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
    const faults = await life.faults()
    const overlaps = await server.run(at(OVERLAPS))
    faults.push(...overlaps.map(({ what, seq }) => `${what}: ${seq}`))
    return { faults, outOfOrder: life.outOfOrder(), acknowledged: life.acknowledged.size, refused: life.refused, kills }
  } finally {
    await life.end()
  }
}

class Life {
  readonly acknowledged = new Set<number>()
  refused = 0
  isOver = false
  readonly #processes: Processes
  readonly #root: string | undefined
  readonly #ledger = new OrderedLedger()
  #current: Child[] = []

  constructor(processes: Processes, root: string | undefined) {
    this.#processes = processes
    this.#root = root
  }

  get size(): number {
    return this.#current.length
  }

  /** One that cannot start, as while the server is away, is started again. */
  async join(): Promise<void> {
    for (;;) {
      const ledger = this.#ledger.path
      const child = this.#processes.start('lives', { leaseMs: LEASE_MS, root: this.#root, ledger })
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

  /** The next of an address is sent once the one before it is stored, to whichever process. */
  async send(address: number): Promise<void> {
    for (let n = 1; !this.isOver; n++) {
      const id = n * 10 + address
      for (let to = n; !this.isOver; to++) {
        const child = this.#current[to % Math.max(1, this.#current.length)]
        if (child !== undefined && (await post(child, [id], { email: `jo${address}@shop.example` }))) {
          this.acknowledged.add(id)
          break
        }
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
  async faults(): Promise<string[]> {
    const processes = this.#processes
    if (this.#current.length === 0) await this.join()
    const isDone = await this.#settles()
    const done = this.#ledger.ended
    const lost = [...this.acknowledged].filter((id) => !done.has(id))
    const left = {
      quarantined: await processes.count('quarantine'),
      held: await processes.count('held'),
      notes: await processes.count('under_way'),
    }
    const unsettled = (await processes.count('delivery')) - (await processes.count('settled'))
    return [
      ...(isDone ? [] : ['work is left']),
      ...lost.map((id) => `acknowledged and never handled: ${id}`),
      ...Object.entries(left).flatMap(([what, n]) => (n === 0 ? [] : [`${what}: ${n}`])),
      ...(unsettled === 0 ? [] : [`not settled: ${unsettled}`]),
    ]
  }

  /** On a slow machine it takes as long as it takes: false once nothing has been handled for a minute. */
  async #settles(): Promise<boolean> {
    for (let known = -1; ; ) {
      const { size } = this.#ledger.ended
      if (size === known) return false
      known = size
      const end = performance.now() + STILL_MS
      while (performance.now() < end) {
        if ((await this.#processes.pending()) === 0) return true
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  outOfOrder(): string[] {
    return this.#ledger.outOfOrder()
  }

  async end(): Promise<void> {
    this.isOver = true
    await this.#processes.end()
  }
}
