import { describe, expect, it, vi } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { listening, receiving, TOKEN } from '../emulators/site.ts'

async function typed(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += text
      return true
    })
  try {
    const code = await run(['conformance', ...args])
    return { code, out: written.stdout, err: written.stderr }
  } finally {
    vi.restoreAllMocks()
  }
}

const QUICK = ['--only', 'repeat', '--only', 'wrong-credential', '--only', 'killed-after-answer']
const answering = (status: number) =>
  listening((request, response) => {
    request.resume()
    response.writeHead(status).end()
  })

describe('posthorn conformance', () => {
  it('tells the cases as one JSON object, and ends with 0 when none failed', async () => {
    const { target } = await receiving()
    const { code, out, err } = await typed(
      '--target',
      `${target}?a=b`,
      '--as',
      'momentum',
      '--token',
      TOKEN,
      ...QUICK,
      '--json',
    )
    expect([code, err]).toEqual([0, ''])
    const report = JSON.parse(out)
    expect(report).toMatchObject({ target, as: 'momentum', passed: 2, failed: 0, skipped: 1 })
    expect(report.cases).toEqual([
      ...['wrong-credential', 'repeat'].map((id) => ({ ...WHOLE, id, result: 'passed' })),
      { ...WHOLE, id: 'killed-after-answer', result: 'skipped', sent: '' },
    ])
    expect(out).not.toContain(TOKEN)
  })

  it('says it in words, and ends with 1 when a case failed', async () => {
    const { code, out } = await typed('--target', await answering(204), '--as', 'mailjet', '--only', 'repeat')
    expect(code).toBe(1)
    expect(out).toMatch(/^failed {3}repeat .*sent: +a batch\n.*got: +204 .*200 is right\n.*why: .*source: Mailjet/s)
    expect(out).toMatch(/\n0 of 1 cases passed, 0 skipped\n$/)
  })

  it.each([
    ['test -n "$POSTHORN_MARKER"', 0],
    ['exit 7', 1],
    ['kill -9 $$', 1],
  ])('restarts by %j, which decides', async (command, expected) => {
    const flags = ['--as', 'esputnik', '--only', 'killed-after-answer', '--restart', command]
    const { code, out } = await typed('--target', await answering(200), ...flags, '--json')
    expect(code).toBe(expected)
    expect(JSON.parse(out)).toMatchObject({ passed: 1 - expected, failed: expected, skipped: 0 })
  })

  it('takes Basic and headers', async () => {
    const seen: unknown[] = []
    const target = await listening((request, response) => {
      seen.push([request.headers.authorization, request.headers['x-key']])
      request.resume()
      response.end()
    })
    const flags = ['--basic', 'user:pass', '--header', 'X-Key: value', '--only', 'empty-batch']
    expect(await typed('--target', target, '--as', 'esputnik', ...flags)).toMatchObject({ code: 0 })
    expect(seen).toEqual([[`Basic ${btoa('user:pass')}`, 'value']])
  })

  it('ends with 3 when nobody listens there', async () => {
    const ended = await typed('--target', 'http://127.0.0.1:1/', '--as', 'momentum')
    expect(ended).toEqual({
      code: 3,
      out: '',
      err: 'posthorn conformance: nobody listens at 127.0.0.1:1: ECONNREFUSED\n',
    })
  })

  const TO = ['--target', 'http://127.0.0.1:1/']
  it.each([
    [[], '--target'],
    [['--target', 'localhost:3000', '--as', 'momentum'], '--target'],
    [['--target', 'http://user:secret@localhost', '--as', 'momentum'], '--basic'],
    [[...TO], '--as'],
    [[...TO, '--as', 'sendgrid'], 'momentum, sparkpost, mailjet, esputnik'],
    [[...TO, '--as', 'momentum', '--only', 'larg-batch'], 'large-batch'],
    [[...TO, '--as', 'momentum', '--only', 'address-check'], 'address-check'],
    [[...TO, '--as', 'momentum', '--header', 'secret'], '--header'],
    [[...TO, '--as', 'mailjet', '--basic', 'secret'], '--basic must be user:password'],
  ])('refuses %j with 2', async (args, message) => {
    const { code, err } = await typed(...args)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(err).not.toContain('secret')
  })
})

const text = expect.stringMatching(/./)
const WHOLE = { title: text, sent: text, got: text, why: text, source: text }
