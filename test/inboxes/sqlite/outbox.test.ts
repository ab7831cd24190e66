import { afterEach, expect, it, vi } from 'vitest'
import { Outbox } from '../../../src/inboxes/sqlite/outbox.ts'
import type { GroupAnswer, GroupRequest } from '../../../src/inboxes/sqlite/protocol.ts'
import { newDelivery } from '../inbox-kit.ts'

afterEach(() => vi.restoreAllMocks())

/** An outbox whose groups stay away until they are answered, by a clock that stands; what it sent and told, in order. */
function world() {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
  const log: string[] = []
  const away: { request: GroupRequest; answer: (value: GroupAnswer) => void }[] = []
  const outbox = new Outbox({
    now: () => 0,
    send(request) {
      log.push(`sent ${request.accepts.length}`)
      return new Promise((answer) => away.push({ request, answer }))
    },
    onAccepts: () => {},
    onAnswer: () => {},
  })
  let posts = 0
  return {
    log,
    accept(count: number) {
      for (let n = 0; n < count; n++) {
        const id = `p${posts++}`
        void outbox.accept(newDelivery(id), false).then(() => void log.push(`told ${id}`))
      }
    },
    async group() {
      while (away.length === 0) await new Promise(setImmediate)
    },
    async answer(afterMs: number) {
      clock.mockReturnValue(performance.now() + afterMs)
      const { request, answer } = away.shift() as (typeof away)[number]
      answer(answerTo(request))
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    },
  }
}

function answerTo({ accepts }: GroupRequest): GroupAnswer {
  const done = { lost: null, committed: true, shortage: null, pendingBytes: 0, pauses: null, moreWork: false } as const
  const lists = { underWay: [], settlements: [], commands: [], altered: [], claims: [], purging: false }
  const values = accepts.map((_, i) => ({ value: { status: 'accepted', seq: i + 1, settled: false } }) as const)
  return { ...done, ...lists, accepts: values }
}

it('sends the next group before it tells the last one, where half of those that wait are there', async () => {
  const { log, accept, group, answer } = world()
  accept(4)
  await group()
  accept(4)
  await answer(0)
  expect(log).toEqual(['sent 4', 'sent 4', 'told p0', 'told p1', 'told p2', 'told p3'])
})

it('tells the last group first where fewer are there: they may come with what that brings', async () => {
  const { log, accept, group, answer } = world()
  accept(4)
  await group()
  accept(3)
  await answer(0)
  expect(log).toEqual(['sent 4', 'told p0', 'told p1', 'told p2', 'told p3', 'sent 3'])
})

it('waits for all of them where to write takes longer than to receive them', async () => {
  const { log, accept, group, answer } = world()
  accept(4)
  await group()
  accept(4)
  await answer(50)
  expect(log).toEqual(['sent 4', 'told p0', 'told p1', 'told p2', 'told p3', 'sent 4'])
})
