/**
 * `posthorn forward`: the deliveries of an inbox, posted to a server in their order. What was posted is remembered only
 * once the server has it, so that a forward that was killed, or a laptop that slept, goes on where it was.
 */
import { OptionError } from '../../errors.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import { type CredentialOptions, credentialHeaders } from '../credentials.ts'
import { type InboxOptions, type OpenInbox, withInbox } from '../inbox/open.ts'
import { say, tell } from '../out/streams.ts'
import { type Posted, post } from '../post.ts'
import { Cursor, nameOf, type Place } from './cursor.ts'
import { lastSeq, nextAfter } from './log.ts'

export interface ForwardOptions extends InboxOptions, CredentialOptions {
  readonly to: string
  readonly name?: string | undefined
  /** Where a new cursor begins: `now`, `start`, an id, or words of a filter such as `since:1h`. */
  readonly from: string
  /** Forgets how far it had come. */
  readonly reset: boolean
  readonly once: boolean
  /** Answers other than 2xx after which a delivery is passed over. */
  readonly skipAfter?: number | undefined
  readonly filter: { readonly filter?: string }
  readonly json: boolean
}

/** How often it is looked for what has come, in ms. */
const POLL_MS = 250
const PAUSE_MS = { least: 250, most: 30_000 }

/** The exit code: 0 at the end of the log, or at a signal; 5 when deliveries were passed over. */
export async function forward(options: ForwardOptions): Promise<0 | 5> {
  return withInbox(options, async (opened) => {
    const cursor = new Cursor(options.name ?? nameOf(options.to))
    const begin = await placeOf(opened, cursor, options)
    cursor.write(begin)
    const ready = { ready: options.to, after: begin.id, cursor: cursor.path }
    say(
      options.json
        ? JSON.stringify(ready)
        : `ready: ${options.to}, ${begin.id === null ? 'from the start' : `after ${begin.id}`}`,
    )
    return new Forwarding(opened, cursor, options).run(begin)
  })
}

/** @throws OptionError where the cursor is that of another inbox */
async function placeOf(
  { control, records }: OpenInbox,
  cursor: Cursor,
  { from, reset }: ForwardOptions,
): Promise<Place> {
  const known = reset ? null : cursor.read()
  if (known === null) return startOf({ control, records }, from)
  const there = known.id === null ? null : await records.read(known.seq)
  const isOther = there === null ? known.seq > (await lastSeq(records)) : there.id !== known.id
  if (!isOther) return known
  throw new OptionError(`${cursor.path} is the cursor of another inbox: choose another --name, or --reset it`)
}

const NOTHING: Place = { seq: 0, id: null }

async function startOf({ control, records }: Pick<OpenInbox, 'control' | 'records'>, from: string): Promise<Place> {
  if (from === 'start') return NOTHING
  if (from === 'now') return placeAt(records, await lastSeq(records))
  let oldest: string | null = null
  for await (const { id } of control.deliveries({ filter: from })) oldest = id
  if (oldest === null) return placeAt(records, await lastSeq(records))
  return placeAt(records, ((await records.delivery(oldest))?.seq ?? 1) - 1)
}

async function placeAt(records: OpenInbox['records'], seq: number): Promise<Place> {
  return seq === 0 ? NOTHING : { seq, id: (await records.read(seq))?.id ?? null }
}

class Forwarding {
  readonly #opened: OpenInbox
  readonly #cursor: Cursor
  readonly #options: ForwardOptions
  #passedOver = 0

  constructor(opened: OpenInbox, cursor: Cursor, options: ForwardOptions) {
    this.#opened = opened
    this.#cursor = cursor
    this.#options = options
  }

  async run(begin: Place): Promise<0 | 5> {
    const { records, stop } = this.#opened
    for (let seq = begin.seq; !stop.aborted; ) {
      const next = await nextAfter(records, seq)
      if (next === null && this.#options.once) break
      if (next === null) await pause(POLL_MS, stop)
      else {
        this.#tellGap(seq, next)
        if (!(await this.#take(next))) break
        seq = next.seq
        this.#cursor.write({ seq, id: next.id })
      }
    }
    return this.#passedOver > 0 ? 5 : 0
  }

  /** What retention has taken meanwhile is said, not passed over in silence. */
  #tellGap(seq: number, next: StoredDelivery): void {
    const gone = next.seq - seq - 1
    if (gone > 0) tell(`${gone} deliveries are gone, received before ${new Date(next.receivedAt).toISOString()}.`)
  }

  /** False: stopped before it was taken. */
  async #take(delivery: StoredDelivery): Promise<boolean> {
    if (delivery.kept === 'none') {
      this.#passedOver++
      tell(`${delivery.id} is passed over: its bytes are gone.`)
      return true
    }
    return (await this.#isAsked(delivery.id)) ? this.#post(delivery) : true
  }

  async #isAsked(id: string): Promise<boolean> {
    const { filter } = this.#options.filter
    if (filter === undefined) return true
    const rows = this.#opened.control.deliveries({ filter, ids: [id] })
    return !(await rows[Symbol.asyncIterator]().next()).done
  }

  async #post(delivery: StoredDelivery): Promise<boolean> {
    const { to, skipAfter = Number.POSITIVE_INFINITY, json } = this.#options
    const { stop } = this.#opened
    let refused = 0
    for (let tries = 1; ; tries++) {
      const answer = await this.#try(delivery)
      if (answer !== null && answer.status >= 200 && answer.status < 300) {
        const line = {
          id: delivery.id,
          source: delivery.source,
          status: answer.status,
          ms: Math.round(answer.ackMs),
          tries,
        }
        say(json ? JSON.stringify(line) : `${line.id}\t${line.source}\t${line.status}\t${line.ms} ms`)
        return true
      }
      refused += answer === null ? 0 : 1
      if (refused >= skipAfter) {
        this.#passedOver++
        tell(`${delivery.id} is passed over: answered ${answer?.status} ${refused} times.`)
        return true
      }
      if (tries === 1)
        tell(
          `${delivery.id}: ${answer === null ? `nobody answers at ${new URL(to).host}` : `answered ${answer.status}`}; tried again until it is taken.`,
        )
      await pause(Math.min(PAUSE_MS.most, PAUSE_MS.least * 2 ** Math.min(tries, 10)), stop)
      if (stop.aborted) return false
    }
  }

  /** null: no answer. */
  #try({ headers, body }: StoredDelivery): Promise<Posted | null> {
    const { to } = this.#options
    return post(to, 'POST', { ...ownHeaders(headers), ...credentialHeaders(this.#options) }, body).catch(() => null)
  }
}

/** Those of record, without what is about the wire: the bytes are stored decoded. */
function ownHeaders(headers: StoredDelivery['headers']): Record<string, string> {
  return Object.fromEntries(headers.filter(([name]) => !/^content-(encoding|length)$/i.test(name)))
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    stop.addEventListener('abort', end)
  })
}
