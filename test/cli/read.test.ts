import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { esputnikSamples, esputnikWire } from '../../src/providers/esputnik/samples.ts'
import { mailjetSamples, mailjetWire } from '../../src/providers/mailjet/samples.ts'
import { momentumSamples, momentumWire } from '../../src/providers/momentum/samples.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'posthorn-read-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(body: string | Uint8Array): string {
  const file = join(folder, `${Math.random()}.json`)
  writeFileSync(file, body)
  return file
}

/** The command as it is typed, with this on stdin. */
function typed(args: readonly string[], stdin = ''): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, 'read', ...args])
    const written = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        written[stream] += text
      })
    child.once('close', (code) => resolve({ code, ...written }))
    child.stdin.end(stdin)
  })
}

const CLICK = momentumWire('momentum.click', momentumSamples['momentum.click'].clicked)
const OPEN = mailjetWire(mailjetSamples['mailjet.open'].opened)
const READ = esputnikWire(esputnikSamples['esputnik.read'].opened)

describe('posthorn read', () => {
  it.each([
    ['momentum', `[${CLICK}]`, 'momentum.click', 'clicked'],
    ['sparkpost', `[${CLICK}]`, 'momentum.click', 'clicked'],
    ['mailjet', OPEN, 'mailjet.open', 'opened'],
    ['esputnik', `[${READ}]`, 'esputnik.read', 'opened'],
  ])('shows the events of %s, without their addresses', async (sender, body, name, type) => {
    const { code, stdout, stderr } = await typed([sender, fileOf(body)])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      new RegExp(`^${name.replace('.', '\\.')} +${type} +\\d{4}-\\d\\d-\\d\\dT\\S+Z +\\S\\*\\*\\*@`),
    )
    expect(stdout).toMatch(/\n1 events, 0 unreadable\n$/)
    expect(stdout).not.toMatch(/jo@/i)
  })

  it('reads stdin', async () => {
    const { code, stdout } = await typed(['mailjet', '-'], `[${OPEN},${OPEN}]`)
    expect([code, stdout.split('\n').length]).toEqual([0, 4])
  })

  it('says what is unreadable, and ends with 1', async () => {
    const missing = Buffer.byteLength(`[${OPEN},{"event":`)
    const { code, stdout } = await typed(['mailjet', '-'], `[${OPEN},{"event":},{"event":"open","email":[1]}]`)
    expect(code).toBe(1)
    expect(stdout.split('\n').slice(1)).toEqual([
      `element 1 is unreadable: the element is not JSON at byte ${missing}: likely a missing value`,
      expect.stringMatching(/^element 2 is unreadable: .+ at \/email$/),
      '1 events, 2 unreadable',
      '',
    ])
    const whole = await typed(['momentum', fileOf(Uint8Array.of(0x5b, 0xe9, 0x5d))])
    expect(whole).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^element 0 is unreadable: .+not UTF-8 at byte 1: likely /),
    })
  })

  it('writes the events whole with --json', async () => {
    const { code, stdout } = await typed(['mailjet', '-', '--json'], `[${OPEN},7]`)
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      events: [{ name: 'mailjet.open', email: 'jo@shop.example', payload: { event: 'open' } }],
      unreadable: [{ index: 1, reason: 'expected object', at: '' }],
    })
  })

  it("reads eSputnik's times in the zone that is given", async () => {
    const body = '{"activityStatus":"READ","activityDateTime":"2026-01-01T12:00:00"}'
    const at = async (...more: string[]) => JSON.parse((await typed(['esputnik', '-', '--json', ...more], body)).stdout)
    expect((await at()).events[0].occurredAt).toBe('2026-01-01T12:00:00.000Z')
    expect((await at('--time-zone', 'Europe/Kyiv')).events[0].occurredAt).toBe('2026-01-01T10:00:00.000Z')
  })

  it('writes nothing that colours a terminal or forges a line', async () => {
    const body = '[{"event":"open\\u001b[31m\\nmailjet.bounce","email":"jo@a.example\\u202e"}]'
    const { stdout } = await typed(['mailjet', '-'], body)
    expect(stdout.split('\n')).toHaveLength(3)
    expect(stdout).toContain('\\u001b')
    for (const control of ['\u001b', '\u202e']) expect(stdout).not.toContain(control)
  })

  it.each([
    [0, OPEN],
    [1, '7'],
  ])('ends with %i as it would where nobody reads to the end', async (expected, last) => {
    const child = spawn(process.execPath, [main, 'read', 'mailjet', '-', '--json'])
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.stdout.once('data', () => child.stdout.destroy())
    child.stdin.end(`[${Array.from({ length: 2_000 }, () => OPEN).join(',')},${last}]`)
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect([code, stderr]).toEqual([expected, ''])
  })

  it('ends with 3 for a file that is not there', async () => {
    expect(await typed(['momentum', join(folder, 'none.json')])).toEqual({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/^posthorn read: ENOENT.*none\.json/),
    })
  })

  it.each([
    ['nothing', [], "missing required argument 'sender'"],
    ['no file', ['momentum'], "missing required argument 'file'"],
    ['two files', ['momentum', 'a', 'b'], 'too many arguments'],
    ['another sender', ['mailchimp', '-'], 'there is no sender "mailchimp"'],
    ['a misspelt sender', ['momentun', '-'], 'did you mean "momentum"?'],
    ['a zone that is none', ['esputnik', '-', '--time-zone', 'Mars'], 'timeZone must be'],
    ['an option nobody knows', ['momentum', '-', '--jsonl'], '--jsonl'],
  ])('ends with 2 for %s', async (_, args, message) => {
    expect(await typed(args)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })
})
