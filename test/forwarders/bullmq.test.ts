import { expect, it } from 'vitest'
import { forward, type QueueLike } from '../../src/forwarders/bullmq/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { describeBroker, event, hand } from './describe-broker.ts'
import { bullmq } from './sites.ts'

describeBroker(bullmq, (tried) => {
  it('a repeat adds no second job, and is confirmed', async () => {
    const { site, arrivedOf } = tried()
    const events = [event(), event()]
    await hand(site.forward, events[0] as AnyEvent)
    expect(await hand(site.forward, events)).toEqual({ failed: [] })
    expect((await arrivedOf(events)).map(({ id }) => id)).toEqual(events.map(({ id }) => id))
  })

  it('a job that is larger than its limit fails alone', async () => {
    const { client: queue } = tried().site
    const events = [event(), event(), event()]
    const body = ({ id }: AnyEvent) => ({ id, text: 'x'.repeat(id === events[1]?.id ? 1_000 : 10) })
    const result = await hand(forward<AnyEvent>({ queue, body, job: { sizeLimit: 500 } }), events)
    expect(result).toMatchObject({ failed: [{ id: events[1]?.id, error: { code: 'ERR_FORWARD_REFUSED' } }] })
    expect((await tried().arrivedOf(events)).length).toBe(2)
  })

  it('jobs have the name, the data and the options that they are to have', async () => {
    const { client: queue } = tried().site
    const one = event()
    const body = ({ id }: AnyEvent) => ({ id, big: 2n ** 64n })
    await hand(forward<AnyEvent>({ queue, name: ({ name }) => name, body, job: { attempts: 7 } }), one)
    const job = await queue.getJob(one.id)
    expect(job).toMatchObject({ name: one.name, data: { id: one.id, big: '18446744073709551616' } })
    expect(job?.opts.attempts).toBe(7)
  })
})

it('each queue gets its events, and one that fails keeps none of the others', async () => {
  const events = Array.from({ length: 5 }, event)
  const added: string[][] = []
  const good: QueueLike = { addBulk: async (jobs) => added.push(jobs.map(({ opts }) => opts.jobId)) as never }
  const bad: QueueLike = { addBulk: async () => Promise.reject(new Error('down')) }
  const queues = new Map([good, bad, good, bad, null].map((queue, at) => [events[at]?.id, queue]))
  const result = await hand(forward<AnyEvent>({ queue: ({ id }) => queues.get(id) as QueueLike }), events)
  expect(added).toEqual([[events[0]?.id, events[2]?.id]])
  expect(new Map(result?.failed.map(({ id, error }) => [id, (error as Error).message]))).toEqual(
    new Map([
      [events[1]?.id, 'no confirmation: down'],
      [events[3]?.id, 'no confirmation: down'],
      [events[4]?.id, expect.stringContaining('a Queue of BullMQ')],
    ]),
  )
})
