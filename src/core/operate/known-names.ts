/** The names in a filter: of sources, handlers and events that exist, or have existed. */
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { WordClause } from '../filter/clause.ts'
import type { WordKey } from '../filter/keys.ts'
import { unknown } from '../filter/parse.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import type { Where } from './filter-text.ts'

export interface KnownParts {
  readonly inbox: InboxPort
  /** Those of this receiver. */
  readonly sources: readonly string[]
  /** Every native name the sources can send. */
  readonly names: ReadonlySet<string>
  /** Every normalised type they can have. */
  readonly types: ReadonlySet<string>
  /** Those that are registered in this process. */
  handlers(): readonly HandlerSpec[]
}

export interface Named {
  readonly source?: string
  readonly handler?: string
  readonly to?: readonly string[]
  readonly name?: string
  readonly type?: string
  readonly where?: Where
}

/** What the event of a dead letter is called when its source is gone. */
const OF_NO_SOURCE = 'unknown.unknown'

/** @throws OptionError for a name that nobody knows, with the nearest one that somebody does */
export async function assertKnown(
  parts: KnownParts,
  verb: string,
  { source, handler, to, name, type, where }: Named,
): Promise<void> {
  for (const clause of where?.clauses ?? []) if (clause.kind === 'words') await assertClause(parts, verb, clause)
  if (source !== undefined) await assertSource(parts, verb, source)
  for (const one of [...(handler === undefined ? [] : [handler]), ...(to ?? [])]) await assertHandler(parts, verb, one)
  if (name !== undefined) assertName(parts, verb, name)
  if (type !== undefined) assertType(parts, verb, type)
}

/** The names in a text, with their place in it. @throws FilterError */
async function assertClause(parts: KnownParts, verb: string, clause: WordClause): Promise<void> {
  const at = `inbox.${verb}: filter`
  try {
    for (const value of clause.values) await assertValue(parts, verb, clause.key, value)
  } catch (thrown) {
    throw thrown instanceof Unknown ? unknown(thrown.what, clause, thrown.word, thrown.words, at) : thrown
  }
}

async function assertValue(parts: KnownParts, verb: string, key: WordKey, value: string): Promise<void> {
  if (key === 'source') await assertSource(parts, verb, value)
  if (key === 'handler') await assertHandler(parts, verb, value)
  if (key === 'name') assertName(parts, verb, value)
  if (key === 'type') assertType(parts, verb, value)
  const providers = new Set([...parts.names].map((name) => name.slice(0, name.indexOf('.'))))
  if (key === 'provider' && !providers.has(value))
    throw refused(verb, `there is no source of ${JSON.stringify(value)}`, value, providers)
}

function assertType({ types }: KnownParts, verb: string, type: string): void {
  if (!types.has(type)) throw refused(verb, `no event has the type ${JSON.stringify(type)}`, type, types)
}

function assertName({ names }: KnownParts, verb: string, name: string): void {
  if (name !== OF_NO_SOURCE && !names.has(name))
    throw refused(verb, `no source sends an event called ${JSON.stringify(name)}`, name, names)
}

/** One that was renamed or taken away has handled what is stored: its dead letters are named by it still. */
export async function assertHandler({ inbox, handlers }: KnownParts, verb: string, handler: string): Promise<void> {
  const stored = await inbox.records.handlers()
  const known = new Set([...handlers(), ...stored].map(({ name }) => name))
  if (!known.has(handler))
    throw refused(verb, `no process has ever had a handler ${JSON.stringify(handler)}`, handler, known)
}

/** One that is not configured any more can still have something stored. */
async function assertSource({ inbox, sources }: KnownParts, verb: string, source: string): Promise<void> {
  if (sources.includes(source)) return
  const page = { source, before: null, limit: 1 }
  for (const rows of [
    () => inbox.records.list('deadLetters', page),
    () => inbox.records.list('quarantine', page),
    () => inbox.records.list('deliveries', page),
  ])
    if ((await rows()).length > 0) return
  throw refused(
    verb,
    `there is no source ${JSON.stringify(source)}, and nothing stored of one`,
    source,
    sources,
    `; there are ${sources.join(', ')}`,
  )
}

function refused(verb: string, what: string, word: string, words: Iterable<string>, otherwise = ''): Unknown {
  return new Unknown(`inbox.${verb}: ${what}${didYouMean(word, words) || otherwise}`, what, word, words)
}

/** Keeps what the message is made of. */
class Unknown extends OptionError {
  readonly what: string
  readonly word: string
  readonly words: Iterable<string>
  constructor(message: string, what: string, word: string, words: Iterable<string>) {
    super(message)
    this.what = what
    this.word = word
    this.words = words
  }
}
