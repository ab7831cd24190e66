/**
 * Renews the lease of a process while its event loop is held up by a handler. It has a connection of its own, and ends
 * nothing: where the loop has not beaten for `stallMs` it lets the lease run out, so that others go on with the work.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { LeaseTerms } from './terms.ts'

interface Client {
  connect(): Promise<unknown>
  query(config: {
    text: string
    values: readonly unknown[]
    query_timeout: number
  }): Promise<{ readonly rows: readonly unknown[] }>
  end(): Promise<void>
  on(event: 'error', listener: () => void): unknown
}

interface Driver {
  readonly default: {
    readonly Client: new (settings: { connectionString: string; connectionTimeoutMillis: number }) => Client
  }
}

const terms = workerData as LeaseTerms
/** Of a busy server; one that hangs, and one more connection, leave time enough to renew. */
const PATIENCE_MS = 2 * terms.everyMs
let owner = terms.owner
let client: Client | null = null
let [seen, seenAt] = [0, performance.now()]

parentPort?.on('message', (next: string) => {
  owner = next
})
let isBusy = false
setInterval(() => {
  // Two at a time would make two connections, of which one is never ended.
  if (isBusy) return
  isBusy = true
  void renew()
    .catch(drop)
    .finally(() => {
      isBusy = false
    })
}, terms.everyMs)

/** The loop of the process has beaten not long ago. */
function isBeating(): boolean {
  const beat = Atomics.load(terms.beats, 0)
  const now = performance.now()
  if (beat !== seen) [seen, seenAt] = [beat, now]
  return now - seenAt < terms.stallMs
}

async function renew(): Promise<void> {
  if (!isBeating()) return
  client ??= await connect()
  const [asked, whose] = [process.hrtime.bigint(), owner]
  const { rows } = await client.query({
    text: terms.text,
    values: [whose, terms.leaseMs],
    query_timeout: PATIENCE_MS,
  })
  if (rows.length > 0 && whose === owner) Atomics.store(terms.renewedAt, 0, asked)
}

async function connect(): Promise<Client> {
  const driver: Driver = await import(terms.driver)
  const made = new driver.default.Client({
    connectionString: terms.connectionString,
    connectionTimeoutMillis: PATIENCE_MS,
  })
  made.on('error', drop)
  await made.connect()
  return made
}

/** The next time it connects anew. */
function drop(): void {
  const lost = client
  client = null
  lost?.end().catch(() => {})
}
