/** How many small posts a second are answered, each of them durable with ours. */
import { Figures } from '../harness/results.ts'
import { EXPRESS_ZOD, JSON_PARSE, MORE_PEERS, OUR_OTHERS, OURS, STORED, YARDSTICKS } from '../harness/subjects.ts'
import { present, QUICK, type Trials, WARMED } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const CONNECTIONS = 32
/** Posts of a process that has just started: much of its code is not compiled yet. */
const COLD = 5_000
const how =
  'One event a post, 32 connections, each posting again as soon as it is answered. With ours every answer is a synced ' +
  `commit, and a handler works beside it. ${WARMED}`

export const posts: Scenario = { name: 'posts', title: 'Posts of one event', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const everybody = [...YARDSTICKS, ...MORE_PEERS, STORED, OURS, ...OUR_OTHERS]
  await measure(trials, figures, context.either([...YARDSTICKS, STORED, OURS], everybody), 'momentum')
  if (context.options.quick) figures.note(QUICK)
  else await measure(trials, figures, [JSON_PARSE, EXPRESS_ZOD, OURS], 'mailjet')
  return figures.result({ ...posts, how })
}

async function measure(trials: Trials, figures: Figures, all: typeof YARDSTICKS, provider: 'momentum' | 'mailjet') {
  const { context } = trials
  const body = context.body(provider, 1)
  const setting = `${provider}, 1 event a post, ${CONNECTIONS} connections`
  const subjects = present(all, body, figures)
  const count = context.either(2, provider === 'momentum' ? 4 : 3)
  await trials.rounds({ count, subjects, title: `posts, ${setting}` }, (named) =>
    trials.one(named, { body }, async (trial) => {
      const cold = await trial.post({ body, connections: CONNECTIONS, posts: COLD })
      await trial.warmUp({ body, connections: CONNECTIONS })
      await trial.server.ask('begin', null)
      const { latencyMs, rate } = await trial.post({ body, connections: CONNECTIONS, ms: context.either(1_500, 2_000) })
      await trial.server.ask('idle', null)
      const { cpuMs } = await trial.server.ask('report', null)
      const add = figures.of(named.name, setting)
      add('posts', 'posts/s', rate)
      add(`posts, the first ${COLD}`, 'posts/s', cold.rate)
      add('ack p50', 'ms', latencyMs.median)
      add('ack p99', 'ms', latencyMs.p99)
      add('processor time per 1 000 posts', 'ms', (cpuMs * 1_000) / latencyMs.count)
    }),
  )
}
