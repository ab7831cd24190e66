/** What the catalogues of all providers have in common: the normalised types and their grouping. */
import type { Category } from '../../types.ts'
import type { Check } from './problem.ts'

/** Category of each normalised type. */
export const CATEGORIES = {
  queued: 'delivery',
  sent: 'delivery',
  delivered: 'delivery',
  deferred: 'delivery',
  bounced: 'delivery',
  rejected: 'delivery',
  failed: 'delivery',
  message_status: 'delivery',
  opened: 'engagement',
  clicked: 'engagement',
  complained: 'list',
  unsubscribed: 'list',
  subscribed: 'list',
  preferences_changed: 'list',
  inbound: 'inbound',
  inbound_delivered: 'inbound',
  inbound_failed: 'inbound',
  system: 'system',
  autoresponded: 'other',
  unknown: 'other',
} as const satisfies Record<string, Category>

export type NormalisedType = keyof typeof CATEGORIES

/** One native event of a provider. */
export interface CatalogueEntry {
  /** Key of its wire schema, `message_event.bounce`. */
  readonly schema: string
  /** The normalised types its events can have. */
  readonly types: readonly NormalisedType[]
  /** Name of its payload interface, `MomentumBounce`. */
  readonly payload: string
}

/** Native name, `momentum.bounce`, to what it is; without `<provider>.unknown`. */
export type Catalogue = Readonly<Record<string, CatalogueEntry>>

/** The catalogue as ports.ts wants it, with `<provider>.unknown`. */
export function namesAndTypes(provider: string, catalogue: Catalogue): ReadonlyMap<string, readonly string[]> {
  const known = Object.entries(catalogue).map(([name, entry]) => [name, entry.types] as const)
  return new Map([...known, [`${provider}.unknown`, ['unknown']]])
}

/** The class in the key of a wire schema, `track_event` in `track_event.click`; null where the sender has no classes. */
export function classOf(schema: string): string | null {
  const at = schema.indexOf('.')
  return at < 0 ? null : schema.slice(0, at)
}

/** The classes of a catalogue, with the native names in each. */
export function classesOf(catalogue: Catalogue): ReadonlyMap<string, readonly string[]> {
  const classes = new Map<string, string[]>()
  for (const [name, { schema }] of Object.entries(catalogue)) {
    const nativeClass = classOf(schema)
    if (nativeClass !== null) classes.set(nativeClass, [...(classes.get(nativeClass) ?? []), name])
  }
  return classes
}

/** A native event that one word on the wire tells: its name, that word, and what checks and reads it. */
export interface Known<Word extends string, Read> {
  readonly name: string
  readonly word: Word
  readonly check: Check
  readonly read: Read
}

/** The events of a catalogue by their words, for one look an element. */
export function byWord<Word extends string, Read>(
  catalogue: Readonly<Record<string, { readonly schema: Word }>>,
  checks: Readonly<Record<Word, Check>>,
  readers: Readonly<Record<Word, Read>>,
): ReadonlyMap<string, Known<Word, Read>> {
  const known = new Map<string, Known<Word, Read>>()
  for (const [name, { schema: word }] of Object.entries(catalogue))
    known.set(word, { name, word, check: checks[word], read: readers[word] })
  return known
}
