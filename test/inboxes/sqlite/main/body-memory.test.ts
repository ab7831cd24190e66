import { beforeEach, describe, expect, it } from 'vitest'
import { BodyMemory } from '../../../../src/inboxes/sqlite/main/body-memory.ts'
import { firstPass, newDelivery, openWith } from '../../inbox-kit.ts'
import { inboxOn, newFile } from '../kit.ts'

const MB = 1024 * 1024

describe('memory of bodies', () => {
  let memory: BodyMemory
  beforeEach(() => {
    memory = new BodyMemory()
  })

  /** As it comes back from the thread: ours. */
  function owned(bytes: number): Uint8Array {
    const body = memory.allocate(bytes)
    memory.own(body)
    return body
  }

  it('is used again once nobody reads it', () => {
    const first = owned(3 * MB)
    memory.lend(1, first)
    const second = owned(3 * MB)
    expect(second.buffer).not.toBe(first.buffer)
    memory.takeBack(1)
    expect(memory.allocate(2.5 * MB).buffer).toBe(first.buffer)
    expect(memory.allocate(2.5 * MB).buffer).not.toBe(first.buffer)
  })

  it('is as long as it was asked for, whatever lies behind it', () => {
    memory.free(owned(2.2 * MB))
    const body = memory.allocate(2.1 * MB)
    expect([body.byteLength, body.buffer.byteLength]).toEqual([Math.trunc(2.1 * MB), 3 * MB])
  })

  it('is not used for a body that is much smaller, or larger', () => {
    const { buffer } = owned(9 * MB)
    memory.free(new Uint8Array(buffer))
    expect(memory.allocate(4 * MB).buffer).not.toBe(buffer)
    expect(memory.allocate(9.5 * MB).buffer).not.toBe(buffer)
    expect(memory.allocate(8 * MB).buffer).toBe(buffer)
  })

  it('of somebody else is never used', () => {
    const theirs = new Uint8Array(2 * MB)
    memory.lend(1, theirs)
    memory.takeBack(1)
    memory.free(theirs)
    expect(memory.allocate(2 * MB).buffer).not.toBe(theirs.buffer)
  })

  it('is taken back once', () => {
    const body = owned(2 * MB)
    memory.lend(1, body)
    memory.takeBack(1)
    memory.takeBack(1)
    memory.free(body)
    expect(
      [memory.allocate(2 * MB), memory.allocate(2 * MB)].filter(({ buffer }) => buffer === body.buffer),
    ).toHaveLength(1)
  })

  it('that somebody may still read is left alone', () => {
    const body = owned(2 * MB)
    memory.lend(1, body)
    memory.leave(1)
    memory.takeBack(1)
    expect(memory.allocate(2 * MB).buffer).not.toBe(body.buffer)
  })

  it('is let go when nobody has used it from one look to the next', () => {
    const body = owned(2 * MB)
    memory.free(body)
    memory.age()
    memory.age()
    expect(memory.allocate(2 * MB).buffer).not.toBe(body.buffer)
  })

  it('is kept for another while when it was put back since the last look', () => {
    const [first, second, third] = [owned(2 * MB), owned(2 * MB), owned(2 * MB)]
    memory.free(first)
    memory.free(second)
    memory.age()
    expect(memory.allocate(2 * MB).buffer).toBe(first.buffer)
    memory.free(third)
    memory.age()
    expect(memory.allocate(2 * MB).buffer).toBe(third.buffer)
    expect(memory.allocate(2 * MB).buffer).not.toBe(second.buffer)
  })

  it('of a body of some kB is let go as soon as nobody reads it, and not used again', () => {
    const [read, settled] = [owned(16 * 1024), owned(1000 * 1024)]
    memory.lend(1, read)
    memory.lend(2, settled)
    memory.takeBack(2)
    expect([read.byteLength, settled.byteLength]).toEqual([16 * 1024, 0])
    memory.takeBack(1)
    expect(read.byteLength).toBe(0)
    expect(memory.allocate(16 * 1024).byteLength).toBe(16 * 1024)
  })

  it('of a body below 16 kB is left alone', () => {
    const body = owned(16 * 1024 - 1)
    memory.free(body)
    expect(body.byteLength).toBe(16 * 1024 - 1)
  })

  it('is held up to 96 MB', () => {
    const bodies = Array.from({ length: 13 }, () => owned(8 * MB))
    for (const body of bodies) memory.free(body)
    const again = bodies.map(() => memory.allocate(8 * MB).buffer)
    expect(bodies.filter(({ buffer }) => again.includes(buffer))).toHaveLength(12)
  })
})

describe('an inbox', () => {
  async function opened() {
    const inbox = inboxOn(newFile())
    return { ...(await openWith(inbox, ['a'])), inbox }
  }

  /** Filled, so that what is stored can be told apart. */
  const filled = (body: Uint8Array, value: number) => newDelivery(`of ${value}`, { body: body.fill(value) })

  it('uses the memory of a settled delivery, and of none that is claimed', async () => {
    const { inbox, claim } = await opened()
    await inbox.accept(filled(inbox.allocate(2 * MB), 1), true)
    const [first] = await claim()
    await inbox.accept(filled(inbox.allocate(2 * MB), 2), true)
    expect(first?.delivery.body.every((byte) => byte === 1)).toBe(true)
    await inbox.settle(firstPass(1))
    expect(inbox.allocate(2 * MB).buffer).toBe(first?.delivery.body.buffer)
    const [second] = await claim()
    expect(second?.delivery.body.every((byte) => byte === 2)).toBe(true)
  })

  it('lets the memory of a smaller body go when its delivery is settled', async () => {
    const { inbox, claim } = await opened()
    const delivery = filled(inbox.allocate(100_000), 1)
    await inbox.accept(delivery, true)
    const [first] = await claim()
    expect(first?.delivery.body.every((byte) => byte === 1)).toBe(true)
    await inbox.settle(firstPass(1))
    expect([delivery.body.byteLength, first?.delivery.body.byteLength]).toEqual([0, 0])
    expect((await inbox.read(1))?.body.byteLength).toBe(100_000)
  })

  it('lets the memory of a smaller repeat go at once', async () => {
    const { inbox } = await opened()
    await inbox.accept(filled(inbox.allocate(100_000), 1), true)
    const repeat = filled(inbox.allocate(100_000), 1)
    expect((await inbox.accept(repeat, true)).status).toBe('duplicate')
    expect(repeat.body.byteLength).toBe(0)
  })

  it('uses the memory of a repeat at once', async () => {
    const { inbox } = await opened()
    await inbox.accept(filled(new Uint8Array(2 * MB), 1))
    const body = inbox.allocate(2 * MB)
    expect((await inbox.accept(filled(body, 1), true)).status).toBe('duplicate')
    expect(body.byteLength).toBe(0)
    const again = inbox.allocate(2 * MB)
    expect([again[0], again.at(-1)]).toEqual([1, 1])
  })

  it('leaves alone what it was not given', async () => {
    const { inbox, claim } = await opened()
    const [large, small] = [filled(new Uint8Array(2 * MB), 1), filled(new Uint8Array(100_000), 2)]
    await inbox.accept(large)
    await inbox.accept(small)
    await claim()
    for (const seq of [1, 2]) await inbox.settle(firstPass(seq))
    expect(inbox.allocate(2 * MB).buffer).not.toBe(large.body.buffer)
    expect([large.body.byteLength, small.body.byteLength]).toEqual([2 * MB, 100_000])
  })
})
