import { afterAll, beforeAll, describe } from 'vitest'
import { describeInbox } from '../../contracts/inbox.ts'
import { describeGuarantees } from '../../contracts/inbox-guarantees.ts'
import { describeLook } from '../../contracts/inbox-look.ts'
import { describeMemos } from '../../contracts/inbox-memos.ts'
import { describeOrder } from '../../contracts/inbox-order.ts'
import { describeProgress } from '../../contracts/inbox-progress.ts'
import { describeReplays } from '../../contracts/inbox-replay.ts'
import { describeUpkeep } from '../../contracts/inbox-upkeep.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { storeOn } from './store.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  const newStore = storeOn(() => server)
  describeInbox('postgres', newStore)
  describeGuarantees('postgres', newStore)
  describeOrder('postgres', newStore)
  describeMemos('postgres', newStore)
  describeUpkeep('postgres', newStore)
  describeReplays('postgres', newStore)
  describeProgress('postgres', newStore)
  describeLook('postgres', newStore)
})
