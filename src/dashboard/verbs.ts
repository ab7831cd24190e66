/** What can be done, each through the verb of `receiver.inbox` that code and the command line call, too. */
import { PosthornError } from '../errors.ts'
import type { DropFilter, InboxControl, ReparseFilter, ReplayFilter, RetryFilter, VerbReport } from '../public/inbox.ts'
import { Refusal } from './refusal.ts'
import type { Action } from './types.ts'

/** What was asked for, as fields of a form or of JSON. */
export interface Wish {
  readonly verb: Action
  /** Words of a filter; of `pause` and `resume` a handler, of `erase` the `key` of a person, of `prune` nothing. */
  readonly filter: string
  /** Everything; goes with no filter. */
  readonly all: boolean
  readonly to: readonly string[]
  readonly rate: number | null
  /** Of `replay`: only what comes behind this delivery. */
  readonly after: string | null
  /** Of `erase`: copies of damaged logs, too. */
  readonly copies: boolean
}

/** How a verb runs, of whatever kind. */
export interface Running {
  readonly dryRun: boolean
  /** As many as were shown: where more match, nothing is done. */
  readonly atMost?: number
  readonly signal: AbortSignal
  onProgress(done: Done): void
}

/** How far it is. */
export interface Done {
  readonly done: number
  /** Of a replay: its id, and the delivery behind which it goes on. */
  readonly run?: string
  readonly place?: string | null
}

export interface Outcome {
  readonly matched: number
  readonly queued: number
  /** Beside those. */
  readonly counts: Readonly<Record<string, number>>
  /** Of a replay. */
  readonly run: string | null
}

interface Verb {
  /** Whether the count has to be typed in: it cannot be undone. */
  readonly destroys: boolean
  run(control: InboxControl, wish: Wish, running: Running, email: string): Promise<Outcome>
}

/** Of verbs that have no count before they are done. */
const one = { matched: 1, queued: 1, counts: {}, run: null }

/** As the verbs with a count say it. */
function assertOne({ atMost = 1 }: Running): void {
  if (atMost < 1) throw new PosthornError('ERR_MORE_MATCHED', 'It is one handler, or one inbox.')
}

export const VERBS: Readonly<Record<Action, Verb>> = {
  retry: {
    destroys: false,
    run: async (control, wish, running) =>
      outcome(await control.retry(said<RetryFilter>(wish), optionsOf(wish, running))),
  },
  reparse: {
    destroys: false,
    run: async (control, wish, running) =>
      outcome(await control.reparse(said<ReparseFilter>(wish), optionsOf(wish, running))),
  },
  drop: {
    destroys: true,
    run: async (control, wish, running) =>
      outcome(await control.drop(said<DropFilter>(wish), optionsOf(wish, running))),
  },
  replay: {
    destroys: false,
    async run(control, wish, running) {
      const { to, after } = wish
      const filter = { ...said<object>(wish), ...(to.length === 0 ? {} : { to }) } as ReplayFilter
      const { unreadable, run, ...report } = await control.replay(filter, {
        ...optionsOf(wish, running),
        ...(after === null ? {} : { after }),
        onProgress: ({ queued, run: id, place }) => running.onProgress({ done: queued, run: id, place }),
      })
      const { matched, queued, missingShards } = report
      return { matched, queued, counts: { unreadable, ...placesOf({ missingShards }) }, run }
    },
  },
  pause: {
    destroys: false,
    async run(control, { filter }, running) {
      assertOne(running)
      if (!running.dryRun) await control.pause(filter)
      return one
    },
  },
  resume: {
    destroys: false,
    async run(control, { filter }, running) {
      assertOne(running)
      if (!running.dryRun) await control.resume(filter)
      return one
    },
  },
  prune: {
    destroys: false,
    async run(control, _, running) {
      assertOne(running)
      if (running.dryRun) return one
      const report = await control.prune()
      return { ...one, counts: placesOf(report) }
    },
  },
  erase: {
    destroys: true,
    async run(control, { copies, ...wish }, running, email) {
      const options = { ...optionsOf(wish, running), copies }
      const { deliveries, closed, leftIn, ...report } = await control.erase({ email }, options)
      return { ...report, counts: { deliveries, closed, leftIn: leftIn.length }, run: null }
    },
  },
}

const outcome = ({ matched, queued, missingShards }: VerbReport): Outcome => ({
  ...{ matched, queued },
  counts: placesOf({ missingShards }),
  run: null,
})

/** Of shards that did not answer their number. */
function placesOf<C extends object>({ missingShards = [], ...counts }: C & Pick<VerbReport, 'missingShards'>) {
  return { ...counts, ...(missingShards.length > 0 && { missingShards: missingShards.length }) }
}

const optionsOf = ({ rate }: Pick<Wish, 'rate'>, { dryRun, atMost, signal, onProgress }: Running) => ({
  ...(rate === null ? {} : { ratePerSecond: rate }),
  ...(atMost === undefined ? {} : { atMost }),
  ...{ dryRun, signal, onProgress: ({ queued }: { readonly queued: number }) => onProgress({ done: queued }) },
})

/** What goes together is checked by the verb. */
function said<F>({ filter, all }: Wish): F {
  return (all ? { all: true } : { filter }) as F
}

const MOST_HANDLERS = 100

/**
 * From fields of strangers.
 * @throws Refusal where it would be everything and nobody has said so, or what is given is no wish
 */
export function wishOf(verb: string, fields: ReadonlyMap<string, string>): Wish {
  const action = Object.keys(VERBS).find((name): name is Action => name === verb)
  if (action === undefined) throw new Refusal('bad_request', `There is no verb of this name; there are ${NAMES}.`)
  const filter = (fields.get('filter') ?? '').trim()
  const all = isSet(fields, 'all')
  const to = (fields.get('to') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (action === 'prune')
    return { verb: action, filter: '', all: false, to: [], rate: null, after: null, copies: false }
  if (all && filter !== '') throw new Refusal('bad_filter', 'Everything goes with no filter.')
  if (!all && filter === '')
    throw new Refusal('bad_filter', `Say ${NEEDS[action] ?? 'which, such as handler:warehouse since:6h'}.`)
  if (all && NEEDS[action] !== undefined) throw new Refusal('bad_filter', `Say ${NEEDS[action]}.`)
  if (to.length > MOST_HANDLERS) throw new Refusal('bad_request', `At most ${MOST_HANDLERS} handlers.`)
  const after = action === 'replay' && fields.get('after') ? String(fields.get('after')) : null
  return { verb: action, filter, all, to, rate: rateOf(fields.get('rate')), after, copies: isSet(fields, 'copies') }
}

const NAMES = 'retry, replay, reparse, drop, pause, resume, prune, erase'

const NEEDS: Partial<Record<Action, string>> = {
  pause: 'which handler',
  resume: 'which handler',
  erase: 'which person',
}

const isSet = (fields: ReadonlyMap<string, string>, name: string) => /^(?:1|on|true)$/.test(fields.get(name) ?? '')

function rateOf(text = ''): number | null {
  if (text.trim() === '') return null
  const rate = Number(text)
  if (Number.isFinite(rate) && rate > 0) return rate
  throw new Refusal('bad_request', 'The rate is a number of events a second.')
}

/** All that is acted on, as one text: a token that was made for one wish is none for another. */
export function signedFilter({ filter, all, to, rate: perSecond, after, copies }: Omit<Wish, 'verb'>): string {
  const more = [
    all && 'all',
    to.length > 0 && `to=${to.join()}`,
    perSecond !== null && `rate=${perSecond}`,
    after !== null && `after=${after}`,
    copies && 'copies',
  ]
  const extra = more.filter((part) => part !== false)
  return extra.length === 0 ? filter : `${filter}\n${extra.join('\n')}`
}

/** The fields of a form that asks for it again. */
export function fieldsOf({ all, to, rate: perSecond, after, copies }: Wish): Record<string, string> {
  return {
    ...(all ? { all: '1' } : {}),
    ...(to.length > 0 ? { to: to.join() } : {}),
    ...(perSecond === null ? {} : { rate: String(perSecond) }),
    ...(after === null ? {} : { after }),
    ...(copies ? { copies: '1' } : {}),
  }
}
