/** The same pages in every host, at every mount, behind every rewriting of a real proxy, without a setting. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import helmet from 'helmet'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pages as expressPages } from '../../src/adapters/express.ts'
import { pages as fastifyPages } from '../../src/adapters/fastify.ts'
import { pages as nodePages } from '../../src/adapters/node.ts'
import { bearer } from '../../src/auth/index.ts'
import { handleFetch } from '../../src/dashboard/fetch.ts'
import { policyOf } from '../../src/dashboard/headers.ts'
import { OptionError } from '../../src/index.ts'
import { boardDoor } from '../../src/lib/symbols.ts'
import type { Access, BoardLike } from '../../src/ports/board.ts'
import { hasNginx, type Nginx, startNginx } from '../support/nginx.ts'
import { Asking, endAll, ends, receiving } from './kit.ts'

const SECRET = 'a secret of some length'
const MOUNTS = ['/', '/ops', '/ops/', '/a/b'] as const

type Board = BoardLike & { handle(request: Request): Promise<Response> }

function boardOf(asking: Asking): Board {
  const { board } = asking
  const door = { answer: board.answer.bind(board), failed: board.failed.bind(board) }
  return { [boardDoor]: door, handle: (request) => handleFetch(door, request) }
}

/** The port on which an application answers that has the board at each mount. */
const HOSTS: Readonly<Record<string, (board: Board) => Promise<number>>> = {
  node: async (board) => listening(nodePages(board)),
  express: async (board) => {
    const app = express()
    for (const mount of MOUNTS) app.use(mount, expressPages(board))
    return listening(app)
  },
  'express with helmet and parsers': async (board) => {
    const app = express().use(helmet(), express.urlencoded(), express.json())
    for (const mount of MOUNTS) app.use(mount, expressPages(board))
    return listening(app)
  },
  'express 4 with helmet': async (board) => {
    const app = express4()
    app.use(helmet() as never)
    for (const mount of MOUNTS) app.use(mount, expressPages(board) as never)
    return listening(app as unknown as RequestListener)
  },
  fastify: async (board) => {
    const app = fastify()
    app.addHook('onRequest', async (_, reply) => {
      reply.header('content-security-policy', "default-src 'self'").header('x-frame-options', 'SAMEORIGIN')
    })
    for (const mount of ['', '/ops', '/a/b']) app.register(fastifyPages(board), { prefix: mount })
    await app.listen({ port: 0, host: '127.0.0.1' })
    ends.push(() => app.close())
    return (app.server.address() as AddressInfo).port
  },
  hono: async (board) => {
    const app = new Hono().use(secureHeaders())
    for (const mount of MOUNTS) app.all(mount, (c) => board.handle(c.req.raw))
    return listening(getRequestListener(app.fetch))
  },
}

async function listening(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => new Promise((resolve) => server.close(resolve)).then(() => server.closeAllConnections()))
  return (server.address() as AddressInfo).port
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** As a browser at this address asks, with its own `Host`. */
function ask(
  port: number,
  host: string,
  target: string,
  more: { method?: string; form?: Record<string, string>; headers?: object } = {},
): Promise<Answer> {
  const { method = 'GET', form, headers } = more
  const own = { host, authorization: `Bearer ${SECRET}`, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }
  const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const asked = send(
      { port, host: '127.0.0.1', path: target, method, headers: { ...own, ...type, ...headers }, agent: false },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8')
        answer.on('data', (text) => {
          body += text
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
      },
    )
    asked.once('error', reject).end(form === undefined ? undefined : String(new URLSearchParams(form)))
  })
}

async function assertWorks(port: number, host: string, path: string, paused: () => Promise<number>): Promise<void> {
  const page = await ask(port, host, `${path}?view=now`)
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(page.headers).toMatchObject({
    'content-security-policy': policyOf([]),
    'cache-control': 'no-store',
    // Some middleware writes its own when we are done; browsers go by frame-ancestors.
    'x-frame-options': expect.stringMatching(/^(?:DENY|SAMEORIGIN)$/),
  })
  expect(JSON.parse((await ask(port, host, `${path}?view=now&as=json`)).body)).toMatchObject({
    posthorn: 1,
    view: 'now',
  })
  const asset = await ask(port, host, `${path}?asset=main-abc`)
  expect([asset.status, asset.body, asset.headers['cache-control']]).toEqual([
    200,
    '1',
    'private, max-age=31536000, immutable',
  ])
  const head = await ask(port, host, `${path}?view=now`, { method: 'HEAD' })
  expect([head.status, head.body]).toEqual([200, ''])
  const form = { filter: 'mailer' }
  const plan = JSON.parse((await ask(port, host, `${path}?do=pause&as=json`, { method: 'POST', form })).body)
  const acting = { ...form, matched: '1', token: plan.data.token }
  const acted = await ask(port, host, `${path}?do=pause`, { method: 'POST', form: acting })
  expect(acted.status).toBe(303)
  const next = new URL(acted.headers.location ?? '', `http://${host}${path}?do=pause`)
  expect(next.host + next.pathname).toBe(host + path)
  expect(JSON.parse((await ask(port, host, `${next.pathname}${next.search}&as=json`)).body).data).toMatchObject({
    verb: 'pause',
    state: 'done',
  })
  expect(await paused()).toBe(1)
  const resume = JSON.parse((await ask(port, host, `${path}?do=resume&as=json`, { method: 'POST', form })).body)
  await ask(port, host, `${path}?do=resume`, { method: 'POST', form: { ...acting, token: resume.data.token } })
  expect(await paused()).toBe(0)
}

describe.each(Object.entries(HOSTS))('%s', (_, newHost) => {
  let port = 0
  let nginx: Nginx | null = null
  let paused: () => Promise<number> = async () => 0

  beforeAll(async () => {
    const { receiver } = await receiving()
    receiver.on('toy.ping', { name: 'mailer' }, () => {})
    await receiver.start()
    paused = async () => (await receiver.health()).paused.length
    const asking = new Asking(receiver, { auth: bearer(SECRET), access: { act: ['pause', 'resume'] } })
    port = await newHost(boardOf(asking))
    if (!hasNginx()) return
    nginx = await startNginx((own) => {
      const up = `http://127.0.0.1:${port}`
      const rewrites = MOUNTS.map(
        (mount, at) => `location /rewritten${at} { rewrite ^ ${mount} break; proxy_pass ${up}; }`,
      )
      const locations = ['location /', `{ proxy_pass ${up}; }`, 'location /cut/', `{ proxy_pass ${up}/; }`, ...rewrites]
      return `server { listen 127.0.0.1:${own}; ${locations.join(' ')} }`
    })
  })
  afterAll(async () => {
    nginx?.stop()
    await endAll()
  })

  it.each(MOUNTS)('is right at %s', async (mount) => {
    await assertWorks(port, `localhost:${port}`, mount, paused)
  })

  it.skipIf(!hasNginx())(
    'is right behind nginx that keeps, cuts and rewrites the path, with the defaults of nginx',
    async () => {
      const host = 'ops.example'
      const own = nginx?.port ?? 0
      for (const [at, mount] of MOUNTS.entries())
        for (const path of [mount, `/cut${mount}`, `/rewritten${at}`, `/rewritten${at}/deep/`])
          await assertWorks(own, host, path, paused)
    },
  )

  it('answers 413 to a form that is too large, before it has come', async () => {
    const form = { filter: 'x'.repeat(3_000_000) }
    const { status } = await ask(port, `localhost:${port}`, '/ops?do=pause', { method: 'POST', form })
    expect(status).toBe(413)
  })
})

it('needs nginx in CI', () => {
  if (process.env.CI) expect(hasNginx()).toBe(true)
})

describe('access of the host', () => {
  const nobody: Readonly<
    Record<string, (board: BoardLike, access: (req: object) => Access | null | Promise<Access>) => Promise<number>>
  > = {
    node: async (board, access) => listening(nodePages(board, { access })),
    express: async (board, access) =>
      listening(
        express()
          .use('/', expressPages(board, { access }))
          .use((_, res) => void res.status(404).send('of the application')),
      ),
    fastify: async (board, access) => {
      const app = fastify().register(fastifyPages(board, { access }))
      app.setNotFoundHandler((_, reply) => reply.code(404).send('of the application'))
      await app.listen({ port: 0, host: '127.0.0.1' })
      ends.push(() => app.close())
      return (app.server.address() as AddressInfo).port
    },
  }

  it.each(Object.entries(nobody))(
    'of %s decides by its own request; nobody gets what the host answers where nothing is',
    async (name, newHost) => {
      const { receiver, logger } = await receiving()
      await receiver.start()
      const port = await newHost(boardOf(new Asking(receiver)), async (req) => {
        const { who } = (req as IncomingMessage).headers
        if (who === 'broken') throw new Error('no session of jo@shop.example')
        return who === undefined ? (null as never) : { who: String(who) }
      })
      const of = (headers: object) => ask(port, 'ops.example', '/?view=now&as=json', { headers })
      const stranger = await of({})
      expect(stranger.status).toBe(404)
      if (name !== 'node') expect(stranger.body).toBe('of the application')
      expect(JSON.stringify(stranger)).not.toMatch(/posthorn|dashboard/i)
      expect(JSON.parse((await of({ who: 'jo', 'x-forwarded-for': '192.0.2.1' })).body).data.rights.who).toBe('jo')
      expect((await of({ who: 'broken' })).status).toBe(503)
      expect(logger.lines).toContainEqual(
        expect.objectContaining({ facts: expect.objectContaining({ event: 'dashboard.failed', what: 'access' }) }),
      )
      expect(logger.text()).not.toContain('jo@')
      await endAll()
    },
  )

  it('is refused where it is none, as is what is no dashboard', () => {
    const board = { [boardDoor]: {} } as never
    for (const pages of [expressPages, fastifyPages, nodePages]) {
      expect(() => pages(board, { access: {} as never })).toThrow(OptionError)
      expect(() => pages(board, { who: 'jo' } as never)).toThrow(OptionError)
      for (const given of [undefined, null, {}, () => {}]) expect(() => pages(given as never)).toThrow(OptionError)
    }
  })
})

it('goes on to the application below the mount of Express, and answers no favicon', async () => {
  const { receiver } = await receiving()
  await receiver.start()
  const app = express()
    .use('/ops', expressPages(boardOf(new Asking(receiver))))
    .use((_, res) => void res.send('of the application'))
  const port = await listening(app)
  expect((await ask(port, 'localhost', '/ops/reports')).body).toBe('of the application')
  const bare = await listening(nodePages(boardOf(new Asking(receiver))))
  expect((await ask(bare, 'localhost', '/favicon.ico')).status).toBe(404)
  expect((await ask(bare, 'localhost', '/', { headers: { connection: 'keep-alive' } })).status).toBe(200)
  await endAll()
})
