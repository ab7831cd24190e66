/** Claims that another process takes over while this one works on them: two receivers over one store in memory. */
import { expect, it } from 'vitest'
import { MemoryInbox } from '../../../src/inboxes/memory/inbox.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { HandlerContext } from '../../../src/public/handlers.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { rememberingLogger } from '../../support/log.ts'
import { send } from '../../support/neutral.ts'
import { useProcesses } from '../../support/processes.ts'
import { all, pings, receiverIn } from '../../support/receivers.ts'

const processes = useProcesses()

type Handle = (event: AnyEvent, context: HandlerContext) => void | Promise<void>

function newProcess(handle: Handle, options: object = {}) {
  const inbox = new MemoryInbox(processes.store, { beside: true })
  const logger = rememberingLogger()
  const receiver = receiverIn(processes.clock, { inbox: { kind: 'memory', [port]: inbox }, logger })
  receiver.on('toy.ping', { name: 'a', concurrency: 1, timeoutMs: 600_000, ...options }, handle)
  processes.open.push(receiver)
  const events = () => logger.lines.flatMap(({ facts }) => ('event' in facts ? [facts.event] : []))
  return { receiver, inbox, events }
}

it('ends its calls by their signal, drops what comes of them, and leaves the rest to the other', async () => {
  const begun: string[] = []
  const signals: AbortSignal[] = []
  const stuck = newProcess(async ({ delivery: { index } }, { signal }) => {
    begun.push(`stuck ${index}`)
    signals.push(signal)
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  await send(stuck.receiver, { body: pings(3) })
  await expect.poll(() => begun).toEqual(['stuck 0'])
  const other = newProcess(({ delivery: { index } }) => void begun.push(`other ${index}`))
  await other.receiver.start()
  await other.receiver.whenIdle()
  expect(begun).toEqual(['stuck 0'])
  await stuck.receiver.inbox.pause('a')
  stuck.inbox.lose()
  await stuck.receiver.whenIdle()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  await other.receiver.inbox.resume('a')
  await other.receiver.whenIdle()
  expect(begun.filter((one) => one.startsWith('stuck'))).toEqual(['stuck 0'])
  expect(await other.receiver.inbox.stats()).toMatchObject({ pending: 0, deadLetters: 0 })
  expect(stuck.receiver.metrics()).toMatchObject({ claimsLost: 1, handled: 0, dead: 0, retried: 0 })
  expect(stuck.events()).toContain('claim.lost')
  expect(stuck.events()).not.toContain('internal')
})

it('takes the result of a call that does not heed its signal for nothing', async () => {
  const release = Promise.withResolvers<void>()
  const calls: string[] = []
  const stuck = newProcess(async () => {
    calls.push('stuck')
    await release.promise
  })
  await send(stuck.receiver, { body: pings(1) })
  await expect.poll(() => calls).toEqual(['stuck'])
  const other = newProcess(() => {
    calls.push('other')
    throw new Error('never')
  })
  await other.receiver.start()
  await stuck.receiver.inbox.pause('a')
  stuck.inbox.lose()
  await processes.clock.advance(1_000)
  release.resolve()
  await stuck.receiver.whenIdle()
  expect(stuck.receiver.metrics()).toMatchObject({ claimsLost: 1, handled: 0 })
  expect(await other.receiver.inbox.stats()).toMatchObject({ pending: 1 })
})

it('is told by the settlement alone where nobody has told before', async () => {
  const release = Promise.withResolvers<void>()
  let calls = 0
  const slow = newProcess(async () => {
    calls++
    await release.promise
  })
  await send(slow.receiver, { body: pings(1) })
  await expect.poll(() => calls).toBe(1)
  // As where the word of it is late: the store knows, the process does not.
  for (const [seq, hold] of processes.store.held) processes.store.held.set(seq, { ...hold, token: hold.token + 1_000 })
  release.resolve()
  await slow.receiver.whenIdle()
  expect(slow.receiver.metrics()).toMatchObject({ claimsLost: 1, handled: 0 })
  expect(slow.events()).not.toContain('internal')
  expect(await all(slow.receiver.inbox.deadLetters())).toEqual([])
  expect(await slow.receiver.inbox.stats()).toMatchObject({ pending: 1 })
})
