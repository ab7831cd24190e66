/** What failed at the sender, beside what is in the inbox. */
import { held } from '../../core/base/held.ts'
import { OptionError } from '../../errors.ts'
import { keysOf, kindOf, knownKeys } from '../../lib/options.ts'
import { repairDoor } from '../../lib/symbols.ts'
import { checkedSignal, textIn } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import type { BatchStatus } from '../momentum/batch-status.ts'
import type { MomentumWebhooks } from '../momentum/webhooks.ts'
import { assertRepairable, type RepairedReceiver } from './receiver.ts'

export interface ReconcileOptions extends CallOptions {
  readonly client: Pick<MomentumWebhooks, 'list' | 'batchStatus'>
  readonly source: string
  /** Id of the webhook. Default: those whose address ends in the name of the source. */
  readonly webhook?: string
}

/** A batch whose last try failed, and that never came. */
export interface LostBatch {
  readonly batchId: string
  readonly webhook: string
  /** Time of the last try; null where the sender prints none. */
  readonly at: Date | null
  readonly attempts: number
  /** Status of the answer that the sender saw, or the code of what went wrong with its connection. */
  readonly failureCode: string | null
  /** Number of its events; null where the sender does not say. */
  readonly events: number | null
}

/** A batch that failed at least once, and came. */
export interface ArrivedBatch {
  readonly batchId: string
  readonly webhook: string
  readonly deliveryId: string
  readonly receivedAt: Date
  /** How many times it came again. */
  readonly repeats: number
  /** What the sender saw last; null: a success. */
  readonly failureCode: string | null
}

export interface ReconcileReport {
  /** What the sender tells: batches of the last 24 hours that failed at least once. */
  readonly batches: number
  /** The sender may still repeat them: SparkPost for 8 hours, Momentum for 4. */
  readonly lost: readonly LostBatch[]
  readonly arrived: readonly ArrivedBatch[]
}

const NAME = 'reconcile'
const KEYS = keysOf<ReconcileOptions>({ client: true, source: true, webhook: true, signal: true })

/** The sender tells 24 hours, by the time of the last try; the first may have been 8 hours before. */
const LOOK_BACK_MS = 33 * 3_600_000

/**
 * Compares the batches that failed at SparkPost or Momentum with the inbox, by batch id. Changes nothing: `backfill` fetches
 * the lost events.
 * @example
 * const client = momentumWebhooks({ apiKey: { env: 'SPARKPOST_API_KEY' } })
 * const { lost, arrived } = await reconcile(receiver, { client, source: 'shop' })
 * @throws OptionError (rejects) for a wrong option, and where no webhook posts to the source; ApiError
 */
export function reconcile(receiver: RepairedReceiver, options: ReconcileOptions): Promise<ReconcileReport> {
  return held(run(receiver, options))
}

async function run(receiver: RepairedReceiver, options: ReconcileOptions): Promise<ReconcileReport> {
  knownKeys(`${NAME}: the options`, options, KEYS)
  const { client, source } = options
  assertRepairable(NAME, receiver, source)
  if (typeof client?.batchStatus !== 'function')
    throw new OptionError(`${NAME}: client must be momentumWebhooks(…), got ${kindOf(client)}`)
  const signal = checkedSignal(NAME, options.signal)
  const call = signal === undefined ? {} : { signal }
  const webhooks =
    options.webhook === undefined
      ? await webhooksOf(client, source, call)
      : [textIn(`${NAME}: webhook`, options.webhook)]
  const told: (BatchStatus & { readonly webhook: string })[] = []
  for (const webhook of webhooks)
    for (const status of await client.batchStatus(webhook, call)) told.push({ ...status, webhook })
  const received = await receivedBatches(receiver, source)
  const lost = told.filter(({ batchId, failureCode }) => failureCode !== null && !received.has(plain(batchId)))
  return {
    batches: told.length,
    lost: lost.map(({ batchId, webhook, at, attempts, failureCode, events }) => {
      return { batchId, webhook, at, attempts, failureCode, events }
    }),
    arrived: told.flatMap(({ batchId, webhook, failureCode }) => {
      const came = received.get(plain(batchId))
      return came === undefined ? [] : [{ batchId, webhook, failureCode, ...came }]
    }),
  }
}

/** @throws OptionError when there is none */
async function webhooksOf(client: ReconcileOptions['client'], source: string, call: CallOptions): Promise<string[]> {
  const all = await client.list(call)
  const found = all.filter(
    ({ target }) => URL.canParse(target) && new URL(target).pathname.replace(/\/$/, '').endsWith(`/${source}`),
  )
  if (found.length > 0) return found.map(({ id }) => id)
  throw new OptionError(`${NAME}: no webhook posts to an address that ends in /${source}; name it: { webhook: id }`)
}

type Came = Pick<ArrivedBatch, 'deliveryId' | 'receivedAt' | 'repeats'>

async function receivedBatches(receiver: RepairedReceiver, source: string): Promise<ReadonlyMap<string, Came>> {
  const since = new Date(receiver[repairDoor].now() - LOOK_BACK_MS)
  const found = new Map<string, Came>()
  for await (const { id, batchId, receivedAt, duplicates } of receiver.inbox.deliveries({ source, since })) {
    if (batchId === null) continue
    const before = found.get(plain(batchId))
    // The same batch with other bytes is a delivery of its own.
    if (before === undefined) found.set(plain(batchId), { deliveryId: id, receivedAt, repeats: duplicates })
    else found.set(plain(batchId), { ...before, repeats: before.repeats + 1 + duplicates })
  }
  return found
}

/** The header has a UUID; the API prints its digits, 32 or, without a zero before them, 31. */
const plain = (batchId: string): string => batchId.replaceAll('-', '').toLowerCase().replace(/^0+/, '')
