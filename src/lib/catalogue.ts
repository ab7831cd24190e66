/** What the catalogues of all providers have in common: the normalised types and their grouping. */
import type { Category } from '../types.ts'

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
