/** Everything that puts requests into an application without a server of its own, as it is published. */
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import express from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import type { ReceiverLike } from 'posthorn'
import { webhooks as onExpress } from 'posthorn/express'
import { webhooks as onFastify } from 'posthorn/fastify'
import { webhooks as onNode } from 'posthorn/node'
import { type Events, formats } from './events.ts'

export interface Post {
  readonly path: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array
}
export interface Answer {
  readonly status: number
  readonly body: string
}
export type Ask = (post: Post) => Promise<Answer>

/** One way into an application. */
export interface Door {
  /** As the table in docs/hosts.md has it. */
  readonly name: string
  readonly application: string
  open(receiver: ReceiverLike): Promise<Ask> | Ask
}

/** From the folder of these tests, which has packages of its own. */
const load = createRequire(join(import.meta.dirname, 'package.json'))

const expressApp = (receiver: ReceiverLike) => express().use('/webhooks', onExpress(receiver))
const express4App = (receiver: ReceiverLike) => express4().use('/webhooks', onExpress(receiver))
const listener = (receiver: ReceiverLike): RequestListener => onNode(receiver, { prefix: '/webhooks' })

async function fastifyApp(receiver: ReceiverLike) {
  const app = fastify({ requestTimeout: 60_000 })
  await app.register(onFastify(receiver), { prefix: '/webhooks' })
  return app
}

/** `@fastify/aws-lambda` adds to the app, which cannot be ready then; the others take it as it is. */
async function readyFastifyApp(receiver: ReceiverLike) {
  const app = await fastifyApp(receiver)
  await app.ready()
  return app
}

type Application = (receiver: ReceiverLike) => unknown
type Adapter = (application: unknown) => Lambda
type Lambda = (event: object, context: object) => Promise<{ readonly statusCode: number; readonly body: string }>

const ON_EXPRESS: Readonly<Record<string, Application>> = { 'Express 5': expressApp, 'Express 4': express4App }
const ANY: Readonly<Record<string, Application>> = {
  ...ON_EXPRESS,
  'Fastify 5': readyFastifyApp,
  'node:http': listener,
}

const ADAPTERS: ReadonlyArray<readonly [name: string, Readonly<Record<string, Application>>, Adapter]> = [
  ['serverless-http 4', ANY, (app) => load('serverless-http')(app)],
  ['@codegenie/serverless-express 5', ON_EXPRESS, (app) => load('@codegenie/serverless-express').configure({ app })],
  ['@vendia/serverless-express 4', ON_EXPRESS, (app) => load('@vendia/serverless-express').configure({ app })],
  ['@fastify/aws-lambda 6', { 'Fastify 5': fastifyApp }, (app) => load('@fastify/aws-lambda')(app)],
]

/** A parser before us, which keeps nothing of the bytes. */
export const parsing: readonly Door[] = ADAPTERS.filter(([, applications]) => 'Express 5' in applications).map(
  ([name, , adapter]) => ({
    ...{ name, application: 'Express 5 with a parser before Posthorn' },
    open: (receiver) =>
      askLambda(
        adapter(express().use(express.json()).use('/webhooks', onExpress(receiver))),
        formats['HTTP API, text'] as Events,
      ),
  }),
)

/** Each adapter, in front of each application that it takes, with each form of an event. */
export const lambdas: readonly Door[] = ADAPTERS.flatMap(([name, applications, adapter]) =>
  Object.entries(applications).flatMap(([application, make]) =>
    Object.entries(formats).map(([format, toEvent]) => ({
      ...{ name, application: `${application}, ${format}` },
      open: async (receiver: ReceiverLike) => askLambda(adapter(await make(receiver)), toEvent),
    })),
  ),
)

function askLambda(lambda: Lambda, toEvent: Events): Ask {
  return async (post) => {
    const { statusCode, body } = await lambda(toEvent(post), {})
    return { status: statusCode, body }
  }
}

export const others: readonly Door[] = [
  {
    name: 'inject of Fastify 5 (light-my-request 6)',
    application: 'Fastify 5',
    async open(receiver) {
      const app = await fastifyApp(receiver)
      return async ({ path, headers, body }) => {
        const asked = { method: 'POST', url: path, headers: grouped(headers), payload: Buffer.from(body) } as const
        const { statusCode: status, body: text } = await app.inject(asked)
        return { status, body: text }
      }
    },
  },
  ...Object.entries({ 'Express 5': expressApp, 'Express 4': express4App, 'node:http': listener }).map(
    ([application, make]): Door => ({
      ...{ name: 'supertest 7', application },
      open: (receiver) => askSupertest(make(receiver)),
    }),
  ),
  {
    name: '@google-cloud/functions-framework 5 (Firebase)',
    application: 'node:http',
    open(receiver) {
      load('@google-cloud/functions-framework').http('hooks', listener(receiver))
      const { getTestServer } = load('@google-cloud/functions-framework/testing')
      return askSupertest(getTestServer('hooks'))
    },
  },
]

function askSupertest(application: unknown): Ask {
  const supertest = load('supertest')
  return async ({ path, headers, body }) => {
    const { status, text } = await supertest(application)
      .post(path)
      .set(grouped(headers))
      .send(Buffer.from(body).toString())
    return { status, body: text }
  }
}

/** Those of one name as a list, as Node takes them. */
export function grouped(headers: Post['headers']): Record<string, string | string[]> {
  const names = [...new Set(headers.map(([name]) => name))]
  const of = (name: string) => headers.filter(([other]) => other === name).map(([, value]) => value)
  return Object.fromEntries(names.map((name) => [name, of(name).length > 1 ? of(name) : String(of(name)[0])]))
}
