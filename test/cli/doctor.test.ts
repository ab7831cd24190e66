import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { machine } from '../../src/cli/doctor/machine.ts'
import { SAFE_NODES } from '../../src/inboxes/sqlite/file/db/connect.ts'
import { listening, TOKEN } from '../emulators/site.ts'
import { bounce, dumped, newFolder, receiverAt, seeded, typed, typedApart } from './inbox-file.ts'

interface Finding {
  readonly id: string
  readonly ok: boolean
  readonly what: string
  readonly why: string | null
  readonly mend: string | null
}

async function doctor(...args: string[]) {
  const { code, out, err } = await typed(['doctor', ...args, '--json'])
  const { ok, findings }: { ok: boolean; findings: Finding[] } = JSON.parse(out)
  expect([code, err]).toEqual([ok ? 0 : 1, ''])
  const ills = findings.filter((finding) => !finding.ok)
  for (const { why, mend } of ills)
    expect([why, mend]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)])
  return {
    ills: ills.map(({ id }) => id),
    mend: (id: string) => ills.find((one) => one.id === id)?.mend,
    ids: findings.map(({ id }) => id),
  }
}

/** Of this machine: whether they are well is not up to the tests. */
const MACHINE = ['node', 'sqlite', 'open_files', 'disk', 'syncs']
const own = (ills: readonly string[]) => ills.filter((id) => !MACHINE.includes(id))

const src = (file: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src', file)).href)
const configuration = (path: string) => `import { token } from ${src('auth/index.ts')}
import { sqlite } from ${src('inboxes/sqlite/index.ts')}
import { momentum } from ${src('providers/momentum/index.ts')}
export default {
  inbox: sqlite({ path: ${JSON.stringify(path)} }),
  sources: { shop: momentum({ auth: token('a token of some length') }) },
}`

const CLI = join(import.meta.dirname, '../../src/cli/main.ts')

describe('posthorn doctor', () => {
  it('tells releases of Node and SQLite with known holes', () => {
    const told = (node: string, sqlite: string) =>
      machine({ ...process.versions, node, sqlite }).flatMap(({ id, ok }) => (ok ? [] : [id]))
    expect(told('24.18.1', '3.51.3')).toEqual([])
    expect(told('24.18.0', '3.51.2')).toEqual(['node', 'sqlite'])
    expect(told('22.23.2', '3.53.0')).toEqual([])
    expect(told('22.23.1', '3.53.0')).toEqual(['node'])
    expect(told('28.0.0', '4.0.0')).toEqual([])
    expect(machine({ ...process.versions, sqlite: '3.50.0' })[1]?.mend).toContain(SAFE_NODES)
  })

  it('tells too few open files, which end a busy hour', () => {
    const told = (limit: number) => machine(process.versions, limit).find(({ id }) => id === 'open_files')
    expect([told(1_024)?.ok, told(65_536)?.ok, told(Number.POSITIVE_INFINITY)?.ok]).toEqual([false, true, true])
    expect(told(1_024)?.mend).toContain('LimitNOFILE')
  })

  it('says whether a process has the file open, and whose the files beside it are', async () => {
    const { path } = await seeded()
    const of = async (id: string): Promise<Finding | undefined> =>
      JSON.parse((await typed(['doctor', '--inbox', path, '--json'])).out).findings.find(
        (one: Finding) => one.id === id,
      )
    expect((await of('lock'))?.what).toMatch(/^no process/)
    const { receiver } = receiverAt(path)
    await receiver.start()
    expect((await of('lock'))?.what).toBe('a process has it open')
    await receiver.close()
    expect(await of('owner')).toMatchObject({ ok: true })
    if (process.getuid?.() !== 0) return
    chownSync(`${path}-lock`, 65_534, 65_534)
    expect(await of('owner')).toMatchObject({ ok: false, mend: expect.stringMatching(/^chown 0:0 /) })
  })

  it('finds what failed and waits in an inbox, and leaves nothing beside it', async () => {
    const { path, folder } = await seeded()
    await typed(['inbox', 'pause', 'suppress', '--yes', '--inbox', path])
    const { ills, mend, ids } = await doctor('--inbox', path, '--deep')
    expect(own(ills)).toEqual(['dead_letters', 'quarantine', 'paused'])
    expect(ids).toEqual(
      expect.arrayContaining(['file', 'log', 'disk', 'syncs', 'content', 'backlog', 'clock', 'growth']),
    )
    expect(mend('paused')).toBe('posthorn inbox resume suppress')
    expect(readdirSync(folder).filter((name) => name.includes('doctor'))).toEqual([])
  })

  it('tells whether a disk is quick enough, and leaves nothing on it', async () => {
    const folder = newFolder()
    const { code, out } = await typed(['bench-disk', folder, '--count', '10', '--json'])
    const { ok, writes } = JSON.parse(out)
    expect([code, writes.map(({ bytes }: { bytes: number }) => bytes)]).toEqual([ok ? 0 : 1, [4_096, 1_048_576]])
    for (const { p50Ms, p99Ms, maxMs } of writes)
      expect([p50Ms, p99Ms, maxMs]).toEqual([p50Ms, p99Ms, maxMs].toSorted((a, b) => a - b))
    expect(readdirSync(folder)).toEqual([])
    expect((await typed(['bench-disk', folder, '--count', '10'])).out).toMatch(/^verdict\t/m)
    expect(await typed(['bench-disk', join(folder, 'nowhere')])).toMatchObject({ code: 3, out: '' })
  })

  it('finds a folder in which nothing can be written, and looks at the rest', async () => {
    const { path, folder } = await seeded()
    writeFileSync(join(folder, `posthorn-disk-${process.pid}`), '')
    const { ills, ids } = await doctor('--inbox', path)
    expect(ills).toContain('syncs')
    expect(ids).toContain('dead_letters')
  })

  it('finds a file that is damaged, of a newer release, or no inbox', async () => {
    const { path } = await seeded()
    const folder = newFolder()
    const newer = join(folder, 'newer.db')
    copyFileSync(path, newer)
    const db = new DatabaseSync(newer)
    db.exec('PRAGMA user_version = 1000')
    db.close()
    const [broken, foreign] = [join(folder, 'broken.db'), join(folder, 'foreign.db')]
    writeFileSync(broken, readFileSync(path).subarray(0, 90_112))
    const other = new DatabaseSync(foreign)
    other.exec('CREATE TABLE t (x)')
    other.close()
    for (const [file, mend] of [
      [newer, 'npm install posthorn@latest'],
      [broken, 'restore a backup: docs/backup.md'],
      [foreign, 'posthorn doctor --inbox <file>: the path of an inbox'],
    ] as const)
      expect((await doctor('--inbox', file)).mend('open')).toBe(mend)
  })

  it('finds a file that others can read', async () => {
    const { path } = await seeded()
    chmodSync(path, 0o644)
    expect((await doctor('--inbox', path)).mend('file')).toBe(`chmod 600 ${path}*`)
  })

  it('finds a clock that is behind that of the sender', async () => {
    const path = join(newFolder(), 'inbox.db')
    const { receiver } = receiverAt(path, { isDown: false, saved: [] })
    const event = bounce(1)
    event.msys.message_event.timestamp = String(Math.floor(Date.now() / 1_000) + 3_600)
    await receiver.inject('shop', dumped(event))
    await receiver.whenIdle()
    await receiver.close()
    expect(own((await doctor('--inbox', path)).ills)).toEqual(['clock'])
  })

  it('finds secrets that are missing, short or none', async () => {
    const folder = newFolder()
    const { receiver } = receiverAt(join(folder, 'inbox.db'))
    await receiver.start()
    await receiver.close()
    const config = join(folder, 'posthorn.config.ts')
    writeFileSync(
      config,
      `import { token, unauthenticated } from ${src('auth/index.ts')}
import { sqlite } from ${src('inboxes/sqlite/index.ts')}
import { momentum } from ${src('providers/momentum/index.ts')}
const source = (auth) => momentum({ auth })
export default {
  inbox: sqlite({ path: ${JSON.stringify(join(folder, 'inbox.db'))} }),
  sources: {
    a: source(token({ env: 'THERE_IS_NO_SUCH_VARIABLE' })),
    b: source(token('short')),
    c: source(unauthenticated()),
    d: source(token('a token of some length')),
    e: source(token('another token of some length')),
    f: source(token('a token of some length')),
  },
}`,
    )
    const { ills, ids } = await doctor('--config', config)
    expect(own(ills)).toEqual(['secret', 'secret', 'secret', 'secret_equal'])
    expect(ids.filter((id) => id === 'secret')).toHaveLength(6)
    const here = JSON.parse((await typedApart(['doctor', '--json'], folder)).out) as { findings: Finding[] }
    expect(here.findings.map(({ id }) => id)).toEqual(ids)
  })

  it('looks at the file of a configuration, the one of this folder too, and at its disk before the first start', async () => {
    const folder = newFolder()
    const path = join(folder, 'data', 'inbox.db')
    writeFileSync(join(folder, 'posthorn.config.mjs'), configuration(path))
    const read = (...args: string[]): string[] => {
      const { stdout } = spawnSync(process.execPath, [CLI, 'doctor', '--json', ...args], {
        cwd: folder,
        encoding: 'utf8',
      })
      return JSON.parse(stdout).findings.map(({ id }: Finding) => id)
    }
    const before = ['node', 'sqlite', 'open_files', 'file', 'disk', 'syncs', 'secret']
    expect(read('--config', 'posthorn.config.mjs', '--deep')).toEqual(before)
    expect(read()).toEqual(before)
    expect(readdirSync(folder)).toEqual(['posthorn.config.mjs'])
    const { receiver } = receiverAt(path)
    await receiver.start()
    await receiver.close()
    const after = ['file', 'owner', 'lock', 'log', 'disk', 'syncs', 'content', 'secret', 'backlog', 'growth']
    expect(read('--deep')).toEqual(expect.arrayContaining(after))
    expect(read('--config', 'posthorn.config.mjs', '--deep')).toEqual(expect.arrayContaining(after))
    // Of another inbox the configuration of this folder says nothing.
    const { path: other } = await seeded()
    expect(read('--inbox', other)).not.toContain('secret')
  })

  it('ends with 3 when there is no inbox, and refuses what is no size with 2', async () => {
    expect(await typed(['doctor', '--inbox', '/nowhere/inbox.db'])).toMatchObject({ code: 3 })
    expect(await typed(['doctor', '--size', '12'])).toMatchObject({ code: 2 })
    expect(await typed(['doctor', '--url', 'http://127.0.0.1:1/'])).toMatchObject({ code: 3 })
  })
})

type Front = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** A receiver with a proxy in front. */
async function reached(front: Front = (_, __, next) => next()) {
  const inbox = sqlite({ path: join(newFolder(), 'inbox.db') })
  const receiver = createReceiver({ inbox, sources: { shop: momentum({ auth: token(TOKEN) }) }, logger: false })
  const handled: unknown[] = []
  receiver.on('*', { name: 'all' }, (event) => void handled.push(event))
  await receiver.start()
  onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
  const listener = webhooks(receiver)
  const base = await listening((request, response) => front(request, response, () => listener(request, response)))
  return { url: `${base}/webhooks/shop`, receiver, handled }
}

describe('posthorn doctor --url', () => {
  it('posts a batch of 12 MB through what is in front, without an event', async () => {
    const { url, receiver, handled } = await reached()
    const { ills, ids } = await doctor('--url', url, '--token', TOKEN)
    expect(own(ills)).toEqual([])
    expect(ids.slice(3)).toEqual(['tls', 'server_clock', 'probe', 'probe', 'stranger', 'batch', 'gzip'])
    await receiver.whenIdle()
    const bytes: number[] = []
    for await (const delivery of receiver.inbox.deliveries()) bytes.push(delivery.bytes)
    expect([bytes, handled]).toEqual([[12_000_000, 12_000_000], []])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 0 })
  })

  it('finds a proxy that takes no more than a megabyte, and says its setting', async () => {
    const { url } = await reached((request, response, next) => {
      if (Number(request.headers['content-length'] ?? 0) <= 1 << 20) return next()
      response.writeHead(413, { connection: 'close' }).end()
    })
    const { ills, mend } = await doctor('--url', url, '--token', TOKEN)
    expect(own(ills)).toEqual(['stranger', 'batch'])
    expect(mend('batch')).toMatch(/^client_max_body_size/)
  })

  it('finds an address without credentials, a wrong one, and methods that are not routed', async () => {
    const open = await listening((request, response) => {
      request.resume()
      response.end()
    })
    expect(own((await doctor('--url', `${open}/webhooks/shop`)).ills)).toEqual(['stranger'])
    const { url } = await reached()
    expect(own((await doctor('--url', url, '--token', 'another', '--size', '10kB')).ills)).toEqual(['batch', 'gzip'])
    const posts = await reached((request, response, next) =>
      request.method === 'POST' ? next() : void response.writeHead(404).end(),
    )
    expect(own((await doctor('--url', posts.url, '--token', TOKEN, '--size', '10kB')).ills)).toEqual(['probe', 'probe'])
  })
})

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('posthorn doctor --url, over https', () => {
  async function secure(days: number) {
    const folder = newFolder()
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=localhost',
    ]
    spawnSync('openssl', [
      ...made,
      '-addext',
      'subjectAltName=DNS:localhost',
      '-days',
      String(days),
      '-keyout',
      key,
      '-out',
      cert,
    ])
    const receiver = createReceiver({
      inbox: sqlite({ path: join(folder, 'inbox.db') }),
      sources: { shop: momentum({ auth: token(TOKEN) }) },
      logger: false,
    })
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, webhooks(receiver)).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await receiver.close({ timeoutMs: 0 })
    })
    await receiver.start()
    const url = `https://localhost:${(server.address() as { port: number }).port}/webhooks/shop`
    const run = async (trusted: boolean) => {
      const env = { ...process.env, ...(trusted ? { NODE_EXTRA_CA_CERTS: cert } : {}) }
      const child = spawn(
        process.execPath,
        [CLI, 'doctor', '--url', url, '--token', TOKEN, '--size', '10kB', '--json'],
        { env },
      )
      let out = ''
      child.stdout.on('data', (chunk) => {
        out += chunk
      })
      await once(child, 'close')
      return (JSON.parse(out).findings as Finding[]).filter(
        ({ id, ok }) => id === 'certificate' || (!ok && !MACHINE.includes(id)),
      )
    }
    return run
  }

  it('tells a certificate that is not trusted, and one that soon ends', async () => {
    const run = await secure(100)
    expect(await run(true)).toMatchObject([
      { id: 'certificate', ok: true, what: expect.stringMatching(/ (99|100) days/) },
    ])
    expect(await run(false)).toMatchObject([
      { id: 'certificate', ok: false, mend: expect.stringContaining('fullchain') },
    ])
    expect(await (await secure(10))(true)).toMatchObject([
      { id: 'certificate', ok: false, mend: expect.stringMatching(/^certbot renew/) },
    ])
  })
})
