import { channel } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { anyOf, custom, jwt, path, token } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import type { Auth } from '../../../src/ports/auth.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { AUDIENCE, bearerOf, ISSUER, jwks, newKey, newToken } from '../../support/jwt.ts'
import { rememberingLogger } from '../../support/log.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const SECRET = 'a-secret-of-some-length'
const open: { close(options?: object): Promise<unknown> }[] = []

afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
})

function receiving(auth: Auth, options: object = {}) {
  const logger = rememberingLogger()
  const sources = { shop: toy({ auth }), look: toy({ auth, answersGet: true }) }
  const receiver = createReceiver({ inbox: memory(), sources, logger, ...options })
  open.push(receiver)
  return { receiver, logger }
}

const untouched = { [Symbol.asyncIterator]: () => expect.fail('the body was read') }

async function stored(receiver: ReturnType<typeof receiving>['receiver']) {
  const found = []
  for await (const delivery of receiver.inbox.deliveries()) found.push(delivery)
  return found
}

describe('a secret in the path', () => {
  it.each([
    [{ target: `/hooks/${SECRET}/shop` }, 200],
    [{ target: `/${SECRET}/shop`, prefix: '' }, 200],
    [{ target: `/hooks/${SECRET}/shop`, prefix: '/hooks' }, 200],
    [{ target: `/hooks/${SECRET}/shop/`, prefix: '/hooks/' }, 200],
    [{ target: `/old/${SECRET}`, source: 'shop' }, 200],
    [{ target: '/hooks/wrong/shop' }, 404],
    [{ target: '/hooks/shop', prefix: '/hooks' }, 404],
    [{ target: '/shop', prefix: '' }, 404],
    [{ target: `/${SECRET}/shop`, prefix: '/hooks' }, 404],
    [{ target: `/hooks/x/${SECRET}/shop`, prefix: '/hooks' }, 404],
    [{ target: `/hooks/${SECRET}/x/shop`, prefix: '/hooks' }, 404],
    [{ target: `/hooks/${SECRET}/none`, prefix: '/hooks' }, 404],
    [{ target: '/old/address', source: 'shop' }, 404],
  ])('with %j is %i', async (post, status) => {
    const { receiver } = receiving(path(SECRET))
    const answer = await send(receiver, status === 404 ? { ...post, body: untouched } : post)
    expect(answer.status).toBe(status)
    if (status === 404) expect(answer).toMatchObject({ code: 'unknown_source', closeConnection: true })
    expect(answer.headers['www-authenticate']).toBeUndefined()
  })

  it.each(['GET', 'HEAD', 'PUT', 'OPTIONS'])('hides the address from %s too', async (method) => {
    const { receiver } = receiving(path(SECRET))
    expect((await send(receiver, { method, target: '/hooks/wrong/look', body: null })).status).toBe(404)
    const right = await send(receiver, { method, target: `/hooks/${SECRET}/look`, body: null })
    expect(right.status).toBe(method === 'GET' || method === 'HEAD' ? 200 : 405)
  })

  it('is not asked for where another credential will do', async () => {
    const { receiver } = receiving(anyOf(path(SECRET), token('another secret of some length')))
    expect((await send(receiver, { method: 'HEAD', target: '/hooks/look', prefix: '/hooks', body: null })).status).toBe(
      200,
    )
    const target = '/hooks/shop'
    expect((await send(receiver, { target, prefix: '/hooks', body: untouched })).status).toBe(401)
    const headers = ['X-MessageSystems-Webhook-Token', 'another secret of some length']
    expect((await send(receiver, { target, prefix: '/hooks', headers })).status).toBe(200)
    expect((await send(receiver, { target: `/hooks/${SECRET}/shop`, prefix: '/hooks' })).json.status).toBe('duplicate')
  })

  it('is in no line, no answer and no record, right or wrong', async () => {
    const { receiver, logger } = receiving(path(SECRET), { hooks: { rejected: (facts: object) => seen.push(facts) } })
    const seen: object[] = []
    const answers = []
    for (const target of [`/hooks/${SECRET}/shop`, `/hooks/${SECRET}x/shop`, `/hooks/${SECRET}/none`])
      answers.push(await send(receiver, { target }))
    const text = JSON.stringify([answers, seen, await stored(receiver), receiver.metrics()]) + logger.text()
    expect(text).not.toContain(SECRET)
    expect(logger.text()).toContain('/…/shop (toy, path)')
    expect(seen).toEqual([
      { source: 'shop', status: 404, code: 'unknown_source' },
      { source: null, status: 404, code: 'unknown_source' },
    ])
  })
})

describe('a function of the user', () => {
  it('lets in, turns away, or cannot tell: 200, 401, 503 with Retry-After, before the body', async () => {
    const check = ({ header }: { header(name: string): string | null }) => {
      if (header('x-key') === null) throw new Error('database is down')
      return header('x-key') === SECRET && { credential: 'db' }
    }
    const { receiver, logger } = receiving(custom(check))
    expect((await send(receiver, { headers: ['x-key', 'wrong'], body: untouched })).status).toBe(401)
    const unknown = await send(receiver, { body: untouched })
    expect(unknown).toMatchObject({ status: 503, closeConnection: true, json: { error: 'auth_unavailable' } })
    expect(unknown.headers['retry-after']).toBe('5')
    expect((await send(receiver, { headers: ['x-key', SECRET] })).status).toBe(200)
    expect(await receiver.inbox.delivery((await stored(receiver))[0]!.id)).toMatchObject({ credential: 'db' })
    expect(logger.text()).toContain('the function that authenticates failed')
    expect(logger.text()).not.toContain('database')
    expect(receiver.metrics()).toMatchObject({
      turnedAway: { custom_failed: 1 },
      rejected: { unauthorized: 1, auth_unavailable: 1 },
    })
  })

  it('that answers after the receiver has closed lets nothing in', async () => {
    const late = Promise.withResolvers<boolean>()
    const asked = Promise.withResolvers<void>()
    const { receiver } = receiving(
      custom(() => {
        asked.resolve()
        return late.promise
      }),
    )
    await receiver.start()
    const answer = send(receiver, { body: untouched })
    await asked.promise
    await receiver.close()
    late.resolve(true)
    expect(await answer).toMatchObject({ status: 503, code: 'shutting_down' })
  })

  it('is shown in the start line by its name', async () => {
    const { receiver, logger } = receiving(custom(() => true, { name: 'vault' }))
    await receiver.start()
    expect(logger.text()).toContain('/shop (toy, vault)')
  })
})

describe('a token of an issuer', () => {
  const key = newKey()

  it('is 401 with its reason for the operator alone, and the client on the delivery', async () => {
    const { receiver, logger } = receiving(
      jwt({ issuer: ISSUER, audience: AUDIENCE, keys: jwks(key), clients: ['sparkpost'] }),
    )
    const post = (claims: object) =>
      send(receiver, { headers: bearerOf(newToken(key, Date.now(), { claims: { ...claims } })).rawHeaders })
    const wrong = await post({ azp: 'sparkpost', aud: 'https://else.example' })
    expect(wrong).toMatchObject({
      status: 401,
      json: { error: 'unauthorized', message: 'credentials missing or wrong' },
    })
    expect(wrong.headers['www-authenticate']).toBe('Bearer realm="posthorn"')
    expect(JSON.stringify(wrong)).not.toContain('audience')
    expect(logger.text()).toContain('token_audience')
    expect((await post({ azp: 'sparkpost' })).status).toBe(200)
    expect(receiver.metrics().credentials.shop).toMatchObject([{ label: 'sparkpost', count: 1 }])
    expect(receiver.metrics().turnedAway).toEqual({ token_audience: 1 })
    expect(logger.text()).not.toContain('eyJ')
  })

  it('is 503 while the keys of the issuer are unknown', async () => {
    const fetch = () => Promise.reject(new Error('down'))
    const { receiver } = receiving(
      jwt({ issuer: ISSUER, audience: AUDIENCE, jwksUrl: 'https://issuer.example/keys', fetch }),
    )
    const headers = bearerOf(newToken(key, Date.now())).rawHeaders
    expect(await send(receiver, { headers, body: untouched })).toMatchObject({ status: 503, code: 'auth_unavailable' })
    expect(receiver.metrics().turnedAway).toEqual({ keys_unknown: 1 })
  })
})

describe('the credentials in use', () => {
  const auth = token([
    { label: 'spring', secret: 'the token of last spring' },
    { label: 'summer', secret: 'the token of this summer' },
  ])
  const using = (secret: string) => ({ headers: ['x-messagesystems-webhook-token', secret] })

  it('are counted by source and label, with their last time, and those that nothing came with', async () => {
    const clock = new FakeClock()
    const receiver = receiverIn(clock, { sources: { shop: toy({ auth }), open: toy() } })
    open.push(receiver)
    await receiver.start()
    const unused = { count: 0, lastUsedAt: null }
    expect(receiver.metrics().credentials).toEqual({
      shop: [
        { label: 'spring', ...unused },
        { label: 'summer', ...unused },
      ],
    })
    await send(receiver, using('the token of last spring'))
    const springAt = new Date(clock.now())
    await clock.advance(86_400_000)
    for (let n = 0; n < 3; n++) await send(receiver, using('the token of this summer'))
    await send(receiver, using('the token of no season'))
    await send(receiver, { target: '/open' })
    expect(receiver.metrics().credentials).toEqual({
      shop: [
        { label: 'spring', count: 1, lastUsedAt: springAt },
        { label: 'summer', count: 3, lastUsedAt: new Date(clock.now()) },
      ],
      open: [{ label: null, count: 1, lastUsedAt: new Date(clock.now()) }],
    })
  })

  it('are published as they let requests in', async () => {
    const seen: unknown[] = []
    const listen = (message: unknown) => void seen.push(message)
    channel('posthorn:authenticated').subscribe(listen)
    onTestFinished(() => void channel('posthorn:authenticated').unsubscribe(listen))
    const { receiver } = receiving(auth)
    await send(receiver, using('the token of this summer'))
    await send(receiver, using('wrong'))
    expect(seen).toEqual([{ source: 'shop', credential: 'summer' }])
  })

  it('with labels without end are counted as others past a hundred', async () => {
    let n = 0
    const { receiver } = receiving(custom(() => ({ credential: `label ${n++}` })))
    for (let post = 0; post < 150; post++) await send(receiver)
    const { shop = [] } = receiver.metrics().credentials
    expect(shop.length).toBe(101)
    expect(shop.at(-1)).toMatchObject({ label: 'other', count: 50 })
  })
})

it('writes one line for ten thousand bad credentials', async () => {
  const { receiver, logger } = receiving(token(SECRET))
  await receiver.start()
  const before = logger.lines.length
  for (let n = 0; n < 10_000; n++)
    await send(receiver, { headers: ['x-messagesystems-webhook-token', 'x'.repeat(n % 50)], body: null })
  expect(logger.lines.length - before).toBe(1)
  const good = await send(receiver, { headers: ['x-messagesystems-webhook-token', SECRET] })
  expect(good.status).toBe(200)
})
