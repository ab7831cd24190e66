import { describe, expect, it } from 'vitest'
import { Tasks, virtualClock } from '../../../src/emulators/kit/clock.ts'
import { RetryQueue, type RetryQueueOptions } from '../../../src/emulators/kit/retry-queue.ts'

/** A queue whose sends are noted with their minute; `fails` says which fail. */
function queueOf(fails: (item: string, attempt: number) => boolean, options: Partial<RetryQueueOptions<string>> = {}) {
  const clock = virtualClock({ at: 0 })
  const sent: string[] = []
  const ends: string[] = []
  let [now, most] = [0, 0]
  const queue = new RetryQueue<string>({
    tasks: new Tasks(clock),
    delaysMs: [60_000, 120_000],
    async send(item, attempt) {
      most = Math.max(most, ++now)
      sent.push(`${item} ${clock.now() / 60_000}`)
      await new Promise((resolve) => setImmediate(resolve))
      now--
      return !fails(item, attempt)
    },
    acknowledged: (item, attempts) => ends.push(`${item} after ${attempts}`),
    gaveUp: (item, attempts) => ends.push(`${item} given up after ${attempts}`),
    ...options,
  })
  return { clock, queue, sent, ends, most: () => most }
}

describe('the retry queue', () => {
  it('sends in turn, one at a time, and repeats what failed beside the others', async () => {
    const { clock, queue, sent, ends, most } = queueOf((item, attempt) => item === 'a' && attempt < 3)
    for (const item of ['a', 'b', 'c']) queue.push(item)
    await clock.advance('1h')
    expect(sent).toEqual(['a 0', 'b 0', 'c 0', 'a 1', 'a 3'])
    expect(ends).toEqual(['b after 1', 'c after 1', 'a after 3'])
    expect([queue.size, most()]).toEqual([0, 1])
  })

  it('gives up after the last delay', async () => {
    const { clock, queue, sent, ends } = queueOf(() => true)
    queue.push('a')
    await clock.advance('1m')
    expect(queue.size).toBe(1)
    await clock.advance('1h')
    expect(sent).toEqual(['a 0', 'a 1', 'a 3'])
    expect(ends).toEqual(['a given up after 3'])
    expect(queue.size).toBe(0)
  })

  it('lets nothing overtake what failed when it is strict', async () => {
    const { clock, queue, sent } = queueOf((item, attempt) => item === 'b' && attempt < 3, { strict: true })
    for (const item of ['a', 'b', 'c']) queue.push(item)
    await clock.advance('2m')
    queue.push('d')
    await clock.advance('1h')
    expect(sent).toEqual(['a 0', 'b 0', 'b 1', 'b 3', 'c 3', 'd 3'])
  })

  it('goes on behind what it gave up, also when it is strict', async () => {
    const { clock, queue, ends } = queueOf((item) => item === 'a', { strict: true })
    for (const item of ['a', 'b']) queue.push(item)
    await clock.advance('1h')
    expect(ends).toEqual(['a given up after 3', 'b after 1'])
  })

  it('repeats at the last delay without end when it is endless', async () => {
    const { clock, queue, sent, ends } = queueOf((_, attempt) => attempt < 5, { endless: true })
    queue.push('a')
    await clock.advance('1h')
    expect(sent).toEqual(['a 0', 'a 1', 'a 3', 'a 5', 'a 7'])
    expect(ends).toEqual(['a after 5'])
  })

  it('is cleared of what waits and of what is not tried, which is not sent any more', async () => {
    const { clock, queue, sent, ends } = queueOf((item) => item === 'a', { strict: true })
    for (const item of ['a', 'b', 'c']) queue.push(item)
    await clock.advance('30s')
    expect(queue.clear()).toEqual(['a', 'b', 'c'])
    expect(queue.size).toBe(0)
    queue.push('d')
    await clock.advance('1h')
    expect(sent).toEqual(['a 0', 'd 0.5'])
    expect(ends).toEqual(['d after 1'])
  })

  it('sends nothing more once its emulator has closed', async () => {
    const tasks = new Tasks(virtualClock())
    const sent: string[] = []
    const send = async (item: string) => {
      sent.push(item)
      tasks.close()
      return false
    }
    const queue = new RetryQueue({ tasks, delaysMs: [1], send })
    for (const item of ['a', 'b']) queue.push(item)
    await tasks.clock.advance('1h')
    expect(sent).toEqual(['a'])
  })

  it('sends as many at a time as it may', async () => {
    const { clock, queue, most } = queueOf(() => false, { concurrency: 2 })
    for (const item of ['a', 'b', 'c', 'd', 'e']) queue.push(item)
    await clock.advance(0)
    expect([queue.size, most()]).toEqual([0, 2])
  })
})
