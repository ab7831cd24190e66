/** The log lines of the process half. No address, no secret, no payload in a line. */
import { codeOf } from '../../lib/code-of.ts'
import { toldOf } from '../../lib/told-error.ts'
import type { Dead, Facts } from '../../ports/telling.ts'
import type { Notices } from '../base/notices.ts'
import { storedError } from '../process/stored-error.ts'
import { frameOf, readable } from './readable.ts'
import type { Listeners } from './teller.ts'

export const linesOfWork = (write: Notices) =>
  ({
    tested({ source }) {
      const message = `a test event of the sender arrived on "${source}"`
      write(`tested:${source}`, 'info', message, { event: 'delivery.test', source })
    },
    remarked({ event: { source, name, id }, remark }) {
      const facts = { event: 'event.remark', source, eventId: id, eventName: name } as const
      // Not its native type: a class there may be any text.
      write(`remarked:${source}:${name}`, 'warn', `${name} from "${source}" ${remark}`, facts)
    },
    bareWords({ source }) {
      const message = `values without quotation marks came on "${source}" and were read as text`
      write(`bare-words:${source}`, 'warn', message, { event: 'delivery.bare_words', source })
    },
    failed({ event, handler, attempt, error }) {
      const { source, id: eventId, name: eventName } = event
      const said = { ...readable(storedError(error, attempt, 0)), code: codeOf(error) }
      const facts = { event: 'handler.failed', handler, source, eventId, eventName, attempt, ...said } as const
      write(`failed:${handler}`, 'warn', `handler "${handler}" failed and will be tried again`, facts)
    },
    settled(fact) {
      for (const one of fact.end.dead) writeDead(write, one)
      writeQuarantined(write, fact)
      writeUnhandled(write, fact)
      writeCopies(write, fact)
      if (fact.conflictsWith !== null) writeConflict(write, fact, fact.conflictsWith)
    },
    paused({ handler, by }) {
      const facts = { event: 'handler.paused', handler, by } as const
      if (by === null)
        write(`resumed:${handler}`, 'info', `handler "${handler}" works again`, { event: 'handler.resumed', handler })
      else if (by === 'failures') {
        const message = `handler "${handler}" only fails and is paused; one event is tried from time to time`
        write(`paused:${handler}`, 'error', message, facts)
      } else {
        const message = `handler "${handler}" is paused by hand; see receiver.inbox.resume()`
        write(`paused:${handler}`, 'warn', message, facts)
      }
    },
    lost({ claim: { delivery } }) {
      const { source, id: deliveryId } = delivery
      const message = `another process has taken over a delivery from "${source}": what came of it here is dropped`
      write(`claim.lost:${source}`, 'warn', message, { event: 'claim.lost', source, deliveryId })
    },
    unknownSource: unknownSource(write),
    trouble({ what, error, event }) {
      write(troubleKey(what), 'error', what, { event, ...toldOf(error) })
    },
    acted({ who, verb, filter, matched, queued }) {
      const facts = { event: 'dashboard.acted', who, verb, filter, matched, queued } as const
      write(`acted:${who}:${verb}:${filter}`, 'info', `${who}: ${verb} at the dashboard`, facts)
    },
    hookThrew({ hook, error }) {
      const { errorName: _, ...said } = readable(storedError(error, 1, 0))
      const facts = { event: 'hook.threw', hook, ...said, code: codeOf(error) } as const
      write(`hook:${hook}`, 'error', `the hook "${hook}" threw`, facts)
    },
    hostFailed({ what, error }) {
      const facts = { event: 'host.failed', ...toldOf(error), frame: frameOf(error) } as const
      write(troubleKey(what), 'error', what, facts)
    },
    stale({ reason }) {
      write('stale', 'warn', reason, { event: 'inbox.stale' })
    },
  }) satisfies Listeners

/** Once for each. */
function unknownSource(write: Notices) {
  const told = new Set<string>()
  return ({ source }: Facts['unknownSource']) => {
    if (told.has(source)) return
    told.add(source)
    const message = `deliveries from "${source}" wait: there is no such source in this process; see receiver.inbox.stats()`
    write(`source.orphaned:${source}`, 'warn', message, { event: 'source.orphaned', source })
  }
}

const troubleKey = (what: string) => `trouble:${what.split(' ', 2).join(' ')}`

function writeDead(write: Notices, { event, letter: { handler, attempts }, error }: Dead): void {
  const { source, id: eventId, name: eventName } = event
  const said = readable(error)
  const facts = { event: 'handler.dead', handler, source, eventId, eventName, attempts, ...said } as const
  const see = 'see receiver.inbox.deadLetters()'
  write(`dead:${handler}`, 'error', `handler "${handler}" failed for good: the event is a dead letter; ${see}`, facts)
}

function writeQuarantined(write: Notices, { claim: { delivery }, end: { settlement } }: Facts['settled']): void {
  const { source, id: deliveryId } = delivery
  for (const { index, reason, path } of settlement.quarantined) {
    const event = index === null ? 'quarantine.delivery' : 'quarantine.element'
    const what = `bytes from "${source}" could not be read and are in quarantine`
    const message = `${what}; see receiver.inbox.quarantine()`
    write(`quarantined:${source}`, 'warn', message, { event, source, deliveryId, index, reason, path })
  }
}

function writeUnhandled(write: Notices, { claim: { delivery }, end: { settlement } }: Facts['settled']): void {
  const { source } = delivery
  for (const [eventName, count] of Object.entries(settlement.unhandled)) {
    const event = eventName.endsWith('.unknown') ? 'event.unknown' : 'event.unhandled'
    const message = `no handler asks for ${eventName} from "${source}"`
    write(`unhandled:${source}:${eventName}`, 'warn', message, { event, source, eventName, count })
  }
}

function writeCopies(write: Notices, { claim: { delivery }, end: { settlement } }: Facts['settled']): void {
  const { duplicateEvents: count = 0 } = settlement
  const { source, id: deliveryId } = delivery
  const message = `events from "${source}" came before with another delivery and were absorbed`
  if (count > 0) write(`copies:${source}`, 'info', message, { event: 'event.copy', source, deliveryId, count })
}

function writeConflict(write: Notices, { claim: { delivery } }: Facts['settled'], earlierId: string): void {
  const { source, id: deliveryId } = delivery
  const message = `two deliveries to "${source}" have one batch id and different bytes: both are handled`
  write(`conflict:${source}`, 'warn', message, { event: 'delivery.conflict', source, deliveryId, earlierId })
}
