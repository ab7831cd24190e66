/** With `POSTHORN_POOLER` set through a pooler that has four connections to the server, as `npm run soak` does it. */
import { afterAll, beforeAll, describe } from 'vitest'
import { describeInbox } from '../../contracts/inbox.ts'
import { describeGuarantees } from '../../contracts/inbox-guarantees.ts'
import { describeLook } from '../../contracts/inbox-look.ts'
import { describeMemos } from '../../contracts/inbox-memos.ts'
import { describeEventKeys, describeOrder } from '../../contracts/inbox-order.ts'
import { describeProgress } from '../../contracts/inbox-progress.ts'
import { describeReplays } from '../../contracts/inbox-replay.ts'
import { describeUpkeep } from '../../contracts/inbox-upkeep.ts'
import { type Pooler, startPooler } from '../../support/pooler.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { storeOn } from './store.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let pooler: Pooler | null = null
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
    if (process.env.POSTHORN_POOLER !== undefined) pooler = await startPooler(server, 4)
  }, 60_000)
  afterAll(async () => {
    await pooler?.stop()
    server.remove()
  }, 60_000)

  const newStore = storeOn(() => ({ ...server, url: pooler?.url ?? server.url }))
  describeInbox('postgres', newStore)
  describeGuarantees('postgres', newStore)
  describeOrder('postgres', newStore)
  describeEventKeys('postgres', newStore)
  describeMemos('postgres', newStore)
  describeUpkeep('postgres', newStore)
  describeReplays('postgres', newStore)
  describeProgress('postgres', newStore)
  describeLook('postgres', newStore)
})
