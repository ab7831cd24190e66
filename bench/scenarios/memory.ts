/** How much memory is taken while senders post far more than handlers work off. */
import { Figures } from '../harness/results.ts'
import { EXPRESS_ZOD, OURS } from '../harness/subjects.ts'
import type { Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const CONNECTIONS = 4
const how =
  '4 connections post batches of 10 000 events at full speed; the handler takes 2 ms an event. Resident memory at most, ' +
  'looked at every 50 ms, over what it was before the first post.'

export const memory: Scenario = { name: 'memory', title: 'Memory with senders faster than handlers', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const body = context.body('momentum', 10_000)
  const ms = context.either(5_000, 12_000)
  const setting = `senders at full speed for ${ms / 1_000} s`
  const subjects = [EXPRESS_ZOD, OURS]
  await trials.rounds({ count: context.either(1, 2), subjects, title: 'memory' }, (named) =>
    trials.one(named, { body, handlerMs: 2 }, async (trial) => {
      await trial.server.ask('begin', null)
      const { statuses } = await trial.tryPosting({ body, connections: CONNECTIONS, ms })
      const { rssAtBegin, rssMost, handled } = await trial.server.ask('report', null)
      const taken = (statuses[200] ?? 0) * body.events
      context.log(`    ${named.name}: ${taken} events taken, ${handled} handled, ${JSON.stringify(statuses)}`)
      const add = figures.of(named.name, setting)
      add('resident over idle', 'MiB', (rssMost - rssAtBegin) / 2 ** 20)
      add('resident when idle', 'MiB', rssAtBegin / 2 ** 20)
      add('events taken in', 'events/s', (taken * 1_000) / ms)
      add('events handled meanwhile', 'events/s', (handled * 1_000) / ms)
    }),
  )
  return figures.result({ ...memory, how })
}
