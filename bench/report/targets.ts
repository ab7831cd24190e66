/** What we hold ourselves to, and what a run reached. */
import { find, type Measure, type RunResult } from '../harness/results.ts'
import { ratios, spreadOf } from '../harness/stats.ts'
import { DRAIN, EXPRESS_ZOD, JSON_PARSE, OURS, STORED } from '../harness/subjects.ts'

export interface Target {
  readonly text: string
  readonly limit: number
  /** `most`: the figure must not be above the limit; `least`: not below. */
  readonly kind: 'most' | 'least'
  readonly unit: string
  /** Judged by the median of the rounds, or by the worst of them. */
  readonly judge: 'median' | 'worst'
  /** Round by round; null where the run has not measured it. */
  reach(run: RunResult): readonly number[] | null
}

export interface Verdict {
  readonly target: Target
  /** By the target's own judge; null: not measured. */
  readonly reached: number | null
  readonly rounds: readonly number[]
  readonly met: boolean | null
}

export function verdicts(run: RunResult): Verdict[] {
  return TARGETS.map((target) => {
    const rounds = target.reach(run) ?? []
    if (rounds.length === 0) return { target, reached: null, rounds, met: null }
    const { median, min, max } = spreadOf(rounds)
    const worst = target.kind === 'most' ? max : min
    const reached = target.judge === 'median' ? median : worst
    return { target, reached, rounds, met: target.kind === 'most' ? reached <= target.limit : reached >= target.limit }
  })
}

const LARGE = 'momentum, 10000 events a post'
const SMALL = 'momentum, 1 event a post, 32 connections'

type Where = readonly [scenario: string, measure: string, setting: string]

const ours = (run: RunResult, [scenario, measure, setting]: Where): readonly number[] | null =>
  find(run, { scenario, measure, setting, subject: OURS.name })?.rounds ?? null

/** Ours divided by the peer's, or the other way round. */
function compared(
  run: RunResult,
  [scenario, measure, setting]: Where,
  peer: string,
  way: '/' | '\\',
  subject = OURS.name,
): number[] | null {
  const [our, their] = [subject, peer].map((name) => find(run, { scenario, measure, setting, subject: name })?.rounds)
  if (our === undefined || their === undefined) return null
  return way === '/' ? ratios(our, their) : ratios(their, our)
}

const ACK: Where = ['acks', 'ack p99', LARGE]
const EVENTS: Where = ['throughput', 'events', LARGE]
const POSTS: Where = ['posts', 'posts', SMALL]

const most = (text: string, limit: number, unit: string, reach: Target['reach']): Target => ({
  ...{ text, limit, unit, reach },
  kind: 'most',
  judge: 'median',
})
const least = (text: string, limit: number, unit: string, reach: Target['reach']): Target => ({
  ...most(text, limit, unit, reach),
  kind: 'least',
})
const worst = (target: Target): Target => ({ ...target, judge: 'worst' })

const loop = (measure: string, setting: string) => (run: RunResult) => ours(run, ['loop', measure, setting])

const onTop = (provider: string) => (run: RunResult) =>
  find(run, { scenario: 'decode', measure: 'on top of JSON.parse', setting: `${provider}, 10 000 events` })?.rounds ??
  null

/** Those of one backlog and those of the empty inbox beside it. */
function backlogs(run: RunResult, measure: string): (readonly [full: Measure, empty: Measure])[] {
  const all =
    run.scenarios.find(({ name }) => name === 'backlog')?.measures.filter((one) => one.measure === measure) ?? []
  return all.flatMap((full) => {
    const empty = all.find(({ setting }) => setting === `empty, beside the ${full.setting}`)
    return empty === undefined ? [] : [[full, empty] as const]
  })
}

const fullToEmpty = (measure: string) => (run: RunResult) => {
  const pairs = backlogs(run, measure)
  return pairs.length === 0 ? null : pairs.flatMap(([full, empty]) => ratios(full.rounds, empty.rounds))
}

const slow = (measure: string) => (run: RunResult) =>
  find(run, { scenario: 'slow-disk', measure, subject: OURS.name })?.rounds ?? null

const pruningRatio = (run: RunResult) =>
  find(run, { scenario: 'pruning', measure: 'ack p99, meanwhile to before', subject: OURS.name })?.rounds ?? null

const TARGETS: readonly Target[] = [
  most('ack p99 of 10 000-event batches, to a bare node:http drain', 2, '×', (run) =>
    compared(run, ACK, DRAIN.name, '/'),
  ),
  least('ack p99 of 10 000-event batches, how often Express + express.json + zod takes it', 15, '×', (run) =>
    compared(run, ACK, EXPRESS_ZOD.name, '\\'),
  ),
  least('events to a handler, to node:http + JSON.parse', 0.8, '×', (run) =>
    compared(run, EVENTS, JSON_PARSE.name, '/'),
  ),
  least('events to a handler, to Express + express.json + zod', 2, '×', (run) =>
    compared(run, EVENTS, EXPRESS_ZOD.name, '/'),
  ),
  least('posts of one event, stored only, to node:http + JSON.parse', 0.5, '×', (run) =>
    compared(run, POSTS, JSON_PARSE.name, '/', STORED.name),
  ),
  least('posts of one event, stored only, to Express + express.json + zod', 1.3, '×', (run) =>
    compared(run, POSTS, EXPRESS_ZOD.name, '/', STORED.name),
  ),
  least('posts of one event, to node:http + JSON.parse', 0.5, '×', (run) => compared(run, POSTS, JSON_PARSE.name, '/')),
  least('posts of one event, to Express + express.json + zod', 1.3, '×', (run) =>
    compared(run, POSTS, EXPRESS_ZOD.name, '/'),
  ),
  most('delay of the event loop, p99, 10 000-event batches', 20, 'ms', loop('delay p99', '10 000 events a post')),
  worst(
    most('delay of the event loop, max, 10 000-event batches', 50, 'ms', loop('delay max', '10 000 events a post')),
  ),
  worst(most('delay of the event loop, max, events of 1 MB', 50, 'ms', loop('delay max', '10 events of 1 MB a post'))),
  ...['momentum', 'mailjet', 'esputnik'].map((provider) =>
    most(`scan, validation, normalisation on top of JSON.parse, ${provider}`, 35, '%', onTop(provider)),
  ),
  most('ack p99 of one-event posts while old bodies go, to before', 1.3, '×', pruningRatio),
  worst(
    most('memory over idle, senders faster than handlers', 256, 'MiB', (run) => {
      return find(run, { scenario: 'memory', measure: 'resident over idle', subject: OURS.name })?.rounds ?? null
    }),
  ),
  worst(
    most('start with the backlog', 5_000, 'ms', (run) => {
      const starts = backlogs(run, 'start').flatMap(([full]) => full.rounds)
      return starts.length === 0 ? null : starts
    }),
  ),
  most('ack p50 of 10 000 events with the backlog, to an empty inbox', 2, '×', fullToEmpty('ack p50, 10 000 events')),
  most('ack p50 of one event with the backlog, to an empty inbox', 2, '×', fullToEmpty('ack p50, 1 event')),
  most('memory with the backlog, to an empty inbox', 1.25, '×', fullToEmpty('resident')),
  least('posts of one event, 10 ms for each sync', 1_000, 'posts/s', slow('posts')),
  most('ack p99 of one event, 10 ms for each sync', 150, 'ms', slow('ack p99')),
  most('import of express, one provider and sqlite, over bare Node', 60, 'ms', (run) => {
    return (
      find(run, {
        scenario: 'footprint',
        measure: 'import over bare node',
        subject: 'posthorn: express, momentum, sqlite',
      })?.rounds ?? null
    )
  }),
]
