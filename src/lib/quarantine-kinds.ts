/** Why something is in quarantine, in the words of metrics and of counts by time. */

export const QUARANTINE_KINDS = ['element_unreadable', 'delivery_unreadable', 'not_listed', 'process_died'] as const

/** `index` and `kind` as in `NewQuarantine`. */
export interface ToQuarantine {
  readonly index: number | null
  readonly kind?: 'deadly' | 'more' | undefined
}

export function quarantineKind({ index, kind }: ToQuarantine): (typeof QUARANTINE_KINDS)[number] {
  if (kind === 'deadly') return 'process_died'
  if (kind === 'more') return 'not_listed'
  return index === null ? 'delivery_unreadable' : 'element_unreadable'
}
