import type { IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { type EsputnikBlockOptions, type EsputnikEmulatorOptions, emulateEsputnik } from 'posthorn/emulators'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bodyOf, listening } from './site.ts'

interface Asked {
  readonly method: string
  /** As it stood in the request line. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** What a workflow block calls: notes each request, and answers what `reply` says. */
async function answering(reply: (asked: Asked) => Reply = () => ({ body: {} })) {
  const asked: Asked[] = []
  const url = await listening(async (request, response) => {
    const { method = '', url = '', headers } = request
    asked.push({ method, target: url, headers, body: await bodyOf(request) })
    const { status = 200, headers: own, body } = reply(asked.at(-1) as Asked)
    response.writeHead(status, own).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  return { url, asked }
}

/** Answers anything that looks like a request; Node's parser takes no raw UTF-8. */
async function rawServer() {
  let seen = ''
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      seen += chunk
      if (seen.includes('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bytes: () => seen }
}

const ANN = {
  id: 1967597908,
  email: 'ann@example.com',
  phone: '+380 44 123 45 67',
  fields: { name: 'Ann O"Neill', city: 'Нью Йорк', Loyalty: 'a+b&c' },
}
const ORDER = { key: 'order-1', params: { email: 'ANN@example.com', promo: 'spring', total: '12.50' } }

function workflows(options: EsputnikEmulatorOptions = { allowHttp: true }) {
  const esputnik = emulateEsputnik(options)
  onTestFinished(() => esputnik.close())
  esputnik.workflows.saveContact(ANN)
  esputnik.workflows.saveEvent(ORDER)
  return esputnik.workflows
}

const OF_ANN = { contact: { id: ANN.id } }

/** What a block with these settings sends for Ann's order. */
async function sent(block: Omit<EsputnikBlockOptions, 'name' | 'url'> & { path?: string }, options = {}) {
  const { url, asked } = await answering()
  const { path = '/', ...rest } = block
  const account = workflows({ allowHttp: true, ...options })
  account.saveBlock({ name: 'WH5', url: `${url}${path}`, ...rest })
  await account.sendTest('WH5', { event: ORDER.key })
  return asked[0] as Asked
}

describe("eSputnik's workflow block", () => {
  it('sends a GET with values in its address and its headers', async () => {
    const { method, target, headers, body } = await sent({
      method: 'GET',
      path: `/codes/\${contact_ID}?email=$email&promo=$data.get('promo')`,
      headers: { 'X-Phone': '$phone', 'X-City': '$City', 'X-Launch': '$workflowInstanceId' },
    })
    expect({ method, body }).toEqual({ method: 'GET', body: '' })
    expect(target).toBe('/codes/1967597908?email=ann@example.com&promo=spring')
    expect(headers['x-phone']).toBe('380441234567')
    expect(Buffer.from(String(headers['x-city']), 'latin1').toString()).toBe('Нью Йорк')
    expect(headers['x-launch']).toMatch(/^[\da-f]{8}-[\da-f]{4}-1[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  })

  it.each([
    ['json', 'application/json', '{"name":"$name","city":"$city","promo":"$data.get("promo")"}'],
    ['xml', 'application/xml', '<call><name>$name</name><city>$!{city}</city></call>'],
    ['text', 'text/plain', 'name=$name'],
  ] as const)('sends a POST of %s, with values as they are', async (format, contentType, template) => {
    const { method, headers, body } = await sent({ body: { format, template } })
    expect({ method, contentType: headers['content-type'] }).toEqual({ method: 'POST', contentType })
    const filled = template
      .replace('$name', ANN.fields.name)
      .replace(/\$!?\{?city\}?/, ANN.fields.city)
      .replace('$data.get("promo")', 'spring')
    expect(body).toBe(filled)
  })

  it('sends a POST without a body too, and lets an own header name the content type', async () => {
    expect(await sent({})).toMatchObject({ method: 'POST', body: '', headers: { 'content-length': '0' } })
    const body = { format: 'xml', template: '<a/>' } as const
    const { headers } = await sent({ body, headers: { 'content-type': 'text/xml' } })
    expect(headers['content-type']).toBe('text/xml')
  })

  it.each([
    [{ type: 'basic', username: 'me', password: 'pass: word' }, { authorization: 'Basic bWU6cGFzczogd29yZA==' }, ''],
    [{ type: 'bearer', token: 'T-1' }, { authorization: 'Bearer T-1' }, ''],
    [{ type: 'apiKey', name: 'X-Key', value: 'K-1', in: 'header' }, { 'x-key': 'K-1' }, ''],
    [{ type: 'apiKey', name: 'api key', value: 'K&1', in: 'query' }, {}, '&api%20key=K%261'],
  ] as const)('proves who it is with the connector %o', async (connector, headers, query) => {
    const asked = await sent({ path: '/?a=1', connector })
    expect(asked.headers).toMatchObject(headers)
    expect(asked.target).toBe(`/?a=1${query}`)
  })

  it.each([
    ['address', '/?city=%D0%9D%D1%8C%D1%8E%20%D0%99%D0%BE%D1%80%D0%BA&l=a+b&c'],
    ['values', '/?city=%D0%9D%D1%8C%D1%8E%20%D0%99%D0%BE%D1%80%D0%BA&l=a%2Bb%26c'],
  ] as const)('puts values into its address with urlEscaping %s', async (urlEscaping, target) => {
    const asked = await sent({ method: 'GET', path: '/?city=$city&l=$loyalty' }, { urlEscaping })
    expect(asked.target).toBe(target)
  })

  it('puts values into its address as raw UTF-8 with urlEscaping none, which Node refuses to parse', async () => {
    const { url, bytes } = await rawServer()
    const account = workflows({ allowHttp: true, urlEscaping: 'none' })
    account.saveBlock({ name: 'WH5', method: 'GET', url: `${url}/?city=$city&l=$loyalty#part` })
    const { outcome } = await account.sendTest('WH5', OF_ANN)
    expect(outcome.status).toBe(200)
    expect(bytes()).toMatch(/^GET \/\?city=Нью%20Йорк&l=a\+b&c HTTP\/1\.1\r\n/)
    expect((await sent({ method: 'GET', path: '/?name=$email' }, { urlEscaping: 'none' })).target).toBe(
      '/?name=ann@example.com',
    )
  })

  it('leaves a reference without a value as it is written, and $! empty', async () => {
    const template = `$data.get('none') \${data.none} $nobody $!nobody $!data.get('none') $WorkflowInstanceId`
    const { body } = await sent({ body: { format: 'text', template } })
    expect(body).toBe(`$data.get('none') \${data.none} $nobody   $WorkflowInstanceId`)
  })

  it('finds its contact by id, phone or e-mail, and sends a test of it, of a past event or of a typed body', async () => {
    const { url, asked } = await answering()
    const account = workflows()
    account.saveBlock({ name: 'WH5', url, body: { format: 'text', template: `$contact_ID $data.get('promo')` } })
    for (const contact of [{ id: ANN.id }, { phone: '380441234567' }, { email: 'Ann@Example.com' }])
      await account.sendTest('WH5', { contact })
    await account.sendTest('WH5', { event: ORDER.key })
    await account.sendTest('WH5', { body: '{"promo":"typed","phone":"+380441234567"}' })
    await account.sendTest('WH5', { body: '{"promo":"typed","email":"nobody@example.com"}' })
    expect(asked.map(({ body }) => body)).toEqual([
      ...Array(3).fill(`${ANN.id} $data.get('promo')`),
      `${ANN.id} spring`,
      `${ANN.id} typed`,
      '$contact_ID typed',
    ])
  })

  it('shows what went out and what came back', async () => {
    const { url } = await answering(() => ({ status: 404, headers: { 'x-reason': 'sold out' }, body: 'no code' }))
    const account = workflows()
    account.saveBlock({ name: 'WH5', url, body: { format: 'json', template: '{"email":"$email"}' } })
    expect(await account.sendTest('WH5', OF_ANN)).toMatchObject({
      block: 'WH5',
      request: { method: 'POST', url, body: '{"email":"ann@example.com"}' },
      outcome: { status: 404, headers: { 'x-reason': 'sold out' }, body: 'no code' },
      data: null,
    })
    account.saveBlock({ name: 'WH5', url: 'http://127.0.0.1:1/' })
    expect((await account.sendTest('WH5', OF_ANN)).outcome).toMatchObject({ status: null, code: 'ECONNREFUSED' })
  })

  it('waits for an answer as long as answerLimit says', async () => {
    const url = await listening(() => {})
    const account = workflows({ allowHttp: true, answerLimit: '50ms' })
    account.saveBlock({ name: 'WH5', url })
    expect((await account.sendTest('WH5', OF_ANN)).outcome).toMatchObject({ status: null, code: 'ETIMEDOUT' })
  })
})

describe("a launch of eSputnik's workflow", () => {
  it('fills its message from the answers of its blocks', async () => {
    const { url, asked } = await answering(({ target }) =>
      target === '/code' ? { body: { promocode: 'SPRING-7', valid: { days: 3 } } } : { body: [{ id: 7, tag: 'a' }] },
    )
    const account = workflows()
    account.saveBlock({ name: 'WH5', url: `${url}/code`, headers: { Launch: '$workflowInstanceId' } })
    account.saveBlock({ name: 'x', method: 'GET', url: `${url}/list` })
    const launch = await account.launch({
      event: ORDER.key,
      blocks: ['WH5', 'x'],
      message: `$name: $data.get('WH5').get('promocode'), $data.get('promo'), $data.x.get(0).tag, $data.get('x').get(0).id`,
    })
    expect(launch.message).toBe(`Ann O"Neill: SPRING-7, spring, a, 7.0`)
    expect(launch.calls.map(({ block, outcome }) => [block, outcome.status])).toEqual([
      ['WH5', 200],
      ['x', 200],
    ])
    expect(asked[0]?.headers.launch).toBe(launch.workflowInstanceId)
  })

  it('prints numbers of an answer as doubles, unless mathTool makes them whole or answerNumbers says otherwise', async () => {
    const body = { id: 12345678, small: 7, part: 0.25, tiny: 0.00005, zero: 0, text: '12345678' }
    const { url } = await answering(() => ({ body }))
    const message = Object.keys(body)
      .map((key) => `$data.x.${key}`)
      .join(' ')
    const printed = async (answerNumbers: 'double' | 'as-sent', text: string) => {
      const account = workflows({ allowHttp: true, answerNumbers })
      account.saveBlock({ name: 'x', url })
      return (await account.launch({ event: ORDER.key, blocks: ['x'], message: text })).message
    }
    expect(await printed('double', message)).toBe('1.2345678E7 7.0 0.25 5.0E-5 0.0 12345678')
    expect(await printed('as-sent', message)).toBe('12345678 7 0.25 0.00005 0 12345678')
    expect(await printed('double', '$!mathTool.toInteger($data.x.id)|$!mathTool.toInteger($data.x.none)|')).toBe(
      '12345678||',
    )
  })

  it.each([
    ['a failure', { status: 500, body: { promocode: 'P' } }, 'P'],
    ['XML', { body: '<promocode>P</promocode>' }, null],
    ['null', { body: 'null' }, null],
    ['text', { body: '"P"' }, null],
  ] as const)('fills nothing from %s', async (_, reply, used) => {
    const { url } = await answering(() => reply)
    const message = "$data.get('WH5').get('promocode')"
    const messageWith = async (failedAnswers: 'ignored' | 'used') => {
      const account = workflows({ allowHttp: true, failedAnswers })
      account.saveBlock({ name: 'WH5', url })
      return (await account.launch({ event: ORDER.key, blocks: ['WH5'], message })).message
    }
    expect(await messageWith('ignored')).toBe(message)
    expect(await messageWith('used')).toBe(used ?? message)
  })

  it('knows in a request only the contact and the event, and keeps its instance when it is repeated', async () => {
    const { url, asked } = await answering(() => ({ body: { code: 'P' } }))
    const account = workflows()
    const body = { format: 'text', template: "$!data.get('A').get('code') $workflowInstanceId" } as const
    account.saveBlock({ name: 'A', url, body })
    const launch = { event: ORDER.key, blocks: ['A', 'A'] }
    const first = await account.launch(launch)
    const { workflowInstanceId } = first
    expect(await account.launch({ ...launch, workflowInstanceId })).toMatchObject({ workflowInstanceId, message: null })
    expect(asked.map((one) => one.body)).toEqual(Array(4).fill(` ${workflowInstanceId}`))
    expect((await account.launch(launch)).workflowInstanceId).not.toBe(workflowInstanceId)
  })
})

describe('what a workflow refuses', () => {
  const refused = expect.objectContaining({ code: 'ERR_OPTION' })
  const fine = { name: 'WH5', url: 'https://example.com/x' }

  it('is an http: address, unless told', () => {
    const block = { ...fine, url: 'http://example.com/x' }
    expect(() => workflows({}).saveBlock(block)).toThrow(refused)
    expect(() => workflows({ allowHttp: true }).saveBlock(block)).not.toThrow()
  })

  it.each([
    { name: 'my block' },
    { name: '' },
    { method: 'PUT' },
    { url: 'ftp://example.com' },
    { url: 'https://$host/x' },
    { url: undefined },
    { headers: { 'X-A': 1 } },
    { method: 'GET', body: { format: 'json', template: '{}' } },
    { body: { format: 'yaml', template: '' } },
    { body: { format: 'json' } },
    { connector: { type: 'digest' } },
    { connector: { type: 'basic', username: 'me' } },
    { connector: { type: 'bearer', token: '' } },
    { connector: { type: 'apiKey', name: 'k', value: 'v', in: 'cookie' } },
    { timeout: 5 },
  ])('is the block %o', (part) => {
    expect(() => workflows().saveBlock({ ...fine, ...part } as never)).toThrow(refused)
  })

  it.each([{ id: 0 }, { id: 1, email: '' }, { id: 1, fields: { age: 3 } }, { id: 1, name: 'Ann' }])(
    'is the contact %o',
    (contact) => {
      expect(() => workflows().saveContact(contact as never)).toThrow(refused)
    },
  )

  it('is the test of nobody, of an unknown event, of a body that is no object, and of an unknown block', async () => {
    const account = workflows()
    account.saveBlock(fine)
    for (const of of [{ contact: { id: 2 } }, { event: 'none' }, { body: '[1]' }, { body: '{' }, null])
      await expect(account.sendTest('WH5', of as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(account.sendTest('other', OF_ANN)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(account.launch({ event: ORDER.key, blocks: ['other'] })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it.each([
    [{ contct: { id: 1 } }, 'no option "contct"; did you mean "contact"?'],
    [{}, 'exactly one'],
    [{ event: ORDER.key, body: '{}' }, 'exactly one'],
  ])('is a test of %o, and says why', async (of, why) => {
    const account = workflows()
    account.saveBlock(fine)
    await expect(account.sendTest('WH5', of as never)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining(why),
    })
  })

  it('is a template that is not Velocity', async () => {
    const account = workflows()
    account.saveBlock({ ...fine, body: { format: 'text', template: '#if($x' } })
    await expect(account.sendTest('WH5', OF_ANN)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  it.each([{ allowHttp: 'yes' }, { urlEscaping: 'some' }, { answerNumbers: 'float' }, { failedAnswers: true }])(
    'is the option %o',
    (options) => {
      expect(() => emulateEsputnik(options as never)).toThrow(refused)
    },
  )
})
