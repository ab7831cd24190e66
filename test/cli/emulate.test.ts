import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { basic, header } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { sparkpost } from 'posthorn/momentum'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { run } from '../../src/cli/run.ts'
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
