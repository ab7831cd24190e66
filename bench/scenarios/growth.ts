/** How speed and memory change with the backlog, the number of connections and the number of handlers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { backlogOf } from '../harness/backlogs.ts'
import type { Body } from '../harness/context.ts'
import type { ServerProcess } from '../harness/processes.ts'
import { Figures, type Unit } from '../harness/results.ts'
import { JSON_PARSE, type Named, OURS } from '../harness/subjects.ts'
import type { Trial, Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

/** A long backlog is watched for so long; its rate until then is what counts. */
const WATCHED_MS = 6_000
const how =
  'Backlog: batches of 10 000 events that wait when the process starts, worked off cold, for at most 6 s. ' +
  'Connections: posts of one event. Handlers: each gets every event of 12 batches of 10 000.'

export const growth: Scenario = { name: 'growth', title: 'How cost grows', run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  for (let round = 0; round < context.either(1, 2); round++) {
    for (const batches of context.either([1, 10, 100], [1, 10, 100, 1_000])) await overBacklog(trials, figures, batches)
    for (const named of [JSON_PARSE, OURS]) await overConnections(trials, figures, named)
    for (const handlers of context.either([1, 5, 20], [1, 2, 5, 10, 20])) await overHandlers(trials, figures, handlers)
  }
  return figures.result({ ...growth, how })
}

/** One point of the curve `<measure> over <axis>`. */
function add(figures: Figures, named: Named, axis: string, at: number, values: Record<string, [number, Unit]>): void {
  for (const [measure, [value, unit]] of Object.entries(values))
    figures.add({ measure: `${measure} over ${axis}`, subject: named.name, setting: `${at} ${axis}`, unit, at }, value)
}

async function overBacklog(trials: Trials, figures: Figures, batches: number): Promise<void> {
  const { context } = trials
  const body = context.body('momentum', 10_000)
  const folder = await backlogOf(context, batches, 10_000)
  context.log(`  growth: backlog of ${batches} batches`)
  await trials.one(OURS, { body, folder }, async ({ server }) => {
    const end = await handledOrWatched(server, batches * 10_000)
    const { handled, rssMost } = await server.ask('report', null)
    const events: [number, Unit] = [(handled * 1_000) / (end - server.openAt), 'events/s']
    add(figures, OURS, 'batches of backlog', batches, { events, resident: [rssMost / 2 ** 20, 'MiB'] })
    await server.ask('close', null)
  })
}

/** The time when all were handled, or when the watch was over. */
async function handledOrWatched(server: ServerProcess, count: number): Promise<number> {
  const all = server.ask('handled', count)
  const over = new AbortController()
  // The server may end with the question open.
  all.catch(() => {}).finally(() => over.abort())
  await sleep(WATCHED_MS, undefined, { signal: over.signal }).catch(() => {})
  return over.signal.aborted ? all : server.ask('now', null)
}

async function overConnections(trials: Trials, figures: Figures, named: Named): Promise<void> {
  const { context } = trials
  const body = context.body('momentum', 1)
  context.log(`  growth: connections, ${named.name}`)
  await trials.one(named, { body }, async (trial) => {
    await trial.warmUp({ body, connections: 16 })
    for (const connections of context.either([1, 8, 64], [1, 2, 4, 8, 16, 32, 64]))
      await pointOfConnections(trial, figures, connections, body)
  })
}

async function pointOfConnections(trial: Trial, figures: Figures, connections: number, body: Body) {
  await trial.server.ask('begin', null)
  const { latencyMs, rate } = await trial.post({ body, connections, ms: 1_500 })
  await trial.server.ask('idle', null)
  const { rssMost } = await trial.server.ask('report', null)
  const resident: [number, Unit] = [rssMost / 2 ** 20, 'MiB']
  add(figures, trial.named, 'connections', connections, {
    posts: [rate, 'posts/s'],
    'ack p99': [latencyMs.p99, 'ms'],
    resident,
  })
}

async function overHandlers(trials: Trials, figures: Figures, handlers: number): Promise<void> {
  const body = trials.context.body('momentum', 10_000)
  const [posts, connections] = [12, 4]
  trials.context.log(`  growth: ${handlers} handlers`)
  await trials.one(OURS, { body, handlers }, async (trial) => {
    await trial.warmUp({ body, connections })
    await trial.server.ask('begin', null)
    const { beganAt } = await trial.post({ body, connections, posts })
    await trial.server.ask('handled', posts * body.events * handlers)
    const end = await trial.server.ask('idle', null)
    const { rssMost } = await trial.server.ask('report', null)
    const events: [number, Unit] = [(posts * body.events * 1_000) / (end - beganAt), 'events/s']
    add(figures, OURS, 'handlers', handlers, { events, resident: [rssMost / 2 ** 20, 'MiB'] })
  })
}
