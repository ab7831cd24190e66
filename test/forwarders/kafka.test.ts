/** The forwarder that docs/forwarders.md writes for Kafka, on a producer that fails as a real one does. */
import { expect, it } from 'vitest'
import { toKafka } from '../../examples/forwarders.ts'
import { handlerContext, sampleEvent } from '../../src/testing/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { all, pings, receiverIn } from '../support/receivers.ts'

interface Message {
  readonly value: string
  readonly headers: Record<string, string>
}

const numberOf = ({ value }: Message): number => JSON.parse(value).payload.n

it('an event that is too large stands alone in the end; the others pass', async () => {
  const receiver = receiverIn(new FakeClock())
  const taken: number[] = []
  const producer = {
    async send({ messages }: { messages: Message[] }) {
      const numbers = messages.map(numberOf)
      if (numbers.includes(5)) throw Object.assign(new Error('Broker: Message size too large'), { code: 10 })
      taken.push(...numbers)
    },
  }
  receiver.onBatch('*', { name: 'to-kafka', size: 8, retry: { attempts: 1 } }, toKafka(producer, () => 'mail') as never)
  await receiver.inject('shop', pings(8))
  await receiver.drain()
  const dead = await all(receiver.inbox.deadLetters())
  expect(dead.map(({ event }) => (event.payload as { n: number }).n)).toEqual([5])
  expect(taken.toSorted()).toEqual([0, 1, 2, 3, 4, 6, 7])
  await receiver.close()
})

it('a topic that is away fails its own events', async () => {
  const events = Array.from({ length: 4 }, () => sampleEvent('momentum.bounce'))
  const away = new Set(events.slice(2).map(({ id }) => id))
  const producer = {
    async send({ topic }: { topic: string }) {
      if (topic === 'away') throw new Error('Local: Message timed out')
    },
  }
  const forward = toKafka(producer, ({ id }) => (away.has(id) ? 'away' : 'here'))
  const { failed } = (await forward(events, handlerContext())) as { failed: { id: string }[] }
  expect(failed.map(({ id }) => id)).toEqual([...away])
})
