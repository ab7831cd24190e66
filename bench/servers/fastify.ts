/** Fastify, validating with its own ajv or with zod: before the answer; handled after it, nothing stored. */
import fastify, { type FastifyInstance } from 'fastify'
import { handleAll } from './bare.ts'
import { BODY_LIMIT, PATH } from './listen.ts'
import type { Served, ServerPlan } from './plan.ts'
import { jsonSchema, zodSchema } from './schemas.ts'
import type { Tally } from './tally.ts'

export function fastifyAjv({ provider }: ServerPlan, tally: Tally): Promise<Served> {
  const app = fastify({ bodyLimit: BODY_LIMIT })
  app.post(PATH, { schema: { body: jsonSchema(provider) } }, async ({ body }) => {
    setImmediate(() => void handleAll(body as unknown[], tally))
    return { status: 'accepted' }
  })
  return listening(app)
}

export function fastifyZod({ provider }: ServerPlan, tally: Tally): Promise<Served> {
  const schema = zodSchema(provider)
  const app = fastify({ bodyLimit: BODY_LIMIT })
  app.post(PATH, async ({ body }) => {
    const events = schema.parse(body)
    setImmediate(() => void handleAll(events, tally))
    return { status: 'accepted' }
  })
  return listening(app)
}

/** For an app that is complete: as `served`. */
export async function listening(app: Pick<FastifyInstance, 'listen' | 'close'>): Promise<Served> {
  const openedAt = performance.now()
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: Number(new URL(address).port), startMs: 0, openedAt, idle: async () => {}, close: () => app.close() }
}
