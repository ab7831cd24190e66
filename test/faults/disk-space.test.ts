/** Disks that are full, or cannot be written at all. */
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { memoryDisk, newImage } from './harness/disk.ts'
import { endsWell } from './harness/endings.ts'
import type { Sent } from './harness/ledger.ts'
import { type Running, Site } from './harness/site.ts'
import { describeWith } from './harness/tools.ts'

const MIB = 1 << 20
const soon = { retry: { minMs: 1, maxMs: 1 } }

/** Bytes that zstd makes no smaller. */
const incompressible = (bytes: number) => randomBytes(bytes / 2).toString('hex')

/** Posts new deliveries of this size until one is refused. */
async function fill(site: Site, running: Running, bytes: number): Promise<Sent> {
  for (;;) {
    const sent = site.ledger.add([{ pad: incompressible(bytes) }])
    const { status } = await running.sender.post(sent)
    if (status === 200) continue
    expect(status).toBe(503)
    return sent
  }
}

describeWith(['mount'], 'a disk', () => {
  it('that is full is answered 503, and 200 when something else made room', async () => {
    const { folder } = memoryDisk('size=8m')
    const ballast = join(folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(3 * MIB, 1))
    const site = new Site({ data: folder })
    const running = await site.start(soon)
    const refused = await fill(site, running, 300_000)
    for (let i = 0; i < 3; i++) expect((await running.sender.post(refused)).status).toBe(503)
    // The file is closed and opened again after each failure, and is ready until the next one.
    await vi.waitFor(async () => {
      const [{ status }, health] = await Promise.all([running.sender.post(refused), running.control('health')])
      expect({ status, health }).toMatchObject({ status: 503, health: { ready: false } })
    }, 20_000)
    expect(site.ledger.acknowledged.length).toBeGreaterThan(2)

    rmSync(ballast)
    await vi.waitFor(async () => expect(await running.control('health')).toMatchObject({ ready: true }), 20_000)
    await endsWell(site, running)
  })

  it('that is full when the process is killed gives everything back when there is room', async () => {
    const disk = memoryDisk('size=6m')
    const site = new Site({ data: disk.folder })
    const running = await site.start({ ...soon, handler: 'hang' })
    await fill(site, running, 500_000)
    await running.kill()
    expect((await site.audit()).faults).toEqual([])
    disk.remount('size=64m')
    await endsWell(site, await site.start(soon))
  })

  it('with less free than minFreeBytes refuses what is new, and absorbs repeats', async () => {
    const disk = memoryDisk('size=32m')
    const site = new Site({ data: disk.folder })
    const running = await site.start({ ...soon, minFreeBytes: 24 * MIB })
    const first = site.ledger.add([{}])
    const { body } = first
    await running.sender.deliver(first)
    await fill(site, running, MIB)
    first.body = body
    expect(await running.sender.post(first)).toMatchObject({ status: 200, json: { status: 'duplicate' } })
    // What was accepted could be handled: the space kept free is for that.
    await running.control('settled')
    disk.remount('size=128m')
    await vi.waitFor(async () => expect(await running.control('health')).toMatchObject({ ready: true }), 20_000)
    await endsWell(site, running)
  })

  it('that is read-only refuses the start by code, and a start after that is well', async () => {
    const disk = memoryDisk('size=64m')
    disk.remount('ro')
    const site = new Site({ data: disk.folder })
    const refused = await site.launch(soon)
    expect(await refused.child.line('refused')).toMatchObject({
      refused: 'ERR_INBOX_IO',
      message: expect.stringContaining(disk.folder),
    })
    expect((await refused.sender.post(site.ledger.add([{}]))).status).toBe(503)
    disk.remount('rw')
    // The request asks for another start; nobody has to.
    await endsWell(site, refused)
  })

  it('that is read-only with a database on it refuses the start as well', async () => {
    const disk = memoryDisk('size=64m')
    const site = new Site({ data: disk.folder })
    const first = await site.start({ ...soon, handler: 'hang' })
    await first.sender.deliver(site.ledger.add([{}, {}]))
    await first.kill()
    disk.remount('ro')
    const refused = await site.launch(soon)
    expect(await refused.child.line('refused')).toMatchObject({ refused: 'ERR_INBOX_IO' })
    await refused.kill()
    disk.remount('rw')
    await endsWell(site, await site.start(soon))
  })

  it('that gives up and turns read-only at run time is answered 503; mounted anew it has everything', async () => {
    const image = newImage(64)
    const disk = image.mount()
    const site = new Site({ data: disk.folder })
    const running = await site.start({ ...soon, handler: 'gate' })
    for (let i = 0; i < 20; i++) await running.sender.deliver(site.ledger.add([{}]))
    // As the kernel does after an error of the device.
    disk.remount('abort')
    for (let i = 0; i < 3; i++) expect((await running.sender.post(site.ledger.add([{}]))).status).toBe(503)
    expect(await running.control('health')).toMatchObject({ ready: false })
    await running.kill()
    disk.unmount()
    const again = image.mount()
    const next = new Site({ data: again.folder, before: site })
    await endsWell(next, await next.start(soon))
  })
})
