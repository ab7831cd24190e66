import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const folder = mkdtempSync(join(tmpdir(), 'before-'))
const INBOXES = { memory: () => memory(), sqlite: () => sqlite({ path: join(folder, 'inbox.db') }) }
let close = async () => {}

afterEach(async () => {
  await close()
  rmSync(folder, { recursive: true, force: true })
})

/** Three deliveries of one moment, each with two events that fail for good twice, and an element that nobody can read. */
async function seeded(inbox: ReturnType<(typeof INBOXES)[keyof typeof INBOXES]>) {
  const clock = new FakeClock(Date.UTC(2026, 5, 15, 10, 30))
  const receiver = receiverIn(clock, { inbox, sources: { shop: toy() }, handlers: { retry: { attempts: 1 } } })
  close = async () => void (await receiver.close())
  for (const name of ['first one', 'second'])
    receiver.on('toy.ping', { name }, () => {
      throw new Error('no')
    })
  for (const to of ['a@shop.example', 'b@shop.example', 'c@shop.example']) {
    const body = [{ type: 'ping', to }, { bad: 1 }, { type: 'ping', to, message: 'm1' }]
    await send(receiver as never, { source: 'shop', body: JSON.stringify(body) })
    await receiver.whenIdle()
  }
  return receiver.inbox
}

describe.each(Object.entries(INBOXES))('before, in %s', (_name, newInbox) => {
  it('goes on behind the last row of a page, also among rows of one moment', async () => {
    const inbox = await seeded(newInbox())
    const deliveries = await all(inbox.deliveries())
    expect(await all(inbox.deliveries({ before: deliveries[0]?.id ?? '' }))).toEqual(deliveries.slice(1))
    const letters = await all(inbox.deadLetters())
    for (const [i, { event, handler }] of letters.entries())
      expect(await all(inbox.deadLetters({ before: `${event.id} ${handler}` }))).toEqual(letters.slice(i + 1))
    const items = await all(inbox.quarantine())
    expect(items).toHaveLength(3)
    const [first] = items
    expect(await all(inbox.quarantine({ before: `${first?.deliveryId}.${first?.index}` }))).toEqual(items.slice(1))
  })

  it('goes on behind an event, and behind the last delivery that a look has read', async () => {
    const inbox = await seeded(newInbox())
    const since = new Date(0)
    const ids = (await all(inbox.events({ since }))).map(({ id }) => id)
    expect(ids).toHaveLength(6)
    for (const [i, before] of ids.entries())
      expect((await all(inbox.events({ since, before }))).map(({ id }) => id)).toEqual(ids.slice(i + 1))
    const read: string[] = []
    const onProgress = ({ deliveryId }: { deliveryId: string }) => void read.push(deliveryId)
    expect(await all(inbox.person('c@shop.example', {}, { onProgress }))).toHaveLength(2)
    expect(read).toEqual((await all(inbox.deliveries())).map(({ id }) => id))
    expect(await all(inbox.person('c@shop.example', { before: read[0] ?? '' }))).toEqual([])
  })

  it('refuses what is not listed any more, and what is no id', async () => {
    const inbox = await seeded(newInbox())
    const [letter] = await all(inbox.deadLetters())
    const before = `${letter?.event.id} ${letter?.handler}`
    await inbox.drop({ handler: letter?.handler ?? '' })
    await expect(all(inbox.deadLetters({ before }))).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(all(inbox.deliveries({ before: '7' }))).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
