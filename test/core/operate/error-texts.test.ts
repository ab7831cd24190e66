/** What erasure does to the errors of events that are not the person's own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { createReceiver } from '../../../src/index.ts'
import { all } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const JO = 'jo@shop.example'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'posthorn-texts-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** All bytes of the store. */
const stored = (dir: string) =>
  readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), 'latin1'))
    .join('')

it.each(['memory', 'sqlite'])('cuts the address out of messages, causes and inner errors, over %s', async (kind) => {
  const dir = folder()
  const inbox = kind === 'memory' ? memory() : sqlite({ path: join(dir, 'inbox.db') })
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
  onTestFinished(async () => void (await receiver.close()))
  const message = `key (${JO}) is there, JO@Shop.Example and jo%40shop.example too, not bob${JO}`
  const fails = () => {
    const cause = new Error(`row of ${JO}`)
    throw new AggregateError([new Error(`one ${JO}`)], message, { cause })
  }
  receiver.on('toy.ping', { name: 'dies', retry: { attempts: 1 } }, fails)
  receiver.on('toy.ping', { name: 'waits', retry: { attempts: 9, minMs: 3_600_000 } }, fails)
  const { id } = await receiver.inject('shop', '[{"type":"ping","to":"ann@shop.example"},{"type":"ping"}]')
  await receiver.whenIdle()
  if (kind === 'sqlite') expect(stored(dir)).toContain(`row of ${JO}`)

  await receiver.inbox.erase({ email: JO })
  const letters = await all(receiver.inbox.deadLetters())
  const progress = await receiver.inbox.event(`${id}.0`)
  expect(letters).toHaveLength(2)
  expect(letters[0]?.errors[0]).toMatchObject({
    message: `key (erased) is there, erased and erased too, not bob${JO}`,
    cause: { message: 'row of erased' },
    errors: [{ message: 'one erased' }],
  })
  expect(progress?.progress).toHaveLength(2)
  const left = kind === 'sqlite' ? stored(dir) : JSON.stringify(letters)
  expect(left.replaceAll(`bob${JO}`, '')).not.toMatch(/jo(@|%40)shop\.example/i)
})

it('goes through more dead letters, and more work that waits, than are cut in one go', async () => {
  const dir = folder()
  const inbox = sqlite({ path: join(dir, 'inbox.db') })
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: false })
  onTestFinished(async () => void (await receiver.close()))
  const fails = () => {
    throw new Error(`row of ${JO}`)
  }
  receiver.on('toy.ping', { name: 'dies', retry: { attempts: 1 } }, fails)
  receiver.on('toy.ping', { name: 'waits', retry: { attempts: 9, minMs: 3_600_000 } }, fails)
  await receiver.inject('shop', JSON.stringify(Array.from({ length: 450 }, () => ({ type: 'ping' }))))
  await receiver.whenIdle()
  await receiver.inbox.erase({ email: JO })
  expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 450 })
  expect(stored(dir)).not.toContain(JO)
  expect(stored(dir)).toContain('row of erased')
})
