/** The public look into the inbox: pages become async iterables, stored elements become events again. */
import { OptionError, PosthornError } from '../../errors.ts'
import { parseElement } from '../../json/slices.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { StoredStats } from '../../ports/inbox/records.ts'
import type { StoredDeadLetter, StoredDelivery } from '../../ports/inbox/rows.ts'
import type { Provider } from '../../ports/provider.ts'
import type { InboxControl, InboxStats, PruneReport } from '../../public/inbox.ts'
import type { AnyEvent, DeadLetter, Delivery, DeliverySummary, Quarantined } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import { Registry } from '../handlers/registry.ts'
import { deliveryFacts, toEvent, UNREAD } from '../read/event.ts'
import { toAttemptErrors, toPaused } from '../read/to-public.ts'
import { assertWord, checkedAction, checkedFilter, checkedOptions, checkedPerson, type Selection } from './filters.ts'
import { deliveryIdOf, eventId } from './ids.ts'
import { assertHandler, assertKnown, type KnownParts } from './known-names.ts'
import { erasePerson, exportPerson } from './people.ts'
import { differences, reparse } from './reparse.ts'
import { replay } from './replay.ts'
import { storedEvent } from './stored-event.ts'
import { dropReplay, pages, pagesOf, run, type VerbParts } from './verbs.ts'

type ProviderOf = (source: string) => Provider | undefined

export interface ControlParts extends KnownParts {
  readonly clock: Clock
  readonly pacer: Pacer
  open(): Promise<void>
  provider: ProviderOf
}

export function createInboxControl(parts: ControlParts): InboxControl {
  const { inbox, clock, pacer, open, provider } = parts
  const nameOf = (row: StoredDeadLetter) => toDeadLetter(row, provider(row.delivery.source)).event.name
  const verbs: VerbParts = { inbox, clock, nameOf }
  const people = { inbox, clock, pacer, provider }
  const registry = () => new Registry(parts.handlers())
  /** Opens the inbox, which knows the names that a filter may have. */
  async function known<F extends object>(verb: string, filter: F): Promise<F> {
    await open()
    await assertKnown(parts, verb, filter)
    return filter
  }
  async function* listed<R>(
    verb: 'deliveries' | 'deadLetters' | 'quarantine',
    read: Parameters<typeof pages<R>>[0],
    id: (row: R) => number,
    filter: Selection = {},
  ): AsyncGenerator<R> {
    const checked = await known(verb, checkedFilter(verb, filter))
    for (const page of pagesOf(checked)) for await (const rows of pages(read, id, page)) yield* rows
  }
  async function pause(verb: string, handler: string, by: 'hand' | null): Promise<void> {
    assertWord(`inbox.${verb}: the handler`, handler)
    await open()
    await assertHandler(parts, verb, handler)
    await inbox.pause(handler, by)
  }
  return {
    async stats() {
      await open()
      return toStats(await inbox.stats())
    },
    async *deliveries(filter) {
      const rows = listed(
        'deliveries',
        (page) => inbox.deliveries(page),
        (row) => row.seq,
        filter,
      )
      for await (const row of rows) yield summary(row, row.bytes)
    },
    async delivery(id) {
      const deliveryId = deliveryIdOf('inbox.delivery', id)
      await open()
      const stored = await inbox.delivery(deliveryId)
      return stored === null ? null : toDelivery(stored)
    },
    async *deadLetters(filter) {
      const rows = listed(
        'deadLetters',
        (page) => inbox.deadLetters(page),
        (row) => row.id,
        filter,
      )
      for await (const row of rows) {
        const letter = toDeadLetter(row, provider(row.delivery.source))
        if (filter?.name === undefined || letter.event.name === filter.name) yield letter
      }
    },
    async *quarantine(filter) {
      for await (const row of listed(
        'quarantine',
        (page) => inbox.quarantine(page),
        (row) => row.id,
        filter,
      ))
        yield toQuarantined(row)
    },
    async retry(filter, options = {}) {
      const [selection, checked] = [checkedAction('retry', filter), checkedOptions('retry', options)]
      return run(verbs, await known('retry', selection), checked, (ids) => inbox.revive(ids))
    },
    async drop(filter, options = {}) {
      const [selection, checked] = [checkedAction('drop', filter), checkedOptions('drop', options)]
      await known('drop', selection)
      if (selection.run !== undefined) return dropReplay(verbs, selection, checked)
      return run(verbs, selection, checked, (ids) => inbox.drop(ids))
    },
    async event(id) {
      const { deliveryId, index } = eventId('inbox.event', id)
      await open()
      return storedEvent(parts, registry(), deliveryId, index)
    },
    async replay(filter, options = {}) {
      const [selection, checked] = [checkedAction('replay', filter), checkedOptions('replay', options)]
      await known('replay', selection)
      return replay({ ...parts, nameOf, registry: registry() }, selection, checked)
    },
    async *differences(filter = {}) {
      yield* differences(parts, await known('differences', checkedFilter('differences', filter)))
    },
    async reparse(filter, options = {}) {
      const [selection, checked] = [checkedAction('reparse', filter), checkedOptions('reparse', options)]
      return reparse(parts, await known('reparse', selection), checked)
    },
    async pause(handler) {
      await pause('pause', handler, 'hand')
    },
    async resume(handler) {
      await pause('resume', handler, null)
    },
    async *export(person) {
      yield* exportPerson(people, await known('export', checkedPerson('export', person)))
    },
    async erase(person, options = {}) {
      const [checked, settled] = [checkedPerson('erase', person), checkedOptions('erase', options)]
      return erasePerson(people, await known('erase', checked), settled)
    },
    async prune(...options: readonly unknown[]) {
      if (options.length > 0) throw new OptionError('inbox.prune takes nothing: retention says what goes')
      await open()
      return pruneAll(inbox)
    },
  }
}

/** Portion by portion, without pauses: somebody waits for it. */
async function pruneAll(inbox: InboxPort): Promise<PruneReport> {
  let report: PruneReport = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0 }
  for (let at: number | null = 0; at !== null; ) {
    const pruned = await inbox.prune(at)
    report = {
      bodies: report.bodies + pruned.bodies,
      deliveries: report.deliveries + pruned.deliveries,
      deadLetters: report.deadLetters + pruned.deadLetters,
      quarantined: report.quarantined + pruned.quarantined,
    }
    at = pruned.next
  }
  return report
}

function toStats({ oldestPendingAt, paused, ...stats }: StoredStats): InboxStats {
  const oldest = oldestPendingAt === null ? null : new Date(oldestPendingAt)
  return { ...stats, oldestPendingAt: oldest, paused: paused.map(toPaused) }
}

function summary(stored: StoredDelivery, bytes: number): DeliverySummary {
  const { id, source, events, senderLeft, duplicates, isTest, kept = 'all' } = stored
  return { id, source, receivedAt: new Date(stored.receivedAt), bytes, events, senderLeft, duplicates, isTest, kept }
}

function toDelivery(stored: StoredDelivery): Delivery {
  return {
    ...summary(stored, stored.bytes ?? stored.body.length),
    sha256: Buffer.from(stored.sha256).toString('hex'),
    batchId: stored.batchId,
    credential: stored.credential,
    headers: stored.headers,
    async body() {
      if (stored.kept === 'none')
        throw new PosthornError('ERR_BODY_GONE', `The bytes of ${stored.id} are not kept any more.`)
      return stored.body
    },
  }
}

function toQuarantined(row: {
  source: string
  deliveryId: string
  index: number | null
  reason: string
  path: string | null
}): Quarantined {
  const { source, deliveryId, index, reason, path } = row
  return { source, deliveryId, index, reason, path }
}

export function toDeadLetter(row: StoredDeadLetter, provider: Provider | undefined): DeadLetter {
  const { handler, attempts, errors, at, redeliveries } = row
  const event = eventOf(row, provider)
  return { event, handler, attempts, errors: toAttemptErrors(errors), since: new Date(at), redeliveries }
}

/** Read again from the dead letter's own bytes, through the same door as the first time. */
function eventOf({ delivery, element, index, size, run }: StoredDeadLetter, provider: Provider | undefined): AnyEvent {
  const facts = deliveryFacts(provider?.name ?? 'unknown', delivery, size)
  const reading = provider?.read(parseElement(element))
  if (reading !== undefined && !('unreadable' in reading)) return toEvent(facts, reading, index, run)
  return toEvent(facts, { ...UNREAD, name: `${facts.provider}.unknown` }, index, run)
}
