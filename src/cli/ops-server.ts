/** A port for operators: the dashboard, metrics, and whether the process lives and takes deliveries. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pages } from '../adapters/node.ts'
import { dashboard } from '../dashboard/index.ts'
import { OptionError } from '../errors.ts'
import { watchDoor } from '../lib/symbols.ts'
import type { DashboardOptions } from '../ports/board.ts'
import type { Receiver } from '../public/receiver.ts'
import type { AnyEvent } from '../types.ts'
import { type OpsMetrics, opsMetrics } from './ops-metrics.ts'

const PROBES: ReadonlySet<string> = new Set(['/live', '/ready', '/metrics'])

export interface OpsOptions {
  readonly port: number
  /** Absent: this machine alone. */
  readonly host?: string | undefined
  /** false: none. */
  readonly dashboard: DashboardOptions | false
}

export interface OpsAddresses {
  readonly health: string
  readonly dashboard: string | null
  /** null: prom-client is not installed. */
  readonly metrics: string | null
}

export class OpsServer {
  readonly #options: OpsOptions
  readonly #receiver: Receiver<AnyEvent>
  readonly #board: ReturnType<typeof pages> | null
  readonly #servers: Server[] = []
  #metrics: OpsMetrics | null = null

  /** @throws OptionError for options of the dashboard that are wrong, and for an address beyond this machine without auth */
  constructor(receiver: Receiver<AnyEvent>, options: OpsOptions) {
    this.#options = options
    this.#receiver = receiver
    const { dashboard: given, host } = options
    this.#board = given === false ? null : pages(dashboard(receiver, given))
    if (given !== false && given.auth === undefined && host !== undefined && !isLoopback(host))
      throw new OptionError(
        `--ops-host ${host}: the dashboard would stand open there. Give serve.dashboard.auth, or serve.dashboard: false for /live, /ready and /metrics alone`,
      )
  }

  /** Resolves when it listens. */
  async listen(): Promise<OpsAddresses> {
    const { port, host, dashboard: given } = this.#options
    this.#metrics = await opsMetrics(this.#receiver)
    const bound = await this.#listenAt(port, host ?? '127.0.0.1')
    // A machine may have no IPv6, and another process that port of it.
    if (host === undefined) await this.#listenAt(bound, '::1').catch(() => {})
    const name =
      host === undefined || /^(?:0\.0\.0\.0|::)$/.test(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host
    const url = `http://${host === undefined ? '127.0.0.1' : name}:${bound}`
    return {
      health: url,
      dashboard: given === false ? null : `${url}/`,
      metrics: this.#metrics === null ? null : `${url}/metrics`,
    }
  }

  close(): void {
    this.#metrics?.dispose()
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?')
    if (PROBES.has(path)) {
      response.setHeader('cache-control', 'no-store')
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { allow: 'GET, HEAD' }).end()
        return
      }
    }
    if (path === '/live') response.end('live\n')
    else if (path === '/ready') await this.#ready(response)
    else if (path === '/metrics' && this.#metrics !== null) await this.#metrics.answer(response)
    else if (path === '/metrics') response.writeHead(404).end('for /metrics install prom-client beside posthorn\n')
    else if (this.#board === null) response.writeHead(404).end()
    else this.#board(request, response)
  }

  async #ready(response: ServerResponse): Promise<void> {
    const { ready, reason } = await this.#receiver.health()
    response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify({ ready, reason }))
  }

  /** A metric of the program, in the same registry, may throw. */
  #failed(response: ServerResponse, error: unknown): void {
    this.#receiver[watchDoor].failed('ops.metrics', error)
    if (!response.headersSent) response.writeHead(500)
    response.end()
  }

  #listenAt(port: number, host: string): Promise<number> {
    const server = createServer(
      (request, response) =>
        void this.#answer(request, response).catch((error: unknown) => this.#failed(response, error)),
    )
    return new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, host, () => {
        server.off('error', reject)
        this.#servers.push(server)
        resolve((server.address() as AddressInfo).port)
      })
    })
  }
}

const isLoopback = (host: string) => /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host)
