/** Kill points, in a receiver's surroundings and not in the product: its port, its requests, its answers, its handler. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type Chunks, type Flow, flowOf, type Sink } from '../../../src/http/flow.ts'
import { hostDoor } from '../../../src/lib/symbols.ts'
import type { NeutralRequest, ReceiverLike } from '../../../src/ports/host.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { PortMethods } from '../../support/port-methods.ts'
import { around } from './around.ts'
import type { Window } from './plan.ts'

export interface KillPoints {
  inbox(inner: Inbox): Inbox
  receiver(inner: ReceiverLike): ReceiverLike
  server(server: Server): void
  /** Dies when it is its turn. */
  at(window: Window): void
}

export function killPoints(killAt: Window | undefined): KillPoints {
  const at = (window: Window) => {
    if (window === killAt) process.kill(process.pid, 'SIGKILL')
  }
  const answered = Promise.withResolvers<void>()
  const never = new Promise<void>(() => {})
  const port = (inner: PortMethods): Partial<PortMethods> => ({
    async accept(delivery, options) {
      at('body complete')
      const result = await inner.accept(delivery, options)
      at('stored')
      return result
    },
    async claim(request) {
      const result = await inner.claim(request)
      if (result.claims.length === 0) return result
      // It was claimed with the commit that stored it.
      if (killAt === 'answered') await answered.promise
      if (killAt === 'answer begun') await never
      at('answered')
      at('claimed')
      return result
    },
    async settle(settlement) {
      at('handled')
      const settled = await inner.settle(settlement)
      at('settled')
      return settled
    },
  })
  return {
    at,
    inbox: (inner) => around(inner, port),
    receiver: (inner) => ({
      [hostDoor]: { ...inner[hostDoor], receive: (request) => inner[hostDoor].receive(withBody(request, at)) },
      start: () => inner.start(),
      close: (options) => inner.close(options),
    }),
    server(server) {
      server.on('connection', () => at('connected'))
      server.prependListener('request', (req: IncomingMessage, res: ServerResponse) => {
        if (req.method !== 'POST') return
        res.once('finish', answered.resolve)
        if (killAt === 'answer begun') res.end = cutAnswer(req, res, at)
      })
    },
  }
}

/** Half of the status line reaches the system, then nothing more. */
function cutAnswer(req: IncomingMessage, res: ServerResponse, at: (window: Window) => void): ServerResponse['end'] {
  return () => {
    req.socket.write('HTTP/1.1 200 O', () => at('answer begun'))
    return res
  }
}

function withBody(request: NeutralRequest, at: (window: Window) => void): NeutralRequest {
  const { body } = request
  if (body === null || body === 'consumed' || body instanceof Uint8Array) return request
  const watched = watch(body, at)
  // What the request has reads private fields, so it is called on it.
  return new Proxy(request, {
    get(target, key) {
      if (key === 'body') return watched
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function watch(body: Chunks, at: (window: Window) => void): Flow {
  const flow = flowOf(body)
  return {
    flowInto(sink) {
      const add: Sink['add'] = (chunk, spare) => {
        at('body begun')
        return sink.add(chunk, spare)
      }
      flow.flowInto({ add, end: () => sink.end(), fail: (error) => sink.fail(error) })
    },
    stop: () => flow.stop(),
  }
}
