/** Everything the receiver tells: hooks for code, lines for operators. No address, no secret, no payload in a line. */
import { callSafely } from '../../lib/call-safely.ts'
import { codeOf } from '../../lib/code-of.ts'
import type { NeutralResponse } from '../../ports/host.ts'
import type { Claim } from '../../ports/inbox/claims.ts'
import type { Hooks, SenderDeparture } from '../../public/options.ts'
import type { Meter } from '../base/metrics.ts'
import type { Notices } from '../base/notices.ts'
import type { PassResult } from '../process/result.ts'
import type { WorkReport } from '../process/work.ts'
import { toAttemptErrors } from '../read/to-public.ts'

export interface Report extends WorkReport {
  rejected(source: string | null, response: NeutralResponse): void
  senderLeft(departure: SenderDeparture): void
}

export function createReport(hooks: Hooks, notices: Notices, meter: Meter): Report {
  const call = (hook: keyof Hooks, run: () => unknown) =>
    callSafely(run, (error) => notices(`hook:${hook}`, 'error', `the hook "${hook}" threw`, { error: codeOf(error) }))
  return {
    rejected(source, { status, code }) {
      const known = code ?? 'unknown'
      const where = source === null ? 'a path that is no source' : `"${source}"`
      notices(`rejected:${source}:${known}`, 'warn', `a request to ${where} was answered ${status} ${known}`)
      call('rejected', () => hooks.rejected?.({ source, status, code: known }))
    },
    senderLeft(departure) {
      const { source, deliveryId, committed } = departure
      const when = deliveryId === null ? 'its body was complete' : committed ? 'its answer' : 'its delivery was durable'
      const facts = { event: 'sender.left', ...departure }
      meter.add('sendersLeft')
      meter.publish('sender-left', departure)
      notices(`sender.left:${source}`, 'warn', `the sender of "${source}" hung up before ${when}`, facts)
      call('senderLeft', () => hooks.senderLeft?.(departure))
    },
    tested(source) {
      notices(`tested:${source}`, 'info', `a test event of the sender arrived on "${source}"`)
    },
    remarked({ source, name, id }, remark) {
      // Not its native type: a class there may be any text.
      notices(`remarked:${source}:${name}`, 'warn', `${name} from "${source}" ${remark}`, { event: id })
    },
    bareWords(source) {
      const message = `values without quotation marks came on "${source}" and were read as text`
      notices(`bare-words:${source}`, 'warn', message, { source })
    },
    failed(event, handler, attempt, error, retryAt) {
      meter.add('retried')
      const facts = { event: event.id, name: event.name, attempt, error: codeOf(error) }
      notices(`failed:${handler}`, 'warn', `handler "${handler}" failed and will be tried again`, facts)
      call('failed', () => hooks.failed?.({ event, handler, attempt, error, retryAt: new Date(retryAt) }))
    },
    settled(claim, result, conflictsWith) {
      measure(claim, result)
      tellDead(result)
      tellQuarantined(claim, result)
      tellUnhandled(claim, result)
      tellCopies(claim, result)
      if (conflictsWith !== null) tellConflict(claim, conflictsWith)
    },
    paused(handler, by) {
      meter.publish('paused', { handler, by })
      if (by === null) notices(`resumed:${handler}`, 'info', `handler "${handler}" works again`)
      else if (by === 'failures')
        notices(
          `paused:${handler}`,
          'error',
          `handler "${handler}" only fails and is paused; one event is tried from time to time`,
        )
      else notices(`paused:${handler}`, 'warn', `handler "${handler}" is paused by hand; see receiver.inbox.resume()`)
    },
    trouble(what, error) {
      notices(`trouble:${what.split(' ', 2).join(' ')}`, 'error', what, { error: codeOf(error) })
    },
  }

  function measure({ delivery: { source, id } }: Claim, { settlement, dead, handled }: PassResult): void {
    const quarantined = settlement.quarantined.length
    const { duplicateEvents = 0 } = settlement
    meter.add('handled', handled)
    meter.add('dead', dead.length)
    meter.add('quarantined', quarantined)
    for (const count of Object.values(settlement.unhandled)) meter.add('unhandled', count)
    meter.add('duplicateEvents', duplicateEvents)
    meter.publish('settled', { source, id, handled, dead: dead.length, quarantined, duplicateEvents })
  }

  function tellCopies(
    { delivery: { source, id } }: Claim,
    { settlement: { duplicateEvents: count = 0 } }: PassResult,
  ): void {
    const message = `events from "${source}" came before with another delivery and were absorbed`
    if (count > 0) notices(`copies:${source}`, 'info', message, { delivery: id, count })
  }

  function tellConflict({ delivery: { source, id } }: Claim, other: string): void {
    meter.add('conflicts')
    const message = `two deliveries to "${source}" have one batch id and different bytes: both are handled`
    notices(`conflict:${source}`, 'warn', message, { delivery: id, earlier: other })
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
      call('deadLettered', () => hooks.deadLettered?.({ event, handler, attempts, errors, since, redeliveries: 0 }))
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
