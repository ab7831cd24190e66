/** Receivers over a file and a database: steps to another list, another order, and an end while a shard is away. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { postgres } from '../../../src/inboxes/postgres/index.ts'
import { type ShardedOptions, sharded } from '../../../src/inboxes/sharded/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { toy } from '../../support/toy.ts'
import { newSchema } from '../postgres/store.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  let folder: string
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'posthorn-moves-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const file = () => sqlite({ path: join(folder, 'inbox.db') })
  const database = (schema: string) => postgres({ connectionString: server.url, schema, durability: 'relaxed' })
  const receiverOn = (inbox: Inbox) => createReceiver({ inbox, sources: { shop: toy() }, logger: false })
  const bodyOf = (n: number) => JSON.stringify([{ type: 'ping', n }])
  const numberOf = ({ payload }: { payload: unknown }) => (payload as { n: number }).n

  it('goes from a file to a database and on without the file; repeats find their original, and events come once', {
    timeout: 120_000,
  }, async () => {
    const schema = newSchema()
    const both = (moving: Omit<ShardedOptions, 'inboxes'>) => () =>
      sharded({ inboxes: [file(), database(schema)], ...moving })
    // Repeats of older ones come no more in the step: `retention.keys` has passed since they were stored.
    const steps: readonly (readonly [() => Inbox, repeatsFrom: number])[] = [
      [file, 0],
      [both({ leaving: 1 }), 0],
      [both({ joining: 1 }), 0],
      [both({}), 24],
      [both({ joining: 0 }), 24],
      [both({ leaving: 0 }), 24],
      [() => sharded({ inboxes: [null, database(schema)] }), 60],
    ]
    const handled: number[] = []
    let stored = 0
    for (const [step, repeatsFrom] of steps) {
      const receiver = receiverOn(step())
      receiver.on('*', { name: 'all' }, (event) => void handled.push(numberOf(event)))
      await receiver.start()
      for (let n = repeatsFrom; n < stored + 12; n++)
        expect(await receiver.inject('shop', bodyOf(n)), `${n} of ${stored}`).toMatchObject({
          status: n < stored ? 'duplicate' : 'accepted',
        })
      stored += 12
      await receiver.drain()
      expect(handled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: stored }, (_, n) => n))
      await receiver.close()
    }
  })

  it('is refused in another order, at once with the first and beside it', { timeout: 60_000 }, async () => {
    const [a, b] = [newSchema(), newSchema()]
    const opened = (schemas: readonly string[]) => {
      const receiver = receiverOn(sharded({ inboxes: schemas.map(database) }))
      return receiver.start().then(() => receiver)
    }
    const first = await opened([a, b])
    await expect(opened([b, a])).rejects.toMatchObject({ code: 'ERR_INBOX_SHARDS' })
    await (await opened([a, b])).close()
    await first.close()

    const [c, d] = [newSchema(), newSchema()]
    const both = await Promise.allSettled([opened([c, d]), opened([d, c])])
    const open = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(open.length).toBeLessThanOrEqual(1)
    for (const one of both)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'ERR_INBOX_SHARDS' })
    for (const receiver of open) await receiver.close()
  })

  it.each(['is down', 'hangs'] as const)(
    'closes while a shard %s, and handles all of it later',
    {
      timeout: 120_000,
    },
    async (how) => {
      const schema = newSchema()
      const inbox = () => sharded({ inboxes: [file(), database(schema)] })
      const receiver = receiverOn(inbox())
      const begun = new Set<number>()
      receiver.on('*', { name: 'all', concurrency: 100 }, async (event, { signal }) => {
        begun.add(numberOf(event))
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      })
      await receiver.start()
      for (let n = 0; n < 20; n++) await receiver.inject('shop', bodyOf(n))
      await expect.poll(() => begun.size, { timeout: 30_000 }).toBe(20)
      if (how === 'hangs') server.freeze()
      else server.stop('immediate')
      try {
        await receiver.close({ timeoutMs: 200 })
      } finally {
        if (how === 'hangs') server.thaw()
        else server.start()
      }
      const next = receiverOn(inbox())
      const handled = new Set<number>()
      next.on('*', { name: 'all' }, (event) => void handled.add(numberOf(event)))
      await next.start()
      await expect.poll(() => handled.size, { timeout: 60_000 }).toBe(20)
      await next.close()
    },
  )
})
