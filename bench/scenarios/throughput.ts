/** How many events a second come out at the handler, from the first byte posted to the last event settled. */
import { Figures } from '../harness/results.ts'
import {
  EXPRESS_ZOD,
  JSON_PARSE,
  MORE_PEERS,
  needsPostgres,
  OUR_OTHERS,
  OURS,
  YARDSTICKS,
} from '../harness/subjects.ts'
import { present, QUICK, type Trials, WARMED } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const CONNECTIONS = 4
/** A database with a job per event takes minutes for what others do in seconds. */
const SLOWER = 4
const how =
  'A fixed number of posts over 4 connections, a quarter of them where there is a job per event; the clock stops when every event has been through one async handler ' +
  'and, with ours, that is stored too. Only ours and the subjects with rows or jobs store anything. ' +
  WARMED

export const throughput: Scenario = { name: 'throughput', title: 'Events through to a handler', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const everybody = [...YARDSTICKS.slice(1), ...MORE_PEERS, OURS, ...OUR_OTHERS]
  await measure(trials, figures, { subjects: context.either([JSON_PARSE, EXPRESS_ZOD, OURS], everybody), posts: 48 })
  const subjects = [JSON_PARSE, EXPRESS_ZOD, OURS]
  if (context.options.quick) figures.note(QUICK)
  else {
    await measure(trials, figures, { subjects, provider: 'mailjet', posts: 48 })
    await measure(trials, figures, { subjects, events: 100, posts: 3_000 })
  }
  return figures.result({ ...throughput, how })
}

interface Case {
  readonly subjects: typeof YARDSTICKS
  readonly posts: number
  readonly provider?: 'momentum' | 'mailjet'
  readonly events?: number
}

async function measure(trials: Trials, figures: Figures, wanted: Case): Promise<void> {
  const { provider = 'momentum', events = 10_000 } = wanted
  const { context } = trials
  const body = context.body(provider, events)
  const setting = `${provider}, ${events} events a post`
  const subjects = present(wanted.subjects, body, figures)
  const most = context.either(wanted.posts / 3, wanted.posts)
  await trials.rounds({ count: context.either(2, 3), subjects, title: `throughput, ${setting}` }, (named) =>
    trials.one(named, { body }, async (trial) => {
      const posts = needsPostgres(named) ? most / SLOWER : most
      await trial.warmUp({ body, connections: CONNECTIONS })
      await trial.server.ask('begin', null)
      const { beganAt } = await trial.post({ body, connections: CONNECTIONS, posts })
      await trial.server.ask('handled', posts * events)
      const endedAt = await trial.server.ask('idle', null)
      const { cpuMs } = await trial.server.ask('report', null)
      const all = posts * events
      const add = figures.of(named.name, setting)
      add('events', 'events/s', (all * 1_000) / (endedAt - beganAt))
      add('processor time per 10 000 events', 'ms', (cpuMs * 10_000) / all)
    }),
  )
}
