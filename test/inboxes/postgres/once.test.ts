/** A code for each key, asked for by two receivers at one database, as two processes are. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { unauthenticated } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { esputnikWorkflow, type OnceFacts, onceFor, type WorkflowCall } from '../../../src/providers/esputnik/index.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { newSchema } from './store.ts'

const params = z.object({ email: z.email() })
type Call = WorkflowCall<z.output<typeof params>>

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  it('two receivers that are asked for one key at once hand out one code', async () => {
    const schema = newSchema()
    const taken = new Map<string, string>()
    const made: OnceFacts[] = []
    const both = Promise.withResolvers<void>()
    /** Idempotent by the key; each waits until the other receiver has called it too. */
    const make = async (_call: Call, facts: OnceFacts) => {
      if (made.push(facts) === 2) both.resolve()
      await both.promise
      const promocode = taken.get(facts.key) ?? `CODE-${taken.size + 1}`
      taken.set(facts.key, promocode)
      return { promocode }
    }
    /** As a process has it: what it waits for is its own. */
    const join = () =>
      createReceiver({
        inbox: postgres({ connectionString: server.url, schema, durability: 'relaxed' }),
        sources: {
          wf: esputnikWorkflow({
            auth: unauthenticated(),
            params,
            respond: onceFor((call: Call) => call.params.email, make),
          }),
        },
        logger: false,
      })
    const [one, two] = [join(), join()]
    await one.start()
    await two.start()
    const ask = async (receiver: typeof one) => {
      const answer = await receiver.handle(new Request('https://example.com/wf?email=jo@shop.example'))
      return [answer.status, await answer.json()]
    }
    const code = [200, { promocode: 'CODE-1' }]
    expect(await Promise.all([ask(one), ask(two)])).toEqual([code, code])
    expect(made.map(({ again }) => again).sort()).toEqual([false, true])
    expect([await ask(one), await ask(two), made.length]).toEqual([code, code, 2])
    await one.close()
    await two.close()
  })
})
