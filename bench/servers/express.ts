/** Express with `express.json` and zod: parsed and validated before the answer, handled after it, nothing stored. */
import { createServer } from 'node:http'
import express from 'express'
import { handleAll } from './bare.ts'
import { BODY_LIMIT, PATH, served } from './listen.ts'
import type { Served, ServerPlan } from './plan.ts'
import { zodSchema } from './schemas.ts'
import type { Tally } from './tally.ts'

export function expressZod({ provider }: ServerPlan, tally: Tally): Promise<Served> {
  const schema = zodSchema(provider)
  const app = express()
  app.post(PATH, express.json({ limit: BODY_LIMIT }), (req, res) => {
    const events = schema.parse(req.body)
    res.json({ status: 'accepted' })
    void handleAll(events, tally)
  })
  return served(createServer(app))
}
