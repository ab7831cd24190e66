/** The public look into the inbox: pages become async iterables, stored elements become events again. */
import { OptionError, PosthornError } from '../../errors.ts'
import { parseElement } from '../../json/slices.ts'
import { letterName } from '../../lib/letter-name.ts'
import { shown } from '../../lib/options.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Cursor, Pruned, RowIds } from '../../ports/inbox/operations.ts'
import type { StoredStats } from '../../ports/inbox/records.ts'
import type { StoredDeadLetter, StoredDelivery, StoredQuarantine } from '../../ports/inbox/rows.ts'
import type { Provider } from '../../ports/provider.ts'
import type { InboxControl, InboxStats, PruneReport, VerbOptions, VerbReport } from '../../public/inbox.ts'
import type { ListOptions } from '../../public/look.ts'
import type { AnyEvent, DeadLetter, Delivery, DeliverySummary, Quarantined } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import { eventFacts, type FilterFacts, matches, yesOrNo } from '../filter/matches.ts'
import { Registry } from '../handlers/registry.ts'
import { deliveryFacts, toEvent, UNREAD } from '../read/event.ts'
import { toAttemptErrors, toPaused } from '../read/to-public.ts'
import { type Placed, placeOf } from './after.ts'
import { countedSpans, placesOf, type Span, topOf } from './counted.ts'
import { findEvents, findMessage, findPerson } from './events.ts'
import { readsRows } from './filter-text.ts'
import {
  assertWord,
  checkedAction,
  checkedFilter,
  checkedLook,
  checkedOptions,
  checkedPerson,
  checkedTallies,
  type Selection,
} from './filters.ts'
import { deliveryIdOf, eventId } from './ids.ts'
import { assertHandler, assertKnown, type KnownParts } from './known-names.ts'
import { actions, noted, seen, tallies } from './looks.ts'
import { erasePerson, exportPerson } from './people.ts'
import { differences, reparse } from './reparse.ts'
import { replay } from './replay.ts'
import { storedEvent } from './stored-event.ts'
import { dropHandler, dropReplay, missingIn, type pages, pagesFromFew, run, type VerbParts } from './verbs.ts'

type ProviderOf = (source: string) => Provider | undefined

interface Listing<R, T> {
  readonly read: Parameters<typeof pages<R>>[0]
  readonly id: (row: R) => number
  /** As `after` takes it. */
  readonly name: (row: R) => string
  /** When there may be something; absent: whenever the filter says. */
  readonly spans?: ((filter: Selection) => AsyncIterable<Span>) | undefined
  /** null: it is not meant. */
  readonly shown: (row: R, checked: Selection) => T | null
}

type ListedDelivery = StoredDelivery & { readonly bytes: number }

export interface ControlParts extends KnownParts {
  readonly clock: Clock
  readonly pacer: Pacer
  open(): Promise<void>
  provider: ProviderOf
}

export function createInboxControl(parts: ControlParts): InboxControl {
  const { inbox, clock, pacer, open, provider } = parts
  const letterOf = (row: StoredDeadLetter) => toDeadLetter(row, provider(row.delivery.source))
  const nameOf = (row: StoredDeadLetter) => letterOf(row).event.name
  const isMeant = (row: StoredDeadLetter, selection: Selection) => isMeantLetter(letterOf(row), row, selection)
  const verbs: VerbParts = { inbox, clock, isMeant, isMeantItem }
  const people = { inbox, clock, pacer, provider }
  const registry = () => new Registry(parts.handlers())
  /** Opens the inbox, which knows the names that a filter may have. */
  async function known<F extends object>(verb: string, filter: F): Promise<F> {
    await open()
    await assertKnown(parts, verb, filter)
    return filter
  }
  function isMeantItem({ source }: { readonly source: string }, { where }: Selection): boolean {
    return where === undefined || matches(where.rows, { source, provider: provider(source)?.name ?? null })
  }
  function isMeantRow(row: StoredDelivery & { readonly bytes: number }, { where }: Selection): boolean {
    return where === undefined || matches(where.rows, rowFacts(row, provider(row.source)))
  }
  async function* listed<R, T>(
    verb: 'deliveries' | 'deadLetters' | 'quarantine',
    { read, id, name, spans, shown }: Listing<R, T>,
    filter: Selection = {},
    options: ListOptions = {},
  ): AsyncGenerator<T> {
    const { signal, onProgress } = checkedLook(verb, options)
    const checked = await known(verb, checkedFilter(verb, filter, clock.now()))
    const first = await placeOf(inbox, verb, checked)
    let [looked, found] = [0, 0]
    for await (const page of placesOf(checked, spans?.(checked) ?? null))
      for await (const rows of pagesFromFew((p) => read({ ...p, signal }), id, page, first)) {
        for (const row of rows) {
          const one = shown(row, checked)
          // An element of a dead letter may have a megabyte.
          if (pacer.spent()) await pacer.breathe()
          if (one === null) continue
          found++
          yield one
        }
        looked += rows.length
        onProgress?.({ rows: looked, found, place: name(rows.at(-1) as R) })
        if (signal?.aborted) return
      }
  }
  /** Deliveries of a source are counted with the deliveries themselves. */
  async function* sourceSpans({ source, ids, since, until, after }: Selection & Placed): AsyncGenerator<Span> {
    if (source === undefined || ids !== undefined) return yield { since: since?.getTime(), until: until?.getTime() }
    const fields = { source, ...(since && { since }), ...(until && { until }) }
    yield* countedSpans(parts, fields, { now: clock.now(), top: await topOf(inbox, after) })
  }
  async function pause(verb: string, handler: string, by: 'hand' | null, more: readonly unknown[]): Promise<void> {
    takesNoMore(verb, 'the name of a handler alone', more)
    assertWord(`inbox.${verb}: the handler`, handler)
    await open()
    await assertHandler(parts, verb, handler)
    await inbox.carryOut({ kind: 'pause', handler, by })
    await done(verb, { handler }, {}, {})
  }
  /** Dry runs are no actions. */
  async function done<R extends Partial<VerbReport>>(
    verb: string,
    filter: object,
    { dryRun }: Pick<VerbOptions, 'dryRun'>,
    report: R,
  ) {
    return dryRun ? report : noted(inbox, { verb, filter, at: clock.now() }, report)
  }
  return {
    async *tallies(filter = {}) {
      const checked = checkedTallies(filter)
      await known('tallies', checked)
      yield* tallies(inbox, checked, clock.now())
    },
    async seen(...more: readonly unknown[]) {
      takesNoMore('seen', 'nothing', more)
      await open()
      return seen(inbox)
    },
    async actions(...more: readonly unknown[]) {
      takesNoMore('actions', 'nothing', more)
      await open()
      return actions(inbox)
    },
    async stats(...more: readonly unknown[]) {
      takesNoMore('stats', 'nothing', more)
      await open()
      return toStats(await inbox.records.stats())
    },
    async *deliveries(filter, options) {
      const listing: Listing<ListedDelivery, DeliverySummary> = {
        read: (page) => inbox.records.list('deliveries', { ...page, isLook: true }),
        id: (row) => row.seq,
        name: (row) => row.id,
        spans: sourceSpans,
        shown: (row, checked) => (isMeantRow(row, checked) ? summary(row, row.bytes) : null),
      }
      yield* listed('deliveries', listing, filter, options)
    },
    async *events(filter = {}, options = {}) {
      const [checked, looked] = [checkedFilter('events', filter, clock.now()), checkedLook('events', options)]
      yield* findEvents(parts, await known('events', checked), looked)
    },
    async message(messageId, filter = {}, options = {}) {
      assertWord('inbox.message: the id', messageId)
      const [checked, looked] = [checkedFilter('message', filter, clock.now()), checkedLook('message', options)]
      return findMessage(parts, messageId, await known('message', checked), looked)
    },
    async *person(address, filter = {}, options = {}) {
      const [checked, looked] = [checkedFilter('person', filter, clock.now()), checkedLook('person', options)]
      yield* findPerson(parts, address, await known('person', checked), looked)
    },
    async delivery(id) {
      const deliveryId = deliveryIdOf('inbox.delivery', id)
      await open()
      const stored = await inbox.records.delivery(deliveryId)
      return stored === null ? null : toDelivery(stored)
    },
    async *deadLetters(filter, options) {
      const listing: Listing<StoredDeadLetter, DeadLetter> = {
        read: (page) => inbox.records.list('deadLetters', page),
        id: (row) => row.id,
        name: ({ delivery, index, run, handler }) => letterName({ id: `${delivery.id}.${index}`, run }, handler),
        shown: (row, checked) => {
          const letter = letterOf(row)
          return isMeantLetter(letter, row, checked) ? letter : null
        },
      }
      yield* listed('deadLetters', listing, filter, options)
    },
    async *quarantine(filter, options) {
      const listing: Listing<StoredQuarantine, Quarantined> = {
        read: (page) => inbox.records.list('quarantine', page),
        id: (row) => row.id,
        name: ({ deliveryId, index }) => (index === null ? deliveryId : `${deliveryId}.${index}`),
        shown: (row, checked) => (isMeantItem(row, checked) ? toQuarantined(row) : null),
      }
      yield* listed('quarantine', listing, filter, options)
    },
    async retry(filter, options = {}) {
      const [selection, checked] = [checkedAction('retry', filter, clock.now()), checkedOptions('retry', options)]
      const revive = (ids: RowIds) => inbox.carryOut({ kind: 'revive', ids })
      return done('retry', filter, checked, await run(verbs, await known('retry', selection), checked, revive))
    },
    async drop(filter, options = {}) {
      const [selection, checked] = [checkedAction('drop', filter, clock.now()), checkedOptions('drop', options)]
      await known('drop', selection)
      const drop = () => run(verbs, selection, checked, (ids) => inbox.carryOut({ kind: 'drop', ids }))
      const whole = isHandlerAlone(selection) ? () => dropHandler(verbs, selection, checked) : drop
      const report = selection.run !== undefined ? await dropReplay(verbs, selection, checked) : await whole()
      return done('drop', filter, checked, report)
    },
    async event(id) {
      const { deliveryId, index } = eventId('inbox.event', id)
      await open()
      return storedEvent(parts, registry(), deliveryId, index)
    },
    async replay(filter, options = {}) {
      const [selection, checked] = [checkedAction('replay', filter, clock.now()), checkedOptions('replay', options)]
      await known('replay', selection)
      const report = await replay({ ...parts, nameOf, registry: registry() }, selection, checked)
      return done('replay', filter, checked, report)
    },
    async *differences(filter = {}, options = {}) {
      const { signal } = checkedLook('differences', options)
      yield* differences(parts, await known('differences', checkedFilter('differences', filter, clock.now())), signal)
    },
    async reparse(filter, options = {}) {
      const [selection, checked] = [checkedAction('reparse', filter, clock.now()), checkedOptions('reparse', options)]
      return done('reparse', filter, checked, await reparse(parts, await known('reparse', selection), checked))
    },
    async pause(handler, ...more: readonly unknown[]) {
      await pause('pause', handler, 'hand', more)
    },
    async resume(handler, ...more: readonly unknown[]) {
      await pause('resume', handler, null, more)
    },
    async *export(person) {
      yield* exportPerson(people, await known('export', checkedPerson('export', person, clock.now())))
    },
    async erase(person, options = {}) {
      const [checked, settled] = [checkedPerson('erase', person, clock.now()), checkedOptions('erase', options)]
      return done('erase', person, settled, await erasePerson(people, await known('erase', checked), settled))
    },
    async prune(...options: readonly unknown[]) {
      if (options.length > 0) throw new OptionError('inbox.prune takes nothing: retention says what goes')
      await open()
      const report = await pruneAll(inbox)
      await done('prune', {}, {}, { matched: report.bodies, queued: report.deliveries })
      return report
    },
    async backup(path, ...more: readonly unknown[]) {
      if (typeof path !== 'string' || path.trim() === '' || path.includes('\0') || more.length > 0)
        throw new OptionError(`inbox.backup takes the path of a file that is not there yet, got ${shown(path)}`)
      await open()
      if (inbox.copies === undefined) throw new OptionError('inbox.backup: this inbox has no file that could be copied')
      return inbox.copies.backup(path)
    },
  }
}

/** What a call would pass over, such as a `dryRun` that it does not know, is refused. @throws OptionError */
function takesNoMore(verb: string, what: string, more: readonly unknown[]): void {
  if (more.length > 0) throw new OptionError(`inbox.${verb} takes ${what}`)
}

/** A handler as a whole: not what came at some time, or from somewhere, or died. */
function isHandlerAlone({ handler, where, ...others }: Selection): boolean {
  return handler !== undefined && !readsRows(where) && Object.keys(others).length === 0
}

function isMeantLetter({ event, handler, attempts }: DeadLetter, row: StoredDeadLetter, selection: Selection): boolean {
  const { name, where } = selection
  if (name !== undefined && event.name !== name) return false
  return where === undefined || matches(where.rows, { ...eventFacts(event), handler, attempts, run: row.run })
}

function rowFacts(row: StoredDelivery & { readonly bytes: number }, provider: Provider | undefined): FilterFacts {
  const { source, credential, isTest, senderLeft, kept = 'all', duplicates: dup, bytes: size } = row
  const name = provider?.name ?? null
  return { source, provider: name, credential, test: yesOrNo(isTest), left: yesOrNo(senderLeft), kept, dup, size }
}

/** Portion by portion, without pauses: somebody waits for it. */
async function pruneAll(inbox: InboxPort): Promise<PruneReport> {
  let report: PruneReport = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0 }
  const missing = new Set<number>()
  for (let from: Cursor | null = null; ; ) {
    const pruned: Pruned = await inbox.carryOut({ kind: 'prune', from })
    report = {
      bodies: report.bodies + pruned.bodies,
      deliveries: report.deliveries + pruned.deliveries,
      deadLetters: report.deadLetters + pruned.deadLetters,
      quarantined: report.quarantined + pruned.quarantined,
    }
    if (pruned.missingShard !== undefined) missing.add(pruned.missingShard)
    if (pruned.next === null) return { ...report, ...missingIn(missing) }
    from = pruned.next
  }
}

function toStats({ oldestPendingAt, paused, ...stats }: StoredStats): InboxStats {
  const oldest = oldestPendingAt === null ? null : new Date(oldestPendingAt)
  return { ...stats, oldestPendingAt: oldest, paused: paused.map(toPaused) }
}

function summary(stored: StoredDelivery, bytes: number): DeliverySummary {
  const { id, source, events, senderLeft, duplicates, isTest, batchId, kept = 'all' } = stored
  const receivedAt = new Date(stored.receivedAt)
  return { id, source, receivedAt, bytes, events, senderLeft, duplicates, isTest, batchId, kept }
}

function toDelivery(stored: StoredDelivery): Delivery {
  return {
    ...summary(stored, stored.bytes ?? stored.body.length),
    sha256: Buffer.from(stored.sha256).toString('hex'),
    credential: stored.credential,
    headers: stored.headers,
    async body() {
      if (stored.kept === 'none')
        throw new PosthornError('ERR_BODY_GONE', `The bytes of ${stored.id} are not kept any more.`)
      return stored.body
    },
  }
}

function toQuarantined({ source, deliveryId, index, reason, path, at }: StoredQuarantine): Quarantined {
  return { source, deliveryId, index, reason, path, since: new Date(at) }
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
