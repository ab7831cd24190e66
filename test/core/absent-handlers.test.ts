/** A process without a handler that others have: what it works on is kept for that handler. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { AnyEvent } from '../../src/types.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type Line, rememberingLogger } from '../support/log.ts'
import { inboxesInMemory } from '../support/mortal.ts'
import { send } from '../support/neutral.ts'
import { pings, receiverIn } from '../support/receivers.ts'

const DAY = 86_400_000

let clock: FakeClock
let inboxOf: ReturnType<typeof inboxesInMemory>
let seen: string[]

beforeEach(() => {
  clock = new FakeClock()
  inboxOf = inboxesInMemory()
  seen = []
})

function newProcess(handlers: readonly string[], options: object = {}) {
  const logger = rememberingLogger()
  const receiver = receiverIn(clock, { inbox: inboxOf({ isDead: false }), logger, ...options })
  const handle = (name: string) => (event: AnyEvent) => void seen.push(`${name} ${event.delivery.index}`)
  for (const name of handlers) receiver.on('toy.ping', { name }, handle(name))
  const about = ({ facts }: Line) => ('event' in facts ? String(facts.event) : '')
  const warnings = () => logger.lines.filter((line) => about(line).startsWith('handler.')).map(({ facts }) => facts)
  return { receiver, warnings }
}

async function backlogOf(count: number): Promise<void> {
  const { receiver } = newProcess(['a', 'b'])
  await receiver.start()
  await receiver.close()
  const receiving = newProcess([], { role: 'receive' })
  await send(receiving.receiver, { body: pings(count) })
  await receiving.receiver.close()
}

describe('a backlog that a process works off without a handler', () => {
  it('is kept for that handler, in one row for each delivery, and starts say so', async () => {
    await backlogOf(3)
    const script = newProcess(['a'])
    await script.receiver.drain()
    expect(seen).toEqual(['a 0', 'a 1', 'a 2'])
    expect(script.warnings()).toContainEqual({ event: 'handler.absent', handler: 'b', events: 0 })
    expect(await script.receiver.inbox.stats()).toMatchObject({ pending: 1, unhandled: {} })
    await script.receiver.close()

    const again = newProcess(['a'])
    await again.receiver.start()
    const facts = { event: 'handler.orphaned', handler: 'b', events: 3 }
    expect(again.warnings()).toContainEqual(expect.objectContaining(facts))
    await again.receiver.close()

    const whole = newProcess(['a', 'b'])
    await whole.receiver.start()
    await whole.receiver.whenIdle()
    expect(seen.slice(3)).toEqual(['b 0', 'b 1', 'b 2'])
    expect(whole.warnings()).toEqual([])
    expect(await whole.receiver.inbox.stats()).toMatchObject({ pending: 0 })
    await whole.receiver.close()
  })

  it('belongs to nobody who was not seen for a day', async () => {
    await backlogOf(2)
    await clock.advance(DAY)
    const { receiver, warnings } = newProcess(['a'])
    await receiver.start()
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
    expect(warnings()).toEqual([])
    await receiver.close()
  })

  it('is given up for a handler by drop, which names no other handler', async () => {
    await backlogOf(4)
    const { receiver } = newProcess(['a'])
    await receiver.drain()
    const { inbox } = receiver
    expect(await inbox.drop({ handler: 'b' }, { dryRun: true })).toEqual({ matched: 4, queued: 0 })
    expect(await inbox.drop({ handler: 'b', outcome: 'dead' })).toEqual({ matched: 0, queued: 0 })
    expect(await inbox.drop({ handler: 'a' })).toEqual({ matched: 0, queued: 0 })
    expect(await inbox.stats()).toMatchObject({ pending: 1 })
    expect(await inbox.drop({ handler: 'b' })).toEqual({ matched: 4, queued: 4 })
    expect(await inbox.stats()).toMatchObject({ pending: 0, cancelled: 4 })
    await send(receiver, { body: pings(1) })
    await receiver.whenIdle()
    expect(await inbox.stats()).toMatchObject({ pending: 0 })
    await receiver.close()
    const whole = newProcess(['a', 'b'])
    await whole.receiver.start()
    await whole.receiver.whenIdle()
    expect(seen.filter((one) => one.startsWith('b'))).toEqual([])
    await whole.receiver.close()
  })
})

it("with ack: 'handled' a sender does not wait for a handler that is not there, nor does its repeat", async () => {
  await backlogOf(0)
  const { receiver } = newProcess(['a'], { ack: 'handled' })
  const first = await send(receiver, { body: pings(2) })
  const repeat = await send(receiver, { body: pings(2) })
  expect([first.status, repeat.status]).toEqual([200, 200])
  expect(seen).toEqual(['a 0', 'a 1'])
  await receiver.close()
  const whole = newProcess(['a', 'b'], { ack: 'handled' })
  await whole.receiver.drain()
  expect(seen).toEqual(['a 0', 'a 1', 'b 0', 'b 1'])
  await whole.receiver.close()
})
