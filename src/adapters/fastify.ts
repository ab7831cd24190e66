/** Webhooks in Fastify 5. Exported as `posthorn/fastify`. */
import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import type { ReceiverLike } from '../core/ports.ts'
import { sourceNames } from '../lib/symbols.ts'
import { type CloseOptions, closeOnSignals as closeServerOnSignals, type ServerLike } from './close-on-signals.ts'
import { checkedPlace, serve } from './serve.ts'

export type { ReceiverLike } from '../core/ports.ts'
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
 * @throws OptionError when the receiver has no such source
 */
export function webhooks(
  receiver: ReceiverLike,
  options: { readonly source?: string | undefined } = {},
): FastifyPluginCallback {
  const { source } = checkedPlace(receiver, { source: options.source })
  const posthorn: FastifyPluginCallback = (app, _options, done) => {
    app.addHook('onReady', () => receiver.start())
    app.addHook('onClose', async () => void (await receiver.close()))
    if (source !== undefined) addRoute(app, receiver, source)
    else for (const name of receiver[sourceNames]) addRoute(app, receiver, name, `/${name}`)
    done()
  }
  // Not without `encapsulate`: the plugin would lose its prefix.
  return fp(posthorn, { name: 'posthorn', fastify: '5.x', encapsulate: true })
}

/** What is needed of an app, told by its shape, so that it fits whatever server and logger it was made with. */
export interface AppLike {
  readonly server: Pick<ServerLike, 'closeIdleConnections' | 'closeAllConnections'>
  close(): PromiseLike<unknown>
}

/**
 * Closes app and receiver on the first SIGTERM or SIGINT; see `closeOnSignals` of `posthorn/node`. A hook of the app
 * that fails ends the process with its stack.
 */
export function closeOnSignals(app: AppLike, receiver: ReceiverLike, options?: CloseOptions): Disposable {
  const { server } = app
  const whole: ServerLike = {
    close: (closed) => void app.close().then(closed),
    closeIdleConnections: () => server.closeIdleConnections?.(),
    closeAllConnections: () => server.closeAllConnections?.(),
  }
  return closeServerOnSignals(whole, receiver, options)
}

/**
 * In a scope of its own, because Fastify then adds the path with and without a slash at its end, as the host's routing
 * options allow. One route for all methods: a route per method would answer 404 where we say 405. The request is
 * taken over before the host looks at its Content-Type, which it may refuse.
 */
function addRoute(app: FastifyInstance, receiver: ReceiverLike, source: string, prefix = ''): void {
  const place = { source }
  app.register(
    (scope, _options, done) => {
      const onRequest = (request: { raw: Raw['req'] }, reply: { raw: Raw['res']; hijack(): void }) => {
        reply.hijack()
        void serve(receiver, request.raw, reply.raw, place)
      }
      scope.all('/', { onRequest }, () => undefined)
      done()
    },
    { prefix },
  )
}

type Raw = { req: Parameters<typeof serve>[1]; res: Parameters<typeof serve>[2] }
