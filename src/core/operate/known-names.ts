/** The names in a filter: of sources, handlers and events that exist, or have existed. */
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { HandlerSpec } from '../handlers/spec.ts'

export interface KnownParts {
  readonly inbox: InboxPort
  /** Those of this receiver. */
  readonly sources: readonly string[]
  /** Every native name the sources can send. */
  readonly names: ReadonlySet<string>
  /** Those that are registered in this process. */
  handlers(): readonly HandlerSpec[]
}

export interface Named {
  readonly source?: string
  readonly handler?: string
  readonly to?: readonly string[]
  readonly name?: string
}

/** What the event of a dead letter is called when its source is gone. */
const OF_NO_SOURCE = 'unknown.unknown'

/** @throws OptionError for a name that nobody knows, with the nearest one that somebody does */
export async function assertKnown(
  parts: KnownParts,
  verb: string,
  { source, handler, to, name }: Named,
): Promise<void> {
  if (source !== undefined) await assertSource(parts, verb, source)
  for (const one of [...(handler === undefined ? [] : [handler]), ...(to ?? [])]) await assertHandler(parts, verb, one)
  if (name !== undefined && name !== OF_NO_SOURCE && !parts.names.has(name))
    throw refused(verb, `no source sends an event called ${JSON.stringify(name)}`, name, parts.names)
}

/** One that was renamed or taken away has handled what is stored: its dead letters are named by it still. */
export async function assertHandler({ inbox, handlers }: KnownParts, verb: string, handler: string): Promise<void> {
  const stored = await inbox.handlers()
  const known = new Set([...handlers(), ...stored].map(({ name }) => name))
  if (!known.has(handler))
    throw refused(verb, `no process has ever had a handler ${JSON.stringify(handler)}`, handler, known)
}

/** One that is not configured any more can still have something stored. */
async function assertSource({ inbox, sources }: KnownParts, verb: string, source: string): Promise<void> {
  if (sources.includes(source)) return
  const page = { source, before: null, limit: 1 }
  for (const rows of [() => inbox.deadLetters(page), () => inbox.quarantine(page), () => inbox.deliveries(page)])
    if ((await rows()).length > 0) return
  throw refused(
    verb,
    `there is no source ${JSON.stringify(source)}, and nothing stored of one`,
    source,
    sources,
    `; there are ${sources.join(', ')}`,
  )
}

function refused(verb: string, what: string, word: string, words: Iterable<string>, otherwise = ''): OptionError {
  return new OptionError(`inbox.${verb}: ${what}${didYouMean(word, words) || otherwise}`)
}
