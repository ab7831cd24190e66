/** The examples of whole hosts, as they are: started by what they name, posted to, and stopped. */
import { execFile } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sampleEvent } from 'posthorn/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { areBrought } from '../support/brought.ts'
import { install, newApplication, PACKS_MS } from '../support/installed.ts'
import { Started } from './started.ts'

const root = join(import.meta.dirname, '../..')
const SECRET = 'a token of some length'
const MINUTE = 60_000

interface Example {
  readonly name: string
  /** Below `examples/`. */
  readonly files: string
  /** The folder with its packages; of the project, these alone. */
  readonly modules: string
  readonly only?: readonly string[]
  /** Run in its folder. */
  readonly build?: readonly string[]
  readonly command: readonly [program: string, ...args: string[]]
  readonly path: string
  readonly credentials: Readonly<Record<string, string>>
  post(number: number): object
  /** Of what it answers besides: by path, status and what is in it, once a delivery was handled. */
  readonly answers?: Readonly<Record<string, readonly [status: number, text: RegExp]>>
  /** What its handler writes. */
  readonly handled: RegExp
}

const bounces = (folder: string) => ({
  ...{ files: folder, modules: `examples/${folder}/node_modules`, path: '/webhooks/shop' },
  credentials: { 'x-messagesystems-webhook-token': SECRET },
  post: (number: number) => [
    { msys: { message_event: sampleEvent('momentum.bounce', { event_id: `${number}`, bounce_class: '10' }).payload } },
  ],
  handled: /suppress d_/,
})

const preferences = {
  ...{ path: '/webhooks/crm', credentials: { 'x-key': SECRET }, handled: /^\d+ \[/m },
  post: (number: number) => sampleEvent('esputnik.subscription_changed', { contactId: `${number}` }).payload,
}

const suppressed = {
  ...bounces(''),
  credentials: { 'x-messagesystems-webhook-token': SECRET },
  modules: 'node_modules',
  handled: /suppress momentum/,
}

const node = process.execPath
const onHono = { files: 'hono.ts', modules: 'node_modules', only: ['@hono', 'hono'] }
const EXAMPLES: readonly Example[] = [
  { name: 'Hono', command: [node, 'hono.ts'], ...onHono, ...preferences },
  {
    ...{ name: 'telemetry', command: [node, 'telemetry.ts'], ...suppressed, files: 'telemetry.ts' },
    only: ['express', 'prom-client', '@opentelemetry'],
    answers: { '/metrics': [200, /^posthorn_deliveries_total\{source="shop",result="accepted"\} 1$/m] },
  },
  {
    ...{ name: 'health', command: [node, 'health.ts'], ...suppressed, files: 'health.ts', only: ['fastify'] },
    answers: { '/live': [200, /live/], '/ready': [200, /"ready"/] },
  },
  { name: 'Koa', command: [node, 'main.js'], ...bounces('koa') },
  { name: 'NestJS', command: [node, 'main.js'], ...bounces('nest') },
  {
    ...{ name: 'Nitro', command: [node, '.output/server/index.mjs'], ...bounces('nitro') },
    build: ['node_modules/nitro/dist/cli/index.mjs', 'build'],
  },
  { name: 'Bun', command: ['node_modules/.bin/bun', 'main.js'], ...bounces('bun') },
  { name: 'Deno', command: ['node_modules/.bin/deno', 'run', '--allow-all', 'main.js'], ...bounces('deno') },
]

/** Not installed with the package: `npm ci --prefix examples/<folder>` brings them. */
const isBrought = ({ modules }: Example) => areBrought(join(root, modules, '..'))

/** Built once: each example gets a copy. */
const built = newApplication('hosts')

beforeAll(() => install(built, ['fastify-plugin', 'jose']), PACKS_MS)
afterAll(() => rmSync(built, { recursive: true, force: true }))

describe.each(EXAMPLES)('the example of $name', (example) => {
  describe.skipIf(!isBrought(example))('with what it is built on', () => describeExample(example))
})

function describeExample(example: Example): void {
  let started: Started

  beforeAll(async () => {
    const modules = join(root, example.modules)
    const names = example.only ?? readdirSync(modules).filter((name) => name !== 'jose' && name !== 'fastify-plugin')
    started = new Started(
      example.files,
      built,
      names.map((name) => [name, example.modules]),
    )
    if (example.build) await promisify(execFile)(node, [...example.build], { cwd: started.folder })
  }, 3 * MINUTE)
  afterEach(() => started.kill())
  afterAll(() => started.remove())

  let posts = 0
  const post = (address: string, credentials = example.credentials) =>
    fetch(address + example.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credentials },
      body: JSON.stringify(example.post(++posts)),
    })

  it(
    'takes, refuses, handles and stops in order',
    async () => {
      const env = { WEBHOOK_TOKEN: SECRET, YESPO_KEY: SECRET, MOMENTUM_TOKEN: SECRET }
      const address = await started.start(example.command, env)
      expect((await post(address, {})).status).toBe(401)
      const answer = await post(address)
      expect([answer.status, JSON.parse(await answer.text())]).toMatchObject([200, { status: 'accepted' }])
      await expect.poll(() => started.lines, { timeout: MINUTE }).toMatch(example.handled)
      for (const [path, [status, text]] of Object.entries(example.answers ?? {})) {
        const probed = await fetch(address + path)
        expect([path, probed.status]).toEqual([path, status])
        expect(await probed.text()).toMatch(text)
      }
      await started.stop()
    },
    3 * MINUTE,
  )
}
