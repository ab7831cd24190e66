/** examples/next, as it is: built and started, and in development with an edit. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { inboxFileSays, SENDERS, sentBy } from '../hosts/sending.ts'
import { areBrought } from '../support/brought.ts'
import { install, newApplication } from '../support/installed.ts'

const example = join(import.meta.dirname, '../../examples/next')
const application = newApplication('next')
const secret = 'a token of some length'
const environment = {
  PATH: process.env.PATH,
  WEBHOOK_TOKEN: secret,
  INBOX: join(application, 'data/inbox.db'),
  NEXT_TELEMETRY_DISABLED: '1',
}
const MINUTES = 60_000

let server: { readonly process: ChildProcess; lines: string } | null = null

/** Starts the server and answers its address. */
async function start(command: 'start' | 'dev'): Promise<string> {
  const next = join(application, 'node_modules/next/dist/bin/next')
  const child = spawn(process.execPath, [next, command, '--port', '0'], {
    cwd: application,
    env: environment,
    detached: true,
  })
  const started = { process: child, lines: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (started.lines += data))
  server = started
  const address = /Local:\s+(http:\/\/\S+)/
  await expect.poll(() => started.lines, { timeout: MINUTES }).toMatch(address)
  return started.lines.match(address)?.[1] ?? ''
}

let posts = 0

/** Each post is another: what came before is not handled again. Answers the id of the delivery. */
async function post(address: string, type: string): Promise<string> {
  const answer = await fetch(`${address}/webhooks/shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-messagesystems-webhook-token': secret },
    body: JSON.stringify([{ msys: { message_event: { type, event_id: `${++posts}` } } }]),
  })
  expect(answer.status).toBe(200)
  const { id }: { id: string } = JSON.parse(await answer.text())
  return id
}

const told = (line: string) => expect.poll(() => server?.lines, { timeout: MINUTES }).toContain(line)

// Not installed with the package: `npm ci --prefix examples/next` brings it.
describe.skipIf(!areBrought(example))('the example of Next', () => {
  beforeAll(async () => {
    // Links to files, not to folders: Turbopack follows no link that leads out of the application.
    await promisify(execFile)('cp', ['-al', join(example, 'node_modules'), join(application, 'node_modules')])
    const own = ['app', 'lib', 'instrumentation.js', 'next.config.js', 'package.json', 'package-lock.json']
    for (const name of own) cpSync(join(example, name), join(application, name), { recursive: true })
    await install(application, [])
    const modules = join(import.meta.dirname, '../../node_modules')
    for (const name of ['fastify-plugin', 'jose']) {
      cpSync(join(modules, name), join(application, 'node_modules', name), { recursive: true })
    }
    const next = join(application, 'node_modules/next/dist/bin/next')
    await promisify(execFile)(process.execPath, [next, 'build'], { cwd: application, env: environment })
  }, 5 * MINUTES)

  afterEach(async () => {
    const child = server?.process
    server = null
    if (!child || child.exitCode !== null) return
    const ended = new Promise((end) => child.once('close', end))
    // With the processes that it has started.
    process.kill(-Number(child.pid), 'SIGKILL')
    await ended
  })

  afterAll(() => rmSync(application, { recursive: true, force: true }))

  it(
    'has one receiver for the process, though two bundles load it',
    async () => {
      const address = await start('start')
      const id = await post(address, 'bounce')
      await told(`suppress ${id}`)
      expect(server?.lines.match(/"event":"start"/g)).toHaveLength(1)
      expect(server?.lines).not.toMatch(/error/i)
    },
    3 * MINUTES,
  )

  it(
    'stores and handles all that Momentum sends, repeats once',
    async () => {
      const events = () => inboxFileSays(application, 'data/inbox.db', 'events', '--limit', '1000')
      const address = await start('start')
      await post(address, 'bounce')
      const before = (await events()).length
      const sent = await sentBy(await SENDERS.momentum(`${address}/webhooks/shop`))
      expect(await events()).toHaveLength(before + sent)
      const left = async () => (await inboxFileSays(application, 'data/inbox.db', 'stats'))[0]
      await expect.poll(left, { timeout: MINUTES }).toMatchObject({ pending: 0, deadLetters: 0, quarantined: 0 })
    },
    3 * MINUTES,
  )

  it(
    'takes the handlers as they were edited, in development',
    async () => {
      const address = await start('dev')
      await told(`suppress ${await post(address, 'bounce')}`)
      const module = join(application, 'lib/webhooks.js')
      writeFileSync(module, readFileSync(module, 'utf8').replace('`suppress ', '`edited '))
      // Next notices an edit when it gets round to it: posts before that go to the handler before.
      const posted = async () => {
        await post(address, 'bounce')
        return server?.lines
      }
      await expect.poll(posted, { timeout: MINUTES, interval: 500 }).toContain('edited d_')
      expect(server?.lines).not.toMatch(/error/i)
    },
    3 * MINUTES,
  )
})
