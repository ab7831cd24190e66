import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Receiver } from '../src/public/receiver.ts'
import { mailjetSamples, mailjetWire } from '../src/testing/samples/mailjet.ts'
import { momentumSamples, momentumWire } from '../src/testing/samples/momentum.ts'
import type { AnyEvent } from '../src/types.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The first program below a heading of the README. */
function programBelow(heading: string): string {
  const section = readme.slice(readme.indexOf(`\n## ${heading}\n`))
  return /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
}

interface Program {
  readonly receiver: Receiver<AnyEvent>
  readonly port: Promise<number>
}

/** Runs a program of the README after `reader`, which stands for what it leaves to its reader. */
async function run<P extends Program>(heading: string, reader: string, listen: readonly [string, string]): Promise<P> {
  const folder = mkdtempSync(join(import.meta.dirname, 'readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const program = programBelow(heading)
  expect(program).toContain(listen[0])
  const runnable = program
    .replace('./posthorn.db', join(folder, 'posthorn.db'))
    .replace(...listen)
    .replace('const receiver', 'export const receiver')
  const file = join(folder, 'program.js')
  const port = 'let listening\nexport const port = new Promise((resolve) => { listening = resolve })\n'
  writeFileSync(file, reader + port + runnable)
  return (await import(/* @vite-ignore */ file)) as P
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

describe('the programs of the README', () => {
  it('Express runs as it stands', async () => {
    vi.stubEnv('MOMENTUM_TOKEN', TOKEN)
    const signals = ['SIGTERM', 'SIGINT'].map((signal) => [signal, process.listenerCount(signal)] as const)
    const reader = `
      export const suppressions = new Set(), tracked = [], inserted = []
      const track = (url) => tracked.push(url)
      const warehouse = { insert: async (events) => { inserted.push(...events) } }
    `
    const screen = await run<ExpressProgram>('Express', reader, [
      '.listen(3000)',
      '.listen(0, function () { listening(this.address().port) })',
    ])
    for (const [signal, before] of signals) expect(process.listenerCount(signal)).toBe(before + 1)
    const url = `http://127.0.0.1:${await screen.port}/webhooks/shop`
    const bounce = momentumWire('momentum.bounce', momentumSamples['momentum.bounce'].bounced)
    const click = momentumWire('momentum.click', momentumSamples['momentum.click'].clicked)
    const post = (token: string) =>
      fetch(url, { method: 'POST', body: `[${bounce},${click}]`, headers: { 'x-messagesystems-webhook-token': token } })
    expect((await post('guess')).status).toBe(401)
    expect((await post(TOKEN)).status).toBe(200)
    await screen.receiver.whenIdle()
    expect([...screen.suppressions]).toEqual([expect.stringContaining('@')])
    expect(screen.tracked).toEqual([expect.stringMatching(/^https:/)])
    expect(screen.inserted.map((event) => event.name)).toEqual(['momentum.bounce', 'momentum.click'])
    await screen.receiver.close()
  })

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

describe('links', () => {
  const pages = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('docs/*.md', { cwd: root })]

  it.each(pages)('of %s lead to files and headings that are there', (page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => String(to))
    const broken = links.filter((to) => !/^[a-z]+:/.test(to)).filter((to) => !leads(page, to))
    expect(broken).toEqual([])
  })

  function leads(page: string, to: string): boolean {
    const [file = '', heading] = to.split('#')
    const target = file === '' ? join(root, page) : join(root, dirname(page), file)
    if (!existsSync(target)) return false
    return heading === undefined || headings(readFileSync(target, 'utf8')).includes(heading)
  }

  /** The anchors of a page, as GitHub makes them of its headings. */
  const headings = (text: string): string[] =>
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      String(heading)
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
})
