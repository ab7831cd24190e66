/** A schema that outlives the processes that work on it. */
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { port } from '../../../src/lib/symbols.ts'
import { around } from '../../faults/harness/around.ts'
import { type Kept, type Life, mortalInbox } from '../../support/mortal.ts'
import type { Server } from '../../support/postgres.ts'
import { newSchema, settingsFor } from './store.ts'

/** A process that dies leaves its lease, which is over when the next one comes. */
export function inboxesInSchema(server: Server): Kept {
  const schema = newSchema()
  let before: { readonly life: Life; readonly inbox: PostgresInbox } | null = null
  return (life) => {
    const inbox = new PostgresInbox(settingsFor(server, schema, { leaseMs: 600_000 }))
    const dead = before?.life.isDead ? before.inbox : null
    before = { life, inbox }
    const next = around({ kind: 'postgres', [port]: inbox }, (inner) => ({
      async open(opening) {
        await dead?.die()
        return inner.open(opening)
      },
    }))
    return mortalInbox(next, life)
  }
}
