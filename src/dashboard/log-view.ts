/** `view=log`: deliveries in the order in which they came, for `posthorn forward` and whoever follows an inbox from elsewhere. */

import type { StoredDelivery } from '../ports/inbox/rows.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { DeskDoor } from '../public/desk.ts'
import { replaceEverywhere } from './addresses.ts'
import { redactedBody } from './redact.ts'
import { Refusal } from './refusal.ts'
import type { Seals } from './seal.ts'
import type { Rights } from './types.ts'

/** One line of `view=log`. */
export interface LoggedDelivery {
  /** Its place in the log: the `after` of what follows it. Gaps are deliveries that are gone. */
  readonly seq: number
  /** Of the delivery. */
  readonly id: string
  /** The name of the source it came to. */
  readonly source: string
  /** When it came. */
  readonly receivedAt: Date
  /** Test traffic of the sender. */
  readonly isTest: boolean
  /** Headers of record. */
  readonly headers: ReadonlyArray<readonly [string, string]>
  /** What is left of the bytes. */
  readonly kept: 'all' | 'some' | 'none'
  /** Whether stand-ins are in the place of addresses. */
  readonly redacted: boolean
  /** The bytes, in base64. */
  readonly body: string
}

export interface LogQuestion {
  readonly after: number
  readonly waitMs: number
  readonly limit: number
  readonly redacted: boolean
}

const POLL_MS = 250
const MOST_WAIT_S = 30
/** Of one answer: whoever wants more asks again. */
const [MOST_LINES, MOST_BYTES] = [1_000, 32 << 20]

/** @throws Refusal */
export function logQuestion(query: URLSearchParams, rights: Rights): LogQuestion {
  const redacted = query.get('redact') === '1'
  if (!redacted && !rights.bytes)
    throw new Refusal(
      'no_right',
      'Stored bytes ask for the right "bytes"; with redact=1 stand-ins are in the place of addresses.',
    )
  return {
    after: wholeOf(query, 'after', 0, Number.MAX_SAFE_INTEGER),
    waitMs: wholeOf(query, 'wait', 0, MOST_WAIT_S) * 1_000,
    limit: Math.max(1, wholeOf(query, 'limit', 100, MOST_LINES)),
    redacted,
  }
}

function wholeOf(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value <= most) return value
  throw new Refusal('bad_request', `${name} is a whole number from 0 to ${most}.`)
}

export interface LogParts {
  readonly desk: Pick<DeskDoor, 'nextAfter'>
  readonly watch: Pick<WatchDoor, 'state' | 'after' | 'steady'>
  readonly seals: Seals
  readonly signal: AbortSignal
}

/** Ends when there is nothing more; with nothing at all it waits, and ends at once when the receiver closes. */
export async function* logLines({ desk, watch, seals, signal }: LogParts, asked: LogQuestion): AsyncGenerator<string> {
  const until = watch.steady() + asked.waitMs
  const isOver = () => signal.aborted || watch.state() !== 'open'
  const unlessOver = (error: unknown) => {
    if (isOver()) return null
    throw error
  }
  let [seq, lines, bytes] = [asked.after, 0, 0]
  while (lines < asked.limit && bytes < MOST_BYTES && !isOver()) {
    const next = await desk.nextAfter(seq).catch(unlessOver)
    if (next === null) {
      if (lines > 0 || watch.steady() >= until) return
      await pause(watch, signal)
      continue
    }
    const line = `${JSON.stringify(logged(next, asked.redacted ? seals : null))}\n`
    seq = next.seq
    lines++
    bytes += line.length
    yield line
  }
}

function logged(delivery: StoredDelivery, seals: Seals | null): LoggedDelivery {
  const { seq, id, source, receivedAt, isTest, headers, kept = 'all', body } = delivery
  const standIn = (address: string) => seals?.standIn(address) ?? address
  return {
    ...{ seq, id, source, isTest, kept },
    receivedAt: new Date(receivedAt),
    headers: seals === null ? headers : headers.map(([name, value]) => [name, replaceEverywhere(value, standIn)]),
    redacted: seals !== null,
    body: Buffer.from(seals === null ? body : redactedBody(body, standIn)).toString('base64'),
  }
}

function pause(watch: LogParts['watch'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = watch.after(POLL_MS, end)
    function end(): void {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
  })
}
