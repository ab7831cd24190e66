/** What is shipped for putting a receiver into service: each file is read by the program it is for, where that is here. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { createReceiver, type SenderDeparture } from 'posthorn'
import { token } from 'posthorn/auth'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { freePort } from '../support/free-port.ts'

const folder = join(import.meta.dirname, '../../ops/deploy')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const page = readFileSync(join(import.meta.dirname, '../../docs/deploying.md'), 'utf8')
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

const SECRET = 'a token of some length'
const work = mkdtempSync(join(tmpdir(), 'posthorn-deploy-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

it('is all on the page, word for word', () => {
  for (const name of readdirSync(folder)) {
    expect(page, name).toContain(`](../ops/deploy/${name})`)
    expect(page, name).toContain(read(name).trim())
  }
})

describe.skipIf(!has('systemd-analyze'))('systemd', () => {
  it('finds nothing in the unit', () => {
    const unit = join(work, 'posthorn.service')
    writeFileSync(unit, read('posthorn.service').replace('/usr/bin/node', process.execPath))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
    expect(stderr.split('\n').filter((line) => line.includes('posthorn.service'))).toEqual([])
    expect(status).toBe(0)
  })
})

describe.skipIf(!has('caddy'))('Caddy', () => {
  it('takes its file', () => {
    const env = { ...process.env, XDG_DATA_HOME: work, XDG_CONFIG_HOME: work }
    const args = ['validate', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')]
    expect(spawnSync('caddy', args, { env }).status).toBe(0)
  })
})

describe.skipIf(!has('nginx') || !has('openssl'))('nginx', () => {
  const departures: SenderDeparture[] = []
  const receiver = createReceiver({
    inbox: memory(),
    sources: { shop: momentum({ auth: token(SECRET) }) },
    hooks: { senderLeft: (departure) => departures.push(departure) },
    logger: false,
  })
  receiver.on('*', { name: 'all' }, () => undefined)
  const server = createServer(webhooks(receiver, { prefix: '/webhooks' }))
  let port = 0
  let nginx: ReturnType<typeof spawn> | undefined

  beforeAll(async () => {
    await receiver.start()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    port = await freePort()
    const certificate = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=hooks.example.com',
    ]
    const [key, chain] = [join(work, 'privkey.pem'), join(work, 'fullchain.pem')]
    execFileSync('openssl', [...certificate, '-keyout', key, '-out', chain], { stdio: 'ignore' })
    const shipped = read('nginx.conf')
      .replace('127.0.0.1:3000', `127.0.0.1:${(server.address() as { port: number }).port}`)
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replaceAll('/etc/ssl/hooks.example.com/', `${work}/`)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${work}/${name};`,
    )
    const config = join(work, 'nginx.conf')
    writeFileSync(
      config,
      `daemon off; pid ${work}/nginx.pid; error_log ${work}/error.log; events {} http { ${temporary.join(' ')}\n${shipped}\n}`,
    )
    const checked = spawnSync('nginx', ['-t', '-c', config], { encoding: 'utf8' })
    expect(checked.stderr).toContain('syntax is ok')
    nginx = spawn('nginx', ['-c', config], { stdio: 'ignore' })
    await vi.waitFor(() => reached(port), { timeout: 10_000 })
  })

  afterAll(async () => {
    nginx?.kill('SIGTERM')
    if (nginx?.exitCode === null) await once(nginx, 'exit')
    server.close()
    await receiver.close()
  })

  /** What is written by hand over TLS, and what comes back until the connection ends. */
  function talk(text: string, body?: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        socket.write(text)
        if (body !== undefined) socket.write(body)
      })
      let answer = ''
      socket.setEncoding('utf8').on('data', (chunk) => {
        answer += chunk
      })
      socket.on('error', reject).on('close', () => resolve(answer))
    })
  }

  const head = (length: number, secret = SECRET) =>
    `POST /webhooks/shop HTTP/1.1\r\nHost: hooks.example.com\r\nConnection: close\r\nX-MessageSystems-Webhook-Token: ${secret}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`

  it('lets a batch of 12 MB through', async () => {
    const event = {
      msys: { track_event: { type: 'click', event_id: '1', rcpt_to: 'jo@shop.example', note: 'x'.repeat(1_200) } },
    }
    const body = Buffer.from(JSON.stringify(Array.from({ length: 10_000 }, () => event)))
    expect(body.length).toBeGreaterThan(12_000_000)
    expect(await talk(head(body.length), body)).toMatch(/^HTTP\/1\.1 200 /)
    expect((await receiver.inbox.stats()).pending).toBeGreaterThan(0)
  })

  it('hands on the refusal of a wrong credential while the body is still to come', async () => {
    expect(await talk(head(12_000_000, 'another token, wrong'))).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('lets the receiver see a sender that hangs up', async () => {
    const asked = once(server, 'request')
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    socket.write(`${head(1_000_000)}[`)
    await asked
    socket.destroy()
    await vi.waitFor(() => expect(departures).toMatchObject([{ source: 'shop' }]))
  })
})

describe('the manifests of Kubernetes', () => {
  interface Manifest {
    readonly kind: string
    readonly spec: {
      readonly replicas: number
      readonly strategy: { readonly type: string }
      readonly accessModes: readonly string[]
      readonly template: {
        readonly spec: {
          readonly terminationGracePeriodSeconds: number
          readonly containers: ReadonlyArray<Readonly<Record<string, { readonly httpGet: { readonly path: string } }>>>
        }
      }
    }
  }
  const manifests = (name: string): Manifest[] =>
    parseAllDocuments(read(name)).map((document) => {
      expect(document.errors).toEqual([])
      return document.toJS()
    })

  it('keep one process to a file', () => {
    const [claim, deployment] = manifests('kubernetes-sqlite.yaml')
    expect(claim?.spec.accessModes).toEqual(['ReadWriteOncePod'])
    expect(deployment?.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  })

  it.each(['kubernetes-sqlite.yaml', 'kubernetes-postgres.yaml'])(
    '%s probes what there is, and waits for the end',
    (name) => {
      const pod = manifests(name).find(({ kind }) => kind === 'Deployment')?.spec.template.spec
      expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(10)
      expect(pod?.containers[0]).toMatchObject({
        livenessProbe: { httpGet: { path: '/live' } },
        readinessProbe: { httpGet: { path: '/ready' } },
      })
    },
  )
})

it('the file of compose is one, with time to end', () => {
  const [compose] = parseAllDocuments(read('compose.yaml'))
  expect(compose?.errors).toEqual([])
  expect(compose?.toJS()).toMatchObject({
    services: { receiver: { stop_grace_period: '20s', volumes: ['inbox:/data'] } },
  })
})

it('the file of PM2 starts one process, and gives it time to end', () => {
  const { apps } = createRequire(import.meta.url)(join(folder, 'ecosystem.config.cjs'))
  expect(apps).toMatchObject([{ exec_mode: 'fork', instances: 1, kill_timeout: 20_000 }])
})

it('the container runs Node itself, as nobody in particular', () => {
  const lines = read('Dockerfile').split('\n')
  expect(lines).toContain('USER node')
  expect(lines).toContain('CMD ["node", "server.js"]')
  const known = /^(FROM|WORKDIR|COPY|RUN|VOLUME|ENV|USER|EXPOSE|CMD) |^#|^$/
  expect(lines.filter((line) => !known.test(line))).toEqual([])
})

function reached(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}
