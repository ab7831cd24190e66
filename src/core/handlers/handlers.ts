/** Handlers: what a user registers, checked once, and the question which of them an event goes to. */
import { OptionError } from '../../errors.ts'
import { nearest } from '../../lib/nearest.ts'
import { knownKeys, wholeNumber } from '../../lib/options.ts'
import type { NewWorkRow, Provider } from '../../ports/ports.ts'
import type { HandlerContext } from '../../public/receiver.ts'
import type { AnyEvent, RetryOptions } from '../../types.ts'

export interface RetryPlan {
  readonly attempts: number
  readonly minMs: number
  readonly maxMs: number
}

export interface HandlerSpec {
  readonly name: string
  readonly formerly: readonly string[]
  readonly patterns: readonly string[]
  /** null: every source. */
  readonly sources: readonly string[] | null
  readonly tests: boolean
  readonly retry: RetryPlan
  readonly timeoutMs: number
  readonly concurrency: number
  /** 1 and 0 for handlers of one event. */
  readonly size: number
  readonly maxWaitMs: number
  /** The events of one key run one at a time, in order. */
  readonly orderBy: ((event: AnyEvent) => unknown) | null
  readonly each: ((event: AnyEvent, context: HandlerContext) => unknown) | null
  readonly batch: ((events: readonly AnyEvent[], context: HandlerContext) => unknown) | null
}

export interface HandlerDefaults {
  readonly retry?: RetryOptions | undefined
  readonly timeoutMs?: number | undefined
  readonly concurrency?: number | undefined
}

/** Options as they arrive, of one event or of a batch. */
export interface RawHandlerOptions extends HandlerDefaults {
  readonly name?: string
  readonly formerly?: readonly string[]
  readonly source?: string | readonly string[]
  readonly tests?: boolean
  readonly orderBy?: (event: AnyEvent) => unknown
  readonly size?: number
  readonly maxWaitMs?: number
}

const SHARED_KEYS = ['name', 'formerly', 'source', 'retry', 'timeoutMs', 'concurrency', 'tests']
const KEYS = { on: [...SHARED_KEYS, 'orderBy'], onBatch: [...SHARED_KEYS, 'size', 'maxWaitMs'] }
const MAX_MS = 2 ** 31 - 1

/** The words that patterns may be made of. */
export interface Vocabulary {
  readonly sources: readonly string[]
  readonly patterns: ReadonlySet<string>
}

export function vocabularyOf(sources: ReadonlyMap<string, { readonly provider: Provider }>): Vocabulary {
  const patterns = new Set(['*', 'effect.suppress', 'effect.unsubscribe'])
  for (const { provider } of sources.values()) {
    patterns.add(`${provider.name}.*`)
    for (const [name, types] of provider.catalogue) for (const word of [name, ...types]) patterns.add(word)
  }
  return { sources: [...sources.keys()], patterns }
}

/** @throws OptionError, with code ERR_PATTERN for a pattern that can match nothing. */
export function defineHandler(
  words: Vocabulary,
  defaults: HandlerDefaults,
  pattern: string | readonly string[],
  options: RawHandlerOptions,
  run: Pick<HandlerSpec, 'each' | 'batch'>,
): HandlerSpec {
  const isBatch = run.batch !== null
  const method = isBatch ? 'onBatch' : 'on'
  if (typeof (run.batch ?? run.each) !== 'function') throw new OptionError(`${method}: the handler must be a function`)
  knownKeys(`${method} options`, options, KEYS[method])
  const patterns = checkPatterns(words, typeof pattern === 'string' ? [pattern] : pattern)
  const sources = checkSources(words, options.source)
  return {
    ...run,
    patterns,
    sources,
    name: checkName(options.name ?? defaultName(patterns, sources)),
    formerly: (options.formerly ?? []).map(checkName),
    tests: options.tests ?? true,
    retry: retryPlan({ ...defaults.retry, ...options.retry }),
    timeoutMs: wholeNumber('timeoutMs', options.timeoutMs ?? defaults.timeoutMs, 30_000, 1, MAX_MS),
    concurrency: wholeNumber('concurrency', options.concurrency ?? (isBatch ? 1 : defaults.concurrency), 8, 1, 10_000),
    size: isBatch ? wholeNumber('size', options.size, 100, 1, 100_000) : 1,
    maxWaitMs: isBatch ? wholeNumber('maxWaitMs', options.maxWaitMs, 1_000, 0, MAX_MS) : 0,
    orderBy: checkOrderBy(options.orderBy),
  }
}

export function retryPlan(retry: RetryOptions): RetryPlan {
  knownKeys('retry', retry, ['attempts', 'minMs', 'maxMs'])
  const minMs = wholeNumber('retry.minMs', retry.minMs, 1_000, 0, MAX_MS)
  return {
    attempts: wholeNumber('retry.attempts', retry.attempts, 36, 1, 1_000_000),
    minMs,
    maxMs: wholeNumber('retry.maxMs', retry.maxMs, Math.max(minMs, 3_600_000), minMs, MAX_MS),
  }
}

function checkPatterns(words: Vocabulary, patterns: readonly string[]): readonly string[] {
  if (patterns.length === 0) throw new OptionError('a list of event names must not be empty', 'ERR_PATTERN')
  for (const pattern of patterns) {
    if (words.patterns.has(pattern)) continue
    const near = nearest(pattern, words.patterns)
    const hint = near === null ? '' : `; did you mean "${near}"?`
    throw new OptionError(`no source sends an event called ${JSON.stringify(pattern)}${hint}`, 'ERR_PATTERN')
  }
  return [...new Set(patterns)].sort()
}

function checkSources(words: Vocabulary, source: string | readonly string[] | undefined): readonly string[] | null {
  if (source === undefined) return null
  const sources = typeof source === 'string' ? [source] : source
  for (const name of sources)
    if (!words.sources.includes(name))
      throw new OptionError(`there is no source ${JSON.stringify(name)}; there are ${words.sources.join(', ')}`)
  return [...new Set(sources)].sort()
}

function checkOrderBy(orderBy: RawHandlerOptions['orderBy']): HandlerSpec['orderBy'] {
  if (orderBy === undefined || typeof orderBy === 'function') return orderBy ?? null
  throw new OptionError(`orderBy must be a function from an event to its key, got ${typeof orderBy}`)
}

function checkName(name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 200) return name
  throw new OptionError('a handler name must be a text of 1 to 200 characters', 'ERR_HANDLER_NAME')
}

function defaultName(patterns: readonly string[], sources: readonly string[] | null): string {
  return patterns.join('+') + (sources === null ? '' : `@${sources.join('+')}`)
}

/** Whether none of the handlers its delivery belongs to asks for the event; a sender's own tests are nobody's loss. */
export function isUnhandled(event: AnyEvent, asking: readonly HandlerSpec[], belongsTo: readonly string[]): boolean {
  return !event.isTest && !asking.some((handler) => belongsTo.includes(handler.name))
}

/** Whether a row of work is about the event: the range of a replay may hold others. */
export function isMeant(
  event: AnyEvent,
  asking: readonly HandlerSpec[],
  { replay }: Pick<NewWorkRow, 'replay'>,
  belongsTo: readonly string[],
): boolean {
  if (replay === null) return true
  if (replay.name !== null && event.name !== replay.name) return false
  return !replay.unhandled || isUnhandled(event, asking, belongsTo)
}

/** The closed list of handlers, and the answer, remembered by kind of event, who gets what. */
export class Registry {
  readonly all: readonly HandlerSpec[]
  readonly #byName: ReadonlyMap<string, HandlerSpec>
  readonly #answers = new Map<string, Answer[]>()

  constructor(handlers: readonly HandlerSpec[]) {
    this.all = handlers
    this.#byName = new Map(handlers.map((handler) => [handler.name, handler]))
  }

  get(name: string): HandlerSpec | undefined {
    return this.#byName.get(name)
  }

  /** Every handler once, in order of registration. */
  match(event: AnyEvent): readonly HandlerSpec[] {
    const answers = this.#answers.get(event.name) ?? []
    // A handful at most; a key made of all five would be put together anew for every event.
    for (const answer of answers) if (isAbout(answer, event)) return answer.handlers
    const { type, effect, isTest, source } = event
    const handlers = this.all.filter((handler) => asksFor(handler, event))
    this.#answers.set(event.name, [...answers, { type, effect, isTest, source, handlers }])
    return handlers
  }
}

/** Who gets the events of a name that are alike in all that a handler can ask for. */
interface Answer extends Pick<AnyEvent, 'type' | 'effect' | 'isTest' | 'source'> {
  readonly handlers: readonly HandlerSpec[]
}

function isAbout(answer: Answer, { type, effect, isTest, source }: AnyEvent): boolean {
  return answer.type === type && answer.effect === effect && answer.isTest === isTest && answer.source === source
}

function asksFor(handler: HandlerSpec, event: AnyEvent): boolean {
  if (event.isTest && !handler.tests) return false
  if (handler.sources !== null && !handler.sources.includes(event.source)) return false
  const words = ['*', event.name, event.type, `${event.provider}.*`, `effect.${event.effect}`]
  return handler.patterns.some((pattern) => words.includes(pattern))
}
