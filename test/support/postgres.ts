/** Throw-away PostgreSQL servers: in a temporary folder, on a free port, gone with the tests that started them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from './free-port.ts'

const LIBRARY = '/usr/lib/postgresql'

/** The folder of the newest programs; null: none are installed. */
export function programsOf(library = LIBRARY): string | null {
  if (!existsSync(library)) return null
  const versions = readdirSync(library).sort((a, b) => Number(b) - Number(a))
  const found = versions.map((version) => join(library, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
  return found ?? null
}

export interface Server {
  /** For the database `postgres`, over TCP. */
  readonly url: string
  readonly port: number
  /** Ends it as a crash does, or in order. */
  stop(mode: 'immediate' | 'fast'): void
  start(): void
  /** Stops all its processes, as a machine that hangs, and lets them go on. */
  freeze(): void
  thaw(): void
  /** Of a standby: it is the primary from now on. */
  promote(): void
  /** Runs statements as the superuser. */
  run(text: string): Promise<readonly Record<string, unknown>[]>
  /** Stops it and removes its files. */
  remove(): void
}

export interface Making {
  /** An empty folder for its tables, as on a small disk; its log stays apart. */
  readonly data?: string
  /** Its clock is as this file says, in the words of libfaketime: `+0`, `+1d`; read anew at each look at the clock. */
  readonly clock?: string
  /** It is a standby of this server, and hears of it by `port`. */
  readonly standbyOf?: { readonly server: Server; readonly port: number }
}

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

/** Whether servers with a clock of their own can be started. */
export const isFaketimeThere = (): boolean => existsSync(FAKETIME)

/** Timers go by the steady clock, which is the machine's. */
const byClock = (file: string) => ({
  ...{ LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
  ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' },
})

/** `settings` go into postgresql.conf, such as `fsync: 'off'`. */
export async function startServer(
  settings: Readonly<Record<string, string>> = {},
  making: Making = {},
): Promise<Server> {
  const bin = programsOf()
  if (bin === null) throw new Error('the programs of PostgreSQL are not installed')
  const folder = mkdtempSync('/tmp/posthorn-pg-')
  const user = otherUser()
  if (user !== null) chownSync(folder, user.uid, user.gid)
  chmodSync(folder, 0o700)
  const data = making.data === undefined ? join(folder, 'data') : join(making.data, 'data')
  if (making.data !== undefined && user !== null) chownSync(making.data, user.uid, user.gid)
  const port = await freePort()
  const run = (program: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(join(bin, program), args, {
      ...user,
      cwd: folder,
      ...(making.clock !== undefined && { env: { ...process.env, ...byClock(making.clock) } }),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (status !== 0) throw new Error(`${program} failed: ${stderr}`)
  }
  if (making.standbyOf === undefined) {
    const log = making.data === undefined ? [] : ['--waldir', join(folder, 'wal')]
    run('initdb', '-D', data, ...log, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync')
  } else {
    // Past a proxy of this process, which stands still meanwhile.
    const from = ['-h', '127.0.0.1', '-p', String(making.standbyOf.server.port), '-U', 'postgres']
    run('pg_basebackup', '-D', data, ...from, '-R', '-X', 'stream', '-c', 'fast', '--no-sync')
  }
  const all = {
    port: String(port),
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: `'${folder}'`,
    ...(making.standbyOf && { primary_conninfo: `'host=127.0.0.1 port=${making.standbyOf.port} user=postgres'` }),
    ...settings,
  }
  const flags = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`)
  const start = () =>
    run('pg_ctl', '-D', data, '-w', '-t', '60', '-l', join(folder, 'log'), '-o', flags.join(' '), 'start')
  const stop = (mode: string) => run('pg_ctl', '-D', data, '-w', '-m', mode, 'stop')
  start()
  let isRunning = true
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  return {
    url,
    port,
    start() {
      start()
      isRunning = true
    },
    stop(mode) {
      stop(mode)
      isRunning = false
    },
    freeze: () => signalAll(data, 'SIGSTOP'),
    thaw: () => signalAll(data, 'SIGCONT'),
    promote: () => run('pg_ctl', '-D', data, '-w', 'promote'),
    async run(text) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      try {
        return (await client.query(text)).rows ?? []
      } finally {
        await client.end()
      }
    },
    remove() {
      if (isRunning) signalAll(data, 'SIGCONT')
      if (isRunning) stop('immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server's own process, and then its children: one for each connection. */
function signalAll(data: string, signal: NodeJS.Signals): void {
  const main = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(main, signal)
  for (const pid of readdirSync('/proc').map(Number)) if (pid > 0 && parentOf(pid) === main) process.kill(pid, signal)
}

function parentOf(pid: number): number | null {
  try {
    // The name before it may hold blanks and brackets.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return null
  }
}

/** PostgreSQL refuses to be run by root. */
function otherUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null
  for (const name of ['postgres', 'nobody']) {
    const id = (kind: string) => Number(execFileSync('id', [kind, name], { encoding: 'utf8', stdio: 'pipe' }))
    try {
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // The system has no such user.
    }
  }
  throw new Error('a server needs another user than root: postgres or nobody')
}
