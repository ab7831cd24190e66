/** What an operator should know of the time limits of the server around us. */

import type { HostLimits } from '../../ports/host.ts'
import type { Notices } from '../base/notices.ts'

/**
 * Our own deadline begins with the body; the server's `requestTimeout` counts from the first byte of the head and covers
 * the routes that are not ours. Node has 300 s there, Fastify switches it off.
 */
export function hostLimitsLine(write: Notices, { requestTimeout, headersTimeout }: HostLimits, bodyMs: number): void {
  if (requestTimeout === 0) {
    const message =
      'the server around Posthorn has no requestTimeout: a request that is sent slowly holds a connection of its other ' +
      'routes for ever; set it, to 60_000 for example'
    write('host:none', 'warn', headersTimeout === 0 ? `${message}, and headersTimeout too` : message, {
      event: 'host.time_limits',
      requestTimeout,
      headersTimeout,
    })
  } else if (requestTimeout !== undefined && requestTimeout < bodyMs) {
    const message = 'the requestTimeout of the server ends before limits.bodyMs: slow bodies are cut without our answer'
    write('host:early', 'warn', message, { event: 'host.time_limits', requestTimeout, bodyMs })
  }
}
