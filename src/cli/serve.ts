/** `posthorn serve`: a receiver by its configuration, without a program of one's own. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeOnSignals, webhooks } from '../adapters/node.ts'
import { createReceiver } from '../core/receiver.ts'
import { hostDoor } from '../lib/symbols.ts'
import type { PosthornConfig } from '../public/config.ts'
import type { Receiver } from '../public/receiver.ts'
import { verify } from '../read/index.ts'
import type { AnyEvent } from '../types.ts'
import { configOf } from './config-file.ts'
import { say } from './out/streams.ts'

export interface ServeCommandOptions {
  readonly config?: string | undefined
  readonly port?: number | undefined
  readonly host?: string | undefined
  /** Where `/live` and `/ready` are answered; without it nowhere. */
  readonly opsPort?: number | undefined
  /** Opens nothing: says whether the configuration can be served. */
  readonly check: boolean
  readonly json: boolean
}

type AnyReceiver = Receiver<AnyEvent>

/** The exit code, when the server has ended; what its stop came to is the exit code of the process by then. */
export async function serve(options: ServeCommandOptions): Promise<0> {
  const config = await configOf(options.config)
  const receiver = await receiverOf(config)
  if (options.check) return checked(config, receiver, options)
  const { port = 3_000, host, prefix = '/webhooks' } = config.serve ?? {}
  const at = { port: options.port ?? port, host: options.host ?? host }
  const server = createServer(webhooks(receiver, { prefix }))
  const ops = createServer((request, response) => void answerOps(receiver, request.url ?? '', response))
  const closing = closeOnSignals(server, receiver, { after: () => ops.close() })
  try {
    await receiver.start()
    const url = await listen(server, at.port, at.host)
    const health = options.opsPort === undefined ? null : await listen(ops, options.opsPort, at.host)
    tellReady(receiver, `${url}${prefix}`, health, options.json)
    await new Promise<void>((resolve) => server.once('close', resolve))
    return 0
  } catch (error) {
    closing[Symbol.dispose]()
    await receiver.close({ timeoutMs: 0 })
    throw error
  }
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

function tellReady(receiver: AnyReceiver, base: string, health: string | null, json: boolean): void {
  const ready = receiver[hostDoor].sourceNames.map((name) => `${base}/${name}`)
  if (json) say(JSON.stringify({ ready, health }))
  else say(`ready: ${ready.join(' ')}${health === null ? '' : `; health: ${health}/ready`}`)
}

/** For balancers: whether the process lives, and whether a delivery would be accepted now. */
async function answerOps(receiver: AnyReceiver, url: string, response: ServerResponse): Promise<void> {
  const path = url.split('?')[0]
  if (path === '/live') return void response.end('live\n')
  if (path !== '/ready') return void response.writeHead(404).end()
  const { ready, reason } = await receiver.health()
  response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify({ ready, reason }))
}
