/** The receiver: its life from construction to close, and the wiring of the two halves. Exported from `posthorn`. */
import { OptionError, PosthornError } from '../errors.ts'
import { hostFailed, hostKept, hostSeen, port, receive, secretPlaces, sourceNames, testDoor } from '../lib/symbols.ts'
import type { Verify } from '../ports/auth.ts'
import type { Clock } from '../ports/clock.ts'
import type { HostLimits, NeutralRequest, NeutralResponse, ReceiverLike } from '../ports/host.ts'
import type { Claim, Settlement } from '../ports/inbox/claims.ts'
import type { TestDoor } from '../ports/test-door.ts'
import type { InboxControl } from '../public/inbox.ts'
import type { EventsOf, ReceiverOptions, Sources } from '../public/options.ts'
import type { Health, Metrics, Receiver } from '../public/receiver.ts'
import { systemClock } from './base/clock.ts'
import { Deadlines } from './base/deadlines.ts'
import { allHeld, held } from './base/held.ts'
import type { Load } from './base/load.ts'
import { Meter } from './base/metrics.ts'
import { createNotices } from './base/notices.ts'
import { createPacer, type Pacer } from './base/pacer.ts'
import { defineHandler, handlerArguments, type RawHandlerOptions } from './handlers/options.ts'
import { vocabularyOf } from './handlers/patterns.ts'
import type { HandlerSpec } from './handlers/spec.ts'
import { type CloseOptions, closeTimeout, type DrainOptions, drainOptions } from './lifetime-options.ts'
import { createInboxControl } from './operate/control.ts'
import { Work } from './process/work.ts'
import { placesOf } from './receive/authenticate.ts'
import { handle } from './receive/handle.ts'
import { checkInject, type InjectOptions, inject } from './receive/inject.ts'
import type { Opened } from './receive/parts.ts'
import { createReceive } from './receive/receive.ts'
import { type Settings, settle } from './settings.ts'
import { readHealth, STALE, unready } from './tell/health.ts'
import { tellHostLimits } from './tell/host-limits.ts'
import { createReport } from './tell/report.ts'
import { announce } from './tell/start-line.ts'
import { announceStop, announceStopped } from './tell/stop-lines.ts'

/**
 * A receiver for these sources over this inbox. Opens no file, starts no thread, reads no secret: that is `start`,
 * which the first request calls if nobody has.
 * @throws OptionError naming the option, the expectation and the value
 */
export function createReceiver<const S extends Sources>(
  options: ReceiverOptions<S>,
): Receiver<EventsOf<S>, keyof S & string> {
  const running = new RunningReceiver(settle(options), { clock: systemClock, random: Math.random, createPacer })
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
  return new RunningReceiver(settle(options), world) as unknown as Receiver<EventsOf<S>, keyof S & string>
}

type State = 'new' | 'open' | 'closing' | 'closed'
type Each = NonNullable<HandlerSpec['each']>
type Batch = NonNullable<HandlerSpec['batch']>

class RunningReceiver implements ReceiverLike {
  readonly [sourceNames]: readonly string[]
  readonly [receive]: (request: NeutralRequest) => Promise<NeutralResponse>
  readonly inbox: InboxControl
  readonly handle: (request: Request, options?: { source?: string; prefix?: string }) => Promise<Response>
  readonly #settings: Settings
  readonly #world: World
  readonly #deadlines: Deadlines
  readonly #load: Load = { bytes: 0, requests: 0, begun: 0 }
  readonly #notices
  readonly #report
  readonly #pacer
  readonly #meter = new Meter()
  readonly #handlers: HandlerSpec[] = []
  readonly #watchers = new Set<Parameters<TestDoor['watch']>[0]>()
  #checks: ReadonlyMap<string, Verify> = new Map()
  #work: Work | null = null
  #state: State = 'new'
  #starting: Promise<void> | null = null
  #closing: Promise<{ drained: boolean; returned: number }> | null = null

  constructor(settings: Settings, world: World) {
    this.#settings = settings
    this.#world = world
    this.#deadlines = new Deadlines(world.clock)
    this.#notices = createNotices(settings.logger, world.clock)
    this.#report = createReport(settings.hooks, this.#notices, this.#meter)
    this.#pacer = world.createPacer(this.#load)
    this[sourceNames] = [...settings.sources.keys()]
    this[receive] = this.#createReceive()
    const parts = { take: this[receive], names: this[sourceNames], refused: this.#report.trouble }
    this.handle = (request, options) => held(handle(parts, request, options))
    const provider = (source: string) => settings.sources.get(source)?.provider
    const { inbox } = settings
    const control = createInboxControl({
      inbox,
      clock: world.clock,
      pacer: this.#pacer,
      open: () => this.start(),
      provider,
      sources: this[sourceNames],
      names: new Set([...settings.sources.values()].flatMap((source) => [...source.provider.catalogue.keys()])),
      handlers: () => this.#handlers,
    })
    this.inbox = allHeld(control)
  }

  on(pattern: string | readonly string[], second: RawHandlerOptions | Each, third?: Each): this {
    const { options, handler } = handlerArguments<Each>('on', [second, third])
    return this.#register(pattern, options, { each: handler, batch: null })
  }

  onBatch(pattern: string | readonly string[], second: RawHandlerOptions | Batch, third?: Batch): this {
    const { options, handler } = handlerArguments<Batch>('onBatch', [second, third])
    return this.#register(pattern, options, { each: null, batch: handler })
  }

  #register(pattern: string | readonly string[], options: RawHandlerOptions, run: Pick<HandlerSpec, 'each' | 'batch'>) {
    if (this.#state !== 'new' || this.#starting !== null)
      throw new PosthornError(
        'ERR_RECEIVER_STARTED',
        'handlers must be registered before start(), and before the first request',
      )
    const { sources, handlers } = this.#settings
    const spec = defineHandler(vocabularyOf(sources), handlers, pattern, options, run)
    if (this.#handlers.some((other) => other.name === spec.name))
      throw new OptionError(`there are two handlers called "${spec.name}": give one of them a name`, 'ERR_HANDLER_NAME')
    this.#handlers.push(spec)
    return this
  }

  start(): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed')
      return Promise.reject(new PosthornError('ERR_RECEIVER_CLOSED', 'the receiver is closed; create a new one'))
    this.#starting ??= held(this.#open()).catch((error: unknown) => {
      // The next start, or the next request, tries again.
      this.#starting = null
      throw error
    })
    return this.#starting
  }

  async #open(): Promise<void> {
    const { inbox, logger, role, onRedelivery, retention, ack, background } = this.#settings
    const [receives, processes] = [role === 'both' || role === 'receive', role === 'both' || role === 'process']
    if (receives) this.#checks = await this.#prepareChecks()
    if (this.#state !== 'new') return
    this.#assertCapable()
    const handlers = processes ? this.#handlers.map((spec) => this.#opening(spec)) : []
    const { clock } = this.#world
    const inboxRole = role === 'control' ? 'control' : 'owner'
    const opened = await inbox.open({ handlers, logger, clock, role: inboxRole, onRedelivery, retention })
    if (this.#state !== 'new') return inbox.close()
    this.#state = 'open'
    announce(this.#settings, processes ? this.#handlers : null, opened)
    if (handlers.length === 0) return
    const { random } = this.#world
    const parts = {
      settings: this.#settings,
      handlers: this.#handlers,
      clock,
      random,
      pacer: this.#pacer,
      report: this.#report,
      settled: (claim: Claim, settlement: Settlement) => {
        for (const tell of this.#watchers) tell(claim, settlement)
      },
    }
    this.#work = new Work(parts, opened.stats.paused, opened.held ?? [])
    if (ack === 'stored' || background) this.#work.start()
  }

  #opening({ name, formerly, orderBy }: HandlerSpec) {
    return { name, formerly, ordered: orderBy !== null && this.#settings.ack === 'stored' }
  }

  /** What not every inbox can do. */
  #assertCapable(): void {
    const { inbox, inboxKind, sources } = this.#settings
    if (inbox.wake === undefined && this.#handlers.some(({ orderBy }) => orderBy !== null))
      throw new OptionError(`the ${inboxKind} inbox cannot keep events in order: orderBy needs another inbox`)
    if (inbox.owners === undefined && [...sources.values()].some(({ dedupeWindowMs }) => dedupeWindowMs))
      throw new OptionError(`the ${inboxKind} inbox keeps no keys of events: dedupeEvents needs another inbox`)
  }

  async #prepareChecks(): Promise<Map<string, Verify>> {
    const checks = new Map<string, Verify>()
    const { sources, logger } = this.#settings
    const at = { env: process.env, logger, notice: this.#notices, clock: this.#world.clock }
    for (const [source, { auth }] of sources) {
      checks.set(source, await auth[port].prepare({ ...at, source }))
      this.#meter.expect(source, auth[port].labels ?? [])
    }
    return checks
  }

  #createReceive() {
    const { sources, limits, inbox, ack } = this.#settings
    return createReceive({
      sources,
      limits,
      inbox,
      clock: this.#world.clock,
      deadlines: this.#deadlines,
      load: this.#load,
      notices: this.#notices,
      meter: this.#meter,
      handled:
        ack === 'stored'
          ? null
          : async (seq, source, gone) => (await this.#work?.inRequest(seq, source, gone)) ?? false,
      open: () => this.#opened(),
      closing: () => this.#state === 'closing' || this.#state === 'closed',
      rejected: this.#report.rejected,
      senderLeft: this.#report.senderLeft,
      breathe: () => new Promise((resolve) => setImmediate(resolve)),
    })
  }

  /** What a request finds; a start that takes its time, as one that waits for the owner of a file, is not waited for. */
  #opened(): Opened | Promise<Opened> {
    const { role } = this.#settings
    if (role === 'process' || role === 'control') return 'not_open'
    if (this.#state === 'open') return this.#checks
    return this.#state === 'new' ? this.#startForRequest() : 'shutting_down'
  }

  async #startForRequest(): Promise<Opened> {
    const started = this.start().then(
      () => 'open' as const,
      (error: unknown) => {
        // What our own errors say is for operators: the variable that is missing, the file that is taken.
        const why = error instanceof PosthornError || error instanceof OptionError ? `: ${error.message}` : ''
        this.#report.trouble(`the receiver could not start${why}`, error)
        return 'not_open' as const
      },
    )
    const outcome = await Promise.race([started, this.#patience()])
    return outcome === 'open' && this.#isOpen() ? this.#checks : 'not_open'
  }

  #isOpen(): boolean {
    return this.#state === 'open'
  }

  #patience(): Promise<'not_open'> {
    return new Promise((resolve) => {
      this.#world.clock.after(this.#settings.limits.acceptMs, () => resolve('not_open'))
    })
  }

  close(options: CloseOptions = {}): Promise<{ drained: boolean; returned: number }> {
    try {
      const timeoutMs = closeTimeout(options)
      this.#closing ??= held(this.#close(timeoutMs))
      return this.#closing
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #close(timeoutMs: number): Promise<{ drained: boolean; returned: number }> {
    const end = this.#world.clock.now() + timeoutMs
    const wasOpen = this.#isOpen()
    const { logger, role } = this.#settings
    const tells = wasOpen && role !== 'control'
    if (tells) announceStop(logger, this.#work?.events ?? 0, timeoutMs)
    this.#state = 'closing'
    try {
      // A start may be waiting for the owner of a file; the inbox gives that up when it is closed.
      if (!wasOpen) await this.#settings.inbox.close()
      // A secret of the user's may never come.
      if (this.#starting !== null) await this.#endOf(this.#starting, end)
      const result = (await this.#work?.stop(timeoutMs)) ?? { drained: true, returned: 0 }
      await this.#requestsAnswered(end)
      if (wasOpen) await this.#settings.inbox.close()
      if (tells) announceStopped(logger, result.returned)
      return result
    } finally {
      this.#state = 'closed'
      this.#deadlines.end()
      this.#notices.flush()
    }
  }

  /** Resolves when the work has ended in whatever way, or at `end`. */
  #endOf(work: Promise<unknown>, end: number): Promise<void> {
    const { clock } = this.#world
    return new Promise((resolve) => {
      const cancel = clock.after(Math.max(0, end - clock.now()), resolve)
      const over = () => {
        cancel()
        resolve()
      }
      work.then(over, over)
    })
  }

  /** Bodies in flight are read and stored before the inbox closes, until `end`. */
  async #requestsAnswered(end: number): Promise<void> {
    while (this.#load.requests > 0 && this.#world.clock.now() < end)
      await new Promise<void>((resolve) => void this.#world.clock.after(5, resolve))
  }

  whenIdle(): Promise<void> {
    return held(this.#work?.idle() ?? Promise.resolve())
  }

  drain(options: DrainOptions = {}): Promise<{ settled: number; pending: number }> {
    return held(this.#drain(options))
  }

  async #drain(options: DrainOptions): Promise<{ settled: number; pending: number }> {
    const { limitMs, signal } = drainOptions(options)
    await this.start()
    const settled = (await this.#work?.drain(limitMs, signal)) ?? 0
    const { pending } = await this.#settings.inbox.stats()
    return { settled, pending }
  }

  inject(source: string, body: Uint8Array | string | readonly object[], options: InjectOptions = {}) {
    return held(this.#inject(source, body, options))
  }

  async #inject(source: string, body: Uint8Array | string | readonly object[], options: InjectOptions) {
    checkInject(source, body, options, this[sourceNames])
    await this.start()
    const { inbox } = this.#settings
    const result = await inject({ inbox, clock: this.#world.clock }, source, body, options)
    if (result.status === 'accepted') this.#meter.add('accepted')
    else this.#meter.add('duplicates')
    return result
  }

  metrics(): Metrics {
    return this.#meter.read()
  }

  [secretPlaces](source: string) {
    return placesOf(this.#settings.sources.get(source))
  }

  [hostSeen](limits: HostLimits): void {
    tellHostLimits(this.#notices, limits, this.#settings.limits.bodyMs)
  }

  [hostFailed](what: string, error: unknown): void {
    this.#report.trouble(what, error)
  }

  [hostKept](what: string, graceMs: number): void {
    const message = `the process was still kept running ${graceMs} ms after its stop and is ended: ${what}`
    this.#settings.logger.warn({ event: 'stop.kept', what, graceMs }, message)
  }

  get [testDoor](): TestDoor {
    return {
      source: (name) => this.#settings.sources.get(name),
      watch: (tell) => {
        this.#watchers.add(tell)
        return () => void this.#watchers.delete(tell)
      },
    }
  }

  health(): Promise<Health> {
    return held(this.#health())
  }

  async #health(): Promise<Health> {
    if (this.#state !== 'open') return unready(this.#whyNotOpen(this.#state))
    const { inbox, limits, ack, background } = this.#settings
    const waitsForRequests = ack === 'handled' && !background
    const { backlogBytes } = limits
    const health = await readHealth({ inbox, clock: this.#world.clock, backlogBytes, waitsForRequests })
    if (health.reason === STALE) this.#notices('stale', 'warn', STALE)
    return health
  }

  #whyNotOpen(state: Exclude<State, 'open'>): string {
    if (state !== 'new') return `the receiver is ${state}`
    return this.#starting === null ? 'not started: call start()' : 'the receiver is starting'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
