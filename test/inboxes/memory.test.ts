import { expect, it } from 'vitest'
import { memory } from '../../src/inboxes/memory.ts'
import { describeInbox } from '../contracts/inbox.ts'
import { openWith, portOf } from './inbox-kit.ts'

describeInbox(
  'memory',
  () => {
    const inbox = portOf(memory())
    return { next: () => inbox, remove: async () => {} }
  },
  { skip: [] },
)

it('warns once that it keeps nothing', async () => {
  const { logger, inbox } = await openWith(portOf(memory()), ['a'])
  expect(logger.lines.map((line) => line.level)).toEqual(['warn'])
  await inbox.close()
})
