import { Ajv } from 'ajv'
import { createReceiver, PermanentError, type StandardSchema } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { sparkpost } from 'posthorn/sparkpost'
import { deliver } from 'posthorn/testing'
import * as v from 'valibot'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { codeOf } from '../../../src/lib/code-of.ts'
import type { Source } from '../../../src/ports/provider.ts'
import type { AnyEvent } from '../../../src/types.ts'

const auth = unauthenticated()
const order = z.object({ orderId: z.string(), at: z.coerce.date() })
const click = (rcpt_meta?: unknown) => ({
  msys: { track_event: { type: 'click', timestamp: '1780000000', rcpt_meta } },
})
const open = (Payload?: unknown) => ({ event: 'open', time: 1780000000, email: 'jo@shop.example', Payload })

/** What a handler for everything gets of these elements; nothing of them may be lost. */
async function handled(source: Source<AnyEvent>, elements: readonly object[]): Promise<readonly AnyEvent[]> {
  const receiver = createReceiver({ inbox: memory(), logger: false, sources: { shop: source } })
  onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
  await deliver(receiver, 'shop', elements)
  expect((await receiver.inbox.stats()).quarantined).toBe(0)
  expect(events).toHaveLength(elements.length)
  return events
}

const ofMomentum = async (metadata: StandardSchema<object>, sent?: unknown) =>
  (await handled(momentum({ auth, metadata }), [click(sent)]))[0] as AnyEvent

/** A schema that answers so. */
const answering = (validate: () => unknown): StandardSchema<object> =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as never

/** As `answering`, once it has been shown empty metadata. */
function answeringLater(validate: () => unknown): StandardSchema<object> {
  let shown = false
  return answering(() => {
    if (shown) return validate()
    shown = true
    return { value: {} }
  })
}

/** As arktype's schemas are. */
const functional = (schema: StandardSchema<object>): StandardSchema<object> =>
  Object.assign(() => {}, { '~standard': schema['~standard'] })

describe('metadata under a schema', () => {
  it.each([
    ['momentum', momentum({ auth, metadata: order })],
    ['sparkpost', sparkpost({ auth, metadata: order })],
  ])('is what the schema makes of it, beside the payload as sent: %s', async (_, source) => {
    const sent = { orderId: 'o-1', at: '2026-05-01T00:00:00Z', more: 1 }
    const [event] = await handled(source, [click(sent)])
    expect(event).toMatchObject({ metadataIssues: null, payload: { rcpt_meta: sent } })
    expect(event?.metadata).toEqual({ orderId: 'o-1', at: new Date('2026-05-01T00:00:00Z') })
  })

  it.each([
    ['a date', new Date('2026-05-01')],
    ['a map', new Map([['orderId', 'o-1']])],
    ['an object of a class', new URL('https://shop.example')],
  ])('may be %s, if the schema makes that of it', async (_, value) => {
    const event = await ofMomentum(
      answering(() => ({ value })),
      { orderId: 'o-1' },
    )
    expect(event).toMatchObject({ metadataIssues: null, payload: { rcpt_meta: { orderId: 'o-1' } } })
    expect(event.metadata).toBe(value)
  })

  it.each([[[]], ['text'], [7], [null], [undefined]])('is as sent where the schema makes %j of it', async (value) => {
    const event = await ofMomentum(
      answeringLater(() => ({ value })),
      { orderId: 'o-1' },
    )
    expect(event).toMatchObject({ metadata: { orderId: 'o-1' }, metadataIssues: [{ path: '' }] })
  })

  it('is as sent where it does not fit, with what does not and where', async () => {
    const sent = { orderId: 7, at: '2026-05-01', 'a/b~c': [{ x: 1 }] }
    const schema = z.object({ orderId: z.string(), 'a/b~c': z.array(z.object({ x: z.string() })) })
    const event = await ofMomentum(schema, sent)
    expect(event.metadata).toEqual(sent)
    expect(event.metadataIssues?.map(({ path }) => path)).toEqual(['/orderId', '/a~1b~0c/0/x'])
    for (const { message } of event.metadataIssues ?? []) expect(message).toMatch(/expected string/)
  })

  it.each([[undefined], [null], [[]], [0]])('is checked as {} where it is %j', async (sent) => {
    expect(await ofMomentum(z.object({ orderId: z.string() }), sent)).toMatchObject({
      metadata: {},
      metadataIssues: [{ path: '/orderId' }],
    })
    const fallback = z.object({ orderId: z.string().default('none') })
    expect(await ofMomentum(fallback, sent)).toMatchObject({ metadata: { orderId: 'none' }, metadataIssues: null })
  })

  it('of a source without a schema is as sent, and has no issues', async () => {
    const [event] = await handled(momentum({ auth }), [click({ any: ['thing'] })])
    expect(event).toMatchObject({ metadata: { any: ['thing'] }, metadataIssues: null })
  })

  it.each<[string, StandardSchema<object>]>([
    ['zod', z.object({ orderId: z.string() })],
    ['valibot', v.object({ orderId: v.string() })],
    ['a library whose schemas are functions', functional(v.object({ orderId: v.string() }))],
  ])('may be by %s', async (_, schema) => {
    expect(await ofMomentum(schema, { orderId: 'o-1' })).toMatchObject({ metadataIssues: null })
    expect(await ofMomentum(schema, { orderId: 1 })).toMatchObject({ metadataIssues: [{ path: '/orderId' }] })
  })

  it('does not change the payload, whatever the schema does to what it is given', async () => {
    const check = new Ajv({ useDefaults: true, removeAdditional: 'all', coerceTypes: true }).compile({
      type: 'object',
      properties: { n: { type: 'number' }, added: { default: true } },
    })
    const schema: StandardSchema<object> = {
      '~standard': {
        ...{ version: 1, vendor: 'ajv' },
        validate: (value) => (check(value) ? { value: value as object } : { issues: [] }),
      },
    }
    const event = await ofMomentum(schema, { n: '1', extra: 'x' })
    expect(event.metadata).toEqual({ n: 1, added: true })
    expect(event.payload).toMatchObject({ rcpt_meta: { n: '1', extra: 'x' } })
  })

  it('is checked anew, to the same end, with each attempt and in dead letters', async () => {
    const source = momentum({ auth, metadata: order })
    const receiver = createReceiver({ inbox: memory(), logger: false, sources: { shop: source } })
    onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
    receiver.on('*', () => Promise.reject(new PermanentError('never')))
    await deliver(receiver, 'shop', [click({ orderId: 'o-1', at: '2026-05-01' }), click({ orderId: 1 })])
    const dead: AnyEvent[] = []
    for await (const { event } of receiver.inbox.deadLetters()) dead.push(event)
    expect(dead.map(({ metadataIssues }) => metadataIssues?.length ?? null).sort()).toEqual([2, null])
    expect(dead.find(({ metadataIssues }) => metadataIssues === null)?.metadata.at).toEqual(new Date('2026-05-01'))
  })

  it('tells twenty issues at most', async () => {
    const sent = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))
    expect((await ofMomentum(z.record(z.string(), z.string()), sent)).metadataIssues).toHaveLength(20)
  })
})

describe('a schema that cannot say', () => {
  const rejected = () => Promise.reject(new Error('later'))

  it.each([
    ['throws', () => expect.fail('now')],
    ['answers nothing', () => undefined],
    ['answers null', () => null],
    ['answers with a text', () => ({ value: 'text' })],
    ['answers with a list', () => ({ value: [] })],
    ['answers without a value', () => ({})],
    ['has issues that are none', () => ({ issues: 7 })],
    ['has issues that cannot be looked at', () => ({ issues: [null] })],
    ['answers with a promise', () => Promise.resolve({ value: {} })],
    ['answers with a promise that fails', rejected],
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    ['answers with a thenable that fails', () => ({ then: () => expect.fail('then') })],
  ])('loses no event, quarantines none, ends nothing: %s', async (_, validate) => {
    const unheard: unknown[] = []
    const hear = (error: unknown) => void unheard.push(error)
    process.on('unhandledRejection', hear)
    onTestFinished(() => void process.off('unhandledRejection', hear))
    const event = await ofMomentum(answeringLater(validate), { a: 1 })
    expect(event.metadata).toEqual({ a: 1 })
    expect(event.metadataIssues).toEqual([{ message: expect.stringMatching(/^the schema /), path: '' }])
    await new Promise((resolve) => setImmediate(resolve))
    expect(unheard).toEqual([])
  })

  it('of zod is asked synchronously: a refinement that waits, or throws, is told on the event', async () => {
    const waits = z.object({ a: z.number() }).refine(async () => true)
    expect(await ofMomentum(waits, { a: 1 })).toMatchObject({ metadata: { a: 1 }, metadataIssues: [{ path: '' }] })
    const throws = z.object({ a: z.number().refine(() => expect.fail('now')) })
    expect(await ofMomentum(throws, { a: 1 })).toMatchObject({ metadata: { a: 1 }, metadataIssues: [{ path: '' }] })
  })
})

describe('the option', () => {
  const refused = (metadata: unknown) => {
    for (const factory of [momentum, sparkpost, mailjet])
      try {
        factory({ auth, metadata: metadata as never })
        expect.fail('it was taken')
      } catch (error) {
        expect(codeOf(error)).toBe('ERR_OPTION')
        expect((error as Error).message).toMatch(new RegExp(`^${factory.name}: metadata`))
      }
  }

  it.each([
    ['null', null],
    ['a text', 'z.object({})'],
    ['an object', { type: 'object' }],
    ['another version', { '~standard': { version: 2, vendor: 'test', validate: () => ({ value: {} }) } }],
    ['no function', { '~standard': { version: 1, vendor: 'test' } }],
  ])('refuses what is no schema: %s', (_, schema) => refused(schema))

  it.each([
    ['of valibot', v.objectAsync({ a: v.optional(v.string()) })],
    ['of anybody', answering(async () => ({ value: {} }))],
    ['that fails', answering(() => Promise.reject(new Error('later')))],
  ])('refuses a schema that answers with a promise: %s', (_, schema) => refused(schema))

  it('takes a schema that throws for empty metadata', () => {
    expect(() => momentum({ auth, metadata: answering(() => expect.fail('now')) })).not.toThrow()
  })
})

describe("Mailjet's Payload", () => {
  const sent = (Payload: unknown) => JSON.stringify(Payload === undefined ? {} : { Payload })

  it.each([
    ['{"order":4711}', { order: 4711 }],
    [' \n\t{"a":{"b":[1]}} ', { a: { b: [1] } }],
    ['{"id":12345678901234567890,"n":1.5}', { id: '12345678901234567890', n: 1.5 }],
    ['{"a":"спасибі"}', { a: 'спасибі' }],
    ['{}', {}],
  ])('is metadata where it is a JSON object: %s', async (Payload, metadata) => {
    const [event] = await handled(mailjet({ auth }), [open(Payload)])
    expect(event).toMatchObject({ metadata, metadataIssues: null, payload: { Payload } })
  })

  it.each([
    [''],
    [undefined],
    [null],
    [0],
    ['order-4711'],
    ['[{"order":4711}]'],
    ['"{}"'],
    ["{'order': 4711}"],
    ['{"order":4711'],
    ['{"order":4711}{'],
    ['{"order":4711},{}'],
    [`{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
    [JSON.stringify(Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`k${i}`, i])))],
  ])('is none where it is anything else, and stays in the payload', async (Payload) => {
    const [event] = await handled(mailjet({ auth }), [open(Payload)])
    expect(event?.metadata).toEqual({})
    expect(event).toMatchObject({ name: 'mailjet.open', metadataIssues: null, payload: JSON.parse(sent(Payload)) })
  })

  it('changes no prototype', async () => {
    const [event] = await handled(mailjet({ auth }), [open('{"__proto__":{"polluted":1}}')])
    expect(Object.keys(event?.metadata ?? {})).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(event?.metadata)).toBe(Object.prototype)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('is put to the schema', async () => {
    const source = mailjet({ auth, metadata: z.object({ order: z.number() }) })
    const events = await handled(source, [open('{"order":4711}'), open('{"order":"4711"}'), open('order-4711')])
    expect(events.map(({ metadata }) => metadata)).toEqual([{ order: 4711 }, { order: '4711' }, {}])
    expect(events.map(({ metadataIssues }) => metadataIssues?.map(({ path }) => path) ?? null)).toEqual([
      null,
      ['/order'],
      ['/order'],
    ])
  })
})
