/** The hosts that the adapters serve, each with a route of its own beside ours. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { serve } from '@hono/node-server'
import express from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import { Hono } from 'hono'
import * as onExpress from '../../src/adapters/express.ts'
import * as onFastify from '../../src/adapters/fastify.ts'
import * as onNode from '../../src/adapters/node.ts'
import type { AdapterSubject } from './adapters.ts'

/** A host that listens: `/webhooks/<source>`, `/old/address` for the first source, and its own `POST /echo`. */
export interface Listening {
  readonly port: number
  /** The server's side of every connection so far. */
  readonly sockets: readonly Socket[]
  close(): Promise<void>
}

/** What a host serves. */
export type Mounted = Pick<AdapterSubject, 'receiver' | 'handle' | 'source'>

export interface Host {
  readonly name: string
  /** Whose 404 a path gets that is no source. */
  readonly unknownPath: 'host' | 'posthorn'
  /** Whether a sender that goes on sending sees a refusal for sure; a fetch host closes as soon as it has answered. */
  readonly answersWhileSending: boolean
  listen(subject: Mounted): Promise<Listening>
}

export const hosts: readonly Host[] = [
  { name: 'node', unknownPath: 'posthorn', answersWhileSending: true, listen: listenOnNode },
  { name: 'express 5', unknownPath: 'host', answersWhileSending: true, listen: listenOnExpress(express) },
  { name: 'express 4', unknownPath: 'host', answersWhileSending: true, listen: listenOnExpress(express4) },
  { name: 'fastify', unknownPath: 'host', answersWhileSending: true, listen: listenOnFastify },
  { name: 'hono', unknownPath: 'posthorn', answersWhileSending: false, listen: listenOnHono },
]

/** Starts a server on a free port; closing it cuts what is still open. */
export async function listen(server: Server): Promise<Listening> {
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket))
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's address is never text
    sockets,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function listenOnNode({ receiver, source }: Mounted): Promise<Listening> {
  const mounted = onNode.webhooks(receiver, { prefix: '/webhooks' })
  const old = onNode.webhooks(receiver, { source })
  const echo: RequestListener = (req, res) => {
    const chunks: Uint8Array[] = []
    req.on('data', (chunk) => chunks.push(chunk)).on('end', () => res.end(Buffer.concat(chunks)))
  }
  return listen(
    createServer((req, res) => {
      if (req.url === '/echo') echo(req, res)
      else if (req.url?.startsWith('/old/address')) old(req, res)
      else mounted(req, res)
    }),
  )
}

function listenOnExpress(framework: typeof express): Host['listen'] {
  return function listenOn({ receiver, source }) {
    const app = framework()
    app.use('/webhooks', onExpress.webhooks(receiver))
    app.use('/old/address', onExpress.webhooks(receiver, { source }))
    app.use(framework.json())
    app.post('/echo', (req, res) => void res.json(req.body))
    app.use((_req, res) => void res.status(404).type('text').send('host'))
    return listen(createServer(app))
  }
}

async function listenOnFastify({ receiver, source }: Mounted): Promise<Listening> {
  const app = fastify()
  app.register(onFastify.webhooks(receiver), { prefix: '/webhooks' })
  app.register(onFastify.webhooks(receiver, { source }), { prefix: '/old/address' })
  app.post('/echo', async (request) => request.body)
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('host'))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const listening = await listen(app.server)
  return {
    ...listening,
    async close() {
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

async function listenOnHono({ handle, source }: Mounted): Promise<Listening> {
  const app = new Hono()
  app.all('/webhooks/*', (c) => handle(c.req.raw))
  for (const path of ['/old/address', '/old/address/*']) app.all(path, (c) => handle(c.req.raw, { source }))
  app.post('/echo', async (c) => c.json(await c.req.json()))
  // serve() gives a node:http server where no other was asked for.
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  if (!server.listening) await once(server, 'listening')
  return listen(server)
}
