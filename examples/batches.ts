/** Many events in one call: for warehouses and queues. */
import { createReceiver, RetryLater } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

interface Row {
  readonly id: string
  readonly type: string
  readonly at: Date
}

/** Returns the ids of the rows it could not take. */
async function insert(rows: readonly Row[], signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted()
  return rows.filter((row) => row.type === '').map((row) => row.id)
}

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
})

// All of it or nothing: what throws is tried again in halves, until the failing event stands alone.
receiver.onBatch('*', { name: 'warehouse', size: 1000, maxWaitMs: 2000 }, async (events, { signal }) => {
  await insert(
    events.map(({ id, type, occurredAt }) => ({ id, type, at: occurredAt })),
    signal,
  )
})

// Some of it: the events that are named are tried again alone.
receiver.onBatch(['opened', 'clicked'], { name: 'engagement' }, async (events, { signal, attempt }) => {
  if (attempt > 10) throw new RetryLater({ afterMs: 3_600_000 })
  const refused = await insert(
    events.map(({ id, type, occurredAt }) => ({ id, type, at: occurredAt })),
    signal,
  )
  return { failed: refused.map((id) => ({ id, error: new Error('refused') })) }
})

await receiver.start()
