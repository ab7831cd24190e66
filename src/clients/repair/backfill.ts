/** Events that a sender has and the inbox lacks, put into it. */
import { held } from '../../core/base/held.ts'
import { OptionError } from '../../errors.ts'
import { assertFunction, keysOf, kindOf, knownKeys } from '../../lib/options.ts'
import { repairDoor } from '../../lib/symbols.ts'
import type { KeyedElement } from '../../ports/repair-door.ts'
import { checkedSignal, instantIn } from '../api/arguments.ts'
import type { PullClient } from '../api/pull.ts'
import type { CallOptions } from '../api/settings.ts'
import { assertRepairable, type RepairedReceiver } from './receiver.ts'

export interface BackfillOptions extends CallOptions {
  /** `sparkpostEvents` or `esputnikActivity`. */
  readonly client: PullClient
  readonly source: string
  /** Events that happened since then; not before what `retention.bodies` keeps. */
  readonly since: Date
  /** Not included. Default: now. */
  readonly until?: Date
  /**
   * Takes in what might be there already: events of a time whose bodies are not all kept, and events without an id and
   * without what makes a fingerprint. Default false.
   */
  readonly mayRepeat?: boolean
  /** Called after each page. */
  readonly onProgress?: (progress: BackfillProgress) => void
}

export interface BackfillProgress {
  /** Events that the sender has told so far; `total` is how many there are, null where it does not say. */
  readonly pulled: number
  readonly total: number | null
  /** Those that the inbox had. */
  readonly present: number
  /** Those that were put in. */
  readonly injected: number
  /** Those that nobody can tell from others: left out unless `mayRepeat`. */
  readonly untold: number
  /** Those of another time: senders give whole minutes, or days. */
  readonly outside: number
}

export interface BackfillReport extends BackfillProgress {
  /** The deliveries that were made of them, `origin: 'backfill'`. */
  readonly deliveries: readonly string[]
  /** The signal ended it; what was put in stays, and another run goes on from there. */
  readonly stopped: boolean
}

const NAME = 'backfill'
const KEYS = keysOf<BackfillOptions>({
  ...{ client: true, source: true, since: true, until: true, mayRepeat: true, onProgress: true, signal: true },
})
const DAY_MS = 86_400_000
/** As many as a large batch of SparkPost. */
const DELIVERY_EVENTS = 1_000

/**
 * Asks the sender for its events of this time, compares them with what was received since a day before, by the sender's ids
 * or else fingerprints, and injects those that are missing, in the envelope of the webhook. A second run injects nothing. An
 * event that the sender still repeats by webhook may come after it: `dedupeEvents` of the source absorbs it then.
 * @example
 * const client = sparkpostEvents({ apiKey: { env: 'SPARKPOST_API_KEY' } })
 * const { present, injected } = await backfill(receiver, { client, source: 'shop', since })
 * @throws OptionError (rejects) for wrong options; for a time that is older than `retention.bodies`, or of which bodies
 * were pruned or erased, unless `mayRepeat`; ApiError; what `inject` throws
 */
export function backfill(receiver: RepairedReceiver, options: BackfillOptions): Promise<BackfillReport> {
  return held(run(receiver, options))
}

interface Counts {
  pulled: number
  total: number | null
  present: number
  injected: number
  untold: number
  outside: number
}

async function run(receiver: RepairedReceiver, options: BackfillOptions): Promise<BackfillReport> {
  const { client, source, since, until, mayRepeat, signal, onProgress } = checked(receiver, options)
  await receiver.start()
  const door = receiver[repairDoor]
  let lookedAt = door.now()
  const known = await door.known(source, since - DAY_MS, signal)
  if (known.incomplete > 0 && !mayRepeat)
    throw new OptionError(
      `${NAME}: bytes of ${known.incomplete} deliveries of that time are not kept any more, so nobody can tell what is missing; mayRepeat: true takes the events in all the same`,
    )
  const counts: Counts = { pulled: 0, total: null, present: 0, injected: 0, untold: 0, outside: 0 }
  const deliveries: string[] = []
  const window = { since: new Date(since - client.marginMs), until: new Date(until + client.marginMs) }
  try {
    for await (const { events, total } of client.pages({ ...window, ...(signal === undefined ? {} : { signal }) })) {
      counts.total = total
      // What webhooks have brought in the meantime.
      const later = await door.known(source, lookedAt, signal)
      lookedAt = door.now()
      for (const key of later.keys) known.keys.add(key)
      const read = await door.read(source, JSON.stringify(events))
      const missing = events.filter((_, at) =>
        isMissing(read[at], { known: known.keys, since, until, mayRepeat }, counts),
      )
      signal?.throwIfAborted()
      deliveries.push(...(await injectAll(receiver, source, missing, counts)))
      onProgress?.({ ...counts })
    }
  } catch (error) {
    if (!signal?.aborted) throw error
  }
  return { ...counts, deliveries, stopped: signal?.aborted ?? false }
}

interface Sought {
  readonly known: Set<string>
  readonly since: number
  readonly until: number
  readonly mayRepeat: boolean
}

function isMissing(
  read: KeyedElement | undefined,
  { known, since, until, mayRepeat }: Sought,
  counts: Counts,
): boolean {
  const { keys, occurredAtMs } = read ?? { keys: [], occurredAtMs: null }
  counts.pulled++
  if (occurredAtMs !== null && (occurredAtMs < since || occurredAtMs >= until)) return count(counts, 'outside')
  if (keys.length === 0) return count(counts, 'untold') || mayRepeat
  if (keys.some((key) => known.has(key))) return count(counts, 'present')
  for (const key of keys) known.add(key)
  return true
}

function count(counts: Counts, name: 'outside' | 'untold' | 'present'): false {
  counts[name]++
  return false
}

async function injectAll(receiver: RepairedReceiver, source: string, events: readonly object[], counts: Counts) {
  const ids: string[] = []
  for (let from = 0; from < events.length; from += DELIVERY_EVENTS) {
    const some = events.slice(from, from + DELIVERY_EVENTS)
    // The name is one of the receiver's own: checked before.
    const { id, status } = await receiver.inject(source as never, JSON.stringify(some))
    if (status === 'duplicate') counts.present += some.length
    else {
      counts.injected += some.length
      ids.push(id)
    }
  }
  return ids
}

function checked(receiver: RepairedReceiver, options: BackfillOptions) {
  knownKeys(`${NAME}: the options`, options, KEYS)
  const { client, source, mayRepeat = false, onProgress } = options
  assertRepairable(NAME, receiver, source)
  if (typeof client?.pages !== 'function')
    throw new OptionError(`${NAME}: client must be sparkpostEvents(…) or esputnikActivity(…), got ${kindOf(client)}`)
  if (typeof mayRepeat !== 'boolean') throw new OptionError(`${NAME}: mayRepeat must be true or false`)
  assertFunction(`${NAME}: onProgress`, onProgress)
  const { now, bodiesMs } = receiver[repairDoor]
  const since = instantIn(`${NAME}: since`, options.since).getTime()
  const until = instantIn(`${NAME}: until`, options.until ?? new Date(now())).getTime()
  if (!(since < until)) throw new OptionError(`${NAME}: since must be before until`)
  if (since < now() - bodiesMs && !mayRepeat)
    throw new OptionError(
      `${NAME}: since is older than retention.bodies, so nobody can tell what is missing; mayRepeat: true takes the events in all the same`,
    )
  return { client, source, since, until, mayRepeat, onProgress, signal: checkedSignal(NAME, options.signal) }
}
