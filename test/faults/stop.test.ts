/** SIGTERM at every bad moment. */
import { describe, expect, it } from 'vitest'
import { openWire, requestHead } from '../support/wire.ts'
import { small } from './harness/bodies.ts'
import { later } from './harness/cleanup.ts'
import { endsWell } from './harness/endings.ts'
import { type Running, Site } from './harness/site.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

/** Resolves when a new request is refused: the signal was seen. */
async function closing(site: Site, { sender }: Running): Promise<void> {
  const sent = site.ledger.add([{}])
  await expect.poll(async () => (await sender.post(sent)).status, { interval: 5 }).not.toBe(200)
}

describe('SIGTERM', () => {
  it('with bodies in flight lets them come, answers them truthfully and stores them', async () => {
    const site = new Site()
    const running = await site.start({ ...soon, closeMs: 20_000 })
    const sent = [1, 2, 3].map(() => site.ledger.add([{}]))
    const wires = await Promise.all(
      sent.map(async ({ batch, body }) => {
        const wire = await openWire(running.port)
        later(() => wire.socket.destroy())
        await wire.send(
          requestHead('POST', '/webhooks/shop', {
            'Content-Length': body.length,
            'X-Toy-Batch': batch,
            Expect: '100-continue',
          }),
        )
        // The request is with the receiver: it asks for the body.
        expect((await wire.response()).status).toBe(100)
        await wire.send(body.subarray(0, 5))
        return wire
      }),
    )
    running.child.process.kill('SIGTERM')
    await closing(site, running)
    for (const [i, wire] of wires.entries()) {
      const one = sent[i] as (typeof sent)[number]
      await wire.send(one.body.subarray(5))
      const { status, headers, body } = await wire.response()
      expect([status, headers.connection]).toEqual([200, 'close'])
      site.ledger.acknowledge(one, JSON.parse(body).id)
    }
    expect(await running.child.exited).toEqual({ code: 0, signal: null })
    const { faults, acknowledged } = await site.audit()
    expect(faults).toEqual([])
    expect(acknowledged).toBeGreaterThanOrEqual(3)
    await endsWell(site, await site.start(soon))
  })

  it('with handlers under way gives them time, and exit code 0 when they used it', async () => {
    const site = new Site()
    const running = await site.start({ ...soon, handler: 'gate', closeMs: 20_000 })
    await running.sender.deliver(site.ledger.add(Array.from({ length: 10 }, () => ({}))))
    await running.child.line('called')
    running.child.process.kill('SIGTERM')
    await closing(site, running)
    // Opens the gate.
    running.child.process.kill('SIGUSR2')
    expect(await running.child.exited).toEqual({ code: 0, signal: null })
    expect(await site.audit()).toMatchObject({ faults: [], dead: 0, repeats: 0 })
    const handled = site.effects().map(({ n }) => n)
    expect(handled).toEqual(expect.arrayContaining([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  })

  it('with a handler that hangs ends with exit code 1, and its event is handled after the next start', async () => {
    const site = new Site()
    const running = await site.start({ ...soon, closeMs: 300 })
    await running.sender.deliver(site.ledger.add([{}, { do: 'hang' }, {}]))
    await running.child.line('called')
    expect(await running.end()).toBe(1)
    expect(await site.audit()).toMatchObject({ faults: [], dead: 0, pending: 1, handled: 2 })
    const next = await site.start({ retry: { attempts: 1 }, timeoutMs: 50 })
    await next.control('settled')
    await next.end()
    expect(await site.audit()).toMatchObject({ faults: [], dead: 1, pending: 0, repeats: 0 })
  })

  it('twice ends at once, and loses nothing', async () => {
    const site = new Site()
    const running = await site.start({ handler: 'hang', closeMs: 600_000 })
    const load = running.sender.load(4, small(site.ledger))
    await running.sender.acknowledgements(30)
    running.child.process.kill('SIGTERM')
    // Refused or cut: the first signal has been seen.
    await load
    running.child.process.kill('SIGTERM')
    expect(await running.child.exited).toEqual({ code: 143, signal: null })
    await endsWell(site, await site.start(soon))
  })

  it('under load, again and again, answers truthfully every time', async () => {
    const site = new Site()
    for (let round = 0; round < 4; round++) {
      const running = await site.start({ ...soon, closeMs: 20_000 })
      const load = running.sender.load(6, small(site.ledger))
      await running.sender.acknowledgements(20 + 10 * round)
      expect(await running.end()).toBe(0)
      await load
      const { faults, pending } = await site.audit()
      expect(faults).toEqual([])
      // What was accepted while it closed waits.
      expect(pending).toBeLessThanOrEqual(site.ledger.sent.length)
    }
    await endsWell(site, await site.start(soon))
  })

  it('during start, while the file belongs to another, ends in order and leaves the file to its owner', async () => {
    const site = new Site()
    const first = await site.start(soon)
    const second = await site.launch(soon)
    await second.child.line('log')
    expect((await second.child.kill('SIGTERM')).code).toBe(0)
    await first.sender.deliver(site.ledger.add([{}]))
    await endsWell(site, first)
  })
})
