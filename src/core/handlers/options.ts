/** What a user registers, checked once: patterns, sources, names and limits. */
import { OptionError } from '../../errors.ts'
import { knownKeys, wholeNumber } from '../../lib/options.ts'
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

const SHARED_KEYS = ['name', 'formerly', 'source', 'retry', 'timeoutMs', 'concurrency', 'tests']
const KEYS = { on: [...SHARED_KEYS, 'orderBy'], onBatch: [...SHARED_KEYS, 'size', 'maxWaitMs'] }
const MAX_MS = 2 ** 31 - 1

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
    words: wordsOf(words, patterns),
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
