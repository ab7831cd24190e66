/** Webhooks and the dashboard in Fastify 5. Exported as `posthorn/fastify`. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { OptionError } from '../errors.ts'
import { TOKEN_SEGMENT } from '../http/place.ts'
import { knownKeys } from '../lib/options.ts'
import { hostDoor } from '../lib/symbols.ts'
import type { BoardAnswer, BoardLike } from '../ports/board.ts'
import type { Mount, ReceiverLike } from '../ports/host.ts'
import { type CloseOptions, closeOnSignals as closeServerOnSignals, type ServerLike } from './close-on-signals.ts'
import { accessOf, boardRequestOf, checkedBoard, isNobody, type PagesOptions } from './pages.ts'
import { checkedMount, isResponse, refuseHost, refuseRequest, serve, tellServer } from './serve.ts'

export type { Access, Action, BoardLike } from '../ports/board.ts'
export type { ReceiverLike } from '../ports/host.ts'
export type { CloseOptions } from './close-on-signals.ts'
export type { PagesOptions } from './pages.ts'

/**
 * A plugin with one route per source below its prefix, those that are added later among them, or with `source` one route at the prefix itself:
 *
 * ```ts
 * app.register(webhooks(receiver), { prefix: '/webhooks' })      // POST /webhooks/shop
 * ```
 * The receiver starts with the app (`onReady`, so a start that fails refuses `listen`) and closes with it (`onClose`,
 * when the requests in flight are answered). Hooks of the host that run `onRequest` come first; its body parsers are
 * neither used nor changed.
 * @throws OptionError for what is no receiver, so that `app.register(webhooks, { receiver })` fails and does not answer 404;
 * for an option that is unknown, and a source that the receiver does not have
 */
export function webhooks(
  receiver: ReceiverLike,
  options: { readonly source?: string | undefined } = {},
  ...more: readonly never[]
): FastifyPluginCallback {
  if (more.length > 0) return refuseRegistration(more[0])
  const { source } = checkedMount(MOUNTED, receiver, options, ['source'])
  const posthorn: FastifyPluginCallback = (app, registered, done) => {
    if (!isApp(app)) return refuseOtherHost(registered, done)
    const refused = refusalOf(registered)
    if (refused !== null) return done(refused)
    app.addHook('onReady', async () => {
      await receiver.start()
      tellServer(receiver, app.server)
    })
    app.addHook('onClose', async () => void (await receiver.close()))
    for (const route of source === undefined ? namedRoutes(receiver) : routesOf(receiver, source))
      addRoute(app, receiver, route)
    // Without a prefix they would be every path of the host, which may have a route of a parameter there.
    if (source === undefined && app.prefix !== '') addLaterRoutes(app, receiver)
    done()
  }
  // Not without `encapsulate`: the plugin would lose its prefix.
  return fp(posthorn, { name: 'posthorn', fastify: '5.x', encapsulate: true })
}

const MOUNTED = "app.register(webhooks(receiver), { prefix: '/webhooks' })"

/** `app.register(webhooks)`: what a plugin throws would end the process, so the error goes to its callback. */
function refuseRegistration(done: unknown): FastifyPluginCallback {
  const error = new OptionError(`webhooks is no plugin itself, but makes one of a receiver: ${MOUNTED}`)
  if (typeof done !== 'function') throw error
  done(error)
  return () => {}
}

/** Called by Express with a request, a response and `next`; by `node:http` with the first two. */
function refuseOtherHost(response: unknown, done: unknown): void {
  if (typeof done === 'function') refuseHost(MOUNTED, (error) => done(error))
  else if (isResponse(response)) refuseRequest(response, MOUNTED)
}

function isApp(app: unknown): boolean {
  return typeof app === 'object' && app !== null && 'addHook' in app
}

/** Fastify passes on whatever `register` is given; a `source` or a misspelt prefix there would be 404 in silence. */
function refusalOf(registered: object): Error | null {
  try {
    knownKeys('app.register(webhooks(receiver), …)', registered, ['prefix', 'logLevel', 'logSerializers'])
    return null
  } catch (error) {
    return error as OptionError
  }
}

/** What is needed of an app, told by its shape, so that it fits whatever server and logger it was made with. */
export interface AppLike {
  readonly server: Pick<ServerLike, 'on' | 'closeIdleConnections' | 'closeAllConnections'>
  close(): PromiseLike<unknown>
}

/**
 * Closes app and receiver on the first SIGTERM or SIGINT; see `closeOnSignals` of `posthorn/node`. A hook of the app
 * that fails is logged, and gives exit code 1.
 * @example closeOnSignals(app, receiver, { after: () => pool.end() })
 * @throws OptionError when `app` is not a Fastify app, for example `app.server`
 */
export function closeOnSignals(app: AppLike, receiver: ReceiverLike, options?: CloseOptions): Disposable {
  const { server, close } = app ?? {}
  if (typeof close !== 'function' || typeof server !== 'object')
    throw new OptionError('closeOnSignals of posthorn/fastify takes the app itself: closeOnSignals(app, receiver)')
  const whole: ServerLike = {
    close: (closed) => void app.close().then(() => closed(), closed),
    on: (event, listener) => server.on?.(event, listener),
    closeIdleConnections: () => server.closeIdleConnections?.(),
    closeAllConnections: () => server.closeAllConnections?.(),
  }
  return closeServerOnSignals(whole, receiver, options)
}

interface Route {
  readonly path: string
  readonly place: Mount
  /** The address holds a secret, which the log of the host must not show. */
  readonly secret: boolean
}

function namedRoutes(receiver: ReceiverLike): Route[] {
  return receiver[hostDoor].sourceNames.flatMap((name) => [
    // Below a secret the name is read from the path, so that the place of the secret is known.
    ...deliveryRoutes(receiver, name).map(({ path, place, secret }) => ({
      path: `${path}/${name}`,
      place: path === '' ? place : {},
      secret,
    })),
    ...tokenRoutes(receiver, name).map((route) => ({ ...route, path: `/${name}${route.path}` })),
  ])
}

function routesOf(receiver: ReceiverLike, source: string): Route[] {
  return [...deliveryRoutes(receiver, source), ...tokenRoutes(receiver, source)]
}

/** With the secret, without, or both, as the authentication of the source asks for. */
function deliveryRoutes(receiver: ReceiverLike, source: string): Route[] {
  const { path, query } = receiver[hostDoor].secretPlaces?.(source) ?? { path: null, query: false }
  const plain: Route = { path: '', place: { source }, secret: query }
  const below: Route = { path: '/:secret', place: { source }, secret: true }
  return path === null ? [plain] : path === 'only' ? [below] : [plain, below]
}

function tokenRoutes(receiver: ReceiverLike, source: string): Route[] {
  return receiver[hostDoor].issuesTokens?.(source) === true
    ? [{ path: `/${TOKEN_SEGMENT}`, place: { source }, secret: false }]
    : []
}

/**
 * In a scope of its own, because Fastify then adds the path with and without a slash at its end, as the host's routing
 * options allow. One route for all methods: a route per method would answer 404 where we say 405. The request is
 * taken over before the host looks at its Content-Type, which it may refuse.
 */
function addRoute(app: FastifyInstance, receiver: ReceiverLike, { path, place, secret }: Route): void {
  app.register(
    (scope, _options, done) => {
      const onRequest = (request: { raw: Raw['req'] }, reply: { raw: Raw['res']; hijack(): void }) => {
        reply.hijack()
        void serve(receiver, request.raw, reply.raw, place)
      }
      scope.all('/', { onRequest }, () => undefined)
      done()
    },
    secret ? { prefix: path, logSerializers: { req: withoutSecret as LogSerializer } } : { prefix: path },
  )
}

/**
 * For sources that are added later: any name, any name below a secret, and the tokens of any name. Routes of words come before
 * those of parameters, so they take nothing from the host; a name that is no source goes to its handler of what is not
 * found.
 */
function addLaterRoutes(app: FastifyInstance, receiver: ReceiverLike): void {
  for (const path of ['/:source', '/:above/:source'])
    app.register(
      (scope, _options, done) => {
        const onRequest = (request: { raw: Raw['req']; params: unknown }, reply: LateReply) => {
          const place = laterMount(receiver, request.params as Named)
          if (place === null) return reply.callNotFound()
          reply.hijack()
          void serve(receiver, request.raw, reply.raw, place)
        }
        scope.all('/', { onRequest }, () => undefined)
        done()
      },
      { prefix: path, logSerializers: { req: withoutSecret as LogSerializer } },
    )
}

/** Null where no source that is there takes requests at this address. */
function laterMount(receiver: ReceiverLike, { source = '', above }: Named): Mount | null {
  if (above !== undefined && source === TOKEN_SEGMENT && receiver[hostDoor].issuesTokens?.(above) === true)
    return { source: above }
  if (!receiver[hostDoor].sourceNames.includes(source)) return null
  const { path } = receiver[hostDoor].secretPlaces?.(source) ?? { path: null }
  if (above === undefined) return path === 'only' ? null : { source }
  // Below a secret the name is read from the path, so that the place of the secret is known.
  return path === null ? null : {}
}

interface Named {
  readonly source?: string
  /** The segment before it: a secret, or a source whose tokens are asked for. */
  readonly above?: string
}

interface LateReply {
  readonly raw: Raw['res']
  hijack(): void
  callNotFound(): void
}

/** What Fastify logs of a request, with the pattern of the route in the place of the address. */
function withoutSecret({ method, routeOptions, host, ip, socket }: FastifyRequest): object {
  return { method, url: routeOptions.url, host, remoteAddress: ip, remotePort: socket.remotePort }
}

/** Fastify's type says text; its own serializer gives an object. */
type LogSerializer = (request: FastifyRequest) => never

type Raw = { req: Parameters<typeof serve>[1]; res: Parameters<typeof serve>[2] }

/**
 * A plugin with one route, the pages of a dashboard at its prefix. Every hook of the host runs before them, so that `access`
 * finds what sessions leave on the request; those whom it does not know get what the app answers where nothing is.
 *
 * ```ts
 * app.register(pages(board, { access: (request) => (request.user?.admin ? { who: request.user.name } : null) }), { prefix: '/ops' })
 * ```
 * @throws OptionError for what is no dashboard, and for options that are none
 */
export function pages(board: BoardLike, options: PagesOptions<FastifyRequest> = {}): FastifyPluginCallback {
  const door = checkedBoard(PAGES, board, options)
  const posthornPages: FastifyPluginCallback = (app, registered, done) => {
    if (!isApp(app)) return refuseOtherHost(registered, done)
    // The dashboard reads its forms itself, and bounds them: in this scope alone.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    app.all('/', async (request, reply) => {
      const access = await accessOf(door, options, request)
      if (isNobody(access)) {
        reply.callNotFound()
        return reply
      }
      return send(reply, await door.answer(boardRequestOf(request.raw, reply.raw, access)))
    })
    done()
  }
  return fp(posthornPages, { name: 'posthorn-pages', fastify: '5.x', encapsulate: true })
}

const PAGES = "app.register(pages(board), { prefix: '/ops' })"

/** Through the reply: what the host adds to every answer stays, where it is not ours to say. */
function send(reply: FastifyReply, { status, headers, body }: BoardAnswer): FastifyReply {
  const { raw } = reply.request
  // A connection whose body was not read to its end cannot carry another request.
  if (!raw.complete && raw.httpVersionMajor === 1) reply.header('connection', 'close')
  const isWhole = typeof body === 'string' || body instanceof Uint8Array
  return reply
    .code(status)
    .headers(headers)
    .send(isWhole ? (typeof body === 'string' ? body : Buffer.from(body)) : Readable.from(body))
}
