/** Writes and syncs that fail: one of them, or all of them for a while. */
import { expect, it, vi } from 'vitest'
import { noise, small } from './harness/bodies.ts'
import { endsWell } from './harness/endings.ts'
import { deliverTen, isReady, oneCallFails, tampered } from './harness/failing-calls.ts'
import { seeded } from './harness/random.ts'
import { Site } from './harness/site.ts'
import { filesOf, type Injection, tamper } from './harness/strace.ts'
import { describeWith, rounds } from './harness/tools.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

describeWith(['strace'], 'one call that fails', () => {
  const nth = (last: number) => Array.from({ length: last }, (_, i) => `${i + 1}`)
  it.each([
    ...nth(rounds(2, 4, 8)).map((when) => ({ calls: 'fsync,fdatasync', fault: 'error=EIO', when })),
    ...nth(rounds(2, 4, 8)).map((when) => ({ calls: 'pwrite64', fault: 'error=EIO', when })),
    ...nth(rounds(1, 2, 4)).map((when) => ({
      calls: 'pwrite64',
      fault: 'error=ENOSPC',
      when: `${when}..${Number(when) + 3}`,
    })),
  ])('($calls: $fault, number $when) costs no delivery', async (injection) => {
    expect(await oneCallFails(injection)).toBeGreaterThan(0)
  })
})

describeWith(['strace'], 'a disk that fails every', () => {
  const whole: readonly Omit<Injection, 'files'>[] = [
    { calls: 'fsync,fdatasync', fault: 'error=EIO' },
    { calls: 'pwrite64', fault: 'error=EIO' },
    { calls: 'pwrite64', fault: 'error=ENOSPC' },
    { calls: 'pwrite64', fault: 'error=EROFS' },
  ]
  it.each(whole)('$calls ($fault) is answered 503 and not ready, and 200 when it is over', async (injection) => {
    const site = new Site()
    const running = await site.start(soon)
    await running.sender.deliver(site.ledger.add([{}]))
    const tampering = await tamper(running.pid, { ...injection, files: filesOf(site.path) })
    const refused = site.ledger.add([{}])
    for (let i = 0; i < 5; i++) expect(await running.sender.post(refused)).toMatchObject({ status: 503 })
    await isReady(running, false)
    // Not before it has looked whether it is over: that writes as well.
    const calls = tampered(tampering)
    await vi.waitFor(() => expect(tampered(tampering)).toBeGreaterThan(calls), { timeout: 20_000 })
    expect(await running.control('health')).toMatchObject({ ready: false })
    expect(await running.sender.post(site.ledger.add([{}]))).toMatchObject({ status: 503 })
    expect(running.child.process.exitCode).toBeNull()

    await tampering.stop()
    expect(tampered(tampering)).toBeGreaterThan(0)
    await isReady(running, true)
    await running.sender.load(2, () => null)
    await deliverTen(site, running)
    await endsWell(site, running)
  })

  it('note of what is under way after a kill leaves nothing lying, and needs no restart', async () => {
    const site = new Site()
    const first = await site.start({ ...soon, handler: 'gate' })
    // More than one note says what is under way of it.
    await first.sender.deliver(site.ledger.add(Array.from({ length: 100 }, () => ({}))))
    await first.child.line('called')
    await first.kill()
    const running = await site.start({ ...soon, handler: 'gate', concurrency: 100 })
    await running.child.line('called')
    const fault = { calls: 'fsync,fdatasync', fault: 'error=EIO', files: filesOf(site.path) }
    const tampering = await tamper(running.pid, fault)
    await running.control('go')
    await vi.waitFor(() => expect(tampered(tampering)).toBeGreaterThan(0), { timeout: 20_000 })
    await vi.waitFor(async () => expect(await running.control('health')).toMatchObject({ reason: expect.any(String) }))
    await tampering.stop()
    await endsWell(site, running)
    expect(new Set(site.effects().map(({ n }) => n)).size).toBe(100)
  })

  it('write into the database file itself, behind the log, refuses no delivery', async () => {
    const site = new Site()
    const running = await site.start(soon)
    const tampering = await tamper(running.pid, { calls: 'pwrite64', fault: 'error=EIO', files: [site.path] })
    const pad = noise(seeded(1), 500_000)
    while (tampered(tampering) === 0) await running.sender.deliver(site.ledger.add([{ pad }]))
    await deliverTen(site, running)
    await tampering.stop()
    await endsWell(site, running)
  })

  it('sync is answered 503 under load too, and a kill in the middle of it loses nothing', async () => {
    const site = new Site()
    const running = await site.start(soon)
    await deliverTen(site, running)
    await tamper(running.pid, { calls: 'fsync,fdatasync', fault: 'error=EIO', when: '3+', files: filesOf(site.path) })
    const load = running.sender.load(4, small(site.ledger))
    await vi.waitFor(() => expect(running.sender.answers[503]).toBeGreaterThan(10), { timeout: 20_000 })
    await running.kill()
    await load
    expect((await site.audit()).faults).toEqual([])
    const next = await site.start(soon)
    await next.sender.load(2, () => null)
    await endsWell(site, next)
  })
})
