import { expect, it, onTestFinished } from 'vitest'
import { header } from '../../../src/auth/index.ts'
import type { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Observed } from '../../../src/ports/inbox/look.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const KEY = 'a-secret-of-some-length'

function receiving() {
  const clock = new FakeClock()
  const inbox = memory()
  const told: (readonly Observed[])[] = []
  const disk = { isBroken: false }
  const { look } = inbox[port] as MemoryInbox
  const observe = async (observed: readonly Observed[]) => {
    told.push(structuredClone(observed))
    if (disk.isBroken) throw new Error('no')
    return look.observe(observed)
  }
  Object.assign(inbox[port], { look: { ...look, observe } })
  const receiver = receiverIn(clock, { inbox, sources: { shop: toy({ auth: header('x-key', KEY) }) } })
  onTestFinished(async () => void (await receiver.close()))
  let sent = 0
  const post = async (key = KEY, source = 'shop') =>
    send(receiver as never, {
      source,
      target: `/${source}`,
      body: `[{"type":"ping","n":${sent++}}]`,
      headers: ['x-key', key],
    })
  const counts = async () => {
    const words: Record<string, number> = {}
    for (const { source, word, count } of await all(
      receiver.inbox.tallies({ step: 'day', words: ['refused', 'turned', 'ack'] }),
    ))
      words[`${source} ${word.replace(/^ack:\d+$/, 'ack')}`] = count
    return words
  }
  return { clock, receiver, told, post, counts, disk }
}

it('stores what it has counted once a minute, and nothing where nothing came', async () => {
  const { clock, receiver, told, post, counts } = receiving()
  await receiver.start()
  await post()
  await post('wrong')
  await post('wrong')
  await post(KEY, 'nobody')
  expect(told).toEqual([])
  await clock.advance(60_000)
  expect(told).toHaveLength(1)
  expect(await counts()).toEqual({
    ...{ 'shop ack': 1, 'shop refused:unauthorized': 2, 'shop turned:credential_wrong': 2 },
    ...{ ' refused:unknown_source': 1, ' turned:unknown_source': 1 },
  })
  await clock.advance(600_000)
  expect(told).toHaveLength(1)
  await post('wrong')
  await clock.advance(60_000)
  expect(told[1]).toMatchObject([
    { word: 'turned:credential_wrong', n: 1 },
    { word: 'refused:unauthorized', n: 1 },
  ])
})

it('stores at its close what is left, and leaves no timer', async () => {
  const { clock, receiver, told, post } = receiving()
  await receiver.start()
  const before = clock.pending
  await post('wrong')
  expect(clock.pending).toBeGreaterThan(before)
  await receiver.close()
  expect(told).toMatchObject([[{ word: 'turned:credential_wrong' }, { word: 'refused:unauthorized' }]])
  expect(clock.pending).toBeLessThanOrEqual(before)
})

it('keeps what could not be stored for the next minute', async () => {
  const { clock, receiver, told, post, counts, disk } = receiving()
  await receiver.start()
  disk.isBroken = true
  await post('wrong')
  await clock.advance(60_000)
  await post('wrong')
  expect(told).toHaveLength(1)
  disk.isBroken = false
  await clock.advance(60_000)
  expect(told).toHaveLength(2)
  expect(await counts()).toEqual({ 'shop refused:unauthorized': 2, 'shop turned:credential_wrong': 2 })
})
