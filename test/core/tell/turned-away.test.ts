/** Why a request was turned away: in the log and the metrics, never in the answer, never the value. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import express from 'express'
import { expect, it, onTestFinished } from 'vitest'
import { webhooks } from '../../../src/adapters/express.ts'
import { anyOf, basic, header, token } from '../../../src/auth/index.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { createReceiver } from '../../../src/index.ts'
import type { Auth } from '../../../src/ports/auth.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { listen } from '../../contracts/hosts.ts'
import { rememberingLogger } from '../../support/log.ts'

const [SECRET, OTHER] = ['a-secret-of-some-length', 'another-value-that-came']

async function receiving(auth: Auth) {
  const logger = rememberingLogger()
  const receiver = createReceiver({ inbox: memory(), sources: { shop: mailjet({ auth }) }, logger })
  onTestFinished(async () => void (await receiver.close()))
  await receiver.start()
  const post = async (headers: [string, string][], path = '/hooks/shop') => {
    const asked = new Request(`http://localhost${path}`, { method: 'POST', body: '[]' })
    for (const [name, value] of headers) asked.headers.append(name, value)
    const response = await receiver.handle(asked, { prefix: '/hooks' })
    return { status: response.status, body: await response.text() }
  }
  const facts = (id: string) =>
    logger.lines.map((line) => line.facts).filter((one) => 'event' in one && one.event === id)
  return { receiver, logger, post, facts }
}

const login = (secret: string) => `Basic ${Buffer.from(`mailjet:${secret}`).toString('base64')}`
const byLogin = () => basic({ username: 'mailjet', password: SECRET })

it.each<[reason: string, auth: Auth, headers: [string, string][]]>([
  ['header_missing', header('x-key', SECRET), []],
  ['credential_wrong', header('x-key', SECRET), [['x-key', OTHER]]],
  ['header_missing', byLogin(), []],
  ['other_scheme', byLogin(), [['authorization', `Bearer ${OTHER}`]]],
  ['credential_wrong', byLogin(), [['authorization', login(OTHER)]]],
  ['credential_wrong', anyOf(token(SECRET), byLogin()), [['authorization', login(OTHER)]]],
])('%s', async (reason, auth, headers) => {
  const { receiver, logger, post, facts } = await receiving(auth)
  const answer = await post(headers)
  expect([answer.status, answer.body]).toEqual([401, expect.not.stringContaining(reason)])
  expect(receiver.metrics().turnedAway).toEqual({ [reason]: 1 })
  expect(facts('auth.refused')).toEqual([{ event: 'auth.refused', source: 'shop', reason }])
  expect(logger.text()).not.toContain(OTHER)
  expect(logger.text()).not.toContain(SECRET)
})

it('says of a path that is no source what there is, to nobody but the operator', async () => {
  const { receiver, logger, post, facts } = await receiving(byLogin())
  const answer = await post([], `/hooks/${OTHER}/shop`)
  expect([answer.status, answer.body]).toEqual([404, expect.not.stringContaining('shop')])
  expect(receiver.metrics().turnedAway).toEqual({ unknown_source: 1 })
  expect(facts('source.unknown')).toEqual([{ event: 'source.unknown', mount: '/hooks', sources: ['shop'] }])
  expect(logger.text()).not.toContain(OTHER)
})

it('header_twice', async () => {
  const { receiver, logger } = await receiving(token(SECRET))
  const server = await listen(createServer(express().use('/hooks', webhooks(receiver))))
  onTestFinished(() => server.close())
  const headers = { 'x-messagesystems-webhook-token': [SECRET, OTHER] }
  const sent = request({ port: server.port, path: '/hooks/shop', method: 'POST', headers }).end()
  const [answer] = await once(sent, 'response')
  answer.destroy()
  expect(answer.statusCode).toBe(401)
  expect(receiver.metrics().turnedAway).toEqual({ header_twice: 1 })
  expect(logger.text()).not.toContain(OTHER)
})

it.each([
  ['/hooks', '/hooks/shpo', '/hooks', 'below /hooks there is only /shop'],
  ['/hooks/shop', '/hooks/shop', '/hooks/shop', "mount at /hooks, or pass { source: 'shop' }"],
  ['/:tenant', `/${OTHER}/shpo`, null, 'addresses end in /shop'],
])('names the mount in Express and what to do: %s', async (mount, path, shown, told) => {
  const { receiver, logger, facts } = await receiving(byLogin())
  const server = await listen(createServer(express().use(mount, webhooks(receiver))))
  onTestFinished(() => server.close())
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', body: '[]' })
  expect(answer.status).toBe(404)
  expect(facts('source.unknown')).toEqual([{ event: 'source.unknown', mount: shown, sources: ['shop'] }])
  expect(logger.text()).toContain(told)
  expect(logger.text()).not.toContain(OTHER)
})

it.each<[warned: boolean, kinds: string, auth: Auth]>([
  [true, 'token', token(SECRET)],
  [false, 'basic', byLogin()],
  [false, 'token or basic', anyOf(token(SECRET), byLogin())],
])('warns at start (%s) of a credential that Mailjet cannot send: %s', async (warned, scheme, auth) => {
  const { facts } = await receiving(auth)
  expect(facts('source.credential')).toEqual(warned ? [{ event: 'source.credential', source: 'shop', scheme }] : [])
})
