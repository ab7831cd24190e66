/** Schemas for the metadata that your application gives the sender with each message: typed and checked in each event. */
import { Ajv } from 'ajv'
import { createReceiver, type StandardSchema } from 'posthorn'
import { basic, token } from 'posthorn/auth'
import { mailjet } from 'posthorn/mailjet'
import { momentum } from 'posthorn/momentum'
import { sparkpost } from 'posthorn/sparkpost'
import { sqlite } from 'posthorn/sqlite'
import * as v from 'valibot'
import { z } from 'zod'

/** A JSON Schema, compiled by ajv, as a Standard Schema. */
export function ajvSchema<Output extends object>(schema: object): StandardSchema<Output> {
  const check = new Ajv({ allErrors: true }).compile<Output>(schema)
  const issues = () =>
    (check.errors ?? []).map(({ message = 'invalid', instancePath, params }) => ({
      message,
      path: [...instancePath.split('/').slice(1), params.missingProperty ?? []].flat(),
    }))
  const validate = (value: unknown) => (check(value) ? { value } : { issues: issues() })
  return { '~standard': { version: 1, vendor: 'ajv', validate } }
}

const auth = token({ env: 'WEBHOOK_TOKEN' })

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    shop: momentum({ auth, metadata: z.object({ orderId: z.string(), placedAt: z.coerce.date() }) }),
    outlet: sparkpost({ auth, metadata: v.object({ orderId: v.string() }) }),
    news: mailjet({
      auth: basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } }),
      metadata: ajvSchema<{ issue: number }>({
        type: 'object',
        properties: { issue: { type: 'integer' } },
        required: ['issue'],
      }),
    }),
  },
})

receiver.on('momentum.click', { name: 'orders', source: 'shop' }, async (event) => {
  if (event.metadataIssues !== null) return misfit(event.id, event.metadataIssues)
  if ('placedAt' in event.metadata) await track(event.metadata.orderId, event.metadata.placedAt)
})

receiver.on('mailjet.open', { name: 'issues' }, async (event) => {
  if (event.metadataIssues === null) await count(event.metadata.issue)
})

declare function track(orderId: string, placedAt: Date): Promise<void>
declare function count(issue: number): Promise<void>
declare function misfit(id: string, issues: ReadonlyArray<{ message: string; path: string }>): void
