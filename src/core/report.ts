/** Everything the receiver tells: hooks for code, lines for operators. No address, no secret, no payload in a line. */
import type { AnyEvent } from '../types.ts'
import { toAttemptErrors } from './lane.ts'
import type { Notices } from './notices.ts'
import type { PassResult } from './pass.ts'
import type { Claim, NeutralResponse } from './ports.ts'
import type { Hooks } from './public.ts'

export interface Report {
  rejected(source: string | null, response: NeutralResponse): void
  failed(event: AnyEvent, handler: string, attempt: number, error: unknown, retryAt: number): void
  settled(claim: Claim, result: PassResult): void
  trouble(what: string, error: unknown): void
}

export function createReport(hooks: Hooks, notices: Notices): Report {
  const call = (hook: string, run: () => void) => {
    try {
      run()
    } catch (error) {
      notices(`hook:${hook}`, 'error', `the hook "${hook}" threw`, { error: codeOf(error) })
    }
  }
  return {
    rejected(source, { status, code }) {
      const known = code ?? 'unknown'
      const where = source === null ? 'a path that is no source' : `"${source}"`
      notices(`rejected:${source}:${known}`, 'warn', `a request to ${where} was answered ${status} ${known}`)
      call('rejected', () => hooks.rejected?.({ source, status, code: known }))
    },
    failed(event, handler, attempt, error, retryAt) {
      const facts = { event: event.id, name: event.name, attempt, error: codeOf(error) }
      notices(`failed:${handler}`, 'warn', `handler "${handler}" failed and will be tried again`, facts)
      call('failed', () => hooks.failed?.({ event, handler, attempt, error, retryAt: new Date(retryAt) }))
    },
    settled(claim, result) {
      tellDead(result)
      tellQuarantined(claim, result)
      tellUnhandled(claim, result)
    },
    trouble(what, error) {
      notices(`trouble:${what.split(' ', 2).join(' ')}`, 'error', what, { error: codeOf(error) })
    },
  }

  function tellDead({ dead }: PassResult): void {
    for (const { event, letter } of dead) {
      const { handler, attempts } = letter
      const facts = { event: event.id, name: event.name, attempts }
      const see = 'see receiver.inbox.deadLetters()'
      notices(
        `dead:${handler}`,
        'error',
        `handler "${handler}" failed for good: the event is a dead letter; ${see}`,
        facts,
      )
      const [errors, since] = [toAttemptErrors(letter.errors), new Date(letter.at)]
      call('deadLettered', () => hooks.deadLettered?.({ event, handler, attempts, errors, since }))
    }
  }

  function tellQuarantined({ delivery }: Claim, { settlement }: PassResult): void {
    for (const { index, reason, path } of settlement.quarantined) {
      const facts = { delivery: delivery.id, index, reason, path }
      const what = `bytes from "${delivery.source}" could not be read and are in quarantine`
      notices(`quarantined:${delivery.source}`, 'warn', `${what}; see receiver.inbox.quarantine()`, facts)
      const { source, id: deliveryId } = delivery
      call('quarantined', () => hooks.quarantined?.({ source, deliveryId, index, reason, path }))
    }
  }

  function tellUnhandled({ delivery: { source } }: Claim, { settlement }: PassResult): void {
    for (const [name, count] of Object.entries(settlement.unhandled)) {
      notices(`unhandled:${source}:${name}`, 'warn', `no handler asks for ${name} from "${source}"`, { count })
      call('unhandled', () => hooks.unhandled?.({ name, source, count }))
    }
  }
}

/** Code or name, never the message: a handler's message may quote its event. */
function codeOf(error: unknown): string {
  try {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
    return String(code ?? name ?? typeof error)
  } catch {
    return 'unknown'
  }
}
