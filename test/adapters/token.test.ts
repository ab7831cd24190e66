/** A source that issues its own tokens, on every host, over a socket. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { anyOf, oauth2Issuer, token } from '../../src/auth/index.ts'
import { type Host, hosts } from '../contracts/hosts.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { receiverIn } from '../support/receivers.ts'
import { toy } from '../support/toy.ts'
import { openWire, requestHead } from '../support/wire.ts'

const SECRET = 'a client secret of some length'
const EVENT = '[{"type":"ping"}]'
const ASKED = { grant_type: 'client_credentials', client_id: 'sparkpost', client_secret: SECRET }
const FORM = new URLSearchParams(ASKED).toString()

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function issuing(host: Host) {
  const clock = new FakeClock()
  const issuer = oauth2Issuer({ clientId: 'sparkpost', clientSecret: SECRET, signingKey: SECRET.repeat(2) })
  const plain = toy({ auth: token('a token of some length') })
  const sources = { shop: toy({ auth: issuer }), both: toy({ auth: anyOf(token(SECRET), issuer) }), plain }
  const receiver = receiverIn(clock, { sources })
  await receiver.start()
  const server = await host.listen({ receiver, handle: receiver.handle as never, source: 'shop' })
  closers.push(
    () => receiver.close({ timeoutMs: 0 }),
    () => server.close(),
  )
  const base = `http://127.0.0.1:${server.port}`
  const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(base + path, { method: 'POST', body, headers })
    const json = (await answer.json().catch(() => ({}))) as { access_token?: string; error?: string }
    return { status: answer.status, headers: answer.headers, json }
  }
  return { base, post, clock, receiver, port: server.port }
}

describe.each(hosts)('on $name', (host) => {
  test.each([
    ['JSON', JSON.stringify(ASKED), 'application/json'],
    ['a form', FORM, 'application/x-www-form-urlencoded'],
  ])('%s brings a token that lets deliveries in until its end, then 401', async (_, body, type) => {
    const { post, clock } = await issuing(host)
    for (const [tokens, target] of [
      ['/webhooks/shop/token', '/webhooks/shop'],
      ['/webhooks/shop/token/', '/webhooks/shop'],
      ['/old/address/token', '/old/address'],
      ['/webhooks/both/token', '/webhooks/both'],
    ] as const) {
      const issued = await post(tokens, body, { 'content-type': type })
      expect(issued).toMatchObject({ status: 200, json: { token_type: 'Bearer', expires_in: 3_600 } })
      expect(issued.headers.get('cache-control')).toBe('no-store')
      const bearer = { authorization: `Bearer ${issued.json.access_token}` }
      expect((await post(target, EVENT, bearer)).json).toMatchObject({ id: expect.any(String) })
      clock.leap(3_700_000)
      const late = await post(target, EVENT, bearer)
      expect(late).toMatchObject({ status: 401, json: { error: 'unauthorized' } })
      expect(late.headers.get('www-authenticate')).toContain('Bearer')
    }
  })

  test('a request for a token is refused in the words of OAuth, with 401 for the client and never 403', async () => {
    const { post, base } = await issuing(host)
    const refused = async (body: string, headers = {}) => {
      const { status, json } = await post('/webhooks/shop/token', body, headers)
      return [status, json.error]
    }
    expect(await refused(FORM.replace('a+client', 'b+client'))).toEqual([401, 'invalid_client'])
    expect(await refused('grant_type=client_credentials')).toEqual([401, 'invalid_client'])
    expect(await refused('')).toEqual([400, 'invalid_request'])
    expect(await refused(FORM.replace('client_credentials', 'password'))).toEqual([400, 'unsupported_grant_type'])
    expect(await refused(FORM.padEnd(4_097, '&'))).toEqual([413, 'body_too_large'])
    expect((await post('/webhooks/shop/token', FORM.padEnd(4_096, '&'))).status).toBe(200)
    const look = await fetch(`${base}/webhooks/shop/token`)
    expect([look.status, look.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('two segments win only where the first has an issuer', async () => {
    const { post } = await issuing(host)
    for (const path of ['/webhooks/plain/token', '/webhooks/none/token', '/webhooks/token'])
      expect((await post(path, FORM)).status).toBe(404)
  })

  test('a request for a token that dribbles is 408 after two seconds', async () => {
    const { clock, port } = await issuing(host)
    const idle = clock.pending
    const wire = await openWire(port)
    closers.unshift(() => wire.socket.destroy())
    await wire.send(requestHead('POST', '/webhooks/shop/token', { 'Content-Length': FORM.length }) + FORM.slice(0, 9))
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(idle))
    await clock.advance(1_999)
    await wire.send(FORM.slice(9, 10))
    await clock.advance(1)
    expect((await wire.response()).status).toBe(408)
  })

  test('requests for a token that hang take no room from deliveries', async () => {
    const { port, post } = await issuing(host)
    const head = requestHead('POST', '/webhooks/shop/token', { 'Content-Length': 4_096 })
    const wires = await Promise.all(Array.from({ length: 64 }, () => openWire(port)))
    closers.unshift(() => wires.forEach(({ socket }) => void socket.destroy()))
    for (const wire of wires) await wire.send(`${head}grant`)
    const full = { status: 503, json: { error: 'overloaded' } }
    await vi.waitFor(async () => expect(await post('/webhooks/shop/token', FORM)).toMatchObject(full))
    const good = { 'x-messagesystems-webhook-token': 'a token of some length' }
    expect((await post('/webhooks/plain', EVENT, good)).status).toBe(200)
  })
})

test('a source called token is refused beside one that issues tokens, and beside no other', () => {
  const issuer = oauth2Issuer({ clientId: 'sparkpost', clientSecret: SECRET, signingKey: SECRET.repeat(2) })
  const withToken = (auth: ReturnType<typeof token>) =>
    receiverIn(new FakeClock(), { sources: { shop: toy({ auth }), token: toy() } })
  expect(() => withToken(issuer)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  expect(() => withToken(token('a token of some length'))).not.toThrow()
})
