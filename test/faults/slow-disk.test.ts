/** Disks that take their time for a sync, up to one that hangs. */
import { expect, it } from 'vitest'
import { noise, small } from './harness/bodies.ts'
import { endsWell } from './harness/endings.ts'
import { seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { filesOf, tamper } from './harness/strace.ts'
import { describeWith, rounds } from './harness/tools.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }
const MIB = 1 << 20
const syncs = { calls: 'fsync,fdatasync' }

describeWith(['strace'], 'a disk that', () => {
  it.each([10, 100])('takes %i ms for a sync serves many deliveries with one', async (ms) => {
    const site = new Site()
    const running = await site.start(soon)
    const fault = `delay_enter=${ms * 1_000}`
    const tampering = await tamper(running.pid, { ...syncs, fault, files: filesOf(site.path) })
    const load = running.sender.load(32, small(site.ledger))
    await running.sender.acknowledgements(rounds(200, 500))
    running.sender.stop()
    await load
    const delayed = tampering.log().filter((line) => line.includes('(DELAYED)')).length
    const { length } = site.ledger.acknowledged
    // Settlements ride along; a sync for each delivery and each settlement would be 2 for each.
    expect(delayed).toBeGreaterThan(0)
    expect(length / delayed).toBeGreaterThan(3)
    expect(running.sender.answers[503]).toBeUndefined()
    await tampering.stop()
    const next = await restarted(site, running)
    await endsWell(site, next)
  })

  it('takes longer than the deadline is answered 503, and the repeat is a duplicate', async () => {
    const site = new Site()
    const running = await site.start({ ...soon, limits: { acceptMs: 200 } })
    const files = filesOf(site.path)
    const tampering = await tamper(running.pid, { ...syncs, fault: 'delay_enter=1000000', when: '1', files })
    const sent = site.ledger.add([{}])
    expect(await running.sender.post(sent)).toMatchObject({ status: 503, json: { error: 'storage_slow' } })
    expect(await running.sender.deliver(sent)).toMatchObject({ json: { status: 'duplicate' } })
    await tampering.stop()
    await endsWell(site, running)
  })

  it('hangs does not fill the memory with what senders repeat: they are refused before their bodies', async () => {
    const site = new Site()
    const running = await site.start({ ...soon, limits: { acceptMs: 100, inFlightBytes: 8 * MIB } })
    const files = filesOf(site.path)
    const tampering = await tamper(running.pid, { ...syncs, fault: 'delay_enter=30000000', when: '1', files })
    const pad = noise(seeded(1), MIB)
    const errors: unknown[] = []
    for (let i = 0; i < 40; i++) {
      const { status, json } = await running.sender.post(site.ledger.add([{ pad }]))
      expect(status).toBe(503)
      errors.push(json.error)
    }
    expect(errors[0]).toBe('storage_slow')
    expect(new Set(errors.slice(10))).toEqual(new Set(['overloaded']))
    // The process is alive, says what is wrong, and what it took in is not lost when it dies now.
    expect(await running.control('memory')).toBeTypeOf('object')
    running.child.process.kill('SIGKILL')
    await tampering.cut()
    await running.kill()
    await endsWell(site, await site.start(soon))
  })
})

async function restarted(site: Site, running: Awaited<ReturnType<Site['start']>>) {
  await running.kill()
  expect((await site.audit()).faults).toEqual([])
  return site.start(soon)
}
