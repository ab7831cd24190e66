/** Webhooks in Fastify 5. Exported as `posthorn/fastify`. */
import type { FastifyInstance, FastifyPluginCallback, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { OptionError } from '../errors.ts'
import { secretPlaces, sourceNames } from '../lib/symbols.ts'
import type { Place, ReceiverLike } from '../ports/host.ts'
import { type CloseOptions, closeOnSignals as closeServerOnSignals, type ServerLike } from './close-on-signals.ts'
import { checkedPlace, serve, tellServer } from './serve.ts'

export type { ReceiverLike } from '../ports/host.ts'
export type { CloseOptions } from './close-on-signals.ts'

/**
 * A plugin with one route per source below its prefix, or with `source` one route at the prefix itself:
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
  const { source } = checkedPlace(MOUNTED, receiver, options, ['source'])
  const posthorn: FastifyPluginCallback = (app, _options, done) => {
    app.addHook('onReady', async () => {
      await receiver.start()
      tellServer(receiver, app.server)
    })
    app.addHook('onClose', async () => void (await receiver.close()))
    for (const route of source === undefined ? namedRoutes(receiver) : routesOf(receiver, source))
      addRoute(app, receiver, route)
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

/** What is needed of an app, told by its shape, so that it fits whatever server and logger it was made with. */
export interface AppLike {
  readonly server: Pick<ServerLike, 'on' | 'closeIdleConnections' | 'closeAllConnections'>
  close(): PromiseLike<unknown>
}

/**
 * Closes app and receiver on the first SIGTERM or SIGINT; see `closeOnSignals` of `posthorn/node`. A hook of the app
 * that fails is logged, and gives exit code 1.
 * @throws OptionError when the app is none, as `app.server` is
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
  readonly place: Place
  /** The address holds a secret, which the log of the host must not show. */
  readonly secret: boolean
}

function namedRoutes(receiver: ReceiverLike): Route[] {
  return receiver[sourceNames].flatMap((name) =>
    // Below a secret the name is read from the path, so that the place of the secret is known.
    routesOf(receiver, name).map(({ path, place, secret }) => ({
      path: `${path}/${name}`,
      place: path === '' ? place : {},
      secret,
    })),
  )
}

/** With the secret, without, or both, as the authentication of the source asks for. */
function routesOf(receiver: ReceiverLike, source: string): Route[] {
  const { path, query } = receiver[secretPlaces]?.(source) ?? { path: null, query: false }
  const plain: Route = { path: '', place: { source }, secret: query }
  const below: Route = { path: '/:secret', place: { source }, secret: true }
  return path === null ? [plain] : path === 'only' ? [below] : [plain, below]
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

/** What Fastify logs of a request, with the pattern of the route in the place of the address. */
function withoutSecret({ method, routeOptions, host, ip, socket }: FastifyRequest): object {
  return { method, url: routeOptions.url, host, remoteAddress: ip, remotePort: socket.remotePort }
}

/** Fastify's type says text; its own serializer gives an object. */
type LogSerializer = (request: FastifyRequest) => never

type Raw = { req: Parameters<typeof serve>[1]; res: Parameters<typeof serve>[2] }
