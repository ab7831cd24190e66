/** Which context of `AsyncLocalStorage` user code and log lines see: that of their request, or that of the receiver. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { webhooks } from '../../src/adapters/node.ts'
import { header } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { RetryLater } from '../../src/errors.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'
import { esputnikWorkflow } from '../../src/providers/esputnik/workflow/index.ts'
import type { Hooks } from '../../src/public/options.ts'
import type { LogFacts, Logger } from '../../src/types.ts'
import { type Listening, listen } from '../contracts/hosts.ts'
import { toy } from '../support/toy.ts'
import { openWire, requestHead } from '../support/wire.ts'

const KEY = 'a-secret-of-some-length'
const HOME = 'the receiver'
/** What a request id, or the parent of a trace, is kept in. */
const context = new AsyncLocalStorage<string>()

/** What was called where: `"handler ping": ["the receiver"]`. */
class Seen {
  readonly places = new Map<string, (string | undefined)[]>()

  note(what: string): void {
    this.places.set(what, [...this.of(what), context.getStore()])
  }

  of(what: string): (string | undefined)[] {
    return this.places.get(what) ?? []
  }

  waitFor(what: string, times = 1): Promise<unknown> {
    return expect.poll(() => this.of(what).length).toBeGreaterThanOrEqual(times)
  }
}

const HOOKS = ['failed', 'deadLettered', 'quarantined', 'unhandled', 'rejected', 'senderLeft'] as const

let seen: Seen
let folder: string
let server: Listening | undefined

beforeEach(() => {
  seen = new Seen()
  folder = mkdtempSync(join(tmpdir(), 'posthorn-contexts-'))
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

const INBOXES: Readonly<Record<string, () => Inbox>> = {
  memory,
  sqlite: () => sqlite({ path: join(folder, 'inbox.db') }),
}

/** In a server that gives each request its own context, by the header `x-id`. */
describe.each(Object.entries(INBOXES))('with the %s inbox', (_name, newInbox) => {
  function make(given: { readonly ack?: 'handled'; readonly ackWithinMs?: number } = {}) {
    const line = ({ event }: LogFacts) => seen.note(`line ${event}`)
    const logger: Logger = { info: line, warn: line, error: line }
    const hooks: Hooks = Object.fromEntries(HOOKS.map((hook) => [hook, () => seen.note(`hook ${hook}`)]))
    const sources = { shop: toy({ auth: header('x-key', KEY) }) }
    return context.run(HOME, () => createReceiver({ inbox: newInbox(), sources, logger, hooks, ...given }))
  }

  type Receiver = ReturnType<typeof make>

  async function serve(receiver: Receiver): Promise<void> {
    const listener = webhooks(receiver)
    server = await listen(createServer((req, res) => context.run(String(req.headers['x-id']), listener, req, res)))
  }

  const post = (id: string, body: string, key = KEY): Promise<Response> =>
    fetch(`http://127.0.0.1:${server?.port}/shop`, { method: 'POST', headers: { 'x-key': key, 'x-id': id }, body })

  const expectHome = (...what: string[]) => {
    for (const one of what) expect([one, new Set(seen.of(one))]).toEqual([one, new Set([HOME])])
  }

  test('handlers have that of the receiver, though a request has started it', async () => {
    const receiver = make()
    receiver.on('toy.ping', () => seen.note('handler ping'))
    receiver.onBatch('toy.pong', { maxWaitMs: 1 }, () => seen.note('handler pongs'))
    await serve(receiver)
    await post('one', '[{"type":"ping"}]')
    await post('two', '[{"type":"ping"},{"type":"pong"}]')
    await seen.waitFor('handler ping', 2)
    await seen.waitFor('handler pongs')
    expectHome('handler ping', 'handler pongs', 'line start')
    await receiver.close()
  })

  test('so they have it when they are called again, after a timer', async () => {
    const receiver = make()
    receiver.on('toy.ping', (_event, { attempt, signal }) => {
      seen.note(`handler attempt ${seen.of('handler').length}`)
      seen.note('handler')
      signal.addEventListener('abort', () => seen.note('signal'))
      if (attempt === 1 && seen.of('handler').length < 3) throw new RetryLater({ afterMs: 1 })
    })
    await serve(receiver)
    await post('one', '[{"type":"ping"}]')
    await seen.waitFor('handler', 3)
    expectHome('handler')
    await receiver.close()
  })

  test('so they have it whoever starts, drains, or gives back what was dead', async () => {
    const receiver = make()
    let fails = true
    receiver.on('toy.ping', { retry: { attempts: 1 } }, () => {
      seen.note('handler')
      if (fails) throw new Error('no')
    })
    await context.run('starts', () => receiver.start())
    await context.run('injects', () => receiver.inject('shop', '[{"type":"ping"}]'))
    await context.run('drains', () => receiver.drain())
    fails = false
    await context.run('retries', () => receiver.inbox.retry({ all: true }))
    await seen.waitFor('handler', 2)
    await context.run('closes', () => receiver.close())
    expectHome('handler', 'hook deadLettered', 'line handler.dead', 'line start')
  })

  test('so they have it when they are called again after somebody has added a source', async () => {
    const receiver = make()
    receiver.on('toy.ping', () => {
      seen.note('handler')
      if (seen.of('handler').length === 1) throw new RetryLater({ afterMs: 100 })
    })
    await receiver.start()
    await receiver.inject('shop', '[{"type":"ping"}]')
    await seen.waitFor('handler')
    await context.run('signs up', () => receiver.addSource('other', toy({ auth: header('x-key', KEY) })))
    await seen.waitFor('handler', 2)
    expectHome('handler')
    await receiver.close()
  })

  test('hooks and lines of what is processed have it', async () => {
    const receiver = make()
    receiver.on('toy.ping', { name: 'fails', retry: { attempts: 2, minMs: 1, maxMs: 1 } }, () => {
      throw new Error('no')
    })
    await serve(receiver)
    await post('one', '[{"type":"ping"},{"type":"pong"},{"bad":true}]')
    await seen.waitFor('hook deadLettered')
    await seen.waitFor('hook unhandled')
    expectHome('hook failed', 'hook deadLettered', 'hook unhandled', 'hook quarantined')
    expectHome('line handler.failed', 'line handler.dead', 'line event.unhandled', 'line quarantine.element')
    await context.run('pauses', () => receiver.inbox.pause('fails'))
    await seen.waitFor('line handler.paused')
    expectHome('line handler.paused')
    await receiver.close()
  })

  test('hooks and lines of a request have that of the request', async () => {
    const receiver = make()
    receiver.on('toy.ping', () => {})
    await serve(receiver)
    await post('one', '[{"type":"ping"}]')
    expect((await post('two', '[]', 'not the key')).status).toBe(401)
    expect(seen.of('hook rejected')).toEqual(['two'])
    expect(seen.of('line auth.refused')).toEqual(['two'])
    await receiver.close()
  })

  test('a sender that hangs up does it in its request, and its handler is told in that of the receiver', async () => {
    const receiver = make({ ack: 'handled', ackWithinMs: 60_000 })
    const called = Promise.withResolvers<void>()
    receiver.on('toy.ping', (_event, { signal }) => {
      seen.note('handler')
      called.resolve()
      const told = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => {
        seen.note('signal')
        told.resolve()
      })
      return told.promise
    })
    await serve(receiver)
    const wire = await openWire(server?.port ?? 0)
    const body = '[{"type":"ping"}]'
    await wire.send(
      requestHead('POST', '/shop', { 'x-key': KEY, 'x-id': 'leaves', 'Content-Length': body.length }) + body,
    )
    await called.promise
    wire.socket.destroy()
    await seen.waitFor('signal')
    expectHome('handler', 'signal')
    expect(seen.of('hook senderLeft')).toEqual(['leaves'])
    expect(seen.of('line sender.left')).toEqual(['leaves'])
    await receiver.close()
  })

  test('with `ack: handled` handlers have that of the receiver, and the request its own afterwards', async () => {
    const receiver = make({ ack: 'handled' })
    receiver.on('toy.ping', () => {
      seen.note('handler')
      throw new Error('no')
    })
    await serve(receiver)
    expect((await post('one', '[{"type":"ping"}]')).status).toBe(503)
    expectHome('handler', 'hook failed', 'line handler.failed')
    expect(seen.of('hook rejected')).toEqual(['one'])
    await receiver.close()
  })
})

test('the time of a call ends in its request, not in the one whose timer tells it', async () => {
  const params = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const
  const bothCalled = Promise.withResolvers<void>()
  const flow = esputnikWorkflow({
    auth: header('x-key', KEY),
    params,
    timeoutMs: 100,
    async respond({ signal }) {
      seen.note('call')
      signal.addEventListener('abort', () => seen.note('signal'))
      if (seen.of('call').length === 2) bothCalled.resolve()
      await bothCalled.promise
      return new Promise(() => {})
    },
  })
  const receiver = createReceiver({ inbox: memory(), sources: { flow }, logger: false })
  await receiver.start()
  const ask = (id: string) =>
    context.run(id, () =>
      receiver.handle(new Request('http://localhost/flow?a=1', { method: 'POST', headers: { 'x-key': KEY } })),
    )
  await Promise.all([ask('one'), ask('two')])
  expect(seen.of('signal')).toEqual(['one', 'two'])
  await receiver.close()
})
