/** Whether it matters how much is stored already: start, acknowledgement and memory with ten million events waiting. */
import { backlogOf } from '../harness/backlogs.ts'
import { Figures } from '../harness/results.ts'
import { OURS } from '../harness/subjects.ts'
import type { Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const how =
  'Receivers without handlers (role: receive) on an empty inbox and on a full one, in turn. Start: until start() ' +
  'resolves, after the last process was killed. Posts of 10 000 events over one connection, then of one event over 8.'

export const backlog: Scenario = { name: 'backlog', title: 'A backlog of ten million events', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  await measure(trials, figures, context.either(100, 1_000), 10_000)
  if (context.options.long) await measure(trials, figures, 1_000_000, 10)
  else figures.note('The backlog of 1 000 000 deliveries runs with --long only.')
  return figures.result({ ...backlog, how })
}

async function measure(trials: Trials, figures: Figures, deliveries: number, events: number): Promise<void> {
  const { context } = trials
  const full = await backlogOf(context, deliveries, events)
  const setting = `backlog of ${deliveries} deliveries with ${events} events each`
  for (let round = 0; round < context.either(2, 3); round++) {
    context.log(`  ${setting}: round ${round + 1}`)
    await look(trials, figures, { setting: `empty, beside the ${setting}`, folder: undefined })
    await look(trials, figures, { setting, folder: full })
  }
}

async function look(
  trials: Trials,
  figures: Figures,
  { setting, folder }: { setting: string; folder: string | undefined },
) {
  const { context } = trials
  const [large, small] = [context.body('momentum', 10_000), context.body('momentum', 1)]
  const plan = { body: large, role: 'receive' as const, ...(folder === undefined ? {} : { folder }) }
  await trials.one(OURS, plan, async (trial) => {
    const add = figures.of(OURS.name, setting)
    add('start', 'ms', trial.server.startMs)
    await trial.warmUp({ body: large, connections: 1 })
    await trial.warmUp({ body: small, connections: 8 })
    await trial.server.ask('begin', null)
    const { latencyMs: largeMs } = await trial.post({ body: large, connections: 1, posts: 20 })
    const { latencyMs: smallMs } = await trial.post({ body: small, connections: 8, ms: 1_500 })
    add('ack p50, 10 000 events', 'ms', largeMs.median)
    add('ack p50, 1 event', 'ms', smallMs.median)
    add('ack p99, 1 event', 'ms', smallMs.p99)
    add('resident', 'MiB', (await trial.server.ask('report', null)).rssMost / 2 ** 20)
  })
}
