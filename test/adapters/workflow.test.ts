import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { basic } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { esputnikWorkflow } from '../../src/providers/esputnik/index.ts'
import { hosts, type Listening } from '../contracts/hosts.ts'
import { all } from '../support/receivers.ts'
import { openWire, requestHead } from '../support/wire.ts'

const SECRET = 'a-secret-that-is-long-enough'
const CREDENTIALS = { authorization: `Basic ${btoa(`yespo:${SECRET}`)}` }

function newReceiver(path: string, respond: (email: string) => unknown) {
  const wf = esputnikWorkflow({
    auth: basic({ username: 'yespo', password: SECRET }),
    params: z.object({ email: z.string() }),
    paramHeaders: ['email'],
    respond: ({ params }) => respond(params.email),
  })
  return createReceiver({ inbox: sqlite({ path }), sources: { wf }, logger: false })
}

describe.each(hosts)('a workflow on $name', (host) => {
  let folder: string
  let receiver: ReturnType<typeof newReceiver>
  let server: Listening

  const listen = async (respond: (email: string) => unknown) => {
    receiver = newReceiver(join(folder, 'inbox.db'), respond)
    // A host asks for no more of it.
    const handle = receiver.handle as (request: Request) => Promise<Response>
    server = await host.listen({ receiver, handle, source: 'wf' })
  }
  const ask = (search = '', init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${server.port}/webhooks/wf${search}`, {
      ...init,
      headers: { ...CREDENTIALS, ...init.headers },
    })

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'posthorn-workflow-'))
  })

  afterEach(async () => {
    await server.close()
    await receiver.close()
    rmSync(folder, { recursive: true })
  })

  it('is answered by GET and POST, in query, header, JSON and XML, and kept', async () => {
    await listen((email) => ({ email }))
    await receiver.start()
    const answers = [
      await ask('?email=a@x.y'),
      await ask('', { headers: { email: 'b@x.y' } }),
      await ask('', { method: 'POST', body: '{"email":"c@x.y"}' }),
      await ask('', { method: 'POST', body: '<r><email>d@x.y</email></r>' }),
      await ask('/?email=e+1@x.y'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const bodies = await Promise.all(answers.map((answer) => answer.json()))
    expect(bodies).toEqual(['a@x.y', 'b@x.y', 'c@x.y', 'd@x.y', 'e+1@x.y'].map((email) => ({ email })))
    await receiver.close()
    receiver = newReceiver(join(folder, 'inbox.db'), () => ({}))
    expect(await all(receiver.inbox.deliveries())).toHaveLength(5)
  })

  it('is refused without credentials, with a wrong method and with what does not fit', async () => {
    await listen(() => ({}))
    const none = await fetch(`http://127.0.0.1:${server.port}/webhooks/wf?email=a@x.y`)
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="posthorn", charset="UTF-8"',
    ])
    expect((await ask('', { method: 'DELETE' })).status).toBe(405)
    expect((await ask('')).status).toBe(400)
    expect((await ask('', { method: 'POST', body: '{' })).status).toBe(400)
    expect((await ask('', { method: 'POST', body: 'x'.repeat(300_000) })).status).toBe(413)
    expect((await ask('', { method: 'HEAD' })).status).toBe(200)
  })

  it('is told when the sender goes away', async () => {
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const { promise: called, resolve: call } = Promise.withResolvers<void>()
    receiver = createReceiver({
      inbox: sqlite({ path: join(folder, 'inbox.db') }),
      sources: {
        wf: esputnikWorkflow({
          auth: basic({ username: 'yespo', password: SECRET }),
          params: z.object({}),
          respond: ({ signal }) => {
            signal.addEventListener('abort', () => leave())
            call()
            return left.then(() => ({}))
          },
        }),
      },
      logger: false,
    }) as unknown as typeof receiver // another shape of parameters
    const handle = receiver.handle as (request: Request) => Promise<Response>
    server = await host.listen({ receiver, handle, source: 'wf' })
    const wire = await openWire(server.port)
    await wire.send(requestHead('GET', '/webhooks/wf', CREDENTIALS))
    await called
    wire.socket.destroy()
    await left
  })
})
