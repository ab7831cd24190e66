/** A sender's own HTTP API: a table of routes on a server of its own. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OptionError } from '../../errors.ts'
import { keysOf, kindOf, knownKeys, wholeNumber } from '../../lib/options.ts'

export interface ApiRequest {
  readonly method: string
  /** Without query and without a slash at the end. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** What `:name` stood for in the pattern of the route. */
  readonly params: Readonly<Record<string, string>>
  readonly body: string
  /** `http://127.0.0.1:4000`, as the caller addressed it. */
  readonly origin: string
}

export interface ApiAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Written as JSON; text goes as it is; absent: no body. */
  readonly body?: unknown
}

export interface Route {
  readonly method: string
  /** `/api/v1/webhooks/:id`; the path of a request may end with a slash. */
  readonly path: string
  readonly answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>
}

export interface ListenOptions {
  /** Default 0: any free one. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
}

export interface Listening {
  /** `http://127.0.0.1:4000`, without a slash at the end. */
  readonly url: string
  readonly port: number
}

export interface Api {
  readonly routes: readonly Route[]
  /** The answer before any route is asked: of a wrong key. Null lets the request pass. */
  readonly refuse: (request: ApiRequest) => ApiAnswer | null
  /** The answer when no route fits; `methods` are those that the path has. */
  readonly noRoute: (request: ApiRequest, methods: readonly string[]) => ApiAnswer
}

const KEYS = keysOf<ListenOptions>({ port: true, host: true })

/** Bodies above this are answered 413. */
const MAX_BODY_BYTES = 1_048_576

export class ApiServer {
  readonly #server: Server

  constructor(api: Api) {
    this.#server = createServer((request, response) => void respond(api, request, response))
  }

  async listen(options: ListenOptions = {}): Promise<Listening> {
    knownKeys('listen', options, KEYS)
    const port = wholeNumber('listen: port', options.port, 0, 0, 65_535)
    const { host = '127.0.0.1' } = options
    if (typeof host !== 'string') throw new OptionError(`listen: host must be a text, got ${kindOf(host)}`)
    const { promise, resolve, reject } = Promise.withResolvers<Listening>()
    this.#server.once('error', reject)
    this.#server.listen(port, host, () => {
      this.#server.off('error', reject)
      const { port: taken, family } = this.#server.address() as AddressInfo
      const name = family === 'IPv6' ? `[${host}]` : host
      resolve({ url: `http://${name}:${taken}`, port: taken })
    })
    return promise
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}

async function respond(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await answerTo(api, request).catch((error) => ({ status: 500, body: { error: String(error) } }))
  const { status, headers = {}, body }: ApiAnswer = answer
  response.writeHead(status, { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers })
  response.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body))
}

async function answerTo(api: Api, incoming: IncomingMessage): Promise<ApiAnswer> {
  const body = await readBody(incoming)
  if (body === null) return { status: 413 }
  const request = toApiRequest(incoming, body)
  const found = findRoute(api.routes, request)
  if (found.route === null) return api.refuse(request) ?? api.noRoute(request, found.methods)
  const matched = { ...request, params: found.params }
  return api.refuse(matched) ?? found.route.answer(matched)
}

function toApiRequest(incoming: IncomingMessage, body: string): ApiRequest {
  const origin = `http://${incoming.headers.host ?? 'localhost'}`
  const [path = '/', search = ''] = (incoming.url ?? '/').split('?', 2)
  return {
    method: incoming.method ?? 'GET',
    path: path.replace(/\/+$/, ''),
    query: new URLSearchParams(search),
    headers: incoming.headers as Record<string, string | undefined>,
    params: {},
    body,
    origin,
  }
}

interface Found {
  readonly route: Route | null
  readonly params: Record<string, string>
  readonly methods: readonly string[]
}

function findRoute(routes: readonly Route[], { method, path }: ApiRequest): Found {
  const fitting = routes.flatMap((route) => {
    const params = paramsOf(route.path, path)
    return params === null ? [] : [{ route, params }]
  })
  const found = fitting.find(({ route }) => route.method === method)
  return { route: found?.route ?? null, params: found?.params ?? {}, methods: fitting.map(({ route }) => route.method) }
}

function paramsOf(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [at, word] of wanted.entries()) {
    const part = given[at] ?? ''
    if (word.startsWith(':')) params[word.slice(1)] = part
    else if (word !== part) return null
  }
  return params
}

/** Null when it is too large; it is read to its end all the same, so that the caller reads the answer. */
async function readBody(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString()
}
