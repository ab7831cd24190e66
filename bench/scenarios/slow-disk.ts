/** What is left of the speed on a disk that takes its time for a sync, as volumes of clouds do. */
import { spawnSync } from 'node:child_process'
import { Figures } from '../harness/results.ts'
import { OURS, ROWS } from '../harness/subjects.ts'
import type { Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const CONNECTIONS = 32
const SYNC_MS = 10
const how =
  `Posts of one event over ${CONNECTIONS} connections while strace holds every fsync and fdatasync of the server for ` +
  `${SYNC_MS} ms (inject=…:delay_enter). The tracing itself is in the figures.`

export const slowDisk: Scenario = { name: 'slow-disk', title: `A disk with ${SYNC_MS} ms for each sync`, run }

async function run(trials: Trials) {
  const { context } = trials
  const figures = new Figures()
  const lack = lackOfStrace()
  if (lack !== null) figures.note(`Not measured: ${lack}.`)
  else await measure(trials, figures, context.either(2, 3))
  return figures.result({ ...slowDisk, how })
}

async function measure(trials: Trials, figures: Figures, count: number): Promise<void> {
  const body = trials.context.body('momentum', 1)
  const setting = `${SYNC_MS} ms for each sync, ${CONNECTIONS} connections`
  const calls = 'fsync,fdatasync'
  const inject = `inject=${calls}:delay_enter=${SYNC_MS * 1_000}`
  const wrapper = ['strace', '-f', '--seccomp-bpf', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', inject]
  await trials.rounds({ count, subjects: [ROWS, OURS], title: 'slow-disk' }, (named) =>
    trials.one(named, { body, wrapper }, async (trial) => {
      await trial.warmUp({ body, connections: CONNECTIONS })
      const { latencyMs, rate } = await trial.post({ body, connections: CONNECTIONS, ms: 3_000 })
      const add = figures.of(named.name, setting)
      add('posts', 'posts/s', rate)
      add('ack p50', 'ms', latencyMs.median)
      add('ack p99', 'ms', latencyMs.p99)
    }),
  )
}

function lackOfStrace(): string | null {
  if (process.platform !== 'linux') return 'strace needs Linux'
  const { status } = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true'])
  return status === 0 ? null : 'there is no strace that may trace and knows --seccomp-bpf'
}
