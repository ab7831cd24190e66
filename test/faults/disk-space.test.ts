/** Disks that are full, or cannot be written at all. */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, vi } from 'vitest'
import { createReceiver } from '../../src/core/receiver.ts'
import { ORDINARY_LOG_BYTES } from '../../src/inboxes/sqlite/file/db/log-size.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { toy } from '../support/toy.ts'
import { later } from './harness/cleanup.ts'
import { memoryDisk, newImage } from './harness/disk.ts'
import { endsWell } from './harness/endings.ts'
import type { Sent } from './harness/ledger.ts'
import { type Running, Site } from './harness/site.ts'
import { describeWith } from './harness/tools.ts'

const MIB = 1 << 20
const soon = { retry: { minMs: 1, maxMs: 1 } }

/** Bytes that zstd makes no smaller. */
const incompressible = (bytes: number) => randomBytes(bytes / 2).toString('hex')

/** Leaves no byte. */
function fillUp(path: string): void {
  const file = openSync(path, 'w')
  for (const bytes of [MIB, 4_096, 512]) while (tryToWrite(file, bytes));
  closeSync(file)
}

function tryToWrite(file: number, bytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(bytes, 1)) > 0
  } catch {
    return false
  }
}

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
    // Smaller ones may fit; that one would be refused again.
    const bytes = () => JSON.stringify(statSync(`${site.path}-wal`, { bigint: true }).mtimeNs, (_, n) => `${n}`)
    for (let probes = 0, last = bytes(); probes < 3; probes++) {
      await vi.waitFor(() => expect(bytes()).not.toBe(last), 20_000)
      last = bytes()
      expect(await running.control('health')).toMatchObject({ ready: false })
    }
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

  it('that is full takes no backup, and the refusal names the copy', async () => {
    const [site, disk] = [new Site(), memoryDisk('size=64k')]
    expect(await (await site.start()).end()).toBe(0)
    const receiver = createReceiver({
      ...{ inbox: sqlite({ path: site.path }), sources: { shop: toy() }, role: 'control', logger: false },
    })
    const copy = join(disk.folder, 'copy.db')
    await expect(receiver.inbox.backup(copy)).rejects.toMatchObject({
      ...{ code: 'ERR_INBOX_FULL', message: expect.stringContaining(copy) },
    })
    expect(readdirSync(disk.folder)).toEqual([])
    disk.remount('ro')
    await expect(receiver.inbox.backup(copy)).rejects.toMatchObject({
      ...{ code: 'ERR_INBOX_IO', message: expect.stringContaining(`${copy} cannot be`) },
    })
    await receiver.close()
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

  it('without a byte left, and with a long log, recovers when there is room, and the log is short again', async () => {
    const disk = newImage(320).mount()
    const site = new Site({ data: disk.folder })
    const running = await site.start(soon)
    const reader = new DatabaseSync(site.path)
    later(() => {
      if (reader.isOpen) reader.close()
    })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM delivery').get()
    const long = () => statSync(`${site.path}-wal`).size
    while (long() <= 2 * ORDINARY_LOG_BYTES)
      await running.sender.deliver(site.ledger.add([{ pad: incompressible(MIB) }]))
    const ballast = join(disk.folder, 'ballast')
    fillUp(ballast)
    const refused = await fill(site, running, MIB)
    reader.close()
    // Nothing of the log can go where it belongs: the file would have to grow.
    for (let i = 0; i < 3; i++) expect((await running.sender.post(refused)).status).toBe(503)
    expect(await running.control('health')).toMatchObject({ ready: false })
    const told = running.child.lines.length
    rmSync(ballast)
    expect(await running.child.line('log', told)).toEqual({ log: expect.stringContaining('works again') })
    expect(await running.control('health')).toMatchObject({ ready: true })
    await vi.waitFor(() => expect(long()).toBeLessThanOrEqual(ORDINARY_LOG_BYTES), 20_000)
    await endsWell(site, running)
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
