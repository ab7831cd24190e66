/** Two handlers for balancers and Kubernetes, in any host: exported as `posthorn/health`. */
import { OptionError } from '../errors.ts'
import { kindOf } from '../lib/options.ts'
import { answer, type ProbeAnswer } from './answer.ts'

/** A receiver, as far as `ready` asks it. */
export interface HealthLike {
  health(): Promise<{ readonly ready: boolean }>
}

/**
 * For Express, Fastify, a server of `node:http`, and hosts that speak fetch: told by what it is called with. Answers any
 * method, reads no body, and never rejects.
 */
export type Probe = (request?: unknown, response?: unknown) => Promise<Response>

const LIVE: ProbeAnswer = { status: 200, body: '{"status":"live"}' }
const READY: ProbeAnswer = { status: 200, body: '{"status":"ready"}' }
/** Why stands in `health()`, and in the log: a stranger may be asking. */
const UNREADY: ProbeAnswer = { status: 503, body: '{"status":"unready"}' }

/** However many ask, the inbox is asked once in this time. */
const SHARED_MS = 1_000
/** Probes of Kubernetes wait for a second; whoever waits longer gets an answer all the same. */
const PATIENCE_MS = 2_000

/**
 * 200 while the event loop turns: for a liveness probe. It says nothing of the inbox, since a restart mends no disk.
 *
 * @example
 * app.get('/live', live())
 */
export function live(): Probe {
  return async (request, response) => await answer(LIVE, request, response)
}

/**
 * 200 where a delivery would be accepted now, else 503: for a readiness probe, and for a balancer. 503 also before `start`,
 * which nothing here calls, and as soon as the receiver closes. The answer may be a second old.
 *
 * @example
 * app.get('/ready', ready(receiver))
 * @throws OptionError for what is no receiver
 */
export function ready(receiver: HealthLike): Probe {
  if (typeof Object(receiver).health !== 'function')
    throw new OptionError(`ready: takes a receiver, as createReceiver makes it, got ${kindOf(receiver)}`)
  const look = shared(() => withinPatience(receiver))
  return async (request, response) => await answer((await look()) ? READY : UNREADY, request, response)
}

function shared(look: () => Promise<boolean>): () => Promise<boolean> {
  let last: { readonly at: number; readonly result: Promise<boolean> } | null = null
  return () => {
    const at = performance.now()
    if (last === null || at - last.at >= SHARED_MS) last = { at, result: look() }
    return last.result
  }
}

/** Never rejects. */
function withinPatience(receiver: HealthLike): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS, false)
    const done = (isReady: boolean) => {
      clearTimeout(timer)
      resolve(isReady)
    }
    receiver.health().then(
      (health) => done(health.ready),
      () => done(false),
    )
  })
}
