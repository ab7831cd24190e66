/** What must compile: adapters fit the hosts, whatever their versions. Never run. */
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { serve } from '@hono/node-server'
import type { RequestHandler } from 'express'
import express from 'express'
import express4 from 'express4'
import fastify, { type FastifyBaseLogger } from 'fastify'
import * as onExpress from '../../src/adapters/express.ts'
import * as onFastify from '../../src/adapters/fastify.ts'
import * as onNode from '../../src/adapters/node.ts'
import { anyOf, basic, token } from '../../src/auth/index.ts'
import type { ReceiverLike } from '../../src/ports/host.ts'

interface CustomLogger extends FastifyBaseLogger {
  audit(message: string): void
}

declare const receiver: ReceiverLike

onExpress.webhooks(receiver) satisfies RequestHandler
const app = express().use('/webhooks', onExpress.webhooks(receiver))
onExpress.closeOnSignals(app.listen(0), receiver) satisfies Disposable
express4().use('/webhooks', onExpress.webhooks(receiver, { source: 'shop' }))

fastify().register(onFastify.webhooks(receiver), { prefix: '/webhooks' })
onFastify.closeOnSignals(fastify(), receiver)
const secure = fastify({ https: {}, loggerInstance: {} as CustomLogger })
secure.register(onFastify.webhooks(receiver, { source: 'shop' }))
onFastify.closeOnSignals(secure, receiver)

createServer(onNode.webhooks(receiver, { prefix: '/webhooks' }))
createSecureServer({}, onNode.webhooks(receiver))
onNode.closeOnSignals(createSecureServer(), receiver, { signals: ['SIGTERM'], timeoutMs: 1000 })
onNode.closeOnSignals(serve({ fetch: () => new Response() }), receiver)

// @ts-expect-error: Express decides where it is mounted
onExpress.webhooks(receiver, { prefix: '/webhooks' })
// @ts-expect-error: not a signal
onNode.closeOnSignals(createServer(), receiver, { signals: ['SIGNAL'] })

token([{ label: 'old', secret: { env: 'OLD', optional: true } }, async () => 'new'])
anyOf(token('a secret'), basic({ username: 'sender', password: { empty: true } }))
// @ts-expect-error: a variable that may be missing is { env: 'KEY' }
token(process.env.KEY)
// @ts-expect-error: an empty password is { empty: true }
basic({ username: 'sender', password: null })
