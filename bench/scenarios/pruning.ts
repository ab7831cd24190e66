/** What letting go of old bodies costs those who post meanwhile. */
import { backlogOf } from '../harness/backlogs.ts'
import { Figures } from '../harness/results.ts'
import { OURS } from '../harness/subjects.ts'
import type { Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const how =
  'Deliveries of 4 events that are handled, and older than retention.bodies. Posts of one event over 8 connections, for ' +
  'two seconds each: before inbox.prune() and while it runs, in one process, the ratio of the two in each round.'

export const pruning: Scenario = { name: 'pruning', title: 'Posts while old bodies go', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const deliveries = context.either(20_000, 50_000)
  for (let round = 0; round < context.either(2, 5); round++) {
    context.log(`  pruning: round ${round + 1}`)
    await look(trials, figures, deliveries)
  }
  return figures.result({ ...pruning, how })
}

async function look(trials: Trials, figures: Figures, deliveries: number): Promise<void> {
  const { context } = trials
  const body = context.body('momentum', 1)
  const folder = await backlogOf(context, deliveries, 4)
  await trials.one(OURS, { body, folder, bodiesMs: 1_000 }, async (trial) => {
    await trial.server.ask('idle', null)
    await trial.warmUp({ body, connections: 8 })
    const posting = { body, connections: 8, ms: 2_000 }
    const { latencyMs: quiet } = await trial.post(posting)
    let isPruned = false
    const pruned = trial.server.ask('prune', null).then(() => {
      isPruned = true
    })
    const { latencyMs: meanwhile } = await trial.post(posting)
    if (isPruned) figures.note(`All ${deliveries} bodies were gone before the posts meanwhile ended.`)
    const add = figures.of(OURS.name, `${deliveries} bodies go`)
    add('ack p99 before', 'ms', quiet.p99)
    add('ack p99 meanwhile', 'ms', meanwhile.p99)
    add('ack p99, meanwhile to before', '×', meanwhile.p99 / quiet.p99)
    add('ack p50, meanwhile to before', '×', meanwhile.median / quiet.median)
    await pruned
  })
}
