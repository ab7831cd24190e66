import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import express, { type RequestHandler } from 'express'
import express4 from 'express4'
import { afterEach, describe, expect, test } from 'vitest'
import { webhooks } from '../../src/adapters/express.ts'
import { answerOk, answerStored, refuse } from '../../src/core/receive/answers.ts'
import { ANSWERS, type AnswerCode } from '../../src/errors.ts'
import { hostDoor } from '../../src/lib/symbols.ts'
import type { NeutralResponse, ReceiverLike } from '../../src/ports/host.ts'
import { type Listening, listen } from '../contracts/hosts.ts'
import { middlewares } from '../contracts/middleware.ts'
import { openWire, requestHead } from '../support/wire.ts'

/** Every answer there is: that of a path without a source is the host's in Express. */
const answers: Readonly<Record<string, NeutralResponse>> = {
  accepted: answerStored('accepted', 'd_1', () => {}),
  probe: answerOk({ status: 'probe' }, false),
  ...Object.fromEntries(
    (Object.keys(ANSWERS) as AnswerCode[])
      .filter((code) => code !== 'unknown_source')
      .map((code) => [code, refuse(code, code === 'unauthorized' ? { 'www-authenticate': 'token' } : {})]),
  ),
}

interface Failure {
  readonly what: string
  readonly error: unknown
}

/** Gives the answer that the request names in a header. */
function answering(failures: Failure[] = []): ReceiverLike {
  return {
    [hostDoor]: {
      sourceNames: ['shop'],
      receive: async ({ rawHeaders }) =>
        answers[rawHeaders[rawHeaders.indexOf('x-answer') + 1] ?? ''] as NeutralResponse,
      failed: (what, error) => void failures.push({ what, error }),
    },
    start: async () => {},
    close: async () => {},
  }
}

let server: Listening | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

async function serveBehind(framework: typeof express, before: readonly RequestHandler[], receiver = answering()) {
  const app = framework().use('/webhooks', ...before, webhooks(receiver))
  server = await listen(createServer(app))
  return server.port
}

type Sent = 'whole' | 'unfinished' | 'HEAD'

interface Seen {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function ask(port: number, answer: string, sent: Sent): Promise<Seen> {
  return sent === 'unfinished' ? askUnfinished(port, answer) : askWhole(port, answer, sent === 'HEAD' ? 'HEAD' : 'POST')
}

/** Rejects when there is no answer. */
async function askWhole(port: number, answer: string, method: string): Promise<Seen> {
  const headers = { 'x-answer': answer, 'accept-encoding': 'gzip' }
  const asked = request({ port, path: '/webhooks/shop', method, headers, agent: false })
  asked.end(method === 'HEAD' ? undefined : '[]')
  const [response] = await once(asked, 'response')
  const unpacked = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response
  return { status: response.statusCode, headers: response.headers, body: await text(unpacked) }
}

/** Announces 200 kB of which two bytes come; resolves when the server has closed the connection. */
async function askUnfinished(port: number, answer: string): Promise<Seen> {
  const wire = await openWire(port)
  const headers = { 'x-answer': answer, 'accept-encoding': 'gzip', 'content-length': 200_000 }
  await wire.send(`${requestHead('POST', '/webhooks/shop', headers)}[]`)
  const seen = await wire.response()
  await wire.closed
  return seen
}

function expectWhole({ status, headers, body }: Seen, answer: NeutralResponse, sent: Sent): void {
  expect([status, body]).toEqual([answer.status, sent === 'HEAD' ? '' : answer.body])
  expect(headers).toMatchObject(answer.headers)
  if (answer.closeConnection || sent === 'unfinished') expect(headers.connection).toBe('close')
  expect(Object.keys(headers).filter((name) => name.length < 3)).toEqual([])
}

const frameworks = [
  ['Express 5', express],
  ['Express 4', express4],
] as const

describe.each(frameworks)('in %s', (_version, framework) => {
  test.each(middlewares)('every answer comes through $name', async ({ create }) => {
    const port = await serveBehind(framework, create())
    const asked = Object.entries(answers).flatMap(([name, answer]) =>
      (['whole', 'unfinished', 'HEAD'] as const).map(async (sent) => {
        expectWhole(await ask(port, name, sent), answer, sent)
      }),
    )
    await Promise.all(asked)
    expect(asked.length).toBe(3 * Object.keys(answers).length)
  })

  test.each(['HEAD', 'unfinished'] as const)(
    'a wrapper that throws costs its own request only, and the receiver is told (%s)',
    async (sent) => {
      const failures: Failure[] = []
      const broken: RequestHandler = (req, res, next) => {
        if (req.headers['x-answer'] === 'unauthorized')
          res.end = () => {
            throw new RangeError('wrapper')
          }
        next()
      }
      const port = await serveBehind(framework, [broken], answering(failures))
      const wrong = await ask(port, 'unauthorized', sent).catch((error) => error.code)
      expect(wrong).toEqual(sent === 'HEAD' ? 'ECONNRESET' : expect.objectContaining({ status: 401 }))
      expect(failures).toEqual([{ what: expect.any(String), error: expect.any(RangeError) }])
      expect((await ask(port, 'accepted', 'whole')).status).toBe(200)
    },
  )

  test.each(['HEAD', 'unfinished'] as const)(
    'a wrapper whose promise rejects ends no process, and the receiver is told (%s)',
    async (sent) => {
      const failures: Failure[] = []
      const broken: RequestHandler = (req, res, next) => {
        if (req.headers['x-answer'] === 'unauthorized')
          res.end = (async () => {
            throw new RangeError('wrapper')
          }) as unknown as typeof res.end
        next()
      }
      const port = await serveBehind(framework, [broken], answering(failures))
      await ask(port, 'unauthorized', sent).catch(() => {})
      expect(failures).toEqual([{ what: expect.any(String), error: expect.any(RangeError) }])
      expect((await ask(port, 'accepted', 'whole')).status).toBe(200)
    },
  )

  test('a response that cannot be destroyed has its connection closed', async () => {
    const failures: Failure[] = []
    const refuse = () => {
      throw new RangeError('wrapper')
    }
    const broken: RequestHandler = (_req, res, next) => {
      next(void Object.assign(res, { end: refuse, destroy: refuse }))
    }
    const port = await serveBehind(framework, [broken], answering(failures))
    await expect(ask(port, 'accepted', 'HEAD')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(failures).toHaveLength(1)
  })
})

test('the packages of 2024 bring an on-headers that mangles lists', () => {
  const load = createRequire(import.meta.url)
  for (const name of [
    'compression',
    'connect-timeout',
    'cookie-session',
    'express-session',
    'morgan',
    'response-time',
  ]) {
    const here = createRequire(load.resolve(`${name}-2024`))
    expect([name, here('on-headers/package.json').version]).toEqual([name, '1.0.2'])
    expect([name, createRequire(load.resolve(name))('on-headers/package.json').version]).toEqual([name, '1.1.0'])
  }
})
