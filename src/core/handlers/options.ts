/** What a user registers, checked once: patterns, sources, names and limits. */
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import {
  assertFunction,
  assertOptions,
  keysOf,
  kindOf,
  knownKeys,
  LONGEST_TIMER_MS,
  shown,
  wholeNumber,
} from '../../lib/options.ts'
import type { BatchOptions, HandlerOptions } from '../../public/handlers.ts'
import type { AnyEvent, RetryOptions } from '../../types.ts'
import { checkPatterns, type Vocabulary, wordsOf } from './patterns.ts'
import type { HandlerSpec, RetryPlan } from './spec.ts'

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

const DEFAULTS = { retry: true, timeoutMs: true, concurrency: true } as const
const SHARED = { ...DEFAULTS, name: true, formerly: true, source: true, tests: true } as const
const KEYS = {
  on: keysOf<HandlerOptions<AnyEvent, string>>({ ...SHARED, orderBy: true }),
  onBatch: keysOf<BatchOptions<string>>({ ...SHARED, size: true, maxWaitMs: true }),
}
const RETRY = keysOf<RetryOptions>({ attempts: true, minMs: true, maxMs: true })

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
  knownKeys(`${method}: the options`, options, KEYS[method])
  const patterns = checkPatterns(words, typeof pattern === 'string' ? [pattern] : pattern)
  const sources = 'source' in options ? checkSources(words, options.source) : null
  const {
    name = defaultName(patterns, sources),
    retry = {},
    timeoutMs = defaults.timeoutMs,
    concurrency = isBatch ? 1 : defaults.concurrency,
  } = options
  assertOptions('retry', retry, RETRY)
  return {
    ...run,
    patterns,
    words: wordsOf(words, patterns),
    sources,
    name: checkName(name),
    formerly: checkFormerly(options.formerly),
    tests: checkTests(options.tests),
    retry: retryPlan({ ...defaults.retry, ...retry }),
    timeoutMs: wholeNumber('timeoutMs', timeoutMs, 30_000, 1, LONGEST_TIMER_MS),
    concurrency: wholeNumber('concurrency', concurrency, 8, 1, 10_000),
    size: isBatch ? wholeNumber('size', options.size, 100, 1, 100_000) : 1,
    maxWaitMs: isBatch ? wholeNumber('maxWaitMs', options.maxWaitMs, 1_000, 0, LONGEST_TIMER_MS) : 0,
    orderBy: checkOrderBy(options.orderBy),
  }
}

export interface HandlerArguments<F> {
  readonly options: RawHandlerOptions
  readonly handler: F
}

/** What follows the name of an event in `on` and `onBatch`: the handler, with its options before it where there are any. */
export function handlerArguments<F>(method: 'on' | 'onBatch', given: readonly unknown[]): HandlerArguments<F> {
  const [options, handler] = typeof given[0] === 'function' ? [{}, given[0]] : given
  if (typeof given[0] === 'function' && given[1] !== undefined)
    throw new OptionError(`${method}: the handler comes last: ${method}(name, options, handler)`)
  if (typeof handler !== 'function')
    throw new OptionError(
      `${method}: the handler must be a function, got ${kindOf(handler)}: ${method}(name, options, handler)`,
    )
  // What it takes is known from the overloads alone.
  return { options: options as RawHandlerOptions, handler: handler as F }
}

/** The defaults of all handlers. @throws OptionError */
export function checkDefaults(handlers: HandlerDefaults): void {
  knownKeys('handlers', handlers, keysOf<HandlerDefaults>(DEFAULTS))
  const { retry = {}, timeoutMs, concurrency } = handlers
  retryPlan(retry)
  wholeNumber('handlers.timeoutMs', timeoutMs, 30_000, 1, LONGEST_TIMER_MS)
  wholeNumber('handlers.concurrency', concurrency, 8, 1, 10_000)
}

function retryPlan(retry: RetryOptions): RetryPlan {
  knownKeys('retry', retry, RETRY)
  const minMs = wholeNumber('retry.minMs', retry.minMs, 1_000, 0, LONGEST_TIMER_MS)
  return {
    attempts: wholeNumber('retry.attempts', retry.attempts, 36, 1, 1_000_000),
    minMs,
    maxMs: wholeNumber('retry.maxMs', retry.maxMs, Math.max(minMs, 3_600_000), minMs, LONGEST_TIMER_MS),
  }
}

/** Refuses undefined, too: a handler whose source got lost would get the events of all. */
function checkSources(words: Vocabulary, source: unknown): readonly string[] {
  const sources: readonly unknown[] = Array.isArray(source) ? source : [source]
  if (sources.length === 0) throw new OptionError('source must not be an empty list: leave it out for every source')
  if (!areAmong(sources, words.sources)) throw noSource(sources, words.sources)
  return [...new Set(sources)].sort()
}

function areAmong(given: readonly unknown[], words: readonly string[]): given is readonly string[] {
  return given.every((one) => words.some((word) => word === one))
}

function noSource(given: readonly unknown[], words: readonly string[]): OptionError {
  const wrong = given.find((one) => !areAmong([one], words))
  const meant = typeof wrong === 'string' ? didYouMean(wrong, words) : ''
  return new OptionError(`there is no source ${shown(wrong)}${meant || `; there are ${words.join(', ')}`}`)
}

function checkFormerly(names: unknown): readonly string[] {
  if (names === undefined) return []
  if (!Array.isArray(names)) throw new OptionError(`formerly must be a list of names, got ${kindOf(names)}`)
  return names.map(checkName)
}

/** Work that waits under a former name can go to one handler. @throws OptionError ERR_HANDLER_NAME */
export function assertOneHeir({ name, formerly }: HandlerSpec, others: readonly HandlerSpec[]): void {
  for (const other of others) {
    const both = formerly.find((old) => other.formerly.includes(old))
    if (both === undefined) continue
    const message = `"${other.name}" and "${name}" were both formerly "${both}": what waits under it can go to one`
    throw new OptionError(message, 'ERR_HANDLER_NAME')
  }
}

function checkTests(tests: unknown): boolean {
  if (tests === undefined || typeof tests === 'boolean') return tests ?? true
  throw new OptionError(`tests must be true or false, got ${shown(tests)}`)
}

function checkOrderBy(orderBy: RawHandlerOptions['orderBy']): HandlerSpec['orderBy'] {
  assertFunction('orderBy, from an event to its key,', orderBy)
  return orderBy ?? null
}

function checkName(name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '' && name.length <= 200) return name
  throw new OptionError('a handler name must be a text of 1 to 200 characters', 'ERR_HANDLER_NAME')
}

/** What a handler without a name of its own is called. */
export function defaultName(patterns: readonly string[], sources: readonly string[] | null): string {
  return patterns.join('+') + (sources === null ? '' : `@${sources.join('+')}`)
}
