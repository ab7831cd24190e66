/** `receiver.handle`, which users call: its arguments checked, and no call without an answer. */
import { OptionError } from '../../errors.ts'
import { assertPlace } from '../../http/place.ts'
import { callSafely } from '../../lib/call-safely.ts'
import { kindOf } from '../../lib/options.ts'
import type { HostDoor, Mount } from '../../ports/host.ts'
import { refuse } from './answers.ts'
import { handleFetch, toResponse } from './fetch.ts'

export interface HandleParts {
  readonly take: HostDoor['receive']
  /** Of the sources. */
  readonly names: readonly string[]
  /** Told of a call that was answered 500; never throws. */
  refused(what: string, error: unknown): void
}

/** Never rejects: hosts pass `handle` on as it is. A wrong call is told to the log and answered 500, which senders repeat. */
export async function handle(parts: HandleParts, request: unknown, place: unknown): Promise<Response> {
  try {
    return await handleFetch(parts.take, asRequest(request), asMount(parts.names, place))
  } catch (error) {
    // Only what we say of a call ourselves is known to hold nothing of a request.
    const what = error instanceof OptionError ? error.message : 'handle was called with a request that cannot be read'
    parts.refused(`${what}; answered 500`, error)
    callSafely(() => endResponse(place), ignored)
    return toResponse(refuse('internal'), 'POST')
  }
}

/** By its shape: hosts have classes of their own. @throws OptionError */
function asRequest(request: unknown): Request {
  const { method, url, headers } = Object(request) as Record<string, unknown>
  const isOne = typeof method === 'string' && typeof url === 'string' && URL.canParse(url)
  if (isOne && Symbol.iterator in Object(headers)) return request as Request
  throw new OptionError(`handle takes a fetch Request, which is c.req.raw in Hono, got ${describe(request)}`)
}

function describe(value: unknown): string {
  const isOfNode = typeof value === 'object' && value !== null && 'rawHeaders' in value
  return isOfNode ? 'a request of node:http: see webhooks of posthorn/node' : kindOf(value)
}

/** Node and Express, given `handle` in the place of `webhooks`, wait for what is written to their response. */
function endResponse(given: unknown): void {
  const { writeHead, end } = Object(given) as { readonly writeHead?: unknown; readonly end?: unknown }
  if (typeof writeHead !== 'function' || typeof end !== 'function') return
  writeHead.call(given, 500, { connection: 'close' })
  end.call(given)
}

/** The log has the call that was wrong; the rest of its arguments is no news. */
const ignored = () => {}

/**
 * Hosts hand on a second argument of their own, such as `{ params }` in Next and the environment in a worker: its other
 * fields are not ours to refuse.
 * @throws OptionError for a source or a prefix that cannot be meant
 */
function asMount(names: readonly string[], given: unknown): Mount {
  const { source, prefix } = Object(given) as Mount
  assertPlace('handle', names, { source, prefix })
  return { source, prefix }
}
