/** Deaths one after the other: what is quarantined for them, and how much is handled again. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../../src/inboxes/memory/store.ts'
import { callKey } from '../../../src/lib/call-key.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { NotedCall } from '../../../src/ports/inbox/claims.ts'
import { around } from '../../faults/harness/around.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { all, pings, receiverIn } from '../../support/receivers.ts'

const never = () => new Promise<never>(() => {})

/** One process after the other on one inbox; all that is noted when one dies counts as a death of it. */
class Host {
  readonly clock = new FakeClock()
  readonly #store = new MemoryStore()
  readonly #standing = new Map<number, readonly NotedCall[]>()
  /** In how many deaths a call was said to be under way by itself. */
  readonly alone = new Map<string, number>()
  deaths = 0
  #life = 0

  /** What a dead process still does is not seen, and reaches its inbox no more. */
  start(options: object = {}) {
    const life = this.#life
    const isDead = () => life !== this.#life
    const inbox = around({ kind: 'memory', [port]: new MemoryInbox(this.#store) }, (inner) => ({
      noteCalls: (claim, calls) =>
        isDead() ? never() : inner.noteCalls(claim, calls).then(() => void this.#standing.set(claim.seq, calls)),
      settle: (settlement) =>
        isDead() ? never() : inner.settle(settlement).finally(() => this.#standing.delete(settlement.seq)),
      saveProgress: (progress) => (isDead() ? never() : inner.saveProgress(progress)),
      claim: (request) => (isDead() ? never() : inner.claim(request)),
    }))
    return { receiver: receiverIn(this.clock, { inbox, ...options }), isDead, die: () => isDead() || this.kill() }
  }

  kill(): void {
    this.deaths++
    this.#life++
    for (const calls of this.#standing.values())
      if (calls.length === 1)
        for (const { index, handler } of calls) {
          const key = callKey(index, handler)
          this.alone.set(key, (this.alone.get(key) ?? 0) + 1)
        }
    this.#standing.clear()
  }
}

it('kills from outside quarantine nothing that was not by itself in two deaths', async () => {
  const life = fc.record({
    /** When each process is killed, in ms; what it takes to handle one event, by its place. */
    kills: fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 100, maxLength: 100 }),
    tookMs: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(life, async ({ kills, tookMs }) => {
      const host = new Host()
      for (const [n, killAt] of [...kills, 600_000].entries()) {
        const { receiver } = host.start()
        for (const name of ['a', 'b'])
          receiver.on('*', { name, concurrency: 4 }, ({ delivery }) => {
            const ms = tookMs[delivery.index % tookMs.length] ?? 1
            return new Promise((resolve) => void host.clock.after(ms, () => resolve(undefined)))
          })
        await receiver.start()
        if (n % 25 === 0) await receiver.inject('shop', JSON.parse(pings(150)))
        await host.clock.advance(killAt)
        if (n < kills.length) {
          host.kill()
          continue
        }
        const { pending } = await receiver.inbox.stats()
        expect(pending).toBe(0)
        for (const { index } of await all(receiver.inbox.quarantine())) {
          const times = ['a', 'b'].map((name) => host.alone.get(callKey(index ?? -1, name)) ?? 0)
          expect(Math.max(...times)).toBeGreaterThanOrEqual(2)
        }
        await receiver.close()
      }
      expect(host.deaths).toBe(100)
    }),
    { numRuns: Number(process.env.POSTHORN_RUNS ?? 1) },
  )
}, 120_000)

it('events that kill their process are quarantined after three deaths each, and the others are not handled each time', async () => {
  const host = new Host()
  const [events, deadly] = [600, [40, 41, 300, 599]]
  const calls = new Map<number, number>()
  for (let starts = 0; starts < 100; starts++) {
    const { receiver, die, isDead } = host.start()
    receiver.on('*', { name: 'a', concurrency: 8 }, ({ delivery: { index } }) => {
      if (isDead()) return never()
      calls.set(index, (calls.get(index) ?? 0) + 1)
      if (deadly.includes(index)) die()
      return undefined
    })
    await receiver.start()
    if (starts === 0) await receiver.inject('shop', JSON.parse(pings(events)))
    await settled()
    await host.clock.advance(10)
    if (isDead()) continue
    await receiver.whenIdle()
    const quarantined = await all(receiver.inbox.quarantine())
    expect(quarantined.map(({ index }) => index).sort((a, b) => Number(a) - Number(b))).toEqual(deadly)
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
    await receiver.close()
    break
  }
  // The very first death came unannounced; the second event was noted with the first one, and never begun, in one.
  expect(deadly.map((index) => calls.get(index))).toEqual([4, 2, 3, 3])
  expect(host.deaths).toBe(12)
  const innocent = Array.from({ length: events }, (_, n) => calls.get(n) ?? 0).filter((_, n) => !deadly.includes(n))
  expect(Math.min(...innocent)).toBe(1)
  // Each is in one group with a deadly one at most, and was under way at the first death at most.
  expect(Math.max(...innocent)).toBeLessThanOrEqual(3)
  expect(innocent.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(events + 64 * (deadly.length + 1))
})

it('an event that killed its process with each of its handlers is one row of quarantine, and is called once by each when it is retried', async () => {
  const deaths = ['a', 'b'].map((handler) => ({ index: 1, handler, times: 3 }))
  let isFirst = true
  const inbox = around({ kind: 'memory', [port]: new MemoryInbox(new MemoryStore()) }, (inner) => ({
    async claim(request) {
      const claimed = await inner.claim(request)
      const claims = isFirst ? claimed.claims.map((claim) => ({ ...claim, careful: true, deaths })) : claimed.claims
      isFirst &&= claims.length === 0
      return { ...claimed, claims }
    },
  }))
  const receiver = receiverIn(new FakeClock(), { inbox })
  const calls: string[] = []
  for (const name of ['a', 'b'])
    receiver.on('*', { name }, ({ delivery: { index } }) => {
      if (index === 1) calls.push(name)
    })
  await receiver.inject('shop', JSON.parse(pings(3)))
  await receiver.whenIdle()
  expect(calls).toEqual([])
  expect((await all(receiver.inbox.quarantine())).map(({ index }) => index)).toEqual([1])
  expect(await receiver.inbox.retry({ outcome: 'quarantined' })).toMatchObject({ matched: 1 })
  await receiver.whenIdle()
  expect(calls.sort()).toEqual(['a', 'b'])
  await receiver.close()
})
