import { inspect } from 'node:util'
import { basic, token } from 'posthorn/auth'
import { emulateMailjet, emulateMomentum, emulateSparkPost, virtualClock } from 'posthorn/emulators'
import { mailjet as mailjetSource } from 'posthorn/mailjet'
import { momentum as momentumSource } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { defineHooks, type HookDefinitions, mailjetEventCallbacks, momentumWebhooks } from '../../src/clients/index.ts'
import { listening, receiving, TOKEN } from '../emulators/site.ts'
import { json, refusalOf, sender } from './kit.ts'

const NEW_TOKEN = 'another token of some length'
const LOGIN = { username: 'mailjet', password: 'a password: of some length' }

async function momentumSite(create: typeof emulateSparkPost | typeof emulateMomentum = emulateSparkPost) {
  const emulator = create({ clock: virtualClock(), apiKey: 'key' })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen()
  const client = momentumWebhooks({ baseUrl: url, apiKey: 'key' })
  const site = await receiving(momentumSource({ auth: token([TOKEN, NEW_TOKEN]) }))
  return { emulator, client, target: site.target, site }
}

async function mailjetSite(options = {}) {
  const emulator = emulateMailjet({ clock: virtualClock(), apiKey: 'key', apiSecret: 'secret', ...options })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen()
  const client = mailjetEventCallbacks({ baseUrl: url, apiKey: 'key', apiSecret: 'secret' })
  const site = await receiving(mailjetSource({ auth: basic({ ...LOGIN, password: [LOGIN.password, NEW_TOKEN] }) }))
  return { emulator, client, target: site.target }
}

/** The fields that would change, by hook. */
async function driftOf(definitions: HookDefinitions): Promise<Record<string, readonly string[]>> {
  const { changes } = await defineHooks(definitions).plan()
  return Object.fromEntries(
    changes.map(({ hook, action, differences }) => [hook, [action, ...differences.map(({ field }) => field)]]),
  )
}

describe('hooks of SparkPost', () => {
  it('are planned, made, and then as they are wanted', async () => {
    const { client, target } = await momentumSite()
    const definitions = {
      momentum: [
        { name: 'shop', target, events: ['delivery', 'click'], auth: { token: TOKEN } },
        { name: 'all', target, events: 'all', auth: { token: TOKEN } },
      ],
      clients: { momentum: client },
    } as const
    const hooks = defineHooks(definitions)
    const plan = await hooks.plan()
    expect(plan.changes).toMatchObject([
      { action: 'create', hook: 'shop', id: null, target },
      { action: 'create', hook: 'all' },
    ])
    expect(await client.list()).toEqual([])
    const { changed, failed } = await plan.apply()
    expect([changed, failed]).toEqual([plan.changes, []])
    const documented = (await client.eventDocumentation()).map(({ type }) => type)
    expect((await client.list()).map(({ name, events }) => [name, events])).toEqual([
      ['shop', ['delivery', 'click']],
      ['all', documented],
    ])
    // Twice, by the plan of before, does nothing.
    expect(await plan.apply()).toEqual({ changed: [], failed: [] })
    expect(await hooks.plan()).toMatchObject({ changes: [], settled: ['shop', 'all'], unknown: [] })
    expect((await hooks.plan()).text()).toBe('as wanted: shop, all\nNo changes.')
  })

  it('drift in what somebody changed, and are brought back', async () => {
    const { client, target } = await momentumSite()
    const other = await listening((request, response) =>
      request.resume().on('end', () => response.writeHead(200).end()),
    )
    const hook = {
      name: 'shop',
      target,
      events: ['delivery', 'click', 'bounce'],
      auth: { token: TOKEN },
      customHeaders: { 'x-a': 'b' },
    }
    const definitions = { momentum: [hook], clients: { momentum: client } }
    await (await defineHooks(definitions).plan()).apply()
    const id = (await client.list())[0]?.id ?? ''
    const changes = [
      [{ events: ['delivery', 'open'] }, ['events']],
      [{ target: other }, ['target']],
      [{ auth: 'none' }, ['auth']],
      [{ auth: { basic: { username: 'u', password: 'p' } } }, ['auth']],
      [{ auth: { token: NEW_TOKEN } }, ['secret']],
      [{ active: false }, ['active']],
      [{ customHeaders: {} }, ['customHeaders']],
      [{ customHeaders: { 'x-a': 'c' } }, ['customHeaders']],
      [{ active: false, events: ['open'] }, ['events', 'active']],
    ] as const
    for (const [patch, fields] of changes) {
      await client.update(id, patch as never)
      expect(await driftOf(definitions)).toEqual({ shop: ['update', ...fields] })
      const plan = await defineHooks(definitions).plan()
      expect((await plan.apply()).failed).toEqual([])
      expect(await driftOf(definitions)).toEqual({})
    }
    await client.update(id, { events: ['delivery', 'open'] })
    expect((await defineHooks(definitions).plan()).text()).toBe(
      `update momentum "shop", ${target}\n    events: delivery, open → + click, bounce − open\n1 change.`,
    )
  })

  it('leave alone what nobody defined, unless told', async () => {
    const { client, target } = await momentumSite()
    const mine = { name: 'mine', target, events: ['click'], auth: { token: TOKEN } }
    await client.create({ ...mine, name: 'theirs' })
    const hooks = defineHooks({ momentum: [mine], clients: { momentum: client } })
    const plan = await hooks.plan()
    expect(plan.unknown).toMatchObject([{ sender: 'momentum', name: 'theirs', target }])
    expect(plan.text()).toContain('left alone: momentum "theirs"')
    await plan.apply()
    expect((await client.list()).map(({ name }) => name)).toEqual(['theirs', 'mine'])
    expect((await plan.apply({ deleteUnknown: true })).changed).toMatchObject([{ action: 'delete', hook: 'theirs' }])
    expect((await client.list()).map(({ name }) => name)).toEqual(['mine'])
  })

  it('that a sender refuses do not keep the others from being made', async () => {
    const { client, target } = await momentumSite()
    const refusing = await listening((_, response) => response.writeHead(500).end())
    const events = ['click']
    const momentum = [
      { name: 'broken', target: refusing, events, auth: { token: TOKEN } },
      { name: 'shop', target, events, auth: { token: TOKEN } },
    ]
    const { changed, failed } = await (await defineHooks({ momentum, clients: { momentum: client } }).plan()).apply()
    expect(changed).toMatchObject([{ hook: 'shop' }])
    expect(failed).toMatchObject([{ change: { hook: 'broken' }, error: { code: 'ERR_API_REJECTED' } }])
  })

  it('show no secret, whatever a plan shows', async () => {
    const { client, target } = await momentumSite()
    vi.stubEnv('POSTHORN_TEST_TARGET', `${target}?key=a-secret-in-the-address`)
    onTestFinished(() => void vi.unstubAllEnvs())
    const auth = { token: TOKEN }
    const momentum = [
      { name: 'env', target: { env: 'POSTHORN_TEST_TARGET' }, events: ['click'], auth },
      { name: 'text', target: `${target}?key=a-secret-in-the-address`, events: ['click'], auth },
    ]
    const hooks = defineHooks({ momentum, clients: { momentum: client } })
    const first = await hooks.plan()
    expect(first.changes.map((change) => change.target)).toEqual([`${new URL(target).origin}/…`, `${target}?key=…`])
    await first.apply()
    for (const { id } of await client.list())
      await client.update(id, { target: `${target}?key=another-secret`, auth: { token: NEW_TOKEN } })
    await client.create({ name: 'theirs', target: `${target}?key=another-secret`, events: ['click'], auth })
    const second = await hooks.plan()
    expect(second.changes.map(({ differences }) => differences.map(({ field }) => field))).toEqual([
      ['target', 'secret'],
      ['target', 'secret'],
    ])
    for (const plan of [first, second])
      for (const shown of [plan.text(), JSON.stringify(plan), inspect(plan, { depth: 9 })])
        for (const secret of [TOKEN, NEW_TOKEN, 'another-secret', 'a-secret-in-the-address', 'u:p'])
          expect(shown).not.toContain(secret)
  })

  it('are tested by their sender', async () => {
    const { client, target } = await momentumSite()
    const momentum = [
      { name: 'shop', target, events: ['click'], auth: { token: TOKEN } },
      { name: 'stale', target, events: ['click'], auth: { token: TOKEN } },
      { name: 'missing', target, events: ['click'], auth: { token: TOKEN } },
    ]
    const hooks = defineHooks({ momentum, clients: { momentum: client } })
    await (await hooks.plan()).apply()
    const [, stale, missing] = await client.list()
    await client.update(stale?.id ?? '', { auth: { token: 'a token that was taken out' } })
    await client.delete(missing?.id ?? '')
    expect(await hooks.test()).toMatchObject([
      { hook: 'shop', ok: true, status: 200, why: null },
      { hook: 'stale', ok: false, status: 401 },
      { hook: 'missing', ok: false, status: null },
    ])
  })

  it('get another secret once the target takes both, and not before', async () => {
    const { client, target, emulator, site } = await momentumSite()
    const shop = { name: 'shop', target, events: ['injection'], auth: { token: TOKEN } } as const
    const hooks = defineHooks({ momentum: [shop], clients: { momentum: client } })
    await (await hooks.plan()).apply()
    const refused = await hooks.rotate('shop', { to: 'a token that nobody accepts' })
    expect(refused).toMatchObject({
      result: 'refused',
      old: { ok: true },
      new: { ok: false, status: 401 },
      switchedAt: null,
    })
    const [before] = await client.list()
    expect(before?.auth.uses(TOKEN)).toBe(true)
    expect(await hooks.rotate('shop', { to: NEW_TOKEN })).toMatchObject({ result: 'switched', new: { ok: true } })
    const [after] = await client.list()
    expect([after?.auth.uses(TOKEN), after?.auth.uses(NEW_TOKEN)]).toEqual([false, true])
    await emulator.advance('1m')
    emulator.traffic({ messages: 10 })
    await emulator.advance('2m')
    expect(await site.counts()).toEqual({ injection: 10 })
    // Probes store nothing.
    expect(site.receiver.metrics().accepted).toBe(1)
  })

  it.each([
    ['shpo', { to: NEW_TOKEN }],
    ['open', { to: NEW_TOKEN }],
    ['shop', { to: '' }],
    ['shop', {}],
    ['shop', { to: NEW_TOKEN, form: 'x' }],
  ])('are not rotated where that cannot be: %s, %j', async (name, options) => {
    const target = 'https://hooks.example.com/'
    const momentum = [
      { name: 'shop', target, events: ['click'], auth: { token: TOKEN } },
      { name: 'open', target, events: ['click'] },
    ]
    const { url, asked } = await sender(json(200, { results: [] }))
    const hooks = defineHooks({ momentum, clients: { momentum: momentumWebhooks({ baseUrl: url, apiKey: 'key' }) } })
    await expect(hooks.rotate(name, options as never)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(OPTION|SECRET_INVALID)$/),
    })
    expect(asked).toEqual([])
  })
})

it('hooks of Momentum are made, and then as they are wanted', async () => {
  const { client, target } = await momentumSite(emulateMomentum)
  const momentum = [{ name: 'shop', target, events: 'all', auth: { token: TOKEN } }] as const
  const hooks = defineHooks({ momentum, clients: { momentum: client } })
  expect((await (await hooks.plan()).apply()).changed.length).toBe(1)
  expect((await hooks.plan()).changes).toEqual([])
})

describe('hooks of Mailjet', () => {
  it('are planned, made, and then as they are wanted; each type is a record', async () => {
    const { client, target } = await mailjetSite()
    const mailjet = [
      { name: 'news', target, events: ['bounce', 'unsub'], auth: LOGIN },
      { name: 'spare', target, events: 'all', auth: LOGIN, isBackup: true, grouped: false },
    ] as const
    const hooks = defineHooks({ mailjet, clients: { mailjet: client } })
    const plan = await hooks.plan()
    expect(plan.changes.map(({ hook }) => hook).slice(0, 3)).toEqual(['news: bounce', 'news: unsub', 'spare: sent'])
    expect((await plan.apply()).changed.length).toBe(9)
    expect(await hooks.plan()).toMatchObject({ changes: [], unknown: [] })
    expect(await hooks.test()).toEqual(
      plan.changes.map(({ hook }) => ({ sender: 'mailjet', hook, ok: true, status: 200, why: null })),
    )
  })

  it('drift in address, login, grouping and suspension, and are brought back', async () => {
    const { client, target } = await mailjetSite()
    const mailjet = [{ name: 'news', target, events: ['bounce'], auth: LOGIN }]
    const definitions = { mailjet, clients: { mailjet: client } }
    const record = { eventType: 'bounce', url: target, auth: LOGIN }
    await client.ensure({ eventType: 'open', url: 'https://other.example/', isBackup: true })
    const changes = [
      [{ ...record, url: 'https://hooks.example.com/' }, ['target']],
      [{ eventType: 'bounce', url: target }, ['auth']],
      [{ ...record, auth: { ...LOGIN, username: 'other' } }, ['auth']],
      [{ ...record, auth: { ...LOGIN, password: 'other' } }, ['secret']],
      [{ ...record, version: 1 }, ['grouping']],
    ] as const
    for (const [wrong, fields] of changes) {
      await client.ensure(wrong)
      expect(await driftOf(definitions)).toEqual({ 'news: bounce': ['update', ...fields] })
      const plan = await defineHooks(definitions).plan()
      expect(plan.unknown).toMatchObject([{ name: 'open (backup)', target: 'https://other.example/' }])
      expect((await plan.apply()).failed).toEqual([])
      expect(await driftOf(definitions)).toEqual({})
      expect(plan.text() + JSON.stringify(plan)).not.toContain(LOGIN.password)
    }
  })

  it('that are suspended are made alive', async () => {
    const { emulator, client } = await mailjetSite({ schedule: '2016' })
    const refusing = await listening((request, response) =>
      request.resume().on('end', () => response.writeHead(500).end()),
    )
    const definitions = {
      mailjet: [{ name: 'news', target: refusing, events: ['sent'] }],
      clients: { mailjet: client },
    }
    await (await defineHooks(definitions).plan()).apply()
    emulator.traffic({ messages: 1 })
    await emulator.advance('12h')
    expect(await driftOf(definitions)).toEqual({ 'news: sent': ['update', 'status'] })
    expect(await defineHooks(definitions).test()).toMatchObject([{ ok: false, status: 500 }])
    await (await defineHooks(definitions).plan()).apply()
    expect(await client.list()).toMatchObject([{ status: 'alive' }])
  })

  it('get another password in every record', async () => {
    const { client, target } = await mailjetSite()
    const mailjet = [{ name: 'news', target, events: ['bounce', 'open'], auth: LOGIN }]
    const hooks = defineHooks({ mailjet, clients: { mailjet: client } })
    await (await hooks.plan()).apply()
    expect(await hooks.rotate('news', { to: NEW_TOKEN })).toMatchObject({ result: 'switched' })
    expect((await client.list()).map((one) => one.uses(NEW_TOKEN))).toEqual([true, true])
  })
})

describe('definitions', () => {
  const target = 'https://hooks.example.com/'
  it.each([
    [{ momentum: [{ target, events: ['click'] }] }],
    [{ momentum: [{ name: 'a', events: ['click'] }] }],
    [{ momentum: [{ name: 'a', target, events: [] }] }],
    [{ momentum: [{ name: 'a', target, events: 'every' }] }],
    [{ momentum: [{ name: 'a', target, events: 'all', auth: { user: 'b' } }] }],
    [{ momentum: [{ name: 'a', target, events: 'all', grouped: true }] }],
    [
      {
        momentum: [
          { name: 'a', target, events: 'all' },
          { name: 'a', target, events: 'all' },
        ],
      },
    ],
    [{ momentum: [{ name: 'a', target, events: 'all' }], mailjet: [{ name: 'a', target, events: 'all' }] }],
    [
      {
        mailjet: [
          { name: 'a', target, events: ['open'] },
          { name: 'b', target, events: ['open'] },
        ],
      },
    ],
    [
      {
        mailjet: [
          { name: 'a', target, events: ['open'] },
          { name: 'b', target, events: 'all' },
        ],
      },
    ],
    [
      {
        mailjet: [
          { name: 'a', target, events: 'all' },
          { name: 'b', target, events: ['open'] },
        ],
      },
    ],
    [{ mailjet: { name: 'a', target, events: 'all' } }],
    [{ esputnik: [] }],
    [7],
  ])('that are wrong are refused: %j', (definitions) => {
    expect(() => defineHooks(definitions as never)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
    )
  })

  it('want their keys when a sender is asked, and not before', async () => {
    vi.stubEnv('SPARKPOST_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    const hooks = defineHooks({ momentum: [{ name: 'a', target, events: 'all' }] })
    await expect(hooks.plan()).rejects.toMatchObject({ code: 'ERR_SECRET_MISSING' })
    expect((await defineHooks({}).plan()).text()).toBe('No changes.')
  })

  it('of a sender that cannot be asked have no plan', async () => {
    const { url } = await sender(json(401, { errors: [{ message: 'Unauthorized.' }] }))
    const clients = { momentum: momentumWebhooks({ baseUrl: url, apiKey: 'key' }) }
    const hooks = defineHooks({ momentum: [{ name: 'a', target, events: ['click'] }], clients })
    expect(await refusalOf(hooks.plan())).toMatchObject({ code: 'ERR_API_UNAUTHORIZED' })
  })
})

it('ten thousand webhooks are looked through for the one that is wanted', async () => {
  const wire = { target: 'https://hooks.example.com/', events: ['click'], auth_type: 'none', active: true }
  const results = Array.from({ length: 10_000 }, (_, n) => ({ ...wire, id: `${n}`, name: `hook ${n}` }))
  const { url, asked } = await sender(json(200, { results }))
  const clients = { momentum: momentumWebhooks({ baseUrl: url, apiKey: 'key' }) }
  const hooks = defineHooks({ momentum: [{ name: 'hook 9999', target: wire.target, events: ['click'] }], clients })
  const plan = await hooks.plan()
  expect([plan.changes.length, plan.unknown.length, asked.length]).toEqual([0, 9_999, 1])
})
