/** What each forwarder refuses when it is made, and what none of them says. */
import { describe, expect, it } from 'vitest'
import { forward as bullmq } from '../../src/forwarders/bullmq/index.ts'
import { forward as http } from '../../src/forwarders/http/index.ts'
import { forward as nats } from '../../src/forwarders/nats/index.ts'
import { forward as rabbitmq } from '../../src/forwarders/rabbitmq/index.ts'
import { forward as redis } from '../../src/forwarders/redis/index.ts'

const KEY = Buffer.alloc(24, 7).toString('base64')
const publish = async () => ({ stream: 's' })
const good = {
  http: { url: 'https://app.example/x', secrets: `whsec_${KEY}` },
  nats: { jetstream: { publish }, subject: 'mail' },
  redis: { redis: { xadd: async () => '1-1' }, stream: 'mail' },
  bullmq: { queue: { addBulk: async () => [] } },
  rabbitmq: { connection: { createConfirmChannel: async () => ({}) }, routingKey: 'mail' },
}
// biome-ignore lint/suspicious/noExplicitAny: what no compiler lets through is what is tried here
const forwards: Record<keyof typeof good, (options: any) => unknown> = { http, nats, redis, bullmq, rabbitmq }
const kinds = Object.keys(good) as (keyof typeof good)[]

/** What the call throws: its code and its message. */
function refusalOf(kind: keyof typeof good, options: unknown): { code: string; message: string } {
  try {
    forwards[kind](options)
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('nothing is refused')
}

const WRONG: Record<keyof typeof good, readonly object[]> = {
  http: [
    ...['', 'ftp://app.example', 'app.example', 'https://user:pass@app.example', 'https://app.example/#a', 7].map(
      (url) => ({ url }),
    ),
    ...[0, -1, 1.5, Number.NaN, '5'].map((timeoutMs) => ({ timeoutMs })),
    ...[410, [200], ['410'], [999]].map((permanent) => ({ permanent })),
    ...['a', [], { 'webhook-id': 'x' }, { 'Content-Type': 'x' }, { 'a b': 'x' }, { a: 7 }, { a: 'x\ny' }].map(
      (headers) => ({ headers }),
    ),
    ...[{ fetch: 'fetch' }, { body: {} }],
  ],
  nats: [
    { jetstream: undefined },
    { jetstream: {} },
    ...[{ subject: '' }, { subject: 7 }, { subject: undefined }, { stream: '' }, { stream: null }],
    ...[{ timeoutMs: 0 }, { body: 'x' }],
  ],
  redis: [{ redis: {} }, { redis: null }, { stream: '' }, { stream: undefined }, { maxLength: 0 }, { body: 1 }],
  bullmq: [{ queue: {} }, { queue: undefined }, { name: '' }, { job: [] }, { job: { jobId: 'x' } }, { body: 1 }],
  rabbitmq: [{ connection: {} }, { exchange: 7 }, { routingKey: undefined }, { routingKey: 7 }, { body: [] }],
}

describe.each(kinds)('forward of %s', (kind) => {
  it('takes what it should', () => {
    expect(forwards[kind](good[kind])).toBeTypeOf('function')
  })

  it('refuses options that are none', () => {
    for (const options of [undefined, null, 'x', [], 7, () => {}, Promise.resolve()])
      expect(refusalOf(kind, options).code).toBe('ERR_OPTION')
    const { code, message } = refusalOf(kind, { ...good[kind], boddy: () => 1 })
    expect([code, message]).toEqual(['ERR_OPTION', expect.stringContaining('did you mean "body"')])
  })

  it.each(WRONG[kind])('refuses %o', (wrong) => {
    const { code, message } = refusalOf(kind, { ...good[kind], ...wrong })
    expect([code, message]).toEqual(['ERR_OPTION', expect.stringContaining(`forward: ${Object.keys(wrong)[0]}`)])
  })
})

it.each([
  undefined,
  '',
  [],
  7,
  'short',
  'whsec_',
  `whsec_${Buffer.alloc(23).toString('base64')}`,
  `whsec_${Buffer.alloc(65).toString('base64')}`,
  `whsec_${KEY}!`,
  [`whsec_${KEY}`, 'secret-of-mine'],
])('refuses %o as secrets, and repeats none of it', (secrets) => {
  const { code, message } = refusalOf('http', { ...good.http, secrets })
  expect(code).toBe('ERR_SECRET_INVALID')
  expect(message).not.toMatch(new RegExp(`secret-of-mine|short|${KEY.slice(0, 8)}`))
})
