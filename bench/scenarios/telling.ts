/** What it costs to tell: with nobody who listens, with Prometheus, with OpenTelemetry. */
import { Figures } from '../harness/results.ts'
import { LISTENED, OURS } from '../harness/subjects.ts'
import { QUICK, type Trials, WARMED } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const [SMALL, LARGE] = [32, 4]
const how =
  'The same receiver, with nobody who listens; with `posthorn/prometheus`, scraped each second; and with `posthorn/otel`, whose ' +
  'spans are made and go nowhere. Ratios are to nobody who listens, round by round. That nothing is built for nobody is ' +
  `counted by tests. ${WARMED}`

export const telling: Scenario = { name: 'telling', title: 'Metrics and spans', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const rounds = context.either(3, 6)
  const subjects = [OURS, ...LISTENED]
  const small = context.body('momentum', 1)
  const ofSmall = `momentum, 1 event a post, ${SMALL} connections`
  await trials.rounds({ count: rounds, subjects, title: `telling, ${ofSmall}` }, (named) =>
    trials.one(named, { body: small }, async (trial) => {
      await trial.warmUp({ body: small, connections: SMALL })
      await trial.server.ask('begin', null)
      const { latencyMs, rate } = await trial.post({
        body: small,
        connections: SMALL,
        ms: context.either(1_500, 3_000),
      })
      await trial.server.ask('idle', null)
      const { cpuMs } = await trial.server.ask('report', null)
      const add = figures.of(named.name, ofSmall)
      add('posts', 'posts/s', rate)
      add('processor time per 1 000 posts', 'ms', (cpuMs * 1_000) / latencyMs.count)
    }),
  )
  const large = context.body('momentum', 10_000)
  const ofLarge = 'momentum, 10000 events a post'
  const posts = context.either(16, 48)
  await trials.rounds({ count: rounds, subjects, title: `telling, ${ofLarge}` }, (named) =>
    trials.one(named, { body: large }, async (trial) => {
      await trial.warmUp({ body: large, connections: LARGE })
      await trial.server.ask('begin', null)
      const { beganAt } = await trial.post({ body: large, connections: LARGE, posts })
      await trial.server.ask('handled', posts * 10_000)
      const endedAt = await trial.server.ask('idle', null)
      const { cpuMs } = await trial.server.ask('report', null)
      const add = figures.of(named.name, ofLarge)
      add('events', 'events/s', (posts * 10_000 * 1_000) / (endedAt - beganAt))
      add('processor time per 10 000 events', 'ms', cpuMs / posts)
    }),
  )
  addRatios(figures, ['posts', 'processor time per 1 000 posts'], ofSmall)
  addRatios(figures, ['events', 'processor time per 10 000 events'], ofLarge)
  if (context.options.quick) figures.note(QUICK)
  return figures.result({ ...telling, how })
}

/** Rounds are interleaved, so the one of both that ran beside each other are compared. */
function addRatios(figures: Figures, measures: readonly string[], setting: string): void {
  for (const measure of measures)
    for (const { name } of LISTENED)
      for (const ratio of figures.ratios({ measure, setting }, name, OURS.name))
        figures.add({ measure: `${measure}, to nobody`, subject: name, setting, unit: '×' }, ratio)
}
