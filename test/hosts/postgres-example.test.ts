/** examples/postgres, as it is: two replicas at one database, behind nginx, one of which is replaced under load. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sampleEvent } from 'posthorn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { install, newApplication, PACKS_MS } from '../support/installed.ts'
import { programsOf, type Server, startServer } from '../support/postgres.ts'

const root = join(import.meta.dirname, '../..')
const SECRET = 'a token of some length'
const MINUTE = 60_000
const isThere = programsOf() !== null && spawnSync('nginx', ['-v']).status === 0

describe.skipIf(!isThere && !process.env.CI)('with nginx and the programs of PostgreSQL', () => {
  const application = newApplication('postgres')
  const started: ChildProcess[] = []
  let server: Server

  beforeAll(async () => {
    await install(application, ['fastify-plugin', 'jose'])
    symlinkSync(join(root, 'node_modules/pg'), join(application, 'node_modules/pg'))
    cpSync(join(root, 'examples/postgres/main.js'), join(application, 'main.js'))
    server = await startServer()
  }, PACKS_MS)
  afterAll(async () => {
    for (const child of started) child.kill('SIGKILL')
    server?.remove()
    rmSync(application, { recursive: true, force: true })
  }, MINUTE)

  async function replica(port: number): Promise<ChildProcess & { lines: string }> {
    const env = { PATH: process.env.PATH, PORT: String(port), WEBHOOK_TOKEN: SECRET, DATABASE_URL: server.url }
    const child = Object.assign(spawn(process.execPath, ['main.js'], { cwd: application, env }), { lines: '' })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (child.lines += data))
    started.push(child)
    await expect.poll(() => child.lines, { timeout: MINUTE }).toContain('listening on')
    return child
  }

  async function nginx(port: number, replicas: readonly number[]): Promise<void> {
    const folder = join(application, 'nginx')
    mkdirSync(folder)
    const ours = readFileSync(join(root, 'examples/postgres/nginx.conf'), 'utf8')
    const [one, two] = replicas
    const conf = ours.replace('3001', String(one)).replace('3002', String(two)).replace('8080', `127.0.0.1:${port}`)
    writeFileSync(join(folder, 'posthorn.conf'), conf)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)
    const all = `daemon off; pid nginx.pid; user ${process.getuid?.() === 0 ? 'root' : 'nobody'};
      events {} http { access_log off; ${temporary.join(' ')} include posthorn.conf; }`
    writeFileSync(join(folder, 'nginx.conf'), all)
    const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
    started.push(spawn('nginx', args, { stdio: 'ignore' }))
    await expect
      .poll(
        () =>
          fetch(`http://127.0.0.1:${port}/`)
            .then(({ status }) => status)
            .catch(() => 0),
        { timeout: MINUTE },
      )
      .toBe(404)
  }

  it('takes what comes while a replica goes and comes, and handles each event once', {
    timeout: 3 * MINUTE,
  }, async () => {
    const ports = [await freePort(), await freePort()] as const
    const first = [await replica(ports[0]), await replica(ports[1])] as const
    const port = await freePort()
    await nginx(port, ports)
    let posts = 0
    const post = async () => {
      const { payload } = sampleEvent('momentum.bounce', { event_id: `${++posts}`, bounce_class: '10' })
      const response = await fetch(`http://127.0.0.1:${port}/webhooks/shop`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-messagesystems-webhook-token': SECRET },
        body: JSON.stringify([{ msys: { message_event: payload } }]),
      })
      return response.status
    }
    const statuses = new Set<number>()
    let isOver = false
    const sender = async () => {
      while (!isOver) statuses.add(await post())
    }
    const senders = [sender(), sender()]
    await expect.poll(() => posts, { timeout: MINUTE }).toBeGreaterThan(20)
    const ended = new Promise((resolve) => first[0].once('close', resolve))
    first[0].kill('SIGTERM')
    await ended
    expect(first[0].exitCode).toBe(0)
    const next = await replica(ports[0])
    const before = posts
    await expect.poll(() => posts, { timeout: MINUTE }).toBeGreaterThan(before + 20)
    isOver = true
    await Promise.all(senders)
    expect([...statuses]).toEqual([200])
    const handled = () =>
      [...first, next].flatMap(({ lines }) => [...lines.matchAll(/suppress (\S+)/g)].map(([, id]) => id))
    await expect.poll(() => new Set(handled()).size, { timeout: MINUTE }).toBe(posts)
    expect(handled()).toHaveLength(posts)
    expect(await server.run('SELECT count(*)::int AS n FROM posthorn.delivery')).toEqual([{ n: posts }])
  })
})
