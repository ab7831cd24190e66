import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { basic, header, token } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet, mailjetParse } from 'posthorn/mailjet'
import { momentumRelay, sparkpost } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { run } from '../../src/cli/run.ts'
import type { AnyEvent, InboundMail } from '../../src/types.ts'
import { listening, receiving, TOKEN } from '../emulators/site.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

async function typed(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += text
      return true
    })
  try {
    const code = await run(['emulate', ...args, '--port', '0'])
    return { code, lines: written.stdout.trim().split('\n'), err: written.stderr }
  } finally {
    vi.restoreAllMocks()
  }
}

const THROUGH = ['--messages', '100', '--rate', '1000', '--speed', '36000x']

const MAILS = ['--messages', '30', '--rate', '1000', '--speed', '100x', '--json']
const ATTACHED = Array.from({ length: 10 }, (_, n) => `order-${3 * n + 3}.txt: order ${3 * n + 3}`)

/** Each attachment of each mail, in the order of the mails. */
async function attachedTo(events: readonly AnyEvent[]): Promise<string[]> {
  const mails = events.map((event) => (event as AnyEvent & { mail: InboundMail }).mail)
  const found = await Promise.all(mails.map((mail) => mail.attachments()))
  return found.flat().map(({ filename, bytes }) => `${filename}: ${Buffer.from(bytes)}`)
}

describe('posthorn emulate', () => {
  it('sends the traffic of Momentum to a receiver, to the event, and ends with the report', async () => {
    const site = await receiving()
    const { code, lines, err } = await typed(
      'momentum',
      '--target',
      site.target,
      '--token',
      TOKEN,
      ...THROUGH,
      '--json',
    )
    expect([code, err]).toEqual([0, expect.stringContaining('active in a minute')])
    expect(JSON.parse(lines[0] ?? '')).toEqual({ ready: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) })
    const report = JSON.parse(lines[1] ?? '')
    expect(report).toMatchObject({ expected: { injection: 100 }, waiting: { events: 0 }, gaveUp: { batches: 0 } })
    expect(await site.counts()).toEqual(report.expected)
  })

  it('does so for SparkPost with Basic, and says it in words', async () => {
    const login = { username: 'user', password: 'a password: of some length' }
    const site = await receiving(sparkpost({ auth: basic(login) }))
    const flags = ['--basic', 'user:a password: of some length', '--edition', 'elite', '--seed', '9']
    const { code, lines } = await typed('sparkpost', '--target', site.target, ...flags, ...THROUGH)
    expect(code).toBe(0)
    expect(lines[0]).toMatch(/^ready: http/)
    const { delivery } = await site.counts()
    expect(lines.map((line) => line.trim().split(/ +/))).toContainEqual(['delivery', String(delivery)])
    expect(lines.at(-1)).toMatch(/ 0 repeated, 0 given up \(0 events\), 0 events wait\.$/)
  })

  it('does so for Mailjet, bare and grouped', async () => {
    const login = { username: 'user', password: 'a p@ssword: of some length' }
    for (const grouped of [[], ['--grouped']]) {
      const site = await receiving(mailjet({ auth: basic(login), dedupeEvents: true }) as never)
      const flags = ['--basic', `user:${login.password}`, ...grouped]
      const { code, lines } = await typed('mailjet', '--target', site.target, ...flags, ...THROUGH, '--json')
      expect(code).toBe(0)
      const report = JSON.parse(lines[1] ?? '')
      expect(report.expected.sent).toBeGreaterThan(80)
      expect(await site.counts()).toEqual(report.expected)
    }
  })

  it('brings mails in by SparkPost, to a relay webhook', async () => {
    const site = await receiving(momentumRelay({ auth: token(TOKEN) }) as never)
    const { code, lines } = await typed('sparkpost', '--inbound', site.target, '--token', TOKEN, ...MAILS)
    expect(code).toBe(0)
    const report = JSON.parse(lines[1] ?? '')
    expect(report).toMatchObject({ expected: { relay_message: 30 }, acknowledged: 30, repeated: 0 })
    expect(await attachedTo(site.events)).toEqual(ATTACHED)
  })

  it('brings mails in by Mailjet, to a parse route', async () => {
    const password = 'a p@ssword: of some length'
    const site = await receiving(mailjetParse({ auth: basic({ username: 'user', password }) }) as never)
    const { code, lines } = await typed('mailjet', '--inbound', site.target, '--basic', `user:${password}`, ...MAILS)
    expect(code).toBe(0)
    const report = JSON.parse(lines[1] ?? '')
    expect(report).toMatchObject({ expected: { parse: 30 }, acknowledged: 30, repeated: 0 })
    expect(await attachedTo(site.events)).toEqual(ATTACHED)
  })

  it('does so for eSputnik, with a header', async () => {
    const site = await receiving(
      esputnik({ auth: header('X-Secret', TOKEN), timeZone: 'UTC', dedupeEvents: true }) as never,
    )
    const flags = ['--header', `X-Secret: ${TOKEN}`]
    const { code, lines } = await typed('esputnik', '--target', site.target, ...flags, ...THROUGH, '--json')
    expect(code).toBe(0)
    const report = JSON.parse(lines[1] ?? '')
    expect(report.expected.DELIVERED).toBeGreaterThan(80)
    expect(await site.counts()).toEqual(report.expected)
  })

  it('ends with 1 when eSputnik gets no 200 for the GET that checks the target', async () => {
    const target = await listening((_, response) => void response.writeHead(405).end())
    expect(await typed('esputnik', '--target', target, ...THROUGH)).toMatchObject({
      code: 1,
      err: expect.stringContaining('405'),
    })
  })

  const TARGET = ['--target', 'http://127.0.0.1:1/']
  it.each([
    [['mailjet', ...TARGET, '--basic', 'secret'], '--basic must be user:password'],
    [['sparkpost', ...TARGET, '--basic', 'secret'], '--basic must be user:password'],
    [['esputnik', ...TARGET, '--header', 'secret'], "--header must be 'name: value'"],
    [['momentum', '--token', 'secret'], '--token needs --target'],
    [['sparkpost', '--basic', 'user:secret'], '--basic needs --target'],
    [['mailjet', '--grouped'], '--grouped needs --target'],
    [['esputnik', '--header', 'x-key: secret'], '--header needs --target'],
  ])('refuses %j with 2 before it listens', async (args, message) => {
    const { code, lines, err } = await typed(...args)
    expect([code, lines, err]).toEqual([2, [''], expect.stringContaining(message)])
    expect(err).not.toContain('secret')
  })

  it('takes the webhooks of a file, and ends with 1 when batches were given up', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-emulate-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const target = await listening(
      (request, response) => void request.resume().on('end', () => response.writeHead(503).end()),
    )
    const file = join(folder, 'webhooks.json')
    writeFileSync(file, JSON.stringify([{ events: ['injection'], target }]))
    const { code, lines } = await typed('momentum', '--webhooks', file, ...THROUGH, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ expected: { injection: 100 }, gaveUp: { events: 100 } })
  })

  it('ends with 1 and the reason when the target does not pass the test', async () => {
    const site = await receiving()
    const { code, err } = await typed('momentum', '--target', site.target, '--token', 'wrong', ...THROUGH)
    expect([code, err]).toEqual([1, expect.stringContaining('non-2xx response code 401')])
    expect(err).not.toContain('wrong')
  })

  it('stays until a signal, then reports and ends with 0', async () => {
    const child = spawn(process.execPath, [main, 'emulate', 'momentum', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
      if (chunk.includes('ready: ')) child.kill('SIGTERM')
    })
    const [code] = await once(child, 'close')
    expect([code, out]).toEqual([0, expect.stringMatching(/^ready: http.*\n.*0 posts/s)])
  })

  it('ends with its report at SIGINT, and waits for no answer to a post', async () => {
    const target = await listening((request) => {
      request.resume()
      child.kill('SIGINT')
    })
    const args = [main, 'emulate', 'mailjet', '--port', '0', '--rate', '100', '--target', target]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    const [code] = await once(child, 'close')
    expect([code, out]).toEqual([0, expect.stringContaining(' 0 acknowledged')])
  })

  it.each([
    [['momentum', '--speed', 'fast'], '--speed'],
    [['momentum', '--rate', '-1'], '--rate'],
    [['momentum', '--target', 'localhost'], '--target'],
    [['momentum', '--edition', 'elite'], '--edition'],
    [['momentum', '--webhooks', 'a.json', '--target', 'http://localhost'], '--webhooks'],
    [['sparkpost', '--edition', 'enterprise'], '--edition'],
    [['mailjet', '--schedule', '2020'], '--schedule'],
    [['mailjet', '--nodes', '2'], '--nodes'],
    [['sendgrid'], 'unknown command'],
  ])('refuses %j', async (args, message) => {
    expect(await typed(...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
  })

  it('ends with 3 when the file is not there', async () => {
    expect(await typed('momentum', '--webhooks', '/nowhere.json')).toMatchObject({ code: 3 })
  })
})
