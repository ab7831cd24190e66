/** Senders that leave at any byte, repeat themselves, and confuse their batch ids. */
import { describe, expect, it } from 'vitest'
import { openWire, requestHead } from '../support/wire.ts'
import { mixed } from './harness/bodies.ts'
import { later } from './harness/cleanup.ts'
import { endsWell } from './harness/endings.ts'
import type { Sent } from './harness/ledger.ts'
import { between, newSeed, type Random, seeded } from './harness/random.ts'
import { type Running, Site } from './harness/site.ts'
import { rounds } from './harness/tools.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

function requestOf({ batch, body }: Sent): Buffer {
  const head = requestHead('POST', '/webhooks/shop', { 'Content-Length': body.length, 'X-Toy-Batch': batch })
  return Buffer.concat([Buffer.from(head), body])
}

/** Sends up to a byte, then leaves; whole requests are sometimes waited for up to a part of the answer. */
async function leaveEarly(running: Running, sent: Sent, random: Random): Promise<boolean> {
  const request = requestOf(sent)
  const end = between(random, 1, request.length + 10)
  const wire = await openWire(running.port)
  later(() => wire.socket.destroy())
  await wire.send(request.subarray(0, end))
  const whole = end >= request.length
  const way = random()
  if (whole && way < 0.5) await new Promise((resolve) => wire.socket.once('data', resolve))
  if (way < 0.3) wire.socket.resetAndDestroy()
  else if (way < 0.6) wire.socket.destroy()
  else wire.socket.end()
  await wire.closed
  return whole
}

describe('senders', () => {
  it('that leave at any byte store all or nothing, and their repeats end well', async () => {
    const seed = newSeed()
    const random = seeded(seed)
    const site = new Site()
    const running = await site.start(soon)
    const next = mixed(site.ledger, random)
    let wholes = 0
    for (let i = 0; i < rounds(60, 300); i++) {
      // Half of them a request so small that its head, its body and its end are all likely places.
      const sent = i % 2 === 0 ? next() : site.ledger.add([{}])
      if (await leaveEarly(running, sent, random)) wholes++
    }
    await running.kill()
    const { faults, stored, ...rest } = await site.audit()
    expect(faults, `POSTHORN_SEED=${seed}`).toEqual([])
    expect(stored).toBeLessThanOrEqual(wholes)
    expect(rest.acknowledged).toBe(0)
    await endsWell(site, await site.start(soon))
  }, 60_000)

  it('that send the same 50 times at once get 50 times 200 for one row and one call', async () => {
    const site = new Site()
    const running = await site.start(soon)
    const sent = site.ledger.add([{}])
    const again = { ...sent }
    const answers = await Promise.all(Array.from({ length: 50 }, () => running.sender.post({ ...again })))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(answers.filter(({ json }) => json.status === 'accepted')).toHaveLength(1)
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
    await running.sender.post(sent)
    await running.control('settled')
    await running.kill()

    const next = await site.start(soon)
    expect(await next.sender.post({ ...again })).toMatchObject({ status: 200, json: { status: 'duplicate' } })
    await endsWell(site, next)
    expect(site.effects()).toHaveLength(1)
  })

  it('that reuse a batch id for other bytes, or bytes for another id, get a row for each', async () => {
    const site = new Site()
    const running = await site.start(soon)
    const body = Buffer.from('[{"type":"ping"}]')
    const other = Buffer.from('[{"type":"ping"},{"type":"ping"}]')
    const numbers = { first: -1, count: 1 }
    const sent = [
      site.ledger.addBody(body, numbers, 'one'),
      site.ledger.addBody(other, { first: -1, count: 2 }, 'one'),
      site.ledger.addBody(body, numbers, 'two'),
    ]
    const answers = await Promise.all(sent.map((one) => running.sender.post(one)))
    expect(answers.map(({ json }) => json.status)).toEqual(['accepted', 'accepted', 'accepted'])
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(3)
    await endsWell(site, running)
  })

  it("that click on the vendor's test twice show up twice", async () => {
    const site = new Site()
    const running = await site.start(soon)
    const bodies = ['[{"type":"ping"}]', '[{"type":"ping"}]'].map((text) => Buffer.from(text))
    const ids: unknown[] = []
    for (const body of bodies) {
      const { json } = await running.sender.post(site.ledger.addBody(body, undefined, 'test-batch'))
      expect(json.status).toBe('accepted')
      ids.push(json.id)
    }
    expect(new Set(ids).size).toBe(2)
    await running.control('settled')
    expect(site.effects()).toHaveLength(2)
  })
})
