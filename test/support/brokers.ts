/**
 * Throw-away brokers: each in a temporary folder, on a free port of loopback, killed with SIGKILL when a test says so,
 * started again over the same files, and gone with the tests that started them.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

export interface Broker {
  readonly port: number
  /** As a crash of the process does: its files are as it had written them. */
  kill(): Promise<void>
  /** Resolves when it takes connections. */
  start(): Promise<void>
  /** Kills it and removes its files. */
  remove(): Promise<void>
}

export type BrokerName = 'nats-server' | 'redis-server' | 'rabbitmq-server'

/** Debian's script of that name wants a home of the system. */
const RABBITMQ = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** Whether it is installed. In CI a missing one is a failure, not a reason to skip. */
export function isInstalled(name: BrokerName): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}

export const mayRun = (name: BrokerName) => process.env.CI !== undefined || isInstalled(name)

/** With JetStream, as it is by default. */
export function startNats(): Promise<Broker> {
  return started('nats-server', (folder, port) => ({
    program: 'nats-server',
    args: ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder],
  }))
}

/**
 * With an append-only file, which is synced as `appendfsync` says. With `everysec` it puts off writing, after its answers, while a
 * sync takes long: a kill then loses what was confirmed.
 */
export function startRedis(appendfsync: 'always' | 'everysec' = 'everysec'): Promise<Broker> {
  const settings = { bind: '127.0.0.1', dir: '', port: '', save: '', appendonly: 'yes', appendfsync }
  return started('redis-server', (dir, port) => ({
    program: 'redis-server',
    args: Object.entries({ ...settings, dir, port: String(port) }).flatMap(([name, value]) => [`--${name}`, value]),
  }))
}

/** A node of its own; it starts in some seconds. */
export function startRabbit(): Promise<Broker> {
  return started('rabbitmq-server', (folder, port) => {
    // One distribution port for each node, beside that of AMQP; no port mapper of the system's.
    writeFileSync(join(folder, 'rabbitmq.conf'), `listeners.tcp.1 = 127.0.0.1:${port}\n`)
    writeFileSync(join(folder, 'enabled_plugins'), '[].\n')
    const env = {
      HOME: folder,
      RABBITMQ_NODENAME: `test${port}@localhost`,
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_DIST_PORT: String(port + 1),
      RABBITMQ_MNESIA_BASE: folder,
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(port + 2),
    }
    // A node alone has nobody to meet, but wants a port mapper. One that it starts itself would outlive it.
    return { program: 'sh', args: ['-c', `epmd & exec ${RABBITMQ}`], env }
  })
}

interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

async function started(name: BrokerName, commandOf: (folder: string, port: number) => Command): Promise<Broker> {
  const folder = mkdtempSync(`/tmp/posthorn-${name}-`)
  const port = await freePort(3)
  const { program, args, env } = commandOf(folder, port)
  let child: ChildProcess | null = null
  const broker: Broker = {
    port,
    async start() {
      // A group of its own: Erlang starts helpers, which have to go with it.
      const running = spawn(program, args, {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        env: { ...process.env, ...env },
      })
      child = running
      let said = ''
      for (const stream of [running.stdout, running.stderr])
        stream?.on('data', (chunk) => {
          said = `${said}${chunk}`.slice(-4_000)
        })
      while (!(await answers(port))) {
        if (running.exitCode !== null) throw new Error(`${name} ended with ${running.exitCode}: ${said}`)
        await pause()
      }
    },
    async kill() {
      const running = child
      child = null
      if (running?.pid === undefined || running.exitCode !== null) return
      const gone = once(running, 'exit')
      process.kill(-running.pid, 'SIGKILL')
      await gone
      // Its last processes may end after the first.
      while (await answers(port)) await pause()
    },
    async remove() {
      await broker.kill()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  await broker.start()
  return broker
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 25))

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (did: boolean) => {
      socket.destroy()
      resolve(did)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}
