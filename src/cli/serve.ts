/** `posthorn serve`: a receiver by its configuration, without a program of one's own. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeOnSignals, webhooks } from '../adapters/node.ts'
import { createReceiver } from '../core/receiver.ts'
import { OptionError } from '../errors.ts'
import { postgres } from '../inboxes/postgres/index.ts'
import { hostDoor } from '../lib/symbols.ts'
import type { PosthornConfig, ServeOptions } from '../public/config.ts'
import type { Receiver } from '../public/receiver.ts'
import { verify } from '../read/index.ts'
import type { AnyEvent } from '../types.ts'
import { configOf } from './config-file.ts'
import { type OpsAddresses, OpsServer } from './ops-server.ts'
import { say } from './out/streams.ts'

export interface ServeCommandOptions {
  readonly config?: string | undefined
  /** The inbox in this database, in the place of that of the configuration. */
  readonly postgres?: string | undefined
  readonly schema?: string | undefined
  readonly port?: number | undefined
  readonly host?: string | undefined
  /** Where the dashboard is, and `/live`, `/ready` and `/metrics` are answered; without it nowhere. */
  readonly opsPort?: number | undefined
  readonly opsHost?: string | undefined
  /** Opens nothing: says whether the configuration can be served. */
  readonly check: boolean
  readonly json: boolean
}

type AnyReceiver = Receiver<AnyEvent>

/** The exit code, when the server has ended; what its stop came to is the exit code of the process by then. */
export async function serve(options: ServeCommandOptions): Promise<0> {
  const config = withPostgres(await configOf(options.config, ''), options)
  const receiver = await receiverOf(config)
  const ops = opsOf(receiver, config.serve, options)
  if (options.check) return checked(config, receiver, options)
  const { port = 3_000, host, prefix = '/webhooks' } = config.serve ?? {}
  const at = { port: options.port ?? port, host: options.host ?? host }
  const server = createServer(webhooks(receiver, { prefix }))
  const closing = closeOnSignals(server, receiver, { after: () => ops?.close() })
  try {
    await receiver.start()
    const url = await listen(server, at.port, at.host)
    tellReady(receiver, `${url}${prefix}`, (await ops?.listen()) ?? null, options.json)
    await new Promise<void>((resolve) => server.once('close', resolve))
    return 0
  } catch (error) {
    closing[Symbol.dispose]()
    ops?.close()
    await receiver.close({ timeoutMs: 0 })
    throw error
  }
}

function withPostgres(config: PosthornConfig, { postgres: url, schema }: ServeCommandOptions): PosthornConfig {
  if (url === undefined && schema !== undefined) throw new OptionError('--schema goes with --postgres')
  if (url === undefined) return config
  return { ...config, inbox: postgres({ connectionString: url, ...(schema === undefined ? {} : { schema }) }) }
}

/** @throws OptionError for an option that is wrong, or a handler that cannot be registered */
async function receiverOf({ setup, serve: _, ...options }: PosthornConfig): Promise<AnyReceiver> {
  const receiver = createReceiver(options)
  await setup?.(receiver)
  return receiver
}

/** @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
async function checked({ sources }: PosthornConfig, receiver: AnyReceiver, { json }: ServeCommandOptions): Promise<0> {
  for (const source of Object.values(sources)) await verify(source, {}, { url: '/' })
  const names = [...receiver[hostDoor].sourceNames]
  say(json ? JSON.stringify({ ok: true, sources: names }) : `The configuration is sound; sources: ${names.join(', ')}`)
  return 0
}

function listen(server: Server, port: number, host: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const listening = () => {
      server.off('error', reject)
      const { address, family, port: bound } = server.address() as AddressInfo
      const name =
        address === '::' || address === '0.0.0.0' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
      resolve(`http://${name}:${bound}`)
    }
    server.once('error', reject).listen({ port, ...(host === undefined ? {} : { host }) }, listening)
  })
}

function tellReady(receiver: AnyReceiver, base: string, ops: OpsAddresses | null, json: boolean): void {
  const ready = receiver[hostDoor].sourceNames.map((name) => `${base}/${name}`)
  const { health, dashboard, metrics } = ops ?? { health: null, dashboard: null, metrics: null }
  const more = Object.entries({ health: health && `${health}/ready`, dashboard, metrics })
  const told = more.map(([name, url]) => (url === null ? '' : `; ${name}: ${url}`)).join('')
  if (json) say(JSON.stringify({ ready, health, dashboard, metrics }))
  else say(`ready: ${ready.join(' ')}${told}`)
}

/** @throws OptionError for an address beyond this machine without auth, before anything is opened */
function opsOf(receiver: AnyReceiver, serve: ServeOptions = {}, { opsPort, opsHost, check }: ServeCommandOptions) {
  if (opsPort === undefined && !check) return null
  return new OpsServer(receiver, {
    port: opsPort ?? 0,
    host: opsHost ?? serve.opsHost,
    dashboard: serve.dashboard ?? {},
  })
}
