import fastify from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { webhooks } from '../../src/adapters/fastify.ts'
import { oauth2Issuer, path, query, token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { hosts } from '../contracts/hosts.ts'
import { toy } from '../support/toy.ts'

const SECRET = 'a-secret-of-some-length'

function newReceiver() {
  const receiver = createReceiver({ inbox: memory(), logger: false, sources: { shop: toy({ auth: token(SECRET) }) } })
  const handled: string[] = []
  receiver.on('*', { name: 'all' }, (event) => void handled.push(event.source))
  onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
  return { receiver, handled }
}

const CREDENTIALS = { 'x-messagesystems-webhook-token': SECRET }

describe.each(hosts)('sources come and go on $name', ({ listen }) => {
  it('take requests while they are there, and are answered 404 before and after', async () => {
    const { receiver, handled } = newReceiver()
    const { port, close } = await listen({ receiver, handle: receiver.handle, source: 'shop' } as never)
    onTestFinished(close)
    const post = async (name: string, n: number) => {
      const url = `http://127.0.0.1:${port}/webhooks/${name}`
      return (await fetch(url, { method: 'POST', headers: CREDENTIALS, body: `[{"type":"ping","n":${n}}]` })).status
    }
    expect([await post('shop', 1), await post('tenant-1', 2)]).toEqual([200, 404])
    await receiver.addSource('tenant-1', toy({ auth: token(SECRET) }))
    expect([await post('tenant-1', 3), await post('tenant-2', 4)]).toEqual([200, 404])
    const wrong = await fetch(`http://127.0.0.1:${port}/webhooks/tenant-1`, { method: 'POST', body: '[]' })
    expect(wrong.status).toBe(401)
    receiver.removeSource('tenant-1')
    receiver.removeSource('shop')
    expect([await post('tenant-1', 5), await post('shop', 6)]).toEqual([404, 404])
    await receiver.whenIdle()
    expect(handled).toEqual(['shop', 'tenant-1'])
    await receiver.addSource('tenant-1', toy({ auth: token(SECRET) }))
    expect(await post('tenant-1', 7)).toBe(200)
    // The host's own routes are as they were.
    const headers = { 'content-type': 'application/json' }
    const echo = await fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', headers, body: '{"a":1}' })
    expect(await echo.text()).toBe('{"a":1}')
  })

  it('may issue the tokens that they take', async () => {
    const { receiver } = newReceiver()
    const { port, close } = await listen({ receiver, handle: receiver.handle, source: 'shop' } as never)
    onTestFinished(close)
    const post = (address: string, body: string, authorization: string) =>
      fetch(`http://127.0.0.1:${port}/webhooks/${address}`, { method: 'POST', headers: { authorization }, body })
    const client = `Basic ${Buffer.from(`sparkpost:${SECRET}`).toString('base64')}`
    const asked = JSON.stringify({ grant_type: 'client_credentials' })
    const auth = oauth2Issuer({ clientId: 'sparkpost', clientSecret: SECRET, signingKey: SECRET.repeat(2) })
    await receiver.addSource('tenant', toy({ auth }))
    const issued = await post('tenant/token', asked, client)
    const { access_token: bearer } = (await issued.json()) as { access_token: string }
    expect((await post('tenant', '[{"type":"ping"}]', `Bearer ${bearer}`)).status).toBe(200)
    const named = receiver.addSource('token', toy({ auth: token(SECRET) }))
    await expect(named).rejects.toMatchObject({ code: 'ERR_OPTION' })
    receiver.removeSource('tenant')
    expect((await post('tenant/token', asked, client)).status).toBe(404)
  })

  it('may have a secret in their address', async () => {
    const { receiver } = newReceiver()
    const { port, close } = await listen({ receiver, handle: receiver.handle, source: 'shop' } as never)
    onTestFinished(close)
    await receiver.addSource('tenant', toy({ auth: path(SECRET) }))
    const statusOf = async (address: string) => {
      const url = `http://127.0.0.1:${port}/webhooks/${address}`
      return (await fetch(url, { method: 'POST', body: '[{"type":"ping"}]' })).status
    }
    expect(await statusOf(`${SECRET}/tenant`)).toBe(200)
    expect([await statusOf('wrong/tenant'), await statusOf('tenant')]).toEqual([404, 404])
  })
})

describe('Fastify', () => {
  it('logs no secret of an address that was added', async () => {
    const { receiver } = newReceiver()
    const lines: string[] = []
    const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } })
    onTestFinished(() => app.close())
    app.register(webhooks(receiver), { prefix: '/webhooks' })
    await app.listen({ port: 0, host: '127.0.0.1' })
    await receiver.addSource('by-path', toy({ auth: path(SECRET) }))
    await receiver.addSource('by-query', toy({ auth: query('key', SECRET) }))
    const base = `http://127.0.0.1:${(app.server.address() as { port: number }).port}/webhooks`
    for (const address of [`${SECRET}/by-path`, `by-query?key=${SECRET}`])
      expect((await fetch(`${base}/${address}`, { method: 'POST', body: '[{"type":"ping"}]' })).status).toBe(200)
    expect(lines.join('')).toContain('/webhooks/:source')
    expect(lines.join('')).not.toContain(SECRET)
  })

  it('leaves the routes of the host alone, parameters too, where it is mounted without a prefix', async () => {
    const { receiver } = newReceiver()
    const app = fastify()
    onTestFinished(() => app.close())
    app.register(webhooks(receiver))
    app.post('/:page', () => 'a page')
    const statusOf = async (url: string) => (await app.inject({ method: 'POST', url })).body
    await app.ready()
    expect([await statusOf('/about'), await statusOf('/shop')]).toEqual(['a page', expect.stringContaining('error')])
  })

  it('leaves paths below its prefix that are no source to the host', async () => {
    const { receiver } = newReceiver()
    const app = fastify()
    onTestFinished(() => app.close())
    app.register(webhooks(receiver), { prefix: '/webhooks' })
    app.setNotFoundHandler((_, reply) => void reply.code(404).send('the host says so'))
    app.post('/webhooks/about', () => 'a page')
    const bodyOf = async (url: string) => (await app.inject({ method: 'POST', url })).body
    expect(await Promise.all(['/webhooks/about', '/webhooks/none', '/webhooks/a/none'].map(bodyOf))).toEqual([
      ...['a page', 'the host says so', 'the host says so'],
    ])
  })
})
