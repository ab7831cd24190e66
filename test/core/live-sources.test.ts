import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { header, oauth2Issuer, token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { rememberingLogger } from '../support/log.ts'
import { send } from '../support/neutral.ts'
import { toy } from '../support/toy.ts'

const [OLD, NEW] = ['an old secret of some length', 'a new secret of some length']

function newReceiver(auth = header('x-key', OLD), options: object = {}) {
  const logger = rememberingLogger()
  const receiver = createReceiver({ inbox: memory(), logger, sources: { shop: toy({ auth }) }, ...options })
  onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
  const handled: string[] = []
  receiver.on('*', { name: 'all' }, (event) => void handled.push(event.source))
  let n = 0
  const post = async (source: string, secret: string) => {
    const body = `[{"type":"ping","n":${++n}}]`
    return (await send(receiver, { target: `/${source}`, headers: ['x-key', secret], body })).status
  }
  return { receiver, handled, post, logger }
}

describe('addSource', () => {
  it('before the start registers a source whose secret is read then', async () => {
    const { receiver, post, handled } = newReceiver()
    vi.stubEnv('POSTHORN_TEST_TENANT', NEW)
    onTestFinished(() => void vi.unstubAllEnvs())
    await receiver.addSource('tenant', toy({ auth: header('x-key', { env: 'POSTHORN_TEST_TENANT' }) }))
    await receiver.start()
    expect([await post('tenant', NEW), await post('tenant', OLD)]).toEqual([200, 401])
    await receiver.inject('tenant' as 'shop', '[{"type":"ping"}]')
    await receiver.whenIdle()
    expect(handled).toEqual(['tenant', 'tenant'])
  })

  it('takes requests only when its secret is read, and is told', async () => {
    const { receiver, post, logger } = newReceiver()
    await receiver.start()
    const secret = Promise.withResolvers<string>()
    const added = receiver.addSource('tenant', toy({ auth: header('x-key', () => secret.promise) }))
    expect(await post('tenant', NEW)).toBe(404)
    await expect(receiver.addSource('tenant', toy())).rejects.toMatchObject({ code: 'ERR_OPTION' })
    secret.resolve(NEW)
    await added
    expect(await post('tenant', NEW)).toBe(200)
    expect(logger.lines.map(({ facts }) => facts)).toContainEqual({
      event: 'source.added',
      source: 'tenant',
      provider: 'toy',
    })
  })

  it('issues its own tokens, and no source called token comes beside it', async () => {
    const { receiver } = newReceiver()
    await receiver.start()
    vi.stubEnv('POSTHORN_TEST_CLIENT', OLD)
    onTestFinished(() => void vi.unstubAllEnvs())
    const clientSecret = { env: 'POSTHORN_TEST_CLIENT' }
    const issuer = oauth2Issuer({ clientId: 'client', clientSecret, signingKey: NEW.repeat(2) })
    await receiver.addSource('tenant', toy({ auth: issuer }))
    const ask = async (client_secret: string) => {
      const body = JSON.stringify({ grant_type: 'client_credentials', client_id: 'client', client_secret })
      return (await send(receiver, { target: '/tenant/token', body })).status
    }
    expect([await ask(OLD), await ask(NEW)]).toEqual([200, 401])
    vi.stubEnv('POSTHORN_TEST_CLIENT', NEW)
    await receiver.reloadSecrets()
    expect([await ask(OLD), await ask(NEW)]).toEqual([401, 200])
    await expect(receiver.addSource('token', toy())).rejects.toMatchObject({ code: 'ERR_OPTION' })
    receiver.removeSource('tenant')
    expect(await ask(NEW)).toBe(404)
    await receiver.addSource('token', toy())
    await expect(receiver.addSource('tenant', toy({ auth: issuer }))).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it('called token is refused beside an issuer that is being added', async () => {
    const { receiver } = newReceiver()
    await receiver.start()
    const clientSecret = Promise.withResolvers<string>()
    const secrets = { clientSecret: () => clientSecret.promise, signingKey: NEW.repeat(2) }
    const added = receiver.addSource('tenant', toy({ auth: oauth2Issuer({ clientId: 'client', ...secrets }) }))
    await expect(receiver.addSource('token', toy())).rejects.toMatchObject({ code: 'ERR_OPTION' })
    clientSecret.resolve(OLD)
    await added
  })

  it('is not there when its secret cannot be read, and may be added again', async () => {
    const { receiver, post } = newReceiver()
    await receiver.start()
    const unset = toy({ auth: header('x-key', { env: 'POSTHORN_NOT_SET' }) })
    await expect(receiver.addSource('tenant', unset)).rejects.toMatchObject({ code: 'ERR_SECRET_MISSING' })
    expect(await post('tenant', NEW)).toBe(404)
    await receiver.addSource('tenant', toy({ auth: header('x-key', NEW) }))
    expect(await post('tenant', NEW)).toBe(200)
  })

  it.each([
    ['a name that is taken', 'shop', toy()],
    ['a name that is no path segment', 'Tenant One', toy()],
    ['a name that is no text', 7, toy()],
    ['what is no source', 'tenant', {}],
    ['nothing', 'tenant', undefined],
    ['another sender, whose events no handler knows', 'tenant', mailjet({ auth: token(NEW) })],
  ])('refuses %s', async (_, name, source) => {
    const { receiver } = newReceiver()
    await expect(receiver.addSource(name as string, source as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it('refuses another sender under the name of one that was', async () => {
    const sources = { shop: toy(), news: mailjet({ auth: token(NEW) }) }
    const receiver = createReceiver({ inbox: memory(), logger: false, sources })
    receiver.removeSource('news')
    await expect(receiver.addSource('news', toy())).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await receiver.addSource('news', mailjet({ auth: token(NEW) }))
  })

  it('rejects when the receiver is closed, as the others do', async () => {
    const { receiver } = newReceiver()
    await receiver.start()
    await receiver.close()
    const closed = { code: 'ERR_RECEIVER_CLOSED' }
    await expect(receiver.addSource('tenant', toy())).rejects.toMatchObject(closed)
    await expect(receiver.reloadSecrets()).rejects.toMatchObject(closed)
    expect(() => receiver.removeSource('shop')).toThrow(expect.objectContaining(closed))
  })

  it('serves a hundred tenants', async () => {
    const { receiver, post, handled } = newReceiver()
    await receiver.start()
    const names = Array.from({ length: 100 }, (_, n) => `tenant-${n}`)
    await Promise.all(
      names.map((name) => receiver.addSource(name, toy({ auth: header('x-key', `the secret of ${name}`) }))),
    )
    for (const name of names) expect(await post(name, `the secret of ${name}`)).toBe(200)
    expect(await post('tenant-1', 'the secret of tenant-2')).toBe(401)
    await receiver.whenIdle()
    expect(handled.sort()).toEqual([...names].sort())
  })
})

describe('removeSource', () => {
  it('has what is stored handled to the end, retries too', async () => {
    const { receiver, post } = newReceiver()
    const second = createReceiver({
      inbox: memory(),
      logger: false,
      sources: { shop: toy({ auth: header('x-key', OLD) }) },
    })
    onTestFinished(async () => void (await second.close({ timeoutMs: 0 })))
    const gate = Promise.withResolvers<void>()
    let calls = 0
    second.on('*', { name: 'fails once', retry: { minMs: 1 } }, async () => {
      if (++calls > 1) return
      await gate.promise
      throw new Error('once')
    })
    await second.start()
    expect((await send(second, { target: '/shop', headers: ['x-key', OLD], body: '[{"type":"ping"}]' })).status).toBe(
      200,
    )
    second.removeSource('shop')
    gate.resolve()
    await vi.waitFor(() => expect(second.metrics().handled).toBe(1))
    expect([calls, second.metrics().quarantined]).toEqual([2, 0])
    await receiver.start()
    expect(await post('shop', OLD)).toBe(200)
  })

  it('lets a request that is past its credentials be stored', async () => {
    const { receiver, handled } = newReceiver()
    await receiver.start()
    const rest = Promise.withResolvers<Uint8Array>()
    async function* body() {
      yield Buffer.from('[{"type":')
      yield await rest.promise
    }
    const answered = send(receiver, { target: '/shop', headers: ['x-key', OLD], body: body() })
    await new Promise((resolve) => setImmediate(resolve))
    receiver.removeSource('shop')
    rest.resolve(Buffer.from('"ping"}]'))
    expect((await answered).status).toBe(200)
    await receiver.whenIdle()
    expect(handled).toEqual(['shop'])
  })

  it('refuses a name that is no source', () => {
    const { receiver } = newReceiver()
    expect(() => receiver.removeSource('shpo')).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    receiver.removeSource('shop')
    expect(() => receiver.removeSource('shop')).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})

describe('reloadSecrets', () => {
  it('goes by the secrets of now, in every source', async () => {
    let secrets = OLD
    const { receiver, post, logger } = newReceiver(header('x-key', () => secrets))
    await receiver.addSource('tenant', toy({ auth: header('x-key', () => secrets) }))
    await receiver.start()
    secrets = NEW
    expect([await post('shop', OLD), await post('shop', NEW)]).toEqual([200, 401])
    await receiver.reloadSecrets()
    expect([await post('shop', OLD), await post('shop', NEW), await post('tenant', NEW)]).toEqual([401, 200, 200])
    expect(logger.lines.map(({ facts }) => facts)).toContainEqual({
      event: 'secret.reloaded',
      sources: ['shop', 'tenant'],
    })
  })

  it('changes nothing when one secret cannot be read', async () => {
    let [first, second] = [OLD, OLD]
    const { receiver, post } = newReceiver(header('x-key', () => first))
    await receiver.addSource('tenant', toy({ auth: header('x-key', () => second) }))
    await receiver.start()
    first = NEW
    second = ''
    await expect(receiver.reloadSecrets()).rejects.toMatchObject({ code: 'ERR_SECRET_MISSING' })
    expect([await post('shop', OLD), await post('tenant', OLD)]).toEqual([200, 200])
    second = NEW
    await receiver.reloadSecrets()
    expect([await post('shop', NEW), await post('tenant', NEW)]).toEqual([200, 200])
  })

  it('called twice ends with what was read last', async () => {
    const given: PromiseWithResolvers<string>[] = []
    const { receiver, post } = newReceiver(
      header('x-key', () => {
        const next = Promise.withResolvers<string>()
        given.push(next)
        if (given.length === 1) next.resolve(OLD)
        return next.promise
      }),
    )
    await receiver.start()
    const both = [receiver.reloadSecrets(), receiver.reloadSecrets()]
    await vi.waitFor(() => expect(given.length).toBe(2))
    given[1]?.resolve(OLD)
    await vi.waitFor(() => expect(given.length).toBe(3))
    given[2]?.resolve(NEW)
    await Promise.all(both)
    expect([await post('shop', OLD), await post('shop', NEW)]).toEqual([401, 200])
  })

  it('does not bring back a source that was removed in the meantime', async () => {
    const secret = Promise.withResolvers<string>()
    let asked = 0
    const { receiver, post } = newReceiver(header('x-key', () => (++asked === 1 ? OLD : secret.promise)))
    await receiver.addSource('tenant', toy({ auth: header('x-key', OLD) }))
    await receiver.start()
    const reloaded = receiver.reloadSecrets()
    receiver.removeSource('shop')
    secret.resolve(NEW)
    await reloaded
    expect([await post('shop', NEW), await post('tenant', OLD)]).toEqual([404, 200])
  })

  it('before the start has nothing to do', async () => {
    const { receiver } = newReceiver(header('x-key', { env: 'POSTHORN_NOT_SET' }))
    await receiver.reloadSecrets()
  })
})
