/** Wrong calls of the public surface: what each of them says, and that none of them hangs, or does something else. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { webhooks as expressWebhooks } from '../../src/adapters/express.ts'
import { webhooks as fastifyWebhooks } from '../../src/adapters/fastify.ts'
import { closeOnSignals, webhooks as nodeWebhooks } from '../../src/adapters/node.ts'
import { anyOf, basic, bearer, custom, header, jwt, path, query, token, unauthenticated } from '../../src/auth/index.ts'
import { emulateMomentum, emulateSparkPost, realClock, virtualClock } from '../../src/emulators/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, field, type Logger, OptionError, RetryLater } from '../../src/index.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { sparkpost } from '../../src/providers/momentum/sparkpost.ts'
import { read, verify } from '../../src/read/index.ts'
import { deliver, deliveryRequest, handlerContext, sampleEvent } from '../../src/testing/index.ts'
import { rememberingLogger } from '../support/log.ts'
import { misspelt } from '../support/misspelt.ts'

const SECRET = 'a-secret-of-some-length'
const auth = token(SECRET)
const source = momentum({ auth })
const inbox = memory()
const opened: { close(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

function newReceiver(logger: Logger | false = false) {
  const receiver = createReceiver({ inbox: memory(), sources: { shop: source }, logger })
  opened.push(receiver)
  return receiver
}

// biome-ignore lint/suspicious/noExplicitAny: what no compiler lets through is what is tried here
type Any = any
const keys = { keys: [] }
const issued = { issuer: 'https://issuer.example', audience: 'us' }
const nothing = () => {}
const closing = (options: Any) => closeOnSignals({ close() {} }, newReceiver(), options)
const handler = () => newReceiver() as Any

/** Takes options, and one key more: by the name of the table. */
const TAKES_OPTIONS: Readonly<Record<string, (more: object) => unknown>> = {
  createReceiver: (more) => createReceiver({ inbox, sources: { shop: source }, ...more } as Any),
  limits: (limits) => createReceiver({ inbox, sources: { shop: source }, limits } as Any),
  handlers: (handlers) => createReceiver({ inbox, sources: { shop: source }, handlers } as Any),
  'retry of all handlers': (retry) => createReceiver({ inbox, sources: { shop: source }, handlers: { retry } } as Any),
  hooks: (hooks) => createReceiver({ inbox, sources: { shop: source }, hooks } as Any),
  retention: (retention) => createReceiver({ inbox, sources: { shop: source }, retention } as Any),
  on: (more) => handler().on('*', more, nothing),
  onBatch: (more) => handler().onBatch('*', more, nothing),
  'retry of a handler': (retry) => handler().on('*', { retry }, nothing),
  close: (more) => newReceiver().close(more as Any),
  drain: (more) => newReceiver().drain(more as Any),
  inject: (more) => newReceiver().inject('shop', '[]', more as Any),
  sqlite: (more) => sqlite({ path: 'never-opened.db', ...more } as Any),
  momentum: (more) => momentum({ auth, ...more } as Any),
  'limits of momentum': (limits) => momentum({ auth, limits } as Any),
  'dedupeEvents of momentum': (dedupeEvents) => momentum({ auth, dedupeEvents } as Any),
  sparkpost: (more) => sparkpost({ auth, ...more } as Any),
  mailjet: (more) => mailjet({ auth, ...more } as Any),
  esputnik: (more) => esputnik({ auth, ...more } as Any),
  basic: (more) => basic({ username: 'u', password: SECRET, ...more } as Any),
  custom: (more) => custom(() => true, more as Any),
  jwt: (more) => jwt({ ...issued, keys, ...more } as Any),
  'a secret': (more) => token({ env: 'TOKEN', ...more } as Any),
  'a secret with a label': (more) => token([{ secret: SECRET, label: 'a', ...more } as Any]),
  'webhooks of express': (more) => expressWebhooks(newReceiver(), more as Any),
  'webhooks of fastify': (more) => fastifyWebhooks(newReceiver(), more as Any),
  'webhooks of node': (more) => nodeWebhooks(newReceiver(), more as Any),
  closeOnSignals: (more) => closeOnSignals({ close() {} }, newReceiver(), more as Any),
  read: (more) => read(source, '[]', more as Any),
  verify: (more) => verify(source, [], more as Any),
  sampleEvent: (more) => sampleEvent('momentum.click', {}, more as Any),
  handlerContext: (more) => handlerContext(more as Any),
  virtualClock: (more) => virtualClock(more as Any),
  realClock: (more) => realClock(more as Any),
  emulateMomentum: (more) => emulateMomentum(more as Any),
  emulateSparkPost: (more) => emulateSparkPost(more as Any),
  'traffic of an emulator': (more) => emulateMomentum().traffic(more as Any),
  'listen of an emulator': (more) => emulateMomentum().listen(more as Any),
  deliver: (more) => deliver(newReceiver(), 'shop', '[]', more as Any),
  deliveryRequest: (more) => deliveryRequest(newReceiver(), 'shop', '[]', more as Any),
}

/** What is thrown, at once or later. */
async function refusalOf(call: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await call()
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError)
    return error as { code: string; message: string }
  }
  throw new Error('nothing was refused')
}

describe.each(Object.entries(TAKES_OPTIONS))('the options of %s', (_, call) => {
  it('are those it names: each misspelling is refused, with the one that was meant', async () => {
    const { code, message } = await refusalOf(() => call({ zzzzzzzzzzzz: 1 }))
    expect(code).toBe('ERR_OPTION')
    const own = /it takes (.*)$/.exec(message)?.[1]?.split(', ') ?? []
    expect(own.length).toBeGreaterThan(0)
    for (const option of own)
      for (const wrong of misspelt(option, own))
        expect((await refusalOf(() => call({ [wrong]: undefined }))).message).toMatch(/has no option .*did you mean /)
  })
})

describe.each([
  ['createReceiver', createReceiver, 'takes an object with inbox, sources'],
  ['sqlite', sqlite, 'takes an object with path'],
  ['basic', basic, 'takes an object with username, password'],
  ['jwt', jwt, 'takes an object with issuer'],
  ['momentum', momentum, 'takes an object with auth'],
  ['sparkpost', sparkpost, 'takes an object with auth'],
  ['mailjet', mailjet, 'takes an object with auth'],
  ['esputnik', esputnik, 'takes an object with auth'],
  ['webhooks of express', expressWebhooks, "app.use('/webhooks', webhooks(receiver))"],
  ['webhooks of fastify', fastifyWebhooks, 'app.register(webhooks(receiver)'],
  ['webhooks of node', nodeWebhooks, 'createServer(webhooks(receiver))'],
  ['deliver', deliver, 'takes a receiver'],
  ['deliveryRequest', deliveryRequest, 'takes a receiver'],
  ['sampleEvent', sampleEvent, 'takes the name of an event'],
  ['RetryLater', (given: never) => new RetryLater(given), 'takes { afterMs }'],
] as [string, (given?: Any) => unknown, string][])('%s', (_, call, words) => {
  it.each([
    ['nothing', []],
    ['null', [null]],
    ['a number', [7]],
    ['a list', [[]]],
    ['a function', [nothing]],
    ['a promise', [Promise.resolve({})]],
  ])('says what it takes when it is given %s', async (_, args) => {
    expect((await refusalOf(() => (call as Any)(...args))).message).toContain(words)
  })
})

const each: readonly [string, () => unknown, ...string[]][] = [
  ["sqlite('./x.db')", () => sqlite('./x.db' as Any), 'path', 'got a text'],
  ["basic('u', 'p')", () => (basic as Any)('u', 'p'), 'username, password', 'got a text'],
  ["memory({ path: 'x' })", () => (memory as Any)({ path: 'x' }), 'takes no options'],
  ["unauthenticated('secret')", () => (unauthenticated as Any)(SECRET), 'lets everybody in'],
  ['anyOf([a, b])', () => anyOf([auth, auth] as Any), 'got a list'],
  ['anyOf(undefined)', () => anyOf(undefined as Any), 'got undefined'],
  ["token('new', 'old')", () => (token as Any)(SECRET, SECRET), "token(['new', 'old'])"],
  ["bearer('new', 'old')", () => (bearer as Any)(SECRET, SECRET), "bearer(['new', 'old'])"],
  ["path('new', 'old')", () => (path as Any)(SECRET, SECRET), "path(['new', 'old'])"],
  ["header(name, 'new', 'old')", () => (header as Any)('x-key', SECRET, SECRET), "header(name, ['new', 'old'])"],
  ["query(name, 'new', 'old')", () => (query as Any)('key', SECRET, SECRET), "query(name, ['new', 'old'])"],
  ["closeOnSignals(…, { signals: ['SIGTRM'] })", () => closing({ signals: ['SIGTRM'] }), 'did you mean "SIGTERM"?'],
  ["closeOnSignals(…, { signals: ['SIGKILL'] })", () => closing({ signals: ['SIGKILL'] }), '"SIGKILL"'],
  ["closeOnSignals(…, { signals: 'SIGTERM' })", () => closing({ signals: 'SIGTERM' }), 'must be a list', 'got a text'],
  ['closeOnSignals(…, 5000)', () => closing(5000), 'takes an object with signals, timeoutMs, after, graceMs'],
  ["closeOnSignals(…, { timeoutMs: '5' })", () => closing({ timeoutMs: '5' }), 'milliseconds', '"5"'],
  ['closeOnSignals(…, { after: 5 })', () => closing({ after: 5 }), 'must be a function'],
  ['token()', () => (token as Any)(), 'got undefined'],
  ['bearer({})', () => bearer({} as Any), "{ env: 'NAME' }"],
  ['path(null)', () => path(null as Any), 'got null'],
  ['header(secrets)', () => (header as Any)([SECRET]), 'name of a header first'],
  ['query(secrets)', () => (query as Any)([SECRET]), 'name of a parameter'],
  ['webhooks(promise)', () => expressWebhooks(Promise.resolve(newReceiver()) as Any), 'got a promise'],
  ['on(name, fn, options)', () => handler().on('*', nothing, { name: 'a' }), 'the handler comes last'],
  ['onBatch(name, fn, options)', () => handler().onBatch('*', nothing, { name: 'a' }), 'the handler comes last'],
  ['on(name)', () => handler().on('*'), 'must be a function', 'got undefined'],
  ['on(name, options)', () => handler().on('*', { name: 'a' }), 'must be a function'],
  ['on(fn)', () => handler().on(nothing), 'must be a function'],
  ["on('*', { retry: 3 }, fn)", () => handler().on('*', { retry: 3 }, nothing), 'retry takes', 'attempts'],
  ["on('*', 'name', fn)", () => handler().on('*', 'name', nothing), 'got a text'],
  ["on('*', null, fn)", () => handler().on('*', null, nothing), 'got null'],
  ["on('*', { source: [] }, fn)", () => handler().on('*', { source: [] }, nothing), 'empty list'],
  ["on('*', { source: 'shpo' }, fn)", () => handler().on('*', { source: 'shpo' }, nothing), 'did you mean "shop"?'],
  ["on('*', { source: 7 }, fn)", () => handler().on('*', { source: 7 }, nothing), 'no source 7'],
  [
    "on('*', { source: undefined }, fn)",
    () => handler().on('*', { source: undefined }, nothing),
    'no source undefined',
  ],
  ["on('*', { name: null }, fn)", () => handler().on('*', { name: null }, nothing), 'a handler name must be'],
  ["on('*', { timeoutMs: null }, fn)", () => handler().on('*', { timeoutMs: null }, nothing), 'timeoutMs must be'],
  ["on('*', { formerly: 'a' }, fn)", () => handler().on('*', { formerly: 'a' }, nothing), 'a list of names'],
  ["on('*', { tests: 0 }, fn)", () => handler().on('*', { tests: 0 }, nothing), 'true or false'],
  [
    'two handlers that were formerly one',
    () =>
      handler()
        .on('*', { name: 'b', formerly: ['a'] }, nothing)
        .on('*', { name: 'c', formerly: ['a'] }, nothing),
    '"b"',
    '"c"',
  ],
  ['on(7, fn)', () => handler().on(7, nothing), 'name of an event'],
  ['on([7], fn)', () => handler().on([7], nothing), 'name of an event', 'got number'],
  ['inject(source)', () => handler().inject('shop'), 'list of events', 'got undefined'],
  ["inject('shpo', '[]')", () => handler().inject('shpo', '[]'), 'did you mean "shop"?'],
  ['inject(source, [null])', () => handler().inject('shop', [null]), 'list of events'],
  ['inject(source, [{ n: 1n }])', () => handler().inject('shop', [{ n: 1n }]), 'bigint'],
  ["close({ timeoutMs: '5s' })", () => handler().close({ timeoutMs: '5s' }), 'milliseconds', '"5s"'],
  ['close(5000)', () => handler().close(5000), 'takes an object with timeoutMs'],
  ['whenIdle({ timeoutMs: 1 })', () => handler().whenIdle({ timeoutMs: 1 }), 'takes nothing', 'limitMs'],
  ["reloadSecrets('shop')", () => handler().reloadSecrets('shop'), 'takes nothing', 'all sources'],
  ['drain(5000)', () => handler().drain(5000), 'takes an object with limitMs, signal'],
  ["drain({ signal: 'x' })", () => handler().drain({ signal: 'x' }), 'AbortSignal'],
  ['prune({ dryRun: true })', () => handler().inbox.prune({ dryRun: true }), 'takes nothing'],
  ["stats({ source: 'shop' })", () => handler().inbox.stats({ source: 'shop' }), 'takes nothing'],
  ["pause('a', { dryRun: true })", () => handler().inbox.pause('a', { dryRun: true }), 'a handler alone'],
  ["resume('a', { dryRun: true })", () => handler().inbox.resume('a', { dryRun: true }), 'a handler alone'],
  [
    'closeOnSignals(receiver, server)',
    () => (closeOnSignals as Any)(newReceiver(), createServer()),
    'the server first',
  ],
  ['field(undefined, name)', () => field(undefined as Any, 'x'), 'the payload'],
  ['read(source, [])', () => read(source, [] as Any), 'got a list'],
  ['deliver(receiver, source, events, null)', () => deliver(newReceiver(), 'shop', '[]', null as Any), 'headers'],
  ['jwt({ keys: null })', () => jwt({ ...issued, keys: null } as Any), '{ keys: [key'],
]

describe('a call that cannot be meant', () => {
  it.each(each)('%s is refused', async (_, call, ...words) => {
    const { message } = await refusalOf(call)
    for (const word of words) expect(message).toContain(word)
    expect(message).not.toContain(SECRET)
  })

  it('registers no handler', async () => {
    const receiver = handler()
    expect(() => receiver.on('*', nothing, { name: 'orders' })).toThrow(OptionError)
    await receiver.start()
    await receiver.inject('shop', '[{"msys":{}}]')
    await expect(receiver.inbox.pause('*')).rejects.toThrow(OptionError)
  })

  it('does not close, start or store', async () => {
    const receiver = handler()
    await expect(receiver.close({ timeout: 1 })).rejects.toThrow(OptionError)
    await expect(receiver.inject('shop', '[]', { orgin: 'test' })).rejects.toThrow(OptionError)
    expect(await receiver.health()).toMatchObject({ ready: false, reason: expect.stringContaining('not started') })
    await receiver.start()
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0 })
  })
})

describe('webhooks handed to a host in the place of webhooks(receiver)', () => {
  async function answerOf(listener: Any): Promise<number> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    opened.push({ close: () => new Promise((resolve) => server.close(resolve)) })
    const { port } = server.address() as { port: number }
    const answer = await fetch(`http://127.0.0.1:${port}/webhooks/shop`, { method: 'POST', body: '[]' })
    await answer.text()
    return answer.status
  }

  it.each([
    ['Express 5', express],
    ['Express 4', express4],
  ])('is an error of the request in %s', async (_, create: Any) => {
    const errors: unknown[] = []
    const app = create().use('/webhooks', expressWebhooks)
    app.use((error: unknown, _req: Any, res: Any, _next: unknown) => void [errors.push(error), res.status(500).end()])
    expect(await answerOf(app)).toBe(500)
    expect(errors).toMatchObject([{ code: 'ERR_OPTION', message: expect.stringContaining('webhooks(receiver)') }])
  })

  it('fails the start of a Fastify app', async () => {
    const app = fastify().register(fastifyWebhooks as Any, { receiver: newReceiver() })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining('app.register(webhooks(receiver)'),
    })
  })

  it.each([
    ['a request handler of posthorn/express', expressWebhooks, 'app.use('],
    ['a listener of posthorn/node', nodeWebhooks, 'createServer('],
  ] as [string, Any, string][])('fails the start of a Fastify app that is given %s', async (_, webhooks, mounted) => {
    const app = fastify({ pluginTimeout: 0 }).register(webhooks(newReceiver()), { prefix: '/webhooks' })
    await expect(app.ready()).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining(mounted) })
  })

  it.each([
    ['a source', { prefix: '/webhooks', source: 'shop' }],
    ['a misspelt prefix', { prefx: '/webhooks' }],
  ])('fails the start of a Fastify app whose register is given %s', async (_, options) => {
    const app = fastify().register(fastifyWebhooks(newReceiver()), options)
    await expect(app.ready()).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining('prefix') })
  })

  it('is an error of the request where Express has the plugin of Fastify', async () => {
    const errors: unknown[] = []
    const app = express().use('/webhooks', fastifyWebhooks(newReceiver()) as Any)
    app.use((error: unknown, _req: Any, res: Any, _next: unknown) => void [errors.push(error), res.status(500).end()])
    expect(await answerOf(app)).toBe(500)
    expect(errors).toMatchObject([{ code: 'ERR_OPTION', message: expect.stringContaining('app.register(') }])
  })

  it('answers 500 where node:http has the plugin of Fastify, and warns the process', async () => {
    const warned = once(process, 'warning')
    expect(await answerOf(fastifyWebhooks(newReceiver()))).toBe(500)
    expect(await warned).toMatchObject([{ code: 'ERR_OPTION' }])
  })

  it.each([
    ['node:http', (handle: Any) => handle],
    ['Express', (handle: Any) => express().use('/webhooks', handle)],
  ])('answers 500 where %s has receiver.handle, and tells the log', async (_, hosted) => {
    const logger = rememberingLogger()
    expect(await answerOf(hosted(newReceiver(logger).handle))).toBe(500)
    expect(logger.lines).toMatchObject([{ message: expect.stringContaining('webhooks of posthorn/node') }])
  })

  it('answers 500 in a server of node:http, and warns the process', async () => {
    const warned = once(process, 'warning')
    expect(await answerOf(nodeWebhooks)).toBe(500)
    expect(await warned).toMatchObject([{ code: 'ERR_OPTION', message: expect.stringContaining('webhooks(receiver)') }])
  })
})

describe('receiver.handle', () => {
  const request = () => new Request('http://localhost/shop', { method: 'POST', body: '[]' })

  it.each([
    ['nothing', []],
    ['null', [null]],
    ['a request of Node', [{ method: 'POST', url: '/shop', headers: {}, rawHeaders: [] }]],
    ['a promise of a request', [Promise.resolve(request())]],
    ['a source that is not there', [request(), { source: 'shpo' }]],
    ['a prefix that is no path', [request(), { prefix: 'webhooks' }]],
    [
      'an object that throws when it is looked at',
      [
        new Proxy(
          {},
          {
            get: () => {
              throw new Error(SECRET)
            },
          },
        ),
      ],
    ],
  ])('answers 500 and tells the log when it is given %s', async (_, args) => {
    const logger = rememberingLogger()
    const answer = await (newReceiver(logger).handle as Any)(...args)
    expect(answer.status).toBe(500)
    expect(logger.lines).toMatchObject([{ level: 'error', message: expect.stringMatching(/^handle.*; answered 500$/) }])
    expect(JSON.stringify(logger.lines)).not.toContain(SECRET)
  })

  it('names c.req.raw when it is given the context of Hono', async () => {
    const logger = rememberingLogger()
    const receiver = newReceiver(logger)
    const app = new Hono().all('/webhooks/:source', (c) => receiver.handle(c as Any))
    expect((await app.request('/webhooks/shop', { method: 'POST', body: '[]' })).status).toBe(500)
    expect(logger.lines).toMatchObject([{ message: expect.stringContaining('c.req.raw in Hono') }])
  })

  it('passes over what hosts hand on beside the request', async () => {
    const receiver = newReceiver()
    const answer = await (receiver.handle as Any)(request(), { params: Promise.resolve({}), SECRET: 'x' })
    expect(answer.status).toBe(401)
  })
})
