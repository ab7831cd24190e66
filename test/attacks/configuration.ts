/** Section C: configuration, addresses to be called, files, the process around us. */
import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'vitest'
import { basic, bearer, header, query, token, unauthenticated } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { rememberingLogger } from '../support/log.ts'
import { type Attack, once, type Row } from './harness/attack.ts'
import type { Answer } from './harness/talk.ts'

const root = join(import.meta.dirname, '../..')
const auth = unauthenticated()
const refused = (code: string) => expect.objectContaining({ code })

const receiverWith = (options: object) =>
  createReceiver({ inbox: memory(), sources: { shop: momentum({ auth }) }, logger: false, ...options })

const NO_NUMBERS = ['abc', '', '10mb ', '1', Number.NaN, -1, Number.POSITIVE_INFINITY, null, {}, [1], true]

/** Every option that is a number, each given what is none. */
const NUMERIC: Readonly<Record<string, (value: unknown) => unknown>> = {
  ...Object.fromEntries(
    ['bodyBytes', 'bodyMs', 'minBytesPerSecond', 'inFlightBytes', 'requests', 'backlogBytes', 'acceptMs'].map(
      (name) => [`limits.${name}`, (value: unknown) => receiverWith({ limits: { [name]: value } })],
    ),
  ),
  memoryBytes: (value) => receiverWith({ memoryBytes: value }),
  ackWithinMs: (value) => receiverWith({ ackWithinMs: value }),
  'limits of a source': (value) => mailjet({ auth, limits: { bodyBytes: value as number } }),
  'ackWithinMs of a source': (value) => mailjet({ auth, ackWithinMs: value as number }),
  ownerWaitMs: (value) => sqlite({ path: 'x.db', ownerWaitMs: value as number }),
  minFreeBytes: (value) => sqlite({ path: 'x.db', minFreeBytes: value as number }),
  attempts: (value) => receiverWith({ handlers: { retry: { attempts: value } } }),
}

const isRefused = (make: (value: unknown) => unknown, value: unknown) =>
  expect(() => make(value), inspect(value)).toThrow(refused('ERR_OPTION'))

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'posthorn-files-')))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Opens an inbox on the file and closes it; what was warned of. */
async function opened(path: string): Promise<string> {
  const log = rememberingLogger()
  const receiver = receiverWith({ inbox: sqlite({ path }), logger: log })
  await receiver.start()
  await receiver.close()
  return log.text()
}

const modeOf = (path: string) => statSync(path).mode & 0o777

/** What a process with these flags prints. */
async function underFlags(flags: readonly string[]): Promise<string> {
  let printed = ''
  await inFolder(async (folder) => {
    const granted = flags.map((flag) => flag.replace('FOLDER', folder))
    const file = join(import.meta.dirname, 'flags-child.ts')
    const child = spawn(process.execPath, [...granted, file, join(folder, 'inbox.db')], { env: CLEAN_ENV })
    child.stdout.on('data', (text) => {
      printed += text
    })
    let failure = ''
    child.stderr.on('data', (text) => {
      failure += text
    })
    const [code] = await event(child, 'close')
    expect(code, failure).toBe(0)
  })
  return printed
}

/** Without the caches of the test run, which the permission model would not let in. */
const { NODE_COMPILE_CACHE: _cache, NODE_OPTIONS: _options, ...CLEAN_ENV } = process.env

const rows: readonly Row[] = [
  [
    'C1',
    `${Object.keys(NUMERIC).length} limits, each given ${NO_NUMBERS.length} things that are no such number`,
    'refused when it is constructed; never a limit of nothing',
    () => {
      for (const make of Object.values(NUMERIC)) for (const value of NO_NUMBERS) isRefused(make, value)
    },
  ],
  [
    'C1',
    'options that do not exist, misspelt or inherited',
    'refused when it is constructed',
    () => {
      expect(() => receiverWith({ limit: {} })).toThrow(refused('ERR_OPTION'))
      expect(() => receiverWith({ limits: { maxBytes: 1 } })).toThrow(refused('ERR_OPTION'))
      expect(() => receiverWith({ sources: { Shop: momentum({ auth }) } })).toThrow(refused('ERR_OPTION'))
      expect(() => receiverWith({ sources: { '../shop': momentum({ auth }) } })).toThrow(refused('ERR_OPTION'))
    },
  ],
  [
    'C2',
    'secrets that are empty, blank, or have a line break in them, in every kind',
    'refused at once in the code, at the start from the environment',
    async () => {
      const kinds = [
        token,
        bearer,
        (s: string) => header('x-key', s),
        (s: string) => query('key', s),
        (s: string) => basic({ username: 'u', password: s }),
      ]
      for (const kind of kinds)
        for (const bad of ['', '   ', '\t', '\n', 'a-secret-that-is-long\n', 'a\rb'])
          expect(() => kind(bad), JSON.stringify(bad)).toThrow(refused('ERR_SECRET_INVALID'))
      const late = token(() => 'a-secret-that-is-long\n')
      await expect(receiverWith({ sources: { shop: momentum({ auth: late }) } }).start()).rejects.toMatchObject({
        code: 'ERR_SECRET_INVALID',
      })
    },
  ],
  [
    'C2',
    'a secret of 15 characters',
    'one warning at the start, without the secret',
    async () => {
      const log = rememberingLogger()
      const receiver = receiverWith({ sources: { shop: momentum({ auth: token('short-canary-15') }) }, logger: log })
      await receiver.start()
      await receiver.close()
      expect(log.lines.filter(({ message }) => message.includes('can be guessed'))).toHaveLength(1)
      expect(log.text()).not.toContain('short-canary')
    },
  ],
  [
    'C4',
    'events with the address of a trap in every field that can hold one',
    'nobody calls it',
    async (site) => {
      let calls = 0
      const trap = createServer((socket) => {
        calls++
        socket.destroy()
      }).listen(0, '127.0.0.1')
      await event(trap, 'listening')
      const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/pixel.gif` // it listens on a port
      const fields = Object.fromEntries(
        ['target_link_url', 'url', 'clickEventLink', 'viewMessageLink', 'user_agent', 'webhook'].map((name) => [
          name,
          url,
        ]),
      )
      const { events } = await site.digest(
        'shop',
        JSON.stringify([{ msys: { track_event: { type: 'click', ...fields } } }]),
      )
      expect(events[0]).toMatchObject({ url })
      expect((await site.digest('news', JSON.stringify({ event: 'click', ...fields }))).events).toHaveLength(1)
      expect((await site.digest('crm', JSON.stringify({ activityStatus: 'CLICKED', ...fields }))).events).toHaveLength(
        1,
      )
      await site.receiver.whenIdle()
      expect(calls).toBe(0)
      trap.close()
    },
  ],
  [
    'C5',
    'a database path with NUL, `:memory:`, a URI',
    'refused when it is constructed',
    () => {
      for (const path of ['a\0b', ':memory:', 'file:x.db?mode=ro', '', ' '])
        expect(() => sqlite({ path }), path).toThrow(refused('ERR_OPTION'))
    },
  ],
  [
    'C5',
    'a path with `..` and a symbolic link in it; a umask that lets all in',
    'one file, found under its true name, 0600 in a directory of 0700',
    async () => {
      const umask = process.umask(0)
      try {
        await inFolder(async (folder) => {
          await opened(join(folder, 'made', 'x', '..', 'inbox.db'))
          symlinkSync(join(folder, 'made'), join(folder, 'link'))
          await opened(join(folder, 'link', 'inbox.db'))
          expect(modeOf(join(folder, 'made'))).toBe(0o700)
          expect(modeOf(join(folder, 'made', 'inbox.db'))).toBe(0o600)
          expect(readdirSync(join(folder, 'made')).filter((name) => /\.db$/.test(name))).toEqual(['inbox.db'])
        })
      } finally {
        process.umask(umask)
      }
    },
  ],
  [
    'C5',
    'a file that all may read',
    'a warning that names it; one of 0600 gives none',
    async () => {
      await inFolder(async (folder) => {
        const path = join(folder, 'inbox.db')
        writeFileSync(path, '')
        chmodSync(path, 0o644)
        expect(await opened(path)).toContain('is open to other users (mode 644)')
        chmodSync(path, 0o600)
        expect(await opened(path)).not.toContain('is open to other users')
      })
    },
  ],
  [
    'C7',
    'what comes with an installation',
    'fewer than five packages, locked by hash, none with an install script',
    () => {
      const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
      const own = packages['']
      expect(Object.keys(own.dependencies).length).toBeLessThan(5)
      for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
        expect(own.scripts ?? {}).not.toHaveProperty(script)
      for (const name of Object.keys(own.dependencies)) {
        const locked = packages[`node_modules/${name}`]
        expect([locked.hasInstallScript ?? false, typeof locked.integrity]).toEqual([false, 'string'])
      }
    },
  ],
  [
    'C8',
    'another part of the process writes to Object.prototype while requests come in',
    'what has no credentials is still refused, and nothing is `accepted` that is not stored',
    async (site) => {
      const names = ['ok', 'credential', 'source', 'status', 'code', 'challenge', 'unauthenticated', 'bytes', 'settled']
      // Made before: the test reads options of its own.
      const bare = [site.build({ credentials: false }), site.build({ source: 'news', credentials: false })]
      const [full, one] = [
        { bytes: site.build(), answers: [] as Answer[] },
        { answers: 1, head: false, leave: false, end: false },
      ]
      for (const name of names)
        Object.defineProperty(Object.prototype, name, { value: true, writable: true, configurable: true })
      try {
        for (const bytes of bare) expect((await site.raw(bytes, one)).answers[0]?.status).toBe(401)
        full.answers.push(...(await site.raw(full.bytes, one)).answers)
      } finally {
        for (const name of names) Reflect.deleteProperty(Object.prototype, name)
      }
      const accepted = full.answers[0]?.body.includes('"accepted"') === true
      expect(await site.stored()).toHaveLength(accepted ? 1 : 0)
    },
  ],
  [
    'C10',
    '`--disable-proto=delete`; `--disable-proto=throw`; `--frozen-intrinsics`',
    'a delivery is stored and handled',
    async () => {
      for (const flags of [
        ['--disable-proto=delete'],
        ['--disable-proto=throw'],
        ['--frozen-intrinsics', '--no-warnings'],
      ])
        expect(await underFlags(flags), String(flags)).toBe('200 jo@shop.example')
    },
  ],
  [
    'C10',
    'the permission model: files of ours to read, one directory to write, worker threads',
    'a delivery is stored and handled',
    async () => {
      const network = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []
      const flags = [
        '--permission',
        '--allow-fs-read=*',
        '--allow-fs-write=FOLDER',
        '--allow-fs-write=FOLDER/*',
        '--allow-worker',
        ...network,
        '--no-warnings',
      ]
      expect(await underFlags(flags)).toBe('200 jo@shop.example')
    },
  ],
]

export const configuration: readonly Attack[] = once(rows)
