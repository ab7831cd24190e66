/** The matrix of host cases over the real receiver and a real file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { header } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'
import { type AdapterSubject, describeAdapters } from '../contracts/adapters.ts'
import { portWith } from '../support/port-methods.ts'
import { toy } from '../support/toy.ts'

const SECRET = 'a-secret-of-some-length'

/** An inbox whose answers wait, once the delivery is stored, as a slow disk's would. */
function held(inbox: Inbox) {
  let gate: { reached(): void; released: Promise<void> } | null = null
  const inner = inbox[port]
  const bound = portWith(inner, {
    async accept(...args) {
      const result = await inner.intake.accept(...args)
      gate?.reached()
      await gate?.released
      return result
    },
  })
  const hold = () => {
    const reached = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    gate = { reached: reached.resolve, released: released.promise }
    return { reached: reached.promise, release: released.resolve }
  }
  return { inbox: { kind: inbox.kind, [port]: bound } satisfies Inbox, hold }
}

function newSubject(makeInbox: () => Inbox, dispose: () => void = () => {}): AdapterSubject {
  const { inbox, hold } = held(makeInbox())
  const auth = header('x-key', SECRET)
  const sources = { shop: toy({ auth }), small: toy({ auth, bodyBytes: 1_000 }) }
  const receiver = createReceiver({ inbox, sources, logger: false })
  const oldestFirst = async () => {
    const found = []
    for await (const delivery of receiver.inbox.deliveries()) found.unshift(delivery)
    return found
  }
  return {
    receiver,
    handle: receiver.handle as AdapterSubject['handle'],
    source: 'shop',
    smallSource: { name: 'small', bodyBytes: 1_000 },
    credentials: { 'X-Key': SECRET },
    event: '[{"type":"ping"}]',
    hold,
    async stored() {
      const bodies = []
      for (const { id } of await oldestFirst())
        bodies.push((await (await receiver.inbox.delivery(id))?.body()) as Uint8Array)
      return bodies
    },
    senderLeft: async () => (await oldestFirst()).filter((delivery) => delivery.senderLeft).length,
    async dispose() {
      await receiver.close({ timeoutMs: 0 })
      dispose()
    },
  }
}

describeAdapters('a receiver in memory', () => newSubject(memory))

describeAdapters('a receiver on a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  return newSubject(
    () => sqlite({ path: join(folder, 'inbox.db') }),
    () => rmSync(folder, { recursive: true }),
  )
})
