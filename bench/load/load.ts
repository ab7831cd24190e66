/** Senders on raw sockets, with requests that are bytes already: a client library costs as much as the server it is to measure. */
import { readFileSync } from 'node:fs'
import { spreadOf } from '../harness/stats.ts'
import { Connection } from './connection.ts'
import { Message } from './message.ts'
import type { LoadPlan, LoadResult } from './plan.ts'

/** More latencies than this are told by their spread alone. */
const FEW = 1_000

export async function load(plan: LoadPlan): Promise<LoadResult> {
  const body = readFileSync(plan.bodyFile)
  const newConnection = () => new Connection(plan.port, new Message(plan.path, plan.headers, body))
  const connections = Array.from({ length: plan.connections }, newConnection)
  const statuses: Record<number, number> = {}
  const latencies: number[] = []
  let posts = 0
  const beganAt = now()
  const send = async (connection: Connection) => {
    while (posts < plan.posts && now() - beganAt < plan.ms) {
      const start = now()
      const status = await connection.post(plan.firstStamp + posts++)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status === 200) latencies.push(now() - start)
      // A sender that is refused waits a little, or it would measure how fast it can be refused.
      else await new Promise((resolve) => setTimeout(resolve, 20))
    }
    connection.close()
  }
  await Promise.all(connections.map(send))
  return { beganAt, endedAt: now(), statuses, ...told(latencies) }
}

/** Milliseconds of the system's monotonic clock. */
const now = () => Number(process.hrtime.bigint()) / 1e6

function told(latencies: readonly number[]): Pick<LoadResult, 'latencyMs' | 'latencies'> {
  const latencyMs = latencies.length === 0 ? null : spreadOf(latencies)
  return { latencyMs, latencies: latencies.length > FEW ? [] : latencies }
}
