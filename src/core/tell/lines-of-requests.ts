/** The log lines of the receive half. No address, no secret, no payload in a line. */
import { toldOf } from '../../lib/told-error.ts'
import type { Notices } from '../base/notices.ts'
import { hostLimitsLine } from './host-limits.ts'
import type { Listeners } from './teller.ts'

/** Answers whose line, with the reason, another fact has. */
const TOLD_WITH_REASON: ReadonlySet<string> = new Set(['unauthorized', 'unknown_source', 'auth_unavailable'])

export const linesOfRequests = (write: Notices) =>
  ({
    checked({ source, method }) {
      const facts = { event: 'source.checked', source, method } as const
      write(`look:${source}`, 'info', `${method} on "${source}" answered 200: an address check`, facts)
    },
    misaddressed({ mount, addresses, sources }) {
      const where = mount === null ? 'addresses end in' : `below ${mount} there is only`
      const remedy = mount === null ? '; what stands before is where Posthorn is mounted' : remedyAt(mount, sources)
      const message = `a request to a path that is no source: ${where} ${addresses.join(', ')}${remedy}`
      write('nowhere', 'warn', message, { event: 'source.unknown', mount, sources })
    },
    turnedAway({ source, reason, status }) {
      const message = `a request to "${source}" was answered ${status}, its credentials: ${reason}`
      write(`auth:${source}:${reason}`, 'warn', message, { event: 'auth.refused', source, reason })
    },
    tokenIssued({ source }) {
      write(`token:${source}`, 'info', `a token was issued for "${source}"`, { event: 'token.issued', source })
    },
    tokenRefused({ source, reason }) {
      const message = `a request for a token of "${source}" was refused: ${reason}`
      write(`token:${source}:${reason}`, 'warn', message, { event: 'token.refused', source, reason })
    },
    bodyRead({ isLost }) {
      if (isLost) write('consumed', 'error', CONSUMED, { event: 'host.body_consumed' })
      else write('kept', 'warn', KEPT, { event: 'host.raw_body' })
    },
    probed({ source }) {
      const message = `a test post arrived on "${source}" and was answered 200`
      write(`probe:${source}`, 'info', message, { event: 'delivery.test', source })
    },
    testBatch({ source }) {
      const message = `a vendor test batch arrived on "${source}"`
      write(`test:${source}`, 'info', message, { event: 'delivery.test', source })
    },
    notStored({ error }) {
      const message = 'a delivery could not be stored and was answered 503'
      write('accept', 'error', message, { event: 'delivery.not_stored', ...toldOf(error) })
    },
    unanswered({ source, failure, status, refused, thrown }) {
      const told = thrown === null ? { code: null } : toldOf(thrown.error)
      const facts = { event: 'call.failed', source, status, failure, ...told } as const
      const message = `"${source}" was asked and answered ${status}: ${failure}`
      write(`call:${source}:${failure}`, refused ? 'warn' : 'error', message, facts)
    },
    doubted({ source, kind, message }) {
      write(`doubt:${source}:${kind}`, 'warn', message, { event: 'call.doubtful', source })
    },
    unrecorded({ error }) {
      const told = error === null ? { code: null } : toldOf(error)
      const facts = { event: 'call.not_recorded', ...told } as const
      write('not-recorded', 'error', 'a request was answered and could not be recorded', facts)
    },
    refused({ source, status, code }) {
      if (TOLD_WITH_REASON.has(code)) return
      const where = source === null ? 'a path that is no source' : `"${source}"`
      const facts = { event: 'delivery.refused', source, status, code } as const
      write(`rejected:${source}:${code}`, 'warn', `a request to ${where} was answered ${status} ${code}`, facts)
    },
    broken({ source, error }) {
      const facts = { event: 'internal', source, ...toldOf(error) } as const
      write('internal', 'error', 'a request failed inside Posthorn', facts)
    },
    senderLeft(departure) {
      const { source, deliveryId, committed, hostAnswered } = departure
      const when = deliveryId === null ? 'its body was complete' : committed ? 'its answer' : 'its delivery was durable'
      const message = hostAnswered
        ? `the host itself answered the sender of "${source}", before we did`
        : `the sender of "${source}" hung up before ${when}`
      write(`sender.left:${source}:${hostAnswered}`, 'warn', message, { event: 'sender.left', ...departure })
    },
    hostSeen: ({ limits, bodyMs }) => hostLimitsLine(write, limits, bodyMs),
  }) satisfies Listeners

/** For a mount that is the address of a source. */
function remedyAt(mount: string, sources: readonly string[]): string {
  const cut = mount.lastIndexOf('/')
  const last = mount.slice(cut + 1)
  return sources.includes(last) ? `; mount at ${mount.slice(0, cut) || '/'}, or pass { source: '${last}' }` : ''
}

const KEPT =
  'another parser reads the body before Posthorn, which takes the bytes that it kept (req.rawBody, or req.body of ' +
  'express.raw()): its own limit, 100 kB by default, refuses large batches before Posthorn hears of them, and bodies ' +
  'are read before credentials are checked; mount Posthorn before that parser'

const CONSUMED =
  'another parser has read the body before Posthorn, so nothing was stored: mount Posthorn before express.json() ' +
  'and its like, or let that parser keep the bytes as req.rawBody'
