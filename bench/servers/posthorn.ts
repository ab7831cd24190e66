/** Our own receiver as users run it: the built package, through each of its adapters. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { createReceiver, type Instrument } from 'posthorn'
import { basic, token } from 'posthorn/auth'
import * as onExpress from 'posthorn/express'
import * as onFastify from 'posthorn/fastify'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import * as onNode from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'
import { SECRET } from '../bodies/bodies.ts'
import { listening } from './fastify.ts'
import { served } from './listen.ts'
import type { Host, Served, ServerPlan, Subject } from './plan.ts'
import type { Tally } from './tally.ts'

type Ours = Extract<Subject, { kind: 'posthorn' }>

export async function posthorn(plan: ServerPlan, ours: Ours, tally: Tally): Promise<Served> {
  const { host, inbox, listener } = ours
  const telling = listener === undefined ? null : await import('./telling.ts')
  const receiver = newReceiver(plan, inbox, telling?.instrumentOf(listener))
  const endListening = telling?.listenTo(receiver, listener)
  for (let n = 0; n < plan.handlers; n++) receiver.on('*', { name: `handler-${n}` }, (event) => tally.handle(event))
  const began = performance.now()
  await receiver.start()
  const openedAt = performance.now()
  const { port, close } = await HOSTS[host](receiver)
  const closeBoth = async () => {
    endListening?.()
    await close()
    await receiver.close()
  }
  return {
    port,
    startMs: openedAt - began,
    openedAt,
    idle: () => receiver.whenIdle(),
    prune: () => receiver.inbox.prune(),
    close: closeBoth,
  }
}

function newReceiver({ provider, folder, role, bodiesMs }: ServerPlan, inbox: Ours['inbox'], instrument?: Instrument) {
  return createReceiver({
    inbox: inbox === 'memory' ? memory() : sqlite({ path: join(folder, 'inbox.db') }),
    sources: {
      shop:
        provider === 'mailjet'
          ? mailjet({ auth: basic({ username: 'bench', password: SECRET }) })
          : momentum({ auth: token(SECRET) }),
    },
    role,
    ...(bodiesMs === undefined ? {} : { retention: { bodies: bodiesMs } }),
    ...(instrument && { instrument }),
    // What is measured is not what is logged.
    logger: false,
  })
}

type OurReceiver = ReturnType<typeof newReceiver>

const HOSTS: Readonly<Record<Host, (receiver: OurReceiver) => Promise<Served>>> = {
  node: (receiver) => served(createServer(onNode.webhooks(receiver))),
  express: (receiver) => served(createServer(express().use('/webhooks', onExpress.webhooks(receiver)))),
  fetch: (receiver) => served(createServer(getRequestListener((request) => receiver.handle(request)))),
  async fastify(receiver) {
    const app = fastify()
    await app.register(onFastify.webhooks(receiver), { prefix: '/webhooks' })
    return listening(app)
  },
}
