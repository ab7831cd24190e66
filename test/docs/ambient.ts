/** What the programs of the pages leave to their reader: `receiver` is one of ours, `suppressions` is a table of theirs. */
export const AMBIENT = `
import type { Redis } from 'ioredis'
import type { FastifyInstance } from 'fastify'
import { createReceiver, type Inbox } from 'posthorn'
import { token, unauthenticated } from 'posthorn/auth'
import { esputnik, type WorkflowCall as Call } from 'posthorn/esputnik'
import { defineHooks } from 'posthorn/clients'
import { dashboard } from 'posthorn/dashboard'
import type { Fault as OneFault, Scenario } from 'posthorn/emulators'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { z } from 'zod'

const auth = unauthenticated()
const made = {
  sources: { shop: momentum({ auth }), news: mailjet({ auth }), crm: esputnik({ auth, timeZone: 'Europe/Kyiv' }) },
}
const receiver = createReceiver({ inbox: memory(), ...made })
const board = dashboard(receiver)
const params = z.object({ email: z.email() })

type Made = typeof made
type OurReceiver = typeof receiver
type Board = typeof board
type Hooks = ReturnType<typeof defineHooks>
type Params = typeof params
type Sources = Made['sources']
type Saved = { readonly email: string | null }

declare global {
  namespace Express {
    interface Request { user?: { admin: boolean; name: string } }
  }
  const receiver: OurReceiver
  const sources: Sources
  const source: Sources['shop']
  const inbox: Inbox
  const auth: ReturnType<typeof token>
  const board: Board
  const hooks: Hooks
  const vault: { publish(names: readonly string[]): Promise<void>; read(name: string): Promise<string> }
  const params: Params
  const since: Date
  const [target, password]: string[]
  const urls: readonly string[]
  const faults: readonly Scenario[]
  const redis: Redis
  const server: import('node:http').Server
  const pool: import('pg').Pool
  const request: Request
  const suppressions: Set<string | null>
  const warehouse: { insert(events: readonly object[]): Promise<void> }
  const codes: { for(email: string): Promise<string>; takeFor(key: string): Promise<string> }
  function save(event: Saved): Promise<void>
  function suppress(event: Saved, context?: object): Promise<void>
  function track(url: string | undefined): void
  function unsubscribe(email: string | null): Promise<void>
  function slack(text: string): Promise<void>
  type WorkflowCall<P> = Call<P>
  type Fault = OneFault
}
declare module 'fastify' {
  interface FastifyRequest { user?: { admin: boolean; name: string } }
}
`

/** The packages and modules of Node that pages take for granted, by the name that is used. */
export const USUAL: Readonly<Record<string, string>> = {
  readFile: "import { readFile } from 'node:fs/promises'",
  writeFile: "import { writeFile } from 'node:fs/promises'",
  assert: "import assert from 'node:assert'",
  http: "import http from 'node:http'",
  createServer: "import { createServer } from 'node:http'",
  z: "import { z } from 'zod'",
  Queue: "import { Queue } from 'bullmq'",
  jetstream: "import { jetstream } from '@nats-io/jetstream'",
}

const express = "import type { Express, Request } from 'express'; declare const app: Express"
const fastify = "import type { FastifyInstance } from 'fastify'; declare const app: FastifyInstance"
const reference = 'docs/reference/posthorn'

/** What differs from page to page. */
export const OF_PAGE: Readonly<Record<string, string>> = {
  'docs/dashboard.md': express,
  'docs/metrics.md': express,
  'docs/recipes.md':
    "import { Pool } from 'pg'; import { keepSuppressionList, TABLE } from '../../../examples/recipes/suppression.ts'; import { createReceiver } from 'posthorn'; const receiver = createReceiver({ inbox, sources: { shop: sources.shop, news: sources.news } })",
  'docs/testing.md': "import type { Hono } from 'hono'; declare const app: Hono",
  'docs/emulators.md':
    'declare const token: string; declare const handledByType: Record<string, number>; let posts = 0',
  [`${reference}/dashboard.md`]: express,
  [`${reference}/express.md`]: express,
  [`${reference}/prometheus.md`]: express,
  [`${reference}/fastify.md`]: fastify,
  [`${reference}/health.md`]: fastify,
  [`${reference}/momentum.md`]: 'declare const event: { readonly payload: object }',
  [`${reference}/clients.md`]: 'declare const token: string',
  [`${reference}/emulators.md`]:
    "import type { Emulator } from 'posthorn/emulators'; declare const emulator: Emulator; declare const countsOfMyHandler: Record<string, number>",
  [`${reference}/forwarders/bullmq.md`]: 'declare const connection: { host: string }',
  [`${reference}/forwarders/nats.md`]:
    "import type { NatsConnection } from '@nats-io/transport-node'; declare const connection: NatsConnection",
  [`${reference}/forwarders/rabbitmq.md`]: "import { connect } from 'amqplib'; declare const url: string",
}
