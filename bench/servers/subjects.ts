/** From a plan to a server that listens. */
import { drain, json } from './bare.ts'
import type { PeerName, Served, ServerPlan } from './plan.ts'
import type { Tally } from './tally.ts'

type NewPeer = (plan: ServerPlan, tally: Tally) => Promise<Served>

/** Loaded when asked for: what one peer brings along is not in the memory of another. */
const PEERS: Readonly<Record<PeerName, NewPeer>> = {
  drain,
  json: (_, tally) => json(tally),
  append: async (plan, tally) => (await import('./append.ts')).append(plan, tally),
  'express-zod': async (plan, tally) => (await import('./express.ts')).expressZod(plan, tally),
  'fastify-ajv': async (plan, tally) => (await import('./fastify.ts')).fastifyAjv(plan, tally),
  'fastify-zod': async (plan, tally) => (await import('./fastify.ts')).fastifyZod(plan, tally),
  'verify-and-run': async (_, tally) => (await import('./verify-and-run.ts')).verifyAndRun(tally),
  rows: async (plan, tally) => (await import('./rows.ts')).rows(plan, tally),
  'pg-boss': async (plan, tally) => (await import('./pg-boss.ts')).pgBoss(plan, tally),
}

export async function newServed(plan: ServerPlan, tally: Tally): Promise<Served> {
  const { subject } = plan
  if (subject.kind === 'peer') return PEERS[subject.peer](plan, tally)
  const { posthorn } = await import('./posthorn.ts')
  return posthorn(plan, subject, tally)
}
