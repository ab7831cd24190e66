/** What keeps the speed, as counts: they do not depend on the machine or on who else works on it. */
import { createHook } from 'node:async_hooks'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { small } from '../faults/harness/bodies.ts'
import { Site } from '../faults/harness/site.ts'
import { filesOf, tamper } from '../faults/harness/strace.ts'
import { describeWith } from '../faults/harness/tools.ts'
import { openWire, requestHead } from '../support/wire.ts'
import { countedReceiver, serving } from './counted.ts'

const body = (n: number, pad = '') => JSON.stringify([{ type: 'ping', n, pad }])
const post = (n: number) => new Request('http://host/hooks/shop', { method: 'POST', body: body(n) })

it('commits 100 posts that arrive together in at most 3 groups', async () => {
  const { receiver, counts } = await countedReceiver({ role: 'receive' })
  const before = counts.commits
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => receiver.handle(post(n))))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200))
  expect(counts.commits - before).toBeGreaterThan(0)
  expect(counts.commits - before).toBeLessThanOrEqual(3)
})

it('sends the thread of the file one message for each group, and gets one back', async () => {
  const { receiver, counts } = await countedReceiver({ role: 'receive' })
  const before = { ...counts }
  await Promise.all(Array.from({ length: 100 }, (_, n) => receiver.handle(post(n))))
  const groups = counts.groups - before.groups
  expect(groups).toBeLessThanOrEqual(3)
  expect(counts.answers - before.answers).toBe(groups)
  expect(counts.commits - before.commits).toBe(groups)
})

it('handles and settles 100 posts with at most 8 messages to the thread', async () => {
  const { receiver, counts } = await countedReceiver()
  await receiver.whenIdle()
  const before = counts.groups
  await Promise.all(Array.from({ length: 100 }, (_, n) => receiver.handle(post(n))))
  await receiver.whenIdle()
  expect(receiver.metrics().handled).toBe(100)
  expect(counts.groups - before).toBeLessThanOrEqual(8)
})

it('claims posts with the commit that stores them, and settles them with that of the next', async () => {
  const { receiver, counts } = await countedReceiver()
  await receiver.whenIdle()
  const before = { ...counts }
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 10 }, (_, n) => receiver.handle(post(round * 10 + n))))
  await receiver.whenIdle()
  expect(receiver.metrics().handled).toBe(100)
  expect(counts.claimsAlone - before.claimsAlone).toBe(0)
  // One a round and the last settlements; on a busy machine some come too late for the next round. Apart it would be 30.
  expect(counts.commits - before.commits).toBeLessThanOrEqual(15)
})

it('claims large posts too with the commit of each', async () => {
  const { receiver, counts } = await countedReceiver()
  await receiver.whenIdle()
  const before = { ...counts }
  const large = (n: number) =>
    new Request('http://host/hooks/shop', { method: 'POST', body: body(n, 'x'.repeat(1_500_000)) })
  await Promise.all([1, 2, 3].map((n) => receiver.handle(large(n))))
  await receiver.whenIdle()
  expect(receiver.metrics().handled).toBe(3)
  expect(counts.claimsAlone - before.claimsAlone).toBe(0)
  expect(counts.commits - before.commits).toBeLessThanOrEqual(6)
})

/** The lengths of what typed arrays copy from now on; afterwards its memory may be gone. */
function lengthsSet(): number[] {
  const lengths: number[] = []
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array
  const { set } = typedArray
  vi.spyOn(typedArray, 'set').mockImplementation(function spied(this: Uint8Array, source, offset) {
    lengths.push(source.length)
    set.call(this, source, offset)
  })
  return lengths
}

it('copies a large body once, to its place, and hands that over without a copy', async () => {
  const { receiver, counts } = await countedReceiver({ role: 'receive' })
  const wire = await openWire(await serving(receiver))
  const large = body(1, 'x'.repeat(3_000_000))
  const handedOver = counts.transferred
  const lengths = lengthsSet()
  const slice = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype), 'slice')
  const concat = vi.spyOn(Buffer, 'concat')
  await wire.send(requestHead('POST', '/hooks/shop', { 'content-length': large.length }) + large)
  expect((await wire.response()).status).toBe(200)
  const copied = lengths.reduce((sum, length) => sum + length, 0)
  const longest = Math.max(...lengths)
  vi.restoreAllMocks()
  expect(copied).toBeGreaterThanOrEqual(large.length)
  expect(copied).toBeLessThan(large.length + 1_000)
  // In steps of what a socket hands over.
  expect(longest).toBeLessThanOrEqual(64 * 1024)
  expect(slice.mock.results.reduce((sum, { value }) => sum + value.length, 0)).toBeLessThan(1_000)
  expect(concat.mock.results.some(({ value }) => value.length > 100_000)).toBe(false)
  expect(counts.transferred - handedOver).toBeGreaterThan(large.length)
  wire.socket.destroy()
})

it('works on a large body that came back with the answer, and reads nothing again', async () => {
  const { receiver, counts } = await countedReceiver()
  const wire = await openWire(await serving(receiver))
  const large = body(1, 'x'.repeat(3_000_000))
  for (const status of ['accepted', 'duplicate']) {
    await wire.send(requestHead('POST', '/hooks/shop', { 'content-length': large.length }) + large)
    expect((await wire.response()).body).toContain(status)
  }
  await receiver.whenIdle()
  expect([receiver.metrics().handled, counts.reads]).toEqual([1, 0])
  expect(counts.transferred).toBeGreaterThan(2 * large.length)
  wire.socket.destroy()
})

it('shares its timers among 100 posts', async () => {
  const { receiver } = await countedReceiver({ role: 'receive' })
  const timers: number[] = []
  const hook = createHook({
    init: (id, type) =>
      void (type === 'Timeout' && /(deadlines|intake|store)\.ts/.test(new Error().stack ?? '') && timers.push(id)),
  })
  hook.enable()
  await Promise.all(Array.from({ length: 100 }, (_, n) => receiver.handle(post(n))))
  hook.disable()
  // One for bodies and one for acknowledgements; more where the machine is so slow that they come due.
  expect(timers.length).toBeGreaterThanOrEqual(2)
  expect(timers.length).toBeLessThan(20)
})

it('leaves no timer and no thread after close', async () => {
  const alive = new Map<number, string>()
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && alive.set(id, new Error().stack ?? type)),
    destroy: (id) => void alive.delete(id),
  })
  hook.enable()
  const { receiver, threads } = await countedReceiver()
  await Promise.all(Array.from({ length: 10 }, (_, n) => receiver.handle(post(n))))
  await receiver.whenIdle()
  const ours = () => [...alive.values()].filter((stack) => stack.includes('/src/'))
  expect(ours().length).toBeGreaterThan(0)
  await receiver.close()
  // Node tells of the end of a timer a turn of the loop late, or two.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  hook.disable()
  expect(ours()).toEqual([])
  expect(threads.map(({ worker }) => worker.threadId)).toEqual([-1])
})

it('is imported without the web client of Node, which takes nearly as long as all of ours', () => {
  const adapters = ['adapters/express', 'adapters/fastify', 'adapters/node']
  const modules = [...adapters, 'auth/index', 'providers/momentum/index', 'inboxes/sqlite/index', 'index']
  const imports = modules.map(
    (name) => `await import(${JSON.stringify(join(import.meta.dirname, `../../src/${name}.ts`))})`,
  )
  const tell = "console.log(JSON.stringify(process.moduleLoadList.map((name) => name.split(' ').at(-1))))"
  const args = ['--no-warnings', '--input-type=module', '-e', [...imports, tell].join('\n')]
  const loaded: unknown = JSON.parse(execFileSync(process.execPath, args, { stdio: 'pipe' }).toString())
  expect(loaded).toContain('worker_threads')
  expect(loaded).not.toContain('internal/deps/undici/undici')
})

it('allocates at most 20 kB for a post of one event, and 14 kB for an event on its way to a handler', () => {
  // A young generation that is never full: what is used at the end is what was allocated.
  const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256']
  const script = join(import.meta.dirname, 'allocations-child.ts')
  const told: unknown = JSON.parse(execFileSync(process.execPath, [...flags, script], { stdio: 'pipe' }).toString())
  const { perPost, perEvent } = told as { perPost: number; perEvent: number }
  expect(perPost).toBeGreaterThan(5_000)
  expect(perPost).toBeLessThan(20_000)
  expect(perEvent).toBeGreaterThan(5_000)
  expect(perEvent).toBeLessThan(14_000)
})

describeWith(['strace'], 'a disk that takes its time', () => {
  it('is synced at most 12 times for 100 concurrent posts and their settlements', async () => {
    const site = new Site()
    const running = await site.start()
    const syncs = 'fsync,fdatasync'
    // Long enough for all posts to arrive during the first sync, whatever the machine.
    const tampering = await tamper(running.pid, {
      calls: syncs,
      fault: 'delay_enter=300000',
      files: filesOf(site.path),
    })
    const next = small(site.ledger)
    let left = 100
    await running.sender.load(100, () => (left-- > 0 ? next() : null))
    await running.control('settled')
    const delayed = tampering.log().filter((line) => line.includes('(DELAYED)')).length
    expect(running.sender.answers).toEqual({ 200: 100 })
    expect(delayed).toBeGreaterThan(0)
    expect(delayed).toBeLessThanOrEqual(12)
    await running.end()
    await tampering.stop()
  })
})
