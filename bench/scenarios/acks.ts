/** How long a sender waits for its answer when four of them post large batches as fast as they can. */
import { Figures } from '../harness/results.ts'
import { DRAIN, EXPRESS_ZOD, MORE_PEERS, OUR_OTHERS, OURS, STORED, YARDSTICKS } from '../harness/subjects.ts'
import { present, QUICK, type Trials, WARMED } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const CONNECTIONS = 4
const how =
  '4 connections post as fast as they are answered; from the first byte of a request to the last of its answer. Each ' +
  `round is a fresh process on a fresh file. ${WARMED}`

export const acks: Scenario = { name: 'acks', title: 'Acknowledgement of large batches', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const everybody = [...YARDSTICKS, ...MORE_PEERS, STORED, OURS, ...OUR_OTHERS]
  const few = [DRAIN, EXPRESS_ZOD, OURS]
  await measure(trials, figures, context.either([...YARDSTICKS, OURS], everybody), 'momentum', 10_000)
  if (context.options.quick) figures.note(QUICK)
  else {
    await measure(trials, figures, few, 'mailjet', 10_000)
    await measure(trials, figures, few, 'momentum', 100)
  }
  return figures.result({ ...acks, how })
}

type Provider = 'momentum' | 'mailjet'

async function measure(trials: Trials, figures: Figures, all: typeof YARDSTICKS, provider: Provider, events: number) {
  const { context } = trials
  const body = context.body(provider, events)
  const setting = `${provider}, ${events} events a post`
  const subjects = present(all, body, figures)
  const count = context.either(2, 3)
  const ms = context.either(2_000, events === 10_000 ? 6_000 : 2_500)
  await trials.rounds({ count, subjects, title: `acks, ${setting}` }, (named) =>
    trials.one(named, { body }, async (trial) => {
      await trial.warmUp({ body, connections: CONNECTIONS })
      const { latencyMs, rate } = await trial.post({ body, connections: CONNECTIONS, ms })
      const add = figures.of(named.name, setting)
      add('ack p50', 'ms', latencyMs.median)
      add('ack p99', 'ms', latencyMs.p99)
      add('ack max', 'ms', latencyMs.max)
      add('posts', 'posts/s', rate)
    }),
  )
}
