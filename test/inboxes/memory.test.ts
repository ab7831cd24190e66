import { expect, it } from 'vitest'
import { MemoryInbox } from '../../src/inboxes/memory/inbox.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { MemoryStore } from '../../src/inboxes/memory/store.ts'
import { describeInbox } from '../contracts/inbox.ts'
import { describeGuarantees } from '../contracts/inbox-guarantees.ts'
import { describeLook } from '../contracts/inbox-look.ts'
import { describeMemos } from '../contracts/inbox-memos.ts'
import { describeEventKeys, describeOrder } from '../contracts/inbox-order.ts'
import { describeProgress } from '../contracts/inbox-progress.ts'
import { describeReplays } from '../contracts/inbox-replay.ts'
import { describeUpkeep } from '../contracts/inbox-upkeep.ts'
import { handClock, keptLines, newDelivery, openWith, portOf } from './inbox-kit.ts'
import { TestInbox } from './test-inbox.ts'

/** A store outlives the inbox that is not closed. */
const newStore = () => {
  const kept = new MemoryStore()
  return { next: () => new TestInbox(new MemoryInbox(kept)), crash: async () => {}, remove: async () => {} }
}

describeInbox('memory', newStore)
describeGuarantees('memory', newStore)
describeOrder('memory', newStore)
describeEventKeys('memory', newStore)
describeLook('memory', newStore)
describeMemos('memory', newStore)
describeUpkeep('memory', newStore)
describeReplays('memory', newStore)
describeProgress('memory', newStore)

it('warns once that it keeps nothing', async () => {
  const { logger, inbox } = await openWith(portOf(memory()), ['a'])
  expect(logger.lines.map((line) => line.level)).toEqual(['warn'])
  await inbox.close()
})

it('keeps its contents when it is closed and opened again', async () => {
  const inbox = portOf(memory())
  await openWith(inbox, ['a'])
  await inbox.accept(newDelivery('x'))
  await inbox.close()
  expect((await openWith(inbox, ['a'])).opened.stats.pending).toBe(1)
  await inbox.close()
})

it('cannot be controlled from another process', async () => {
  const inbox = portOf(memory())
  await expect(openWith(inbox, [], handClock(), keptLines(), { role: 'control' })).rejects.toMatchObject({
    code: 'ERR_OPTION',
  })
  expect((await openWith(inbox, [])).opened.stats.pending).toBe(0)
  await inbox.close()
})
