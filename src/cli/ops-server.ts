/** A port for operators: the dashboard, and whether the process lives and takes deliveries. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pages } from '../adapters/node.ts'
import { dashboard } from '../dashboard/index.ts'
import { OptionError } from '../errors.ts'
import type { DashboardOptions } from '../ports/board.ts'
import type { Receiver } from '../public/receiver.ts'
import type { AnyEvent } from '../types.ts'

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
}

type Listener = (
  request: Parameters<ReturnType<typeof pages>>[0],
  response: Parameters<ReturnType<typeof pages>>[1],
) => void

export class OpsServer {
  readonly #options: OpsOptions
  readonly #listener: Listener
  readonly #servers: Server[] = []

  /** @throws OptionError for options of the dashboard that are wrong, and for an address beyond this machine without auth */
  constructor(receiver: Receiver<AnyEvent>, options: OpsOptions) {
    this.#options = options
    const { dashboard: given, host } = options
    const board = given === false ? null : pages(dashboard(receiver, given))
    if (given !== false && given.auth === undefined && host !== undefined && !isLoopback(host))
      throw new OptionError(
        `--ops-host ${host}: the dashboard would stand open there. Give serve.dashboard.auth, or serve.dashboard: false for /live and /ready alone`,
      )
    this.#listener = (request, response) => {
      const [path] = (request.url ?? '').split('?')
      if (path === '/live') response.end('live\n')
      else if (path === '/ready') void ready()
      else if (board === null) response.writeHead(404).end()
      else board(request, response)
      async function ready(): Promise<void> {
        const { ready: isReady, reason } = await receiver.health()
        const body = JSON.stringify({ ready: isReady, reason })
        response.writeHead(isReady ? 200 : 503, { 'content-type': 'application/json' }).end(body)
      }
    }
  }

  /** Resolves when it listens. */
  async listen(): Promise<OpsAddresses> {
    const { port, host, dashboard: given } = this.#options
    const bound = await this.#listenAt(port, host ?? '127.0.0.1')
    // A machine may have no IPv6, and another process that port of it.
    if (host === undefined) await this.#listenAt(bound, '::1').catch(() => {})
    const name =
      host === undefined || /^(?:0\.0\.0\.0|::)$/.test(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host
    const url = `http://${host === undefined ? '127.0.0.1' : name}:${bound}`
    return { health: url, dashboard: given === false ? null : `${url}/` }
  }

  close(): void {
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
  }

  #listenAt(port: number, host: string): Promise<number> {
    const server = createServer(this.#listener)
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
