/**
 * `posthorn forward`: the deliveries of an inbox, posted to a server in their order. What was posted is remembered only
 * once the server has it, so that a forward that was killed, or a laptop that slept, goes on where it was.
 */
import { OptionError } from '../../errors.ts'
import { type CredentialOptions, credentialHeaders } from '../credentials.ts'
import { type InboxOptions, withInbox } from '../inbox/open.ts'
import { timeText } from '../out/format.ts'
import { say, tell } from '../out/streams.ts'
import { type Posted, post } from '../post.ts'
import { pause, untilSignal } from '../signals.ts'
import { Cursor, nameOf, type Place } from './cursor.ts'
import { dashboardLog } from './dashboard-log.ts'
import { type Followed, type Forwarded, inboxLog } from './log.ts'

export interface ForwardOptions extends InboxOptions, CredentialOptions {
  readonly to: string
  /** Of a dashboard, whose inbox it is then. */
  readonly url?: string | undefined
  readonly raw: boolean
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
  /** Default: times in the zone of this machine. */
  readonly utc?: boolean
}

/** How often it is looked for what has come, in ms. */
const POLL_MS = 250
const PAUSE_MS = { least: 250, most: 30_000 }

/** The exit code: 0 at the end of the log, or at a signal; 5 when deliveries were passed over. */
export async function forward(options: ForwardOptions): Promise<0 | 5> {
  const { url, raw, once, filter } = options
  if (url === undefined) return withInbox(options, (opened) => follow(inboxLog(opened, filter), opened.stop, options))
  if (filter.filter !== undefined || options.inbox !== undefined || options.config !== undefined)
    throw new OptionError('--url goes with no filter and no other inbox: the whole log comes from over there')
  return untilSignal((stop) => follow(dashboardLog({ url, raw, once, stop }), stop, options))
}

async function follow(log: Followed, stop: AbortSignal, options: ForwardOptions): Promise<0 | 5> {
  const cursor = new Cursor(options.name ?? nameOf(options.to))
  const begin = await placeOf(log, cursor, options)
  cursor.write(begin)
  const ready = { ready: options.to, after: begin.id, cursor: cursor.path }
  say(
    options.json
      ? JSON.stringify(ready)
      : `ready: ${options.to}, ${begin.id === null ? 'from the start' : `after ${begin.id}`}`,
  )
  return new Forwarding(log, stop, cursor, options).run(begin)
}

/** @throws OptionError where the cursor is that of another inbox */
async function placeOf(log: Followed, cursor: Cursor, { from, reset }: ForwardOptions): Promise<Place> {
  const known = reset ? null : cursor.read()
  if (known === null) return log.startOf(from)
  const there = known.id === null ? null : await log.idAt(known.seq)
  const isOther = there === null ? known.seq > (await log.last()) : there !== known.id
  if (!isOther) return known
  throw new OptionError(`${cursor.path} is the cursor of another inbox: choose another --name, or --reset it`)
}

class Forwarding {
  readonly #log: Followed
  readonly #stop: AbortSignal
  readonly #cursor: Cursor
  readonly #options: ForwardOptions
  #passedOver = 0

  constructor(log: Followed, stop: AbortSignal, cursor: Cursor, options: ForwardOptions) {
    this.#log = log
    this.#stop = stop
    this.#cursor = cursor
    this.#options = options
  }

  async run(begin: Place): Promise<0 | 5> {
    const stop = this.#stop
    for (let seq = begin.seq; !stop.aborted; ) {
      const next = await this.#log.next(seq)
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
  #tellGap(seq: number, next: Forwarded): void {
    const gone = next.seq - seq - 1
    if (gone > 0)
      tell(`${gone} deliveries are gone, received before ${timeText(new Date(next.receivedAt), this.#options.utc)}.`)
  }

  /** False: stopped before it was taken. */
  async #take(delivery: Forwarded): Promise<boolean> {
    if (delivery.kept === 'none') {
      this.#passedOver++
      tell(`${delivery.id} is passed over: its bytes are gone.`)
      return true
    }
    return (await this.#log.isAsked(delivery.id)) ? this.#post(delivery) : true
  }

  async #post(delivery: Forwarded): Promise<boolean> {
    const { to, skipAfter = Number.POSITIVE_INFINITY, json } = this.#options
    const stop = this.#stop
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
  #try({ headers, body }: Forwarded): Promise<Posted | null> {
    const { to } = this.#options
    return post(to, 'POST', { ...ownHeaders(headers), ...credentialHeaders(this.#options) }, body).catch(() => null)
  }
}

/** Those of record, without what is about the wire: the bytes are stored decoded. */
function ownHeaders(headers: Forwarded['headers']): Record<string, string> {
  return Object.fromEntries(headers.filter(([name]) => !/^content-(encoding|length)$/i.test(name)))
}
