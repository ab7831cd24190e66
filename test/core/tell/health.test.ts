import { afterEach, expect, it, vi } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'

const open: { close(options?: object): Promise<unknown> }[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

async function asked(tookMs: number) {
  const clock = new FakeClock()
  const inbox = memory()
  const receiver = receiverIn(clock, { inbox })
  open.push(receiver)
  await send(receiver)
  const real = inbox[port].records.stats.bind(inbox[port].records)
  const stats = vi.spyOn(inbox[port].records, 'stats').mockImplementation(async () => {
    await clock.advance(tookMs)
    return real()
  })
  return { clock, receiver, stats, intake: inbox[port].intake }
}

it('counts what waits each time, where that is cheap', async () => {
  const { clock, receiver, stats } = await asked(40)
  for (let n = 0; n < 10; n++) {
    await receiver.health()
    await clock.advance(10)
  }
  expect(stats).toHaveBeenCalledTimes(10)
})

it('counts it for a twentieth of the time, where that is dear; whether deliveries are accepted is always of now', async () => {
  const { clock, receiver, stats, intake } = await asked(500)
  for (let second = 0; second < 60; second++) {
    await receiver.health()
    await clock.advance(1_000)
  }
  expect(stats.mock.calls.length).toBeLessThanOrEqual(7)
  expect(await receiver.health()).toMatchObject({ ready: true, backlog: { deliveries: 1 } })
  const trouble = vi.spyOn(intake, 'trouble').mockReturnValue('the disk is full')
  expect(await receiver.health()).toMatchObject({ ready: false, reason: 'the disk is full' })
  trouble.mockReturnValue(null)
  vi.spyOn(intake, 'backlogBytes').mockReturnValue(Number.POSITIVE_INFINITY)
  expect(await receiver.health()).toMatchObject({ ready: false, reason: 'too much waits to be handled' })
})

it.each([
  ['both', true],
  ['receive', true],
  ['process', false],
] as const)('says whether a process whose role is %s takes deliveries: %s', async (role, takes) => {
  const receiver = receiverIn(new FakeClock(), { inbox: memory(), role })
  open.push(receiver)
  await receiver.start()
  const { status } = await send(receiver)
  const { ready, reason } = await receiver.health()
  expect([status, ready, reason]).toEqual(
    takes ? [200, true, null] : [503, false, 'by its role this process takes no deliveries'],
  )
})
