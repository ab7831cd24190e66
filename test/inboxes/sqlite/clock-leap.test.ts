/** What an owner of a file does when its clock is set ahead. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { receiverIn } from '../../support/receivers.ts'

const DAY = 86_400_000

const folder = mkdtempSync(join(tmpdir(), 'posthorn-leap-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('a clock that is set two days ahead leaves handlers in use, also for who comes after a crash', async () => {
  const clock = new FakeClock()
  const inbox = sqlite({ path: join(folder, 'inbox.db'), minFreeBytes: 0 })
  const receiver = receiverIn(clock, { inbox })
  receiver.on('toy.ping', { name: 'kept' }, () => {})
  await receiver.start()
  const seenAt = async () => (await inbox[port].records.handlers()).find(({ name }) => name === 'kept')?.seenAt ?? 0
  const before = clock.now()
  clock.leap(2 * DAY)
  // Less than the hour after which it is noted anyhow.
  for (let second = 0; second < 60 && (await seenAt()) <= before; second++) {
    await clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await seenAt()).toBeGreaterThan(before + DAY)
  const closing = receiver.close({ timeoutMs: 5 })
  await clock.advance(10)
  await closing
})
