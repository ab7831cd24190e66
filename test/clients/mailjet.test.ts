import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { basic } from 'posthorn/auth'
import { emulateMailjet, type MailjetEmulatorOptions } from 'posthorn/emulators'
import { mailjet as mailjetSource } from 'posthorn/mailjet'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mailjetEventCallbacks, mailjetParseRoutes } from '../../src/clients/index.ts'
import { listening, receiving } from '../emulators/site.ts'
import { json, refusalOf, sender, shownOf } from './kit.ts'

const KEYS = { apiKey: 'public-key-of-the-api', apiSecret: 'secret-key-of-the-api' }
const LOGIN = { username: 'mail jet', password: 'a password: of/some@length' }
const URL_OF = 'https://hooks.example.com/webhooks/news'

async function emulated(options: MailjetEmulatorOptions = {}) {
  const emulator = emulateMailjet({ ...KEYS, ...options })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen()
  return { emulator, url, callbacks: mailjetEventCallbacks({ baseUrl: url, ...KEYS }) }
}

describe('event callbacks', () => {
  it('are created, changed and left alone, as they need be', async () => {
    const { callbacks } = await emulated()
    const wanted = { eventType: 'bounce', url: URL_OF, auth: LOGIN } as const
    const made = await callbacks.ensure(wanted)
    expect(made).toMatchObject({ change: 'created', callback: { eventType: 'bounce', url: URL_OF, version: 2 } })
    expect(made.callback).toMatchObject({ username: 'mail jet', isBackup: false, status: 'alive' })
    expect([made.callback.uses(LOGIN.password), made.callback.uses('another')]).toEqual([true, false])
    expect(inspect(made, { depth: 9 }) + JSON.stringify(made)).not.toContain('some')
    expect(await callbacks.ensure(wanted)).toMatchObject({ change: 'none', callback: { id: made.callback.id } })
    const single = await callbacks.ensure({ ...wanted, version: 1 })
    expect(single).toMatchObject({ change: 'updated', callback: { id: made.callback.id, version: 1 } })
    const open = await callbacks.ensure({ eventType: 'bounce', url: URL_OF, version: 1 })
    expect(open).toMatchObject({ change: 'updated', callback: { id: made.callback.id, username: null } })
    const backup = await callbacks.ensure({ ...wanted, isBackup: true })
    expect(backup).toMatchObject({ change: 'created', callback: { isBackup: true } })
    await callbacks.delete(backup.callback.id)
    expect((await callbacks.list()).map(({ id }) => id)).toEqual([made.callback.id])
    expect(await refusalOf(callbacks.delete(backup.callback.id))).toMatchObject({ code: 'ERR_API_NOT_FOUND' })
  })

  it('bring what happens, with the login', async () => {
    const site = await receiving(mailjetSource({ auth: basic(LOGIN) }))
    const { emulator, callbacks } = await emulated()
    await callbacks.ensure({ eventType: 'sent', url: site.target, auth: LOGIN })
    emulator.traffic({ messages: 20 })
    await emulator.advance('3h')
    expect(await site.counts()).toEqual(emulator.report().expected)
  })

  it('are listed beyond the ten that the API shows unasked', async () => {
    const { callbacks } = await emulated()
    const types = ['sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub']
    for (const eventType of types)
      for (const isBackup of [false, true]) await callbacks.ensure({ eventType, url: URL_OF, isBackup })
    expect((await callbacks.list()).length).toBe(14)
  })

  it('are listed page by page', async () => {
    const page = (length: number, first: number) => ({ Data: Array.from({ length }, (_, n) => ({ ID: first + n })) })
    const { url, asked } = await sender(
      ...[page(1_000, 0), page(1_000, 1_000), page(17, 2_000)].map((one) => json(200, one)),
    )
    expect((await mailjetEventCallbacks({ baseUrl: url, ...KEYS }).list()).length).toBe(2_017)
    expect(asked.map(({ url: path }) => new URLSearchParams(path.split('?')[1]).get('Offset'))).toEqual([
      '0',
      '1000',
      '2000',
    ])
  })

  it('are not listed for ever when a sender repeats a page', async () => {
    const { url } = await sender(json(200, { Data: Array.from({ length: 1_000 }, (_, n) => ({ ID: n })) }))
    expect(await refusalOf(mailjetEventCallbacks({ baseUrl: url, ...KEYS }).list())).toMatchObject({
      code: 'ERR_API_UNREACHABLE',
    })
  })

  it('that are dead are revived, by the status or by another address', async () => {
    const dead = async (options: MailjetEmulatorOptions) => {
      const refusing = await listening((request, response) =>
        request.resume().on('end', () => response.writeHead(500).end()),
      )
      const site = await emulated({ schedule: '2016', ...options })
      const { callback } = await site.callbacks.ensure({ eventType: 'sent', url: refusing })
      site.emulator.traffic({ messages: 1 })
      await site.emulator.advance('12h')
      expect(await site.callbacks.list()).toMatchObject([{ status: 'dead' }])
      return { ...site, id: callback.id }
    }
    const first = await dead({})
    expect(await first.callbacks.revive(first.id)).toMatchObject({ status: 'alive' })
    const second = await dead({ statusRevives: false })
    expect(await refusalOf(second.callbacks.revive(second.id))).toMatchObject({ code: 'ERR_API_REJECTED' })
    const given = { eventType: 'sent', url: URL_OF } as const
    expect(await second.callbacks.ensure(given)).toMatchObject({ change: 'updated', callback: { status: 'alive' } })
  })

  it('are refused where the keys are wrong, and keep their secrets', async () => {
    const { url } = await emulated()
    const stranger = mailjetEventCallbacks({ baseUrl: url, apiKey: KEYS.apiKey, apiSecret: 'another' })
    expect(await refusalOf(stranger.list())).toMatchObject({ code: 'ERR_API_UNAUTHORIZED', status: 401 })
    const echo = await sender(json(200, { Data: [] }), (response, asked) =>
      json(400, { ErrorMessage: JSON.stringify(asked.body), ErrorInfo: String(asked.headers.authorization) })(
        response,
        asked,
        2,
      ),
    )
    const call = mailjetEventCallbacks({ baseUrl: echo.url, ...KEYS }).ensure({
      eventType: 'open',
      url: URL_OF,
      auth: LOGIN,
    })
    const error = await refusalOf(call)
    const secrets = [LOGIN.password, encodeURIComponent(LOGIN.password), ...Object.values(KEYS)]
    const encoded = Buffer.from(`${KEYS.apiKey}:${KEYS.apiSecret}`).toString('base64')
    for (const secret of [...secrets, encoded]) expect(shownOf(error)).not.toContain(secret)
    expect(error.senderMessage).toContain('hooks.example.com')
  })

  it.each([
    [{ eventType: 'open', url: 'https://user:password@hooks.example.com/' }],
    [{ eventType: '', url: URL_OF }],
    [{ eventType: 'open', url: URL_OF, version: 3 }],
    [{ eventType: 'open', url: URL_OF, auth: { username: 'a' } }],
    [{ eventType: 'open', url: URL_OF, auth: { username: 'a:b', password: 'p' } }],
    [{ eventType: 'open', url: URL_OF, auth: { username: 'a', password: 'p', user: 'b' } }],
    [{ eventType: 'open', url: URL_OF, isBackup: 'yes' }],
  ])('are refused before any call where they are wrong: %j', async (settings) => {
    const { url, asked } = await sender(json(200, {}))
    const call = mailjetEventCallbacks({ baseUrl: url, ...KEYS }).ensure(settings as never)
    const error = await call.then(null, (thrown) => thrown)
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(OPTION|SECRET_INVALID)$/) })
    expect(error.message).not.toContain('user:password')
    expect(asked).toEqual([])
  })
})

describe('parse routes', () => {
  it('are created, listed, changed and deleted', async () => {
    const { url } = await emulated()
    const routes = mailjetParseRoutes({ baseUrl: url, ...KEYS })
    const made = await routes.create({ url: 'https://hooks.example.com/in', auth: LOGIN, email: 'in@example.com' })
    expect(made).toMatchObject({ email: 'in@example.com', url: 'https://hooks.example.com/in', username: 'mail jet' })
    expect(made.uses(LOGIN.password)).toBe(true)
    const given = await routes.create({ url: 'https://hooks.example.com/in' })
    expect(given.email).toContain('@parse-in1.mailjet.com')
    expect(await routes.update(given.id, { url: 'https://hooks.example.com/other' })).toMatchObject({
      id: given.id,
      url: 'https://hooks.example.com/other',
    })
    const again = routes.create({ url: URL_OF, email: 'in@example.com' })
    expect(await refusalOf(again)).toMatchObject({ code: 'ERR_API_REJECTED', status: 400 })
    await routes.delete(made.id)
    expect((await routes.list()).map(({ id }) => id)).toEqual([given.id])
  })
})

const SAMPLES = process.env.POSTHORN_SAMPLES

describe.skipIf(SAMPLES === undefined || !existsSync(SAMPLES))('the documents of the API (POSTHORN_SAMPLES)', () => {
  it('print the request that the client makes, and the answers that it reads', async () => {
    const file = join(SAMPLES ?? '', 'mailjet/eventcallbackurl_rest.json')
    const { samples } = JSON.parse(readFileSync(file, 'utf8')) as { samples: { name: string; body: object }[] }
    const body = (name: string) => samples.find((one) => one.name === name)?.body
    const { url, asked } = await sender(json(200, { Data: [] }), json(201, body('create-response')))
    const callbacks = mailjetEventCallbacks({ baseUrl: url, ...KEYS })
    const wanted = { eventType: 'click', url: 'https://test.webhook.api.mailjet.com/click.php', version: 2 } as const
    expect(await callbacks.ensure(wanted)).toMatchObject({
      change: 'created',
      callback: { id: 567, eventType: 'click' },
    })
    expect(asked[1]?.body).toEqual(body('create-request'))
    const listed = await sender(json(200, body('list-response')))
    expect(await mailjetEventCallbacks({ baseUrl: listed.url, ...KEYS }).list()).toMatchObject([
      {
        id: 987_654,
        eventType: 'open',
        version: 2,
        isBackup: false,
        status: 'alive',
        url: 'https://www.example.com/123/',
      },
    ])
  })
})
