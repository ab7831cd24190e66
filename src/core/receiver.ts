/** The receiver: its life from construction to close, and the wiring of the two halves. Exported from `posthorn`. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { OptionError, PosthornError } from '../errors.ts'
import { codeOf } from '../lib/code-of.ts'
import { shown } from '../lib/options.ts'
import { deskDoor, hostDoor, repairDoor, testDoor, watchDoor } from '../lib/symbols.ts'
import type { Clock } from '../ports/clock.ts'
import type { HostDoor, ReceiverLike } from '../ports/host.ts'
import type { Claim, Settlement } from '../ports/inbox/claims.ts'
import type { Source } from '../ports/provider.ts'
import type { RepairDoor } from '../ports/repair-door.ts'
import type { TestDoor } from '../ports/test-door.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { DeskDoor } from '../public/desk.ts'
import type { InboxControl } from '../public/inbox.ts'
import type { EventsOf, ReceiverOptions, Sources } from '../public/options.ts'
import type { Health, Metrics, Receiver } from '../public/receiver.ts'
import type { AnyEvent, LogEvent } from '../types.ts'
import { ShiftedClock, systemClock } from './base/clock.ts'
import { Deadlines } from './base/deadlines.ts'
import { allHeld, held } from './base/held.ts'
import { Load } from './base/load.ts'
import { loggerIn } from './base/logger.ts'
import { createNotices } from './base/notices.ts'
import { createPacer, type Pacer } from './base/pacer.ts'
import { wrapsOf } from './base/wraps.ts'
import { createDeskDoor } from './desk.ts'
import { createWatchDoor, toldByHosts } from './doors.ts'
import { CALL_KEEPER, withCallKeeper } from './handlers/call-keeper.ts'
import { assertOneHeir, defineHandler, handlerArguments, type RawHandlerOptions } from './handlers/options.ts'
import { vocabularyOf } from './handlers/patterns.ts'
import type { HandlerSpec } from './handlers/spec.ts'
import { Life } from './life.ts'
import { type CloseOptions, closeTimeout, type DrainOptions, drainOptions } from './lifetime-options.ts'
import { createInboxControl } from './operate/control.ts'
import { createRepairDoor } from './operate/known-events.ts'
import { Work } from './process/work.ts'
import { ConcurrencyLimits } from './receive/concurrency-limits.ts'
import { handle } from './receive/handle.ts'
import { checkInject, type InjectOptions, inject } from './receive/inject.ts'
import { createReceive } from './receive/receive.ts'
import { Recorder } from './receive/recorder.ts'
import { type Settings, settleOptions } from './settings.ts'
import { SourcesLife } from './sources-life.ts'
import { publishFacts } from './tell/channels.ts'
import { Counters } from './tell/counters.ts'
import { HealthReader, STALE, unready } from './tell/health.ts'
import { callHooks } from './tell/hooks.ts'
import { writeLines } from './tell/lines.ts'
import { RequestTally } from './tell/request-tally.ts'
import { announce } from './tell/start-line.ts'
import { announceStop, announceStopped } from './tell/stop-lines.ts'
import { Teller } from './tell/teller.ts'
import { TestWatching } from './test-watching.ts'

/**
 * Makes a receiver for these sources over this inbox. It opens no file, starts no thread and reads no secret: `start` does,
 * and the first request calls `start` if you have not.
 * @example
 * const receiver = createReceiver({
 *   inbox: sqlite({ path: './posthorn.db' }),
 *   sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
 * })
 * receiver.on('bounced', { name: 'bounces' }, async (event) => console.log(event.email, event.bounce.kind))
 * @throws OptionError naming the option, the expectation and the value
 */
export function createReceiver<const S extends Sources>(
  options: ReceiverOptions<S>,
): Receiver<EventsOf<S>, keyof S & string> {
  const running = new RunningReceiver(settleOptions(options), { clock: systemClock, random: Math.random, createPacer })
  // The class knows events at run time only; which ones there are is known from the type of `sources`.
  return running as unknown as Receiver<EventsOf<S>, keyof S & string>
}

/** What a test may stand in for. */
export interface World {
  readonly clock: Clock
  random(): number
  createPacer(load: Load): Pacer
}

/** As `createReceiver`, in another world. For our own tests. */
export function createReceiverIn<const S extends Sources>(world: World, options: ReceiverOptions<S>) {
  return new RunningReceiver(settleOptions(options), world) as unknown as Receiver<EventsOf<S>, keyof S & string>
}

/** After the time for handlers: for storing what came of them. */
const LAST_MS = 2_000

interface Closed {
  readonly drained: boolean
  readonly returned: number
}

type Each = NonNullable<HandlerSpec['each']>
type Batch = NonNullable<HandlerSpec['batch']>

class RunningReceiver implements ReceiverLike {
  readonly [hostDoor]: HostDoor
  readonly [repairDoor]: RepairDoor
  readonly [deskDoor]: DeskDoor
  readonly inbox: InboxControl
  readonly handle: (request: Request, options?: { source?: string; prefix?: string }) => Promise<Response>
  /** What is processed runs where the receiver was made, whoever posts it or starts. */
  readonly #home = AsyncLocalStorage.snapshot()
  readonly #settings: Settings
  readonly #clock: ShiftedClock
  readonly #world: World
  readonly #deadlines: Deadlines
  readonly #load = new Load()
  readonly #notices
  readonly #teller = new Teller()
  readonly #counters = new Counters(this.#teller)
  /** null: the inbox keeps no counts by time. */
  readonly #requestTally: RequestTally | null
  readonly #healthReader = new HealthReader()
  readonly #wraps
  readonly #pacer
  readonly #recorder: Recorder
  readonly #handlers: HandlerSpec[] = []
  readonly #tests = new TestWatching()
  readonly #sources: SourcesLife
  #work: Work | null = null
  #path: string | null = null
  readonly #unwatch: () => void
  readonly #life: Life<Closed>

  constructor(settings: Settings, given: World) {
    this.#settings = settings
    this.#clock = new ShiftedClock(given.clock)
    const world = { ...given, clock: this.#clock }
    this.#world = world
    this.#life = new Life({
      ...{ clock: world.clock, whyOf },
      open: () => held(this.#home(() => this.#open())),
      close: (wasOpen, timeoutMs, end) => held(this.#close(wasOpen, timeoutMs, end)),
    })
    this.#deadlines = new Deadlines(world.clock)
    this.#notices = createNotices(settings.logger, world.clock)
    const { look } = settings.inbox
    const isOpen = () => this.#life.isOpen
    this.#requestTally =
      look === undefined ? null : new RequestTally({ ...{ teller: this.#teller, clock: world.clock }, look, isOpen })
    publishFacts(this.#teller)
    writeLines(this.#teller, this.#notices)
    callHooks(this.#teller, settings.hooks)
    this.#wraps = wrapsOf(settings.instrument, this.#teller)
    this.#pacer = world.createPacer(this.#load)
    this.#recorder = new Recorder({
      ...{ inbox: settings.inbox, deadlines: this.#deadlines, tell: this.#teller.tell, load: this.#load },
      closing: () => this.#life.isOver,
    })
    this.#sources = new SourcesLife({
      ...{ settings, clock: world.clock, notices: this.#notices, life: this.#life },
      expect: (name, labels) => this.#counters.expect(name, labels),
      added: () => this.#work?.kick(),
      startFailed: (error) => this.#trouble(`the receiver could not start${whyOf(error)}`, error, 'start.failed'),
    })
    const [receive, sourceNames] = [this.#createReceive(), this.#sources.names]
    this[hostDoor] = { receive, sourceNames, ...toldByHosts(settings, this.#teller, this.#sources.receiving) }
    const parts = { take: receive, names: sourceNames, refused: this.#trouble }
    this.handle = (request, options) => held(handle(parts, request, options))
    const provider = (source: string) => settings.sources.get(source)?.provider
    const { inbox } = settings
    const controlParts = {
      clock: world.clock,
      pacer: this.#pacer,
      open: () => this.start(),
      provider,
      sources: sourceNames,
      names: new Set([...settings.sources.values()].flatMap((source) => [...source.provider.catalogue.keys()])),
      types: new Set([
        'unknown',
        ...[...settings.sources.values()].flatMap(({ provider }) => [...provider.catalogue.values()].flat()),
      ]),
      handlers: () => this.#handlers,
    }
    const control = createInboxControl({ ...controlParts, inbox })
    this.inbox = allHeld(control)
    this[deskDoor] = createDeskDoor({
      ...{
        inbox,
        pacer: this.#pacer,
        provider,
        teller: this.#teller,
        notices: this.#notices,
        now: () => world.clock.now(),
      },
      ...{ open: () => this.start(), control: (named) => createInboxControl({ ...controlParts, inbox: named }) },
    })
    this.#unwatch = settings.instrument?.[watchDoor]?.(this[watchDoor]) ?? NOTHING
    const { bodiesMs } = settings.retention
    const now = () => world.clock.now()
    this[repairDoor] = createRepairDoor({ inbox, pacer: this.#pacer, provider, control, bodiesMs, now })
  }

  readonly #trouble = (what: string, error: unknown, event: LogEvent = 'internal') =>
    this.#teller.tell('trouble', { what, error, event })

  on(pattern: string | readonly string[], second: RawHandlerOptions | Each, third?: Each): this {
    const { options, handler } = handlerArguments<Each>('on', [second, third])
    return this.#register(pattern, options, { each: handler, batch: null })
  }

  onBatch(pattern: string | readonly string[], second: RawHandlerOptions | Batch, third?: Batch): this {
    const { options, handler } = handlerArguments<Batch>('onBatch', [second, third])
    return this.#register(pattern, options, { each: null, batch: handler })
  }

  #register(pattern: string | readonly string[], options: RawHandlerOptions, run: Pick<HandlerSpec, 'each' | 'batch'>) {
    if (this.#life.hasBegun)
      throw new PosthornError(
        'ERR_RECEIVER_STARTED',
        'handlers must be registered before start(), and before the first request',
      )
    const { sources, handlers } = this.#settings
    const spec = defineHandler(vocabularyOf(sources), handlers, pattern, options, run)
    if (spec.name === CALL_KEEPER || this.#handlers.some((other) => other.name === spec.name))
      throw new OptionError(`there are two handlers called "${spec.name}": give one of them a name`, 'ERR_HANDLER_NAME')
    assertOneHeir(spec, this.#handlers)
    this.#handlers.push(spec)
    return this
  }

  start(): Promise<void> {
    return this.#life.start()
  }

  async #open(): Promise<void> {
    const { inbox, logger, role, onRedelivery, retention, ack, background } = this.#settings
    const processes = role === 'both' || role === 'process'
    await this.#sources.readSecrets()
    if (this.#life.isOver) return
    this.#assertCapable()
    const specs = processes ? withCallKeeper(this.#settings, this.#handlers) : []
    const handlers = specs.map((spec) => this.#opening(spec))
    const { clock } = this.#world
    const inboxRole = role === 'control' ? 'control' : 'owner'
    const opened = await inbox.open({
      handlers,
      logger: loggerIn(this.#home, logger),
      clock,
      role: inboxRole,
      onRedelivery,
      retention,
    })
    if (this.#settings.takesDeliveries) await this.#rememberUses()
    if (this.#life.isOver) return inbox.close()
    this.#life.opened()
    this.#path = opened.place?.path ?? null
    this.#recorder.retry()
    announce({ ...this.#settings, sources: this.#sources.receiving }, processes ? this.#handlers : null, opened)
    if (handlers.length === 0) return
    const { random } = this.#world
    const parts = {
      settings: this.#settings,
      handlers: specs,
      clock,
      random,
      pacer: this.#pacer,
      ...{ tell: this.#teller.tell, hears: this.#teller.hears, wraps: this.#wraps },
      test: this.#tests,
      settled: (claim: Claim, settlement: Settlement) => this.#tests.settled(claim, settlement),
    }
    this.#work = new Work(parts, opened.stats.paused, opened.storedKeys ?? [])
    if (ack === 'stored' || background) this.#work.start()
  }

  #opening({ name, formerly, orderBy }: HandlerSpec) {
    return { name, formerly, ordered: orderBy !== null && this.#settings.ack === 'stored' }
  }

  /** What not every inbox can do. */
  #assertCapable(): void {
    const { inbox, inboxKind, sources } = this.#settings
    const ordered = this.#handlers.find(({ orderBy }) => orderBy !== null)
    if (inbox.ordering === undefined && ordered !== undefined)
      throw new OptionError(
        `handler ${shown(ordered.name)} has orderBy, and the ${inboxKind} inbox cannot keep events in order: ` +
          (inbox.isManyLogs ? 'give each of its inboxes a receiver of its own' : 'it needs another inbox'),
      )
    const deduped = [...sources].find(([, { dedupeWindowMs }]) => dedupeWindowMs)
    if (inbox.eventKeys === undefined && deduped !== undefined)
      throw new OptionError(
        `source ${shown(deduped[0])} has dedupeEvents, and the ${inboxKind} inbox keeps no keys of events: it needs ` +
          (inbox.isManyLogs ? "an inbox that keeps a source together, by: 'source'" : 'another inbox'),
      )
  }

  addSource(name: string, source: Source<AnyEvent>): Promise<void> {
    return held(this.#sources.add(name, source))
  }

  removeSource(name: string): void {
    this.#sources.remove(name)
  }

  reloadSecrets(...more: readonly unknown[]): Promise<void> {
    return held(this.#sources.reloadSecrets(more))
  }

  /** Of credentials, by earlier processes. */
  async #rememberUses(): Promise<void> {
    const uses = (await this.#settings.inbox.look?.seen().catch(() => [])) ?? []
    for (const { source, credential, lastAt } of uses) this.#counters.remember(source, credential, lastAt)
  }

  #createReceive() {
    const { limits, inbox, ack } = this.#settings
    return createReceive({
      sources: this.#sources.receiving,
      limits,
      inbox,
      clock: this.#world.clock,
      deadlines: this.#deadlines,
      load: this.#load,
      tell: this.#teller.tell,
      hears: this.#teller.hears,
      wrapStore: this.#wraps.store,
      concurrency: new ConcurrencyLimits(),
      recorder: this.#recorder,
      handled:
        ack === 'stored'
          ? null
          : async (seq, source, gone) => (await this.#work?.inRequest(seq, source, gone)) ?? false,
      open: (inboxless) => this.#sources.opened(inboxless),
      closing: () => this.#life.isOver,
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
    })
  }

  close(options: CloseOptions = {}): Promise<Closed> {
    try {
      return this.#life.close(closeTimeout(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #close(wasOpen: boolean, timeoutMs: number, end: number): Promise<Closed> {
    const { inbox, logger, role } = this.#settings
    const tells = wasOpen && role !== 'control'
    if (tells) announceStop(logger, this.#work?.events ?? 0, timeoutMs)
    if (Number.isFinite(timeoutMs)) inbox.endWithin?.(timeoutMs + LAST_MS)
    try {
      // A start may be waiting for the owner of a file; the inbox gives that up when it is closed.
      if (!wasOpen) await inbox.close()
      // A secret of the user's may never come.
      await this.#life.startEnded(end)
      const result = (await this.#work?.stop(timeoutMs)) ?? { drained: true, returned: 0 }
      this.#recorder.retry()
      await this.#requestsAnswered(end)
      if (wasOpen) await this.#requestTally?.end()
      if (wasOpen) await inbox.close()
      if (tells) announceStopped(logger, result.returned)
      return result
    } finally {
      this.#deadlines.end()
      this.#notices.flush()
      this.#unwatch()
    }
  }

  /**
   * Bodies in flight are read and stored before the inbox closes, until `end` of steady time. Between two steps of a
   * request none is counted.
   */
  async #requestsAnswered(end: number): Promise<void> {
    while (this.#load.requests > 0 && this.#world.clock.steady() < end)
      await new Promise<void>((resolve) => {
        const cancel = this.#world.clock.after(5, resolve)
        this.#load.onNone(() => {
          cancel()
          setImmediate(resolve)
        })
      })
  }

  whenIdle(...more: readonly unknown[]): Promise<void> {
    if (more.length > 0)
      return Promise.reject(new OptionError('whenIdle takes nothing: drain({ limitMs }) is what has a limit'))
    return held(this.#work?.idle() ?? Promise.resolve())
  }

  drain(options: DrainOptions = {}): Promise<{ settled: number; pending: number }> {
    return held(this.#drain(options))
  }

  async #drain(options: DrainOptions): Promise<{ settled: number; pending: number }> {
    const { limitMs, signal } = drainOptions(options)
    await this.start()
    const settled = (await this.#work?.drain(limitMs, signal)) ?? 0
    const { pending } = await this.#settings.inbox.records.stats()
    return { settled, pending }
  }

  inject(source: string, body: Uint8Array | string | readonly object[], options: InjectOptions = {}) {
    return held(this.#inject(source, body, options))
  }

  async #inject(source: string, body: Uint8Array | string | readonly object[], options: InjectOptions) {
    checkInject(source, body, options, this.#sources.receiving)
    await this.start()
    const { inbox } = this.#settings
    const { id, status, bytes } = await inject({ inbox, clock: this.#world.clock }, source, body, options)
    this.#teller.tell('kept', { source, id, status, bytes })
    return { id, status }
  }

  metrics(): Metrics {
    return this.#counters.read()
  }

  get [watchDoor](): WatchDoor {
    return createWatchDoor({
      ...{ settings: this.#settings, clock: this.#clock, teller: this.#teller, counters: this.#counters },
      ...{ life: this.#life, sources: this.#sources.receiving, handlers: this.#handlers },
      path: () => this.#path,
      health: () => this.health(),
    })
  }

  get [testDoor](): TestDoor {
    return this.#tests.door(this.#settings.sources, this.#clock)
  }

  health(): Promise<Health> {
    return held(this.#health())
  }

  async #health(): Promise<Health> {
    const { whyNotOpen } = this.#life
    if (whyNotOpen !== null) return unready(whyNotOpen)
    const { inbox, limits, ack, background, takesDeliveries } = this.#settings
    const waitsForRequests = ack === 'handled' && !background
    const { backlogBytes } = limits
    const waitsForInbox = this.#work?.waitsForInbox ?? false
    const health = await this.#healthReader.read({
      inbox,
      clock: this.#world.clock,
      backlogBytes,
      takesDeliveries,
      waitsForRequests,
      waitsForInbox,
    })
    if (health.reason === STALE) this.#teller.tell('stale', { reason: STALE })
    return health
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const NOTHING = () => {}

/** What our own errors say is for operators: the variable that is missing, the file that is taken. Of others their code. */
function whyOf(error: unknown): string {
  const isOurs = error instanceof PosthornError || error instanceof OptionError
  return `: ${isOurs ? error.message : codeOf(error)}`
}
