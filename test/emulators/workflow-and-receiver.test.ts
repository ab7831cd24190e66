/** The emulated workflow block and the source that answers it: over HTTP, with the inbox behind it. */
import { createServer } from 'node:http'
import { createReceiver } from 'posthorn'
import { basic, bearer, header, query } from 'posthorn/auth'
import { type EsputnikBlockOptions, type EsputnikEmulatorOptions, emulateEsputnik } from 'posthorn/emulators'
import { type EsputnikWorkflowOptions, esputnikWorkflow, onceFor, type WorkflowCall } from 'posthorn/esputnik'
import { memory } from 'posthorn/memory'
import { webhooks } from 'posthorn/node'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { unauthenticated } from '../../src/auth/index.ts'
import { listen } from '../contracts/hosts.ts'

const SECRET = 'a-secret-that-is-long-enough'
const JO = { id: 17, email: 'jo+news@shop.example', fields: { name: 'Jo', city: 'Київ' } }
const ORDER = { key: 'order-1', params: { email: JO.email, promo: 'spring' } }
const params = z.object({ email: z.email() })
type Call = WorkflowCall<z.output<typeof params>>

interface Site<P> {
  readonly source: Partial<EsputnikWorkflowOptions<P>> & Pick<EsputnikWorkflowOptions<P>, 'respond'>
  readonly block?: Partial<EsputnikBlockOptions> & { readonly search?: string }
  readonly rules?: Partial<EsputnikEmulatorOptions>
}

/** A workflow with one block, WH5, that calls a receiver. */
async function site<P = z.output<typeof params>>({ source, block = {}, rules = {} }: Site<P>) {
  // The schema is that of the test, where it gives another one.
  const options = { auth: unauthenticated(), params, ...source } as unknown as EsputnikWorkflowOptions<P>
  const receiver = createReceiver({
    inbox: memory(),
    sources: { promo: esputnikWorkflow(options) },
    logger: false,
  })
  const server = await listen(createServer(webhooks(receiver, { prefix: '/webhooks' })))
  const esputnik = emulateEsputnik({ allowHttp: true, ...rules })
  onTestFinished(async () => {
    await esputnik.close()
    await server.close()
    await receiver.close()
  })
  const { search = '', ...rest } = block
  const url = `http://127.0.0.1:${server.port}/webhooks/promo${search}`
  esputnik.workflows.saveContact(JO)
  esputnik.workflows.saveEvent(ORDER)
  esputnik.workflows.saveBlock({ name: 'WH5', url, method: 'GET', ...rest })
  const launch = (more: object = {}) =>
    esputnik.workflows.launch({
      event: ORDER.key,
      blocks: ['WH5'],
      message: "Your code: $!data.get('WH5').get('promocode')!",
      ...more,
    })
  return { receiver, launch, workflows: esputnik.workflows }
}

const echo = ({ params: { email } }: Call) => ({ promocode: `of ${email}` })

const told = (outcome: object | undefined): unknown =>
  outcome !== undefined && 'body' in outcome ? JSON.parse(String(outcome.body)) : null

describe('a workflow and its source', () => {
  it.each<[string, Site<z.output<typeof params>>['block'], object]>([
    ['GET with the address', { search: '?email=$email' }, {}],
    ['GET with what was escaped', { search: '?email=$email' }, { urlEscaping: 'values' }],
    ['GET with a header', { headers: { email: '$email' } }, {}],
    ['JSON', { method: 'POST', body: { format: 'json', template: '{"email":"$data.get(\'email\')"}' } }, {}],
    ['XML', { method: 'POST', body: { format: 'xml', template: '<r><email>$email</email></r>' } }, {}],
  ])('put a code into a message: %s', async (_, block, rules) => {
    const { launch } = await site({ source: { respond: echo, paramHeaders: ['email'] }, block: block ?? {}, rules })
    const { message, calls } = await launch()
    expect(calls.map(({ outcome }) => outcome.status)).toEqual([200])
    expect(message).toBe('Your code: of jo+news@shop.example!')
  })

  it.each([
    ['Basic', basic({ username: 'yespo', password: SECRET }), { type: 'basic', username: 'yespo', password: SECRET }],
    ['a bearer token', bearer(SECRET), { type: 'bearer', token: SECRET }],
    [
      'a key in a header',
      header('X-Api-Key', SECRET),
      { type: 'apiKey', in: 'header', name: 'X-Api-Key', value: SECRET },
    ],
    ['a key in the query', query('key', SECRET), { type: 'apiKey', in: 'query', name: 'key', value: SECRET }],
  ] as const)('know each other by %s', async (_, auth, connector) => {
    const { launch } = await site({ source: { auth, respond: echo }, block: { search: '?email=$email', connector } })
    expect((await launch()).message).toBe('Your code: of jo+news@shop.example!')
    const stranger = await site({ source: { auth, respond: echo }, block: { search: '?email=$email' } })
    expect((await stranger.launch()).calls[0]?.outcome.status).toBe(401)
  })

  it('hand out one code for a launch that is repeated, and for two at once', async () => {
    let made = 0
    const respond = onceFor(
      (call: Call) => call.workflowInstanceId,
      () => ({ promocode: `CODE-${++made}` }),
    )
    const { launch } = await site({
      source: { respond },
      block: {
        method: 'POST',
        body: { format: 'json', template: '{"email":"$email","workflowInstanceId":"$workflowInstanceId"}' },
      },
    })
    const { message, workflowInstanceId } = await launch()
    const again = await Promise.all([launch({ workflowInstanceId }), launch({ workflowInstanceId }), launch()])
    expect([message, ...again.slice(0, 2).map((one) => one.message)]).toEqual(Array(3).fill('Your code: CODE-1!'))
    expect(again[2]?.message).toBe('Your code: CODE-2!')
  })

  it('say what is missing where the workflow does not know a variable', async () => {
    const respond = vi.fn()
    const { launch } = await site({ source: { respond }, block: { search: "?email=$data.get('mail')" } })
    const { calls, message } = await launch()
    expect(calls[0]?.outcome.status).toBe(400)
    expect(told(calls[0]?.outcome)).toMatchObject({
      error: 'invalid_params',
      issues: [{ path: '/email', problem: 'unresolved' }],
    })
    expect([message, respond.mock.calls]).toEqual(['Your code: !', []])
  })

  it('send the mail with the fallback where there is no answer', async () => {
    const respond = () => Promise.reject(new Error('no codes left'))
    const { launch } = await site({
      source: { respond, fallback: { promocode: 'WELCOME' } },
      block: { search: '?email=$email' },
    })
    expect((await launch()).message).toBe('Your code: WELCOME!')
  })

  it('show why numbers go as texts', async () => {
    const { launch } = await site({
      source: { respond: () => ({ promocode: 12 }) },
      block: { search: '?email=$email' },
      rules: { answerNumbers: 'double' },
    })
    expect((await launch()).message).toBe('Your code: 12.0!')
  })

  it('tell of a template that a name breaks', async () => {
    const { workflows } = await site({
      source: { params: z.object({ name: z.string() }), respond: () => ({}) },
      block: { method: 'POST', body: { format: 'json', template: '{"name":"$name"}' } },
    })
    workflows.saveContact({ ...JO, fields: { name: 'Jo "J" Doe' } })
    const { outcome } = await workflows.sendTest('WH5', { contact: { id: JO.id } })
    expect(outcome.status).toBe(400)
    expect(told(outcome)).toMatchObject({
      error: 'broken_body',
      problem: expect.stringMatching(/^the body is not JSON at byte 13/),
    })
  })
})
