import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bounce, dumped, newFolder, typedApart } from './inbox-file.ts'

const root = join(import.meta.dirname, '../../src')
const main = join(root, 'cli/main.ts')
const from = (path: string) => JSON.stringify(pathToFileURL(join(root, path)).href)

/** A folder with `posthorn.config.ts` in it, whose handler writes what it gets. */
function applicationOf(body: string): string {
  const folder = newFolder()
  writeFileSync(
    join(folder, 'posthorn.config.ts'),
    `import { defineConfig } from ${from('index.ts')}
import { token } from ${from('auth/index.ts')}
import { sqlite } from ${from('inboxes/sqlite/index.ts')}
import { momentum } from ${from('providers/momentum/index.ts')}
const shop = momentum({ auth: token({ env: 'SHOP_TOKEN' }) })
${body}`,
  )
  return folder
}

const SOUND = `export default defineConfig({
  inbox: sqlite({ path: './inbox.db' }),
  sources: { shop },
  logger: false,
  retention: { bodies: 0 },
  setup: (receiver) => void receiver.on('bounced', { name: 'tell' }, (event) => void process.stderr.write(event.email + '\\n')),
})`
const TOKEN = 'a token of some length'
const ENV = { ...process.env, SHOP_TOKEN: TOKEN }

const serving = (folder: string, ...args: string[]) => servingIn(ENV, folder, ...args)

function servingIn(env: NodeJS.ProcessEnv, folder: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...args], {
    ...{ cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function firstLine(stream: NodeJS.ReadableStream | null): Promise<string> {
  for await (const line of createInterface({ input: stream as NodeJS.ReadableStream })) return line
  return ''
}

function checking(folder: string, env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [main, 'serve', '--check'], { cwd: folder, env })
  let err = ''
  child.stderr.on('data', (text) => {
    err += text
  })
  return once(child, 'close').then(([code]) => ({ code, err }))
}

describe('posthorn serve', () => {
  it('receives, handles, answers /ready, and ends with 0 at SIGTERM', async () => {
    const folder = applicationOf(SOUND)
    const child = serving(folder, '--ops-port', '0', '--json')
    const { ready, health, dashboard, metrics } = JSON.parse(await firstLine(child.stdout))
    expect(ready).toEqual([expect.stringMatching(/\/webhooks\/shop$/)])
    const handled = firstLine(child.stderr)
    const headers = { 'x-messagesystems-webhook-token': TOKEN }
    const answer = await fetch(ready[0], { method: 'POST', headers, body: dumped(bounce(1)) })
    expect([answer.status, await handled]).toEqual([200, 'jo1@shop.example'])
    expect((await fetch(ready[0], { method: 'POST', body: dumped(bounce(2)) })).status).toBe(401)
    expect(await (await fetch(`${health}/ready`)).json()).toEqual({ ready: true, reason: null })
    expect((await fetch(`${health}/live`)).status).toBe(200)
    expect(health).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(await (await fetch(metrics)).text()).toContain(
      'posthorn_deliveries_total{source="shop",result="accepted"} 1',
    )
    const log = await fetch(`${dashboard}?view=log&as=ndjson&redact=1`)
    expect([log.status, (await log.text()).match(/"source":"shop"/g)]).toEqual([200, ['"source":"shop"']])
    expect((await fetch(dashboard, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(403)
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })

  it('says what is to be installed for metrics where prom-client is not', async () => {
    const without = `import { registerHooks } from 'node:module'
      registerHooks({ resolve: (name, context, next) => next(name === 'prom-client' ? 'is-not-there' : name, context) })`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(without)}`
    const child = servingIn({ ...ENV, NODE_OPTIONS }, applicationOf(SOUND), '--ops-port', '0', '--json')
    const { health, metrics } = JSON.parse(await firstLine(child.stdout))
    const answer = await fetch(`${health}/metrics`)
    expect([metrics, answer.status, await answer.text()]).toEqual([null, 404, expect.stringContaining('prom-client')])
    expect((await fetch(`${health}/ready`)).status).toBe(200)
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })

  it('is configured by the file that other commands find the inbox by', async () => {
    const folder = applicationOf(SOUND)
    const child = serving(folder)
    expect(await firstLine(child.stdout)).toMatch(/^ready: http:\/\/localhost:\d+\/webhooks\/shop$/)
    const { code, out } = await typedApart(['inbox', 'stats', '--json'], folder)
    expect([code, JSON.parse(out)]).toMatchObject([0, { pending: 0 }])
    expect(await typedApart(['inbox', 'prune', '--yes', '--json'], folder)).toMatchObject({ code: 0 })
    child.kill('SIGTERM')
    await once(child, 'exit')
  })

  it('validates with --check, and opens nothing', async () => {
    const folder = applicationOf(SOUND)
    expect(await checking(folder, ENV)).toEqual({ code: 0, err: '' })
    expect(await checking(folder, process.env)).toMatchObject({ code: 4, err: expect.stringContaining('SHOP_TOKEN') })
    expect(existsSync(join(folder, 'inbox.db'))).toBe(false)
  })

  it.each([
    ['export default 5', 'posthorn.config.ts'],
    ['export default defineConfig({ inbox: sqlite({ path: "x.db" }), sources: { shop }, setpu: 1 })', 'setup'],
    [
      'export default defineConfig({ inbox: sqlite({ path: "x.db" }), sources: { shop }, serve: { port: "a" } })',
      'serve.port',
    ],
    ['export default { inbox: sqlite({ path: "x.db" }), sources: { shop }, role: "control" }', 'role'],
    [
      'export default { inbox: sqlite({ path: "x.db" }), sources: { shop }, setup: (r) => void r.on("bonced", () => {}) }',
      'bounced',
    ],
  ])('refuses %s with 2', async (body, message) => {
    expect(await checking(applicationOf(body), ENV)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
  })

  it('opens the dashboard to others with auth alone', async () => {
    const folder = applicationOf(SOUND.replace('logger: false,', "logger: false, serve: { opsHost: '0.0.0.0' },"))
    expect(await checking(folder, ENV)).toMatchObject({
      code: 2,
      err: expect.stringContaining('serve.dashboard.auth'),
    })
  })

  it('says which file it looked for', async () => {
    expect(await typedApart(['serve'], newFolder())).toMatchObject({
      code: 2,
      err: expect.stringContaining('posthorn.config.ts'),
    })
    expect(await typedApart(['serve', '--config', 'nope.ts'], newFolder())).toMatchObject({ code: 3 })
  })
})
