/** A schema of its own for each store of the contract, on the server of the test run. */
import { randomBytes } from 'node:crypto'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { type After, realAfter } from '../../../src/inboxes/postgres/life/upkeep.ts'
import type { SharedStore } from '../../contracts/inbox-two-at-once.ts'
import type { Server } from '../../support/postgres.ts'
import { TestInbox } from '../test-inbox.ts'

export const newSchema = () => `t_${randomBytes(6).toString('hex')}`

/** Nobody renews, reaps or looks but when a test asks for it. */
const never: After = () => () => {}

export function settingsFor(
  server: Server,
  schema: string,
  changes: { readonly leaseMs?: number; readonly after?: After } = {},
) {
  return {
    connect: () => connect(server.url),
    schema,
    leaseMs: changes.leaseMs ?? 15_000,
    durability: 'relaxed' as const,
    migrates: true,
    measuresTime: false,
    after: changes.after ?? never,
    thread: null,
  }
}

export function storeOn(server: () => Server) {
  return () => {
    const schema = newSchema()
    let current: PostgresInbox | null = null
    return {
      next() {
        current = new PostgresInbox(settingsFor(server(), schema))
        return new TestInbox(current)
      },
      async crash() {
        await current?.die()
      },
      /** It goes with the server. */
      async remove() {},
    }
  }
}

/** One schema, open in several ports. */
export function sharedOn(server: () => Server): () => SharedStore {
  return () => {
    const schema = newSchema()
    const ports: PostgresInbox[] = []
    return {
      port() {
        const port = new PostgresInbox(settingsFor(server(), schema, { leaseMs: 5_000, after: realAfter }))
        ports.push(port)
        return port
      },
      async lose(port) {
        const lost = ports.find((one) => one === port)
        await server().run(
          `UPDATE "${schema}".process SET until = now() - interval '1 s', lease_ms = 0 WHERE owner = ${lost?.owner}`,
        )
        for (const other of ports) if (other !== port && other.owner !== null) await other.reap()
        await lost?.renew()
      },
      async remove() {},
    }
  }
}
