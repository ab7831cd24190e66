/** The patterns that handlers listen with: which there are, and what a wrong one was meant to be. */
import { OptionError } from '../../errors.ts'
import { nearest } from '../../lib/nearest.ts'
import { kindOf } from '../../lib/options.ts'
import type { Provider } from '../../ports/provider.ts'

/** The words that patterns may be made of. */
export interface Vocabulary {
  readonly sources: readonly string[]
  readonly providers: readonly Provider[]
  readonly patterns: ReadonlySet<string>
  /** Patterns of a class, `momentum.track_event.*`, with the native names in it. */
  readonly classes: ReadonlyMap<string, readonly string[]>
}

export function vocabularyOf(sources: ReadonlyMap<string, { readonly provider: Provider }>): Vocabulary {
  const providers = [...new Set([...sources.values()].map(({ provider }) => provider))]
  const classes = new Map(providers.flatMap(classPatterns))
  const named = providers.flatMap(({ name, catalogue }) => [`${name}.*`, ...[...catalogue].flat(2)])
  const patterns = new Set(['*', 'effect.suppress', 'effect.unsubscribe', ...named, ...classes.keys()])
  return { sources: [...sources.keys()], providers, patterns, classes }
}

function classPatterns({ name, classes = new Map() }: Provider): [string, readonly string[]][] {
  return [...classes].map(([nativeClass, names]) => [`${name}.${nativeClass}.*`, names])
}

/** Sorted, each once. @throws OptionError ERR_PATTERN */
export function checkPatterns(words: Vocabulary, patterns: readonly string[]): readonly string[] {
  if (!Array.isArray(patterns))
    throw new OptionError('expected the name of an event, or a list of names', 'ERR_PATTERN')
  if (patterns.length === 0) throw new OptionError('a list of event names must not be empty', 'ERR_PATTERN')
  for (const pattern of patterns)
    if (typeof pattern !== 'string')
      throw new OptionError(`expected the name of an event, got ${kindOf(pattern)}`, 'ERR_PATTERN')
    else if (!words.patterns.has(pattern))
      throw new OptionError(`no source sends an event called ${hinted(words, pattern)}`, 'ERR_PATTERN')
  return [...new Set(patterns)].sort()
}

/** What events are told by where these patterns are listened to. */
export function wordsOf({ classes }: Vocabulary, patterns: readonly string[]): ReadonlySet<string> {
  return new Set(patterns.flatMap((pattern) => classes.get(pattern) ?? [pattern]))
}

/** The pattern in quotes, with the one that was most likely meant. */
export function hinted(words: Pick<Vocabulary, 'providers' | 'patterns'>, pattern: string): string {
  const [first = ''] = pattern.toLowerCase().split('.', 1)
  if (pattern.includes('.') && !isSender(words, first)) return `${JSON.stringify(pattern)}${noSender(words, first)}`
  const provider = words.providers.find(({ aliases = [] }) => aliases.includes(first))
  const meant = provider === undefined ? pattern : provider.name + pattern.slice(first.length)
  const near = words.patterns.has(meant) ? meant : (byNativeType(words, meant) ?? nearest(meant, words.patterns))
  const alias = provider === undefined ? '' : `; events of ${first} are called ${provider.name}.*`
  return `${JSON.stringify(pattern)}${alias}${near === null ? '' : `; did you mean "${near}"?`}`
}

/** Also where it is misspelt. */
function isSender({ providers }: Pick<Vocabulary, 'providers'>, first: string): boolean {
  return nearest(first, ['effect', ...providers.flatMap(({ name, aliases = [] }) => [name, ...aliases])]) !== null
}

function noSender({ providers }: Pick<Vocabulary, 'providers'>, first: string): string {
  return `; there is no source of ${first}, only of ${providers.map(({ name }) => name).join(', ')}`
}

/** The native name of what a sender calls so: `momentum.track_event.click` is `momentum.click`. */
function byNativeType({ providers }: Pick<Vocabulary, 'providers'>, pattern: string): string | undefined {
  const provider = providers.find(({ name }) => pattern.startsWith(`${name}.`))
  return provider?.nameOf?.(pattern.slice(provider.name.length + 1))
}
