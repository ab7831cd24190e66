import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { mailjetSamples, mailjetWire } from '../src/providers/mailjet/samples.ts'
import { momentumSamples, momentumWire } from '../src/providers/momentum/samples.ts'
import type { Receiver } from '../src/public/receiver.ts'
import type { AnyEvent } from '../src/types.ts'
import { programsOf, startServer } from './support/postgres.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The first program below a heading of the README. */
function programBelow(heading: string): string {
  const section = readme.slice(readme.indexOf(`\n## ${heading}\n`))
  return /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
}

/** The program with what the diff of the README takes away and puts there instead. */
function withInPlace(program: string): string {
  const diff = /```diff\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const changes = [...diff.matchAll(/^-(.*)\n\+(.*)$/gm)]
  expect(changes).toHaveLength(2)
  return changes.reduce((text, [, before = '', after = '']) => {
    expect(text).toContain(before)
    return text.replace(before, after)
  }, program)
}

interface Program {
  readonly folder: string
  readonly receiver: Receiver<AnyEvent>
  readonly port: Promise<number>
}

/** Runs a program of the README after `reader`, which stands for what it leaves to its reader. */
async function run<P extends Program>(
  heading: string,
  reader: string,
  listen: readonly [string, string],
  changed = (program: string) => program,
): Promise<P> {
  const folder = mkdtempSync(join(import.meta.dirname, 'readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const program = changed(programBelow(heading))
  expect(program).toContain(listen[0])
  const runnable = program
    .replace('./posthorn.db', join(folder, 'posthorn.db'))
    .replace(...listen)
    .replace('const receiver', 'export const receiver')
  const file = join(folder, 'program.js')
  const port = 'let listening\nexport const port = new Promise((resolve) => { listening = resolve })\n'
  writeFileSync(file, reader + port + runnable)
  return { ...((await import(/* @vite-ignore */ file)) as P), folder }
}

const TOKEN = 'a-token-of-some-length'

interface ExpressProgram extends Program {
  readonly suppressions: Set<string>
  readonly tracked: (string | undefined)[]
  readonly inserted: AnyEvent[]
}

interface FastifyProgram extends Program {
  readonly unsubscribed: (string | null)[]
  readonly app: { close(): Promise<void> }
}

describe('the programs of the README', { timeout: 120_000 }, () => {
  const reader = `
    export const suppressions = new Set(), tracked = [], inserted = []
    const track = (url) => tracked.push(url)
    const warehouse = { insert: async (events) => { inserted.push(...events) } }
  `
  const listen = ['.listen(3000)', '.listen(0, function () { listening(this.address().port) })'] as const

  it('are these', () => {
    const languages = [...readme.matchAll(/^```(\w+)\n[\s\S]*?^```$/gm)].map(([, language]) => language)
    expect(languages).toEqual(['sh', 'ts', 'sh', 'ts', 'ts', 'diff'])
  })

  it('Express runs as it stands, and takes what the command below it sends', async () => {
    vi.stubEnv('MOMENTUM_TOKEN', TOKEN)
    const signals = ['SIGTERM', 'SIGINT'].map((signal) => [signal, process.listenerCount(signal)] as const)
    const screen = await run<ExpressProgram>('Express', reader, listen)
    for (const [signal, before] of signals) expect(process.listenerCount(signal)).toBe(before + 1)
    await postsTo(screen)
    expect([...screen.suppressions]).toEqual([expect.stringContaining('@')])
    const [, line = ''] = /^npx posthorn (send .*)$/m.exec(readme) ?? []
    const args = line.replace('localhost:3000', `127.0.0.1:${await screen.port}`).replace('"$MOMENTUM_TOKEN"', TOKEN)
    const main = join(root, 'src/cli/main.ts')
    await promisify(execFile)(process.execPath, [main, ...args.split(' ')])
    await screen.receiver.whenIdle()
    expect(screen.inserted.map((event) => event.name)).toEqual(['momentum.bounce', 'momentum.click', 'momentum.bounce'])
    const [, look = ''] = /^npx posthorn (inbox .*)$/m.exec(readme) ?? []
    const seen = await promisify(execFile)(process.execPath, [main, ...look.split(' ')], { cwd: screen.folder })
    expect(seen.stdout.trim().split('\n')).toHaveLength(3)
    await screen.receiver.close()
  })

  it.skipIf(programsOf() === null)('Express runs over PostgreSQL with the change that is shown', async () => {
    const database = await startServer()
    onTestFinished(() => database.remove())
    vi.stubEnv('MOMENTUM_TOKEN', TOKEN)
    vi.stubEnv('DATABASE_URL', database.url)
    const screen = await run<ExpressProgram>('Express', reader, listen, withInPlace)
    await postsTo(screen)
    expect(await database.run('select count(*)::int as n from posthorn.delivery')).toEqual([{ n: 1 }])
    await screen.receiver.close()
  })

  async function postsTo(screen: ExpressProgram): Promise<void> {
    const url = `http://127.0.0.1:${await screen.port}/webhooks/shop`
    const bounce = momentumWire('momentum.bounce', momentumSamples['momentum.bounce'].bounced)
    const click = momentumWire('momentum.click', momentumSamples['momentum.click'].clicked)
    const post = (token: string) =>
      fetch(url, { method: 'POST', body: `[${bounce},${click}]`, headers: { 'x-messagesystems-webhook-token': token } })
    expect((await post('guess')).status).toBe(401)
    expect((await post(TOKEN)).status).toBe(200)
    await screen.receiver.whenIdle()
    expect(screen.tracked).toEqual([expect.stringMatching(/^https:/)])
    expect(screen.inserted.map((event) => event.name)).toEqual(['momentum.bounce', 'momentum.click'])
  }

  it('Fastify runs as it stands', async () => {
    vi.stubEnv('MAILJET_PASSWORD', TOKEN)
    const reader = `
      export const unsubscribed = []
      const unsubscribe = (email) => unsubscribed.push(email)
    `
    const screen = await run<FastifyProgram>('Fastify', reader, [
      'await app.listen({ port: 3000 })',
      'listening(new URL(await app.listen({ port: 0 })).port)\nexport { app }',
    ])
    const url = `http://127.0.0.1:${await screen.port}/webhooks/news`
    const body = mailjetWire(mailjetSamples['mailjet.spam'].complained)
    const post = (password: string) =>
      fetch(url, { method: 'POST', body, headers: { authorization: `Basic ${btoa(`mailjet:${password}`)}` } })
    expect((await post('guess')).status).toBe(401)
    expect((await post(TOKEN)).status).toBe(200)
    await screen.receiver.whenIdle()
    expect(screen.unsubscribed).toEqual([expect.stringContaining('@')])
    await screen.app.close()
  })
})
