import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver } from 'posthorn'
import { basic, header, jwt, path, token } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet, mailjetParse } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { run as runCli } from '../../src/cli/run.ts'
import { NAMES } from '../../src/testing/senders.ts'
import type { AnyEvent } from '../../src/types.ts'
import { AUDIENCE, ISSUER, jwks, newKey, newToken } from '../support/jwt.ts'
import { samplesFolder } from '../support/sample-bodies.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command as it is typed. */
function typed(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'send', ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** The same without a process of its own, which takes most of a second. */
async function run(...args: string[]): Promise<Ended> {
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += text
      return true
    })
  try {
    const code = await runCli(['send', ...args])
    return { code, ...written }
  } finally {
    vi.restoreAllMocks()
  }
}

async function listening(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function receiving() {
  const receiver = createReceiver({
    inbox: memory(),
    logger: false,
    sources: {
      shop: momentum({ auth: token('a token of some length') }),
      news: mailjet({ auth: basic({ username: 'mailjet', password: 'pass:word of some length' }) }),
      mails: mailjetParse({ auth: basic({ username: 'mailjet', password: 'pass:word of some length' }) }),
      crm: esputnik({ auth: header('X-Key', 'a key of some length'), timeZone: 'UTC' }),
    },
  })
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
  closing.push(() => receiver.close({ timeoutMs: 0 }))
  const base = await listening(webhooks(receiver, { prefix: '/webhooks' }))
  return { base: `${base}/webhooks`, events, receiver }
}

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'body.json')
  writeFileSync(file, text)
  return file
}

/** What is stored, oldest first. */
async function storedTexts({ inbox }: Awaited<ReturnType<typeof receiving>>['receiver']): Promise<string[]> {
  const texts: string[] = []
  for await (const { id } of inbox.deliveries())
    texts.unshift(Buffer.from((await (await inbox.delivery(id))?.body()) ?? []).toString())
  return texts
}

const LOGIN = ['--basic', 'mailjet:pass:word of some length']

describe('posthorn send', () => {
  it('brings a sample event to the handler of a running server', async () => {
    const { base, events, receiver } = await receiving()
    const { code, stdout, stderr } = await typed('mailjet.click', '--to', `${base}/news`, ...LOGIN)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^200 after \d+\.\d ms\n\{"status":"accepted","id":"d_[0-9a-z]+"\}\n$/)
    await receiver.whenIdle()
    expect(events).toMatchObject([{ name: 'mailjet.click', type: 'clicked', source: 'news', isTest: false }])
  })

  it('sends as Momentum does: the token, a batch id, each event in its class', async () => {
    const { base, events, receiver } = await receiving()
    const to = ['--to', `${base}/shop`, '--token', 'a token of some length']
    for (const name of ['momentum.bounce', 'momentum.relay_message', 'momentum.ingest_success', 'momentum.unknown'])
      expect(await run(name, ...to), name).toMatchObject({ code: 0 })
    await receiver.whenIdle()
    expect(events.map(({ name }) => name)).toEqual([
      'momentum.bounce',
      'momentum.relay_message',
      'momentum.ingest_success',
      'momentum.unknown',
    ])
    expect(new Set(events.map(({ delivery }) => delivery.batchId)).size).toBe(4)
  })

  it('sends a mail as the Parse API does: one object, alone in its post', async () => {
    const { base, events, receiver } = await receiving()
    const to = ['mailjet.parse', '--to', `${base}/mails`, ...LOGIN]
    expect((await run(...to, '--set', 'Subject=Hello')).code).toBe(0)
    await receiver.whenIdle()
    expect(events).toMatchObject([{ name: 'mailjet.parse', type: 'inbound', mail: { subject: 'Hello' } }])
    expect((await storedTexts(receiver))[0]).toMatch(/^\{"Sender":/)
    const many = await run(...to, '--count', '2')
    expect([many.code, many.stderr]).toEqual([2, expect.stringContaining('one in a post')])
  })

  it('sends many in one delivery, each with ids of its own', async () => {
    const { base, events, receiver } = await receiving()
    const key = ['--header', 'X-Key: a key of some length']
    expect((await run('esputnik.read', '--to', `${base}/crm`, ...key, '--count', '3')).code).toBe(0)
    await receiver.whenIdle()
    expect(events.map(({ delivery: { index, size } }) => [index, size])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ])
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(3)
  })

  it('brings a token of an issuer, and an address with its secret as it is given', async () => {
    const key = newKey()
    const receiver = createReceiver({
      inbox: memory(),
      logger: false,
      sources: {
        cloud: mailjet({ auth: jwt({ issuer: ISSUER, audience: AUDIENCE, keys: jwks(key) }) }),
        crm: esputnik({ auth: path('a-path-of-some-length'), timeZone: 'UTC' }),
      },
    })
    closing.push(() => receiver.close({ timeoutMs: 0 }))
    const base = await listening(webhooks(receiver, { prefix: '/webhooks' }))
    const token = newToken(key, Date.now())
    const cloud = ['mailjet.click', '--to', `${base}/webhooks/cloud`]
    expect(await run(...cloud, '--bearer', token)).toMatchObject({ code: 0 })
    expect(await run(...cloud, '--bearer', `${token}x`)).toMatchObject({ code: 1 })
    expect(await run('esputnik.read', '--to', `${base}/webhooks/a-path-of-some-length/crm`)).toMatchObject({ code: 0 })
  })

  it('sets fields, as text, as JSON, and as numbers where the sender writes numbers', async () => {
    const { base, events, receiver } = await receiving()
    const set = ['email=ann=a@shop.example', 'hard_bounce=false', 'error=greylisted', 'time=1780000001', 'CustomID=17']
    const flags = [...set.flatMap((one) => ['--set', one]), '--set', 'MessageID=19421777396190491']
    expect(await run('mailjet.bounce', '--to', `${base}/news`, ...LOGIN, ...flags)).toMatchObject({ code: 0 })
    await receiver.whenIdle()
    expect(events).toMatchObject([
      {
        type: 'deferred',
        email: 'ann=a@shop.example',
        messageId: '19421777396190491',
        payload: { hard_bounce: false, time: 1780000001, CustomID: '17' },
      },
    ])
  })

  it('shows its help, and the version', async () => {
    expect(await typed('--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: posthorn send/) })
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
    expect(await typed('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('lists every name that it takes, and the fields that --set takes', async () => {
    const { base } = await receiving()
    const { code, stdout } = await run('--list')
    const names = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ', 1)[0] ?? '')
    expect([code, names]).toEqual([0, [...NAMES]])
    expect(stdout).toMatch(/^momentum\.bounce +bounced, autoresponded, unsubscribed, subscribed$/m)
    const fields = (await run('mailjet.bounce', '--list')).stdout.trimEnd().split('\n')
    expect(fields).toEqual(expect.arrayContaining(['email', 'hard_bounce', 'error_related_to']))
    for (const field of fields.filter((one) => one !== 'event'))
      expect(await run('mailjet.bounce', '--to', `${base}/none`, '--set', `${field}=1`), field).toMatchObject({
        code: 1,
      })
  })

  it('lists them as JSON, an object a line', async () => {
    const objects = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    const names = objects((await run('--list', '--json')).stdout)
    expect(names.map(({ name }) => name)).toEqual([...NAMES])
    expect(names[0]).toEqual({ name: expect.any(String), types: expect.arrayContaining([expect.any(String)]) })
    expect(objects((await run('mailjet.bounce', '--list', '--json')).stdout)).toContainEqual({ field: 'email' })
  })

  it('sends what comes on stdin', async () => {
    const { base } = await receiving()
    const args = [main, 'send', '--file', '-', '--to', `${base}/news`, ...LOGIN]
    const child = execFile(process.execPath, args)
    child.stdin?.end('[{"event":"open","time":1780000000}]')
    expect((await once(child, 'close'))[0]).toBe(0)
  })

  it('sets any field of an event that nobody knows', async () => {
    const { base } = await receiving()
    const sent = await run('mailjet.unknown', '--to', `${base}/news`, ...LOGIN, '--set', 'whatever=1')
    expect(sent).toMatchObject({ code: 0 })
  })

  it('tells the answer as JSON, and an error too', async () => {
    const { base } = await receiving()
    const { code, stdout } = await run('mailjet.click', '--to', `${base}/news`, '--basic', 'mailjet:wrong', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({ status: 401, ms: expect.any(Number), body: expect.stringContaining('error') })
    const wrong = await run('mailjet.clik', '--to', base, '--json')
    expect(JSON.parse(wrong.stderr)).toEqual({
      error: 'ERR_PATTERN',
      message: expect.stringContaining('mailjet.click'),
    })
  })

  it('picks the normalised type', async () => {
    const { base, events, receiver } = await receiving()
    await run('mailjet.bounce', '--as', 'deferred', '--to', `${base}/news`, ...LOGIN)
    await receiver.whenIdle()
    expect(events).toMatchObject([{ name: 'mailjet.bounce', type: 'deferred' }])
  })

  it('posts a file byte for byte, once', async () => {
    const { base, events, receiver } = await receiving()
    const body = ' [{"msys":{"track_event":{"type":"click","event_id":92356927693813857}}} ]\n'
    const send = ['--file', fileOf(body), '--to', `${base}/shop`, '--token', 'a token of some length']
    expect(await typed(...send)).toMatchObject({ code: 0, stdout: expect.stringContaining('"accepted"'), stderr: '' })
    expect(await run(...send)).toMatchObject({ code: 0, stdout: expect.stringContaining('"duplicate"') })
    await receiver.whenIdle()
    expect(events).toMatchObject([{ name: 'momentum.click', senderEventId: '92356927693813857' }])
    expect(await storedTexts(receiver)).toEqual([body])
  })

  it.each([
    ['{"results":[{"a":1.50}, {"b":"]}"} ]}', '[{"a":1.50}, {"b":"]}"} ]'],
    ['\ufeff {\n "results" : [{"a":[1]},{“b”:2}\n], "links": [] }', '[{"a":[1]},{“b”:2}\n]'],
    ['{"results":[]}', null],
    ['{"results":[{"a":1}', '{"results":[{"a":1}'],
    ['{"results":{"a":[1]}}', '{"results":{"a":[1]}}'],
    ['not json', 'not json'],
  ])('posts of the answer %j what stands in results, where that can be told', async (text, body) => {
    const { base, receiver } = await receiving()
    expect(await run('--file', fileOf(text), '--to', `${base}/news`, ...LOGIN)).toMatchObject({ code: 0 })
    expect(await storedTexts(receiver)).toEqual(body === null ? [] : [body])
  })

  it.skipIf(samplesFolder === undefined)('posts the answer of the samples endpoint (POSTHORN_SAMPLES)', async () => {
    const { base, events, receiver } = await receiving()
    const results = readFileSync(join(String(samplesFolder), 'momentum/documented-2026-live-samples.json'), 'utf8')
    const file = fileOf(`{"results":${results}}`)
    const sent = await run('--file', file, '--to', `${base}/shop`, '--token', 'a token of some length')
    expect(sent).toMatchObject({ code: 0 })
    await receiver.whenIdle()
    expect([events.length, (await receiver.inbox.stats()).quarantined]).toEqual([27, 0])
  })

  it('ends with 1 and shows the answer when it is not 200', async () => {
    const { base, events } = await receiving()
    const { code, stdout } = await typed('mailjet.click', '--to', `${base}/news`, '--basic', 'mailjet:wrong')
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^401 after .*\n\{"error":"unauthorized"/)])
    expect(events).toEqual([])
  })

  it('ends with 1 for any other success: a sender would repeat it', async () => {
    const base = await listening(
      (request, response) => void request.resume().on('end', () => response.writeHead(202).end()),
    )
    expect(await run('mailjet.click', '--to', base)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^202 /) })
  })

  it('ends with 3 when nobody answers', async () => {
    const base = await listening((request) => request.socket.destroy())
    const { code, stderr } = await run('mailjet.click', '--to', base)
    expect([code, stderr]).toEqual([3, expect.stringContaining('no answer from 127.0.0.1:')])
  })

  it('ends with 3 for a file that is not there', async () => {
    const { code, stderr } = await run('--file', '/nowhere.json', '--to', 'http://localhost', '--json')
    expect([code, JSON.parse(stderr)]).toEqual([
      3,
      { error: 'ENOENT', message: expect.stringContaining('/nowhere.json') },
    ])
  })

  it('ends with 2 for a misspelt name, with the nearest one', async () => {
    expect(await typed('momentum.bonce', '--to', 'http://localhost')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'posthorn send: there is no event called "momentum.bonce"; did you mean "momentum.bounce"?\n',
    })
  })

  it.each([
    ['no name', ['--to', 'http://localhost'], 'expected one event name'],
    ['two names', ['mailjet.click', 'mailjet.open', '--to', 'http://localhost'], 'too many arguments'],
    ['a file and a name', ['mailjet.click', '--file', 'x', '--to', 'http://localhost'], 'expected one event name'],
    [
      'a file and a field',
      ['--file', 'x', '--set', 'a=b', '--to', 'http://localhost'],
      "cannot be used with option '--set",
    ],
    [
      'a file and a type',
      ['--file', 'x', '--as', 'opened', '--to', 'http://localhost'],
      "cannot be used with option '--as",
    ],
    [
      'a file and a count',
      ['--file', 'x', '--count', '1', '--to', 'http://localhost'],
      "cannot be used with option '--count",
    ],
    ['no address', ['mailjet.click'], "required option '--to <url>'"],
    ['an address of another kind', ['mailjet.click', '--to', 'ftp://localhost'], '--to must be'],
    ['an unknown flag', ['mailjet.click', '--to', 'http://localhost', '--tokn', 'x'], '--tokn'],
    ['a count of none', ['mailjet.click', '--to', 'http://localhost', '--count', '0'], '--count must be'],
    ['a count that is no number', ['mailjet.click', '--to', 'http://localhost', '--count', 'ten'], '--count must be'],
    [
      'a field that is misspelt',
      ['mailjet.bounce', '--to', 'http://localhost', '--set', 'hard_bonce=true'],
      '--set: mailjet.bounce has no field "hard_bonce"; did you mean "hard_bounce"?',
    ],
    ['a field of another event', ['mailjet.open', '--to', 'http://localhost', '--set', 'zzzzzzzzzz=1'], 'see --list'],
    ['a setting without a value', ['mailjet.click', '--to', 'http://localhost', '--set', 'email'], '--set must be'],
    [
      'a header without a value',
      ['mailjet.click', '--to', 'http://localhost', '--header', 'x-key'],
      '--header must be',
    ],
    [
      'a login without a password',
      ['mailjet.click', '--to', 'http://localhost', '--basic', 'user'],
      '--basic must be user:password',
    ],
    [
      'a type it cannot have',
      ['mailjet.click', '--to', 'http://localhost', '--as', 'opened'],
      'its normalised types are',
    ],
    [
      'a payload of another event',
      ['mailjet.click', '--to', 'http://localhost', '--set', 'event=open'],
      'the payload makes mailjet.open',
    ],
  ])('ends with 2 for %s', async (_what, args, message) => {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })
})
