/** How long anything else in the process waits for its turn while large batches are received and handled. */
import { largeEventsBody } from '../bodies/bodies.ts'
import { Figures } from '../harness/results.ts'
import { EXPRESS_ZOD, JSON_PARSE, OURS } from '../harness/subjects.ts'
import type { Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const CONNECTIONS = 4
const how =
  'Delay of a timer of 1 ms (perf_hooks.monitorEventLoopDelay, the millisecond taken off) inside the server, from the ' +
  'first of 12 posts over 4 connections until the last event is handled.'

export const loop: Scenario = { name: 'loop', title: 'Delay of the event loop', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const large = context.written('large-events', 'momentum', 10, largeEventsBody())
  await measure(trials, figures, context.body('momentum', 10_000), '10 000 events a post')
  await measure(trials, figures, large, '10 events of 1 MB a post')
  return figures.result({ ...loop, how })
}

async function measure(trials: Trials, figures: Figures, body: ReturnType<Trials['context']['body']>, setting: string) {
  const { context } = trials
  const count = context.either(1, 3)
  const subjects = context.either([EXPRESS_ZOD, OURS], [JSON_PARSE, EXPRESS_ZOD, OURS])
  await trials.rounds({ count, subjects, title: `loop, ${setting}` }, (named) =>
    trials.one(named, { body }, async (trial) => {
      await trial.warmUp({ body, connections: CONNECTIONS })
      await trial.server.ask('begin', null)
      await trial.post({ body, connections: CONNECTIONS, posts: 12 })
      await trial.server.ask('handled', 12 * body.events)
      await trial.server.ask('idle', null)
      const { loop } = await trial.server.ask('report', null)
      const add = figures.of(named.name, setting)
      add('delay p50', 'ms', loop.p50)
      add('delay p99', 'ms', loop.p99)
      add('delay max', 'ms', loop.max)
    }),
  )
}
